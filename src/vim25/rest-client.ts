/**
 * vCenter's REST API (vSphere Automation API), where vCenter keeps what the SOAP API does not know: tags.
 *
 * Its session is made by the first call, once for all that wait, and renewed when the server no longer knows it. The
 * password goes to the session's endpoint and nowhere else; no redirect is followed, and no cookie kept. What the
 * server answers is bounded, and is given on unchecked: whoever reads it expects anything.
 */
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { Secret } from '../lib/secret.ts';
import { ProtocolError, RestStatusError, TransportError, unexpectedStatus } from './errors.ts';
import { createSession } from './session.ts';
import type { HttpResponse, Transport } from './transport.ts';

export interface RestCall {
  readonly method: 'GET' | 'POST';
  /** Without the API's own prefix: `cis/tagging/tag`. */
  readonly resource: string;
  /** Of one object of that resource. */
  readonly id?: string | undefined;
  readonly action?: string | undefined;
  readonly body?: object | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface RestClient {
  /**
   * The JSON that the server answers, undefined where it answers nothing. Only for calls that may be repeated: one
   * whose session is lost is.
   *
   * Errors: `RestStatusError`, `TransportError`, `ProtocolError`, `InterruptedCallError`.
   */
  call(call: RestCall): Promise<unknown>;
  /** No more calls; ends the session. Never rejects. */
  end(): Promise<void>;
}

interface Options {
  readonly transport: Transport;
  readonly username: string;
  readonly password: Secret;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** vSphere 7.0 U2 and newer have the first; older ones only the second. */
interface Dialect {
  readonly session: string;
  readonly path: (call: Pick<RestCall, 'resource' | 'id' | 'action'>) => string;
  /** What an answer holds. */
  readonly unwrap: (answer: unknown) => unknown;
}

const API: Dialect = {
  session: '/api/session',
  path: ({ resource, id, action }) =>
    `/api/${resource}${id === undefined ? '' : `/${encodeURIComponent(id)}`}${action === undefined ? '' : `?action=${action}`}`,
  unwrap: (answer) => answer,
};

const REST: Dialect = {
  session: '/rest/com/vmware/cis/session',
  path: ({ resource, id, action }) =>
    `/rest/com/vmware/${resource}${id === undefined ? '' : `/id:${encodeURIComponent(id)}`}${action === undefined ? '' : `?~action=${action}`}`,
  unwrap: (answer) => (answer as { value?: unknown } | null | undefined)?.value,
};

/** An older server has another API at `/api`, and no documented answer to what it does not know there. */
const UNSPOKEN: ReadonlySet<number> = new Set([400, 404, 405, 406, 415]);

interface Credential {
  readonly dialect: Dialect;
  readonly headers: Readonly<Record<string, string>>;
}

/** A list of all objects of a tag: 60 bytes each, and 100,000 of them are more than any vCenter manages. */
const MOST_BYTES = 16 * 1024 * 1024;
/** Of what is thrown away, so that its connection can be used again. */
const MOST_DUMPED_BYTES = 64 * 1024;

export function createRestClient({ transport, username, password, clock, logger }: Options): RestClient {
  const session = createSession({ login, isRefusal: (error) => isStatus(error, 401), clock, logger });

  async function login(): Promise<Credential> {
    const token = await logIn(API);
    if (token !== undefined) return { dialect: API, headers: sessionHeader(token) };
    const older = await logIn(REST);
    if (older !== undefined) return { dialect: REST, headers: sessionHeader(older) };
    throw new TransportError('refused', 'The server has no REST API that the gateway speaks.', {
      maybeExecuted: false,
    });
  }

  /** The token of a new session, undefined where the server does not speak the dialect. */
  async function logIn({ session: path, unwrap }: Dialect): Promise<unknown> {
    const basic = Buffer.from(`${username}:${password.reveal()}`).toString('base64');
    const headers = { authorization: `Basic ${basic}`, accept: 'application/json' };
    try {
      return unwrap(await transport.send({ method: 'POST', path, headers }, readJson)) ?? null;
    } catch (error) {
      if (error instanceof RestStatusError && UNSPOKEN.has(error.status)) return undefined;
      throw error;
    }
  }

  return {
    async call({ method, body, signal, ...target }) {
      for (let attempt = 0; ; attempt++) {
        const { credential, generation } = await session.current(signal);
        const { dialect, headers } = credential;
        const request = {
          method,
          path: dialect.path(target),
          headers: {
            ...headers,
            accept: 'application/json',
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          },
          body: body === undefined ? undefined : JSON.stringify(body),
          signal,
        };
        try {
          return dialect.unwrap(await transport.send(request, readJson));
        } catch (error) {
          if (!isStatus(error, 401) || attempt > 0) throw error;
          session.lost(generation);
        }
      }
    },

    async end() {
      const last = await session.end();
      if (last === undefined) return;
      const { dialect, headers } = last.credential;
      await transport
        .send({ method: 'DELETE', path: dialect.session, headers }, ({ body }) =>
          body.dump({ limit: MOST_DUMPED_BYTES }),
        )
        .catch((err: unknown) => logger.debug({ err }, 'the REST session could not be ended'));
    },
  };
}

/** @throws ProtocolError for what could not be sent in a header, or would add one */
function sessionHeader(token: unknown): Readonly<Record<string, string>> {
  if (typeof token !== 'string' || !/^[\x21-\x7e]{1,4096}$/.test(token)) {
    throw new ProtocolError('its session has no usable id');
  }
  return { 'vmware-api-session-id': token };
}

async function readJson({ statusCode, body }: HttpResponse): Promise<unknown> {
  if (statusCode < 200 || statusCode > 299) {
    await body.dump({ limit: MOST_DUMPED_BYTES });
    const isAnswer = statusCode >= 400 && statusCode < 500;
    throw isAnswer ? new RestStatusError(statusCode) : unexpectedStatus(statusCode);
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += (chunk as Uint8Array).length;
    if (size > MOST_BYTES) {
      throw new TransportError('too-large', `The server's answer is larger than ${MOST_BYTES} bytes.`, {
        maybeExecuted: true,
      });
    }
    chunks.push(chunk as Uint8Array);
  }
  if (size === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks, size).toString('utf8'));
  } catch (cause) {
    throw new ProtocolError('it is no JSON', { cause });
  }
}

function isStatus(error: unknown, status: number): boolean {
  return error instanceof RestStatusError && error.status === status;
}
