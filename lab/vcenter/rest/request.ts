/** What a request to the REST API asks for, in either of its forms. */
import { type Exchange, readBody } from '../http/server.ts';
import { RestError } from './errors.ts';

/** `api`: since 7.0, plain JSON. `rest`: since 6.5, every answer in a field `value`. */
export type Form = 'api' | 'rest';

export interface RestRequest {
  readonly form: Form;
  /** `cis/tagging/tag` */
  readonly resource: string;
  readonly id: string | undefined;
  readonly action: string | undefined;
  /** As the table of operations writes it. */
  readonly key: string;
}

const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** What comes before an id; in the form `api` nothing else tells one from a resource. */
const RESOURCES = /^(cis\/tagging\/(?:category|tag-association|tag)|cis\/session|session)(?:\/(.+))?$/;

export function readTarget({ request, url }: Pick<Exchange, 'request' | 'url'>): RestRequest {
  const older = /^\/rest\/com\/vmware\/([^:]+?)(?:\/id:(.+))?$/.exec(url.pathname);
  const [, resource = '', id] = older ?? RESOURCES.exec(url.pathname.replace(/^\/api\//, '')) ?? [];
  const form: Form = url.pathname.startsWith('/rest/') ? 'rest' : 'api';
  const action = url.searchParams.get(form === 'api' ? 'action' : '~action') ?? undefined;
  const key = `${request.method} ${resource}${id === undefined ? '' : '/{id}'}${action === undefined ? '' : `?${action}`}`;
  return { form, resource, id: id === undefined ? undefined : decoded(id), action, key };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** An empty body is an empty object, and so is the `null` that govmomi sends with DELETE. Errors: `RestError` for what is no JSON object, or too large. */
export async function readInput({ request }: Pick<Exchange, 'request'>): Promise<object> {
  const body = await readBody(request, MAX_BODY_BYTES).catch((error: unknown) => {
    if (error instanceof RangeError) throw unreadable(error.message);
    throw error;
  });
  if (body.length === 0) return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString('utf8'));
  } catch {
    throw unreadable('it is no JSON');
  }
  if (parsed === null) return {};
  if (typeof parsed !== 'object' || Array.isArray(parsed)) throw unreadable('it is no JSON object');
  return parsed;
}

function unreadable(why: string): RestError {
  return new RestError('invalid_request', 'com.vmware.vapi.rest.invalidRequest', `The request cannot be read: ${why}.`);
}
