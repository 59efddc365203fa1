/** The REST API's sessions: made by Basic authentication, carried by a header, kept with those of SOAP. */
import { VimFault } from '../core/faults.ts';
import type { Session } from '../core/sessions.ts';
import type { World } from '../core/world.ts';
import type { Exchange } from '../http/server.ts';
import { logIn, logOut } from '../session/login-events.ts';
import { RestError } from './errors.ts';
import type { RestAnswer } from './operation.ts';
import type { RestRequest } from './request.ts';

const SESSION_HEADER = 'vmware-api-session-id';
export const SESSION_RESOURCES: ReadonlySet<string> = new Set(['session', 'cis/session']);

export function answerSession(world: World, exchange: Exchange, { form, resource, action }: RestRequest): RestAnswer {
  // Each form has its own: `/api/session` and `/rest/com/vmware/cis/session`; `/api/cis/session` is there as well.
  if (form === 'rest' && resource !== 'cis/session') throw notThere();
  const { method } = exchange.request;
  if (method === 'POST' && action === undefined) {
    const { id } = open(world, exchange);
    const cookie = `${SESSION_HEADER}=${id};Path=/${form};Secure;HttpOnly`;
    return { status: form === 'api' ? 201 : 200, value: id, headers: { 'set-cookie': cookie } };
  }
  const session = sessionOf(world, exchange);
  if (method === 'DELETE') {
    logOut({ world }, session);
    return { status: form === 'api' ? 204 : 200 };
  }
  if (method === 'GET' || (method === 'POST' && action === 'get')) return { status: 200, value: description(session) };
  throw notThere();
}

function open(world: World, { request }: Exchange): Session {
  const [, encoded] = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(request.headers.authorization ?? '') ?? [];
  if (encoded === undefined) throw unauthenticated('This method requires authentication.');
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  const session = world.sessions.open(undefined, request.headers['user-agent'] ?? '');
  try {
    logIn({ world, session }, text.slice(0, Math.max(colon, 0)), text.slice(colon + 1));
    return session;
  } catch (error) {
    world.sessions.end(session);
    if (!(error instanceof VimFault)) throw error;
    throw unauthenticated('Authentication failed: the user name or the password is wrong.');
  }
}

/** Errors: `RestError` unauthenticated. */
export function sessionOf(world: World, { request, cookies }: Exchange): Session {
  const header = request.headers[SESSION_HEADER];
  const session = world.sessions.loggedIn(typeof header === 'string' ? header : cookies.get(SESSION_HEADER));
  if (!session) throw unauthenticated('This method requires authentication.');
  return session;
}

function description({ account, loginTime, lastActiveTime }: Session): object {
  return {
    user: account?.name ?? '',
    created_time: new Date(loginTime).toISOString(),
    last_accessed_time: new Date(lastActiveTime).toISOString(),
  };
}

function unauthenticated(text: string): RestError {
  return new RestError('unauthenticated', 'vapi.method.authentication.required', text);
}

function notThere(): RestError {
  return new RestError('not_found', 'com.vmware.vapi.rest.httpNotFound', 'Not found.');
}
