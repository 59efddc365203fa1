/** The provider's endpoints as they stand on the wire: how often each was asked, and those that are out of order. */
import type { IncomingMessage, ServerResponse } from 'node:http';

export type Endpoint =
  | 'authorization'
  | 'token'
  | 'userinfo'
  | 'jwks'
  | 'discovery'
  | 'introspection'
  | 'revocation'
  | 'end_session'
  | 'login_page';

export type Fault =
  /** Answered with that status and no JSON. */
  | { readonly status: number; readonly body?: string; readonly contentType?: string }
  /** The connection is cut without an answer. */
  | { readonly dropped: true }
  /** Answered as usual once the promise is fulfilled. */
  | { readonly after: Promise<unknown> };

export interface Endpoints {
  /** Requests so far, those to an endpoint out of order included. */
  requests(endpoint: Endpoint): number;
  /** From now on, until `mend`. */
  break(endpoint: Endpoint, fault: Fault): void;
  /** Without a name: all of them. */
  mend(endpoint?: Endpoint): void;
}

/** A page of a proxy that is no JSON, whatever its status says. */
export const NOT_JSON: Fault = {
  status: 200,
  body: '<!DOCTYPE html><title>Please wait</title>',
  contentType: 'text/html',
};

const PATHS: readonly (readonly [RegExp, Endpoint])[] = [
  [/^\/auth(\/|$)/, 'authorization'],
  [/^\/token$/, 'token'],
  [/^\/token\/introspection$/, 'introspection'],
  [/^\/token\/revocation$/, 'revocation'],
  [/^\/me$/, 'userinfo'],
  [/^\/jwks$/, 'jwks'],
  [/^\/\.well-known\//, 'discovery'],
  [/^\/session\/end/, 'end_session'],
  [/^\/interaction\//, 'login_page'],
];

/** `admit` counts a request; `false` means that it was answered here. */
export function createEndpoints(): Endpoints & {
  admit(request: IncomingMessage, response: ServerResponse): Promise<boolean>;
} {
  const counts = new Map<Endpoint, number>();
  const faults = new Map<Endpoint, Fault>();

  return {
    requests: (endpoint) => counts.get(endpoint) ?? 0,
    break(endpoint, fault) {
      faults.set(endpoint, fault);
    },
    mend(endpoint) {
      if (endpoint === undefined) faults.clear();
      else faults.delete(endpoint);
    },
    async admit(request, response) {
      const path = (request.url ?? '').split('?')[0] ?? '';
      const endpoint = PATHS.find(([pattern]) => pattern.test(path))?.[1];
      if (endpoint === undefined) return true;
      counts.set(endpoint, (counts.get(endpoint) ?? 0) + 1);
      const fault = faults.get(endpoint);
      if (fault === undefined) return true;
      if ('after' in fault) {
        await fault.after;
        return true;
      }
      if ('dropped' in fault) request.socket.destroy();
      else {
        request.resume();
        response.writeHead(fault.status, { 'content-type': fault.contentType ?? 'text/plain' }).end(fault.body ?? '');
      }
      return false;
    },
  };
}
