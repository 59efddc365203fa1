/** `/sdk`: a SOAP request to a method of the API, and its answer or fault back. */
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeDeclared } from '../core/encode.ts';
import { fault, objectNotFound, VimFault } from '../core/faults.ts';
import { type Call, rulesOf } from '../core/method.ts';
import { demand } from '../core/privileges.ts';
import { isShownToAll } from '../core/property-filter.ts';
import { parsePath, readPath } from '../core/property-path.ts';
import { notAuthenticated, SESSION_COOKIE, type Session } from '../core/sessions.ts';
import { readRequest, type SoapRequest, writeAnswer, writeFault, writeResponse } from '../core/soap.ts';
import type { World } from '../core/world.ts';
import { methodOf } from '../methods.ts';
import { finderOf } from '../property-collector/retrieve.ts';
import { type Exchange, type Route, readBody } from './server.ts';

const MAX_REQUEST_BYTES = 32 * 1024 * 1024;

export function soapRoute(world: World): Route {
  return async (exchange) => {
    const { request, response, cookies } = exchange;
    if (request.method !== 'POST') {
      request.resume();
      response.writeHead(405, { allow: 'POST' }).end();
      return;
    }
    const body = await readBody(request, MAX_REQUEST_BYTES);
    let soap: SoapRequest;
    try {
      soap = readRequest(body);
    } catch (error) {
      send(exchange, 500, writeFault(fault('InvalidRequest', {}, `The request could not be parsed: ${error}`)));
      return;
    }
    const { drop, error, delayMs } = world.interference.take(soap.method);
    if (delayMs > 0) await sleep(delayMs, undefined, { ref: false });
    if (drop === 'before') {
      request.socket.destroy();
      return;
    }
    const session = world.sessions.open(cookies.get(SESSION_COOKIE), request.headers['user-agent'] ?? '');
    if (cookies.get(SESSION_COOKIE) !== session.id) {
      response.setHeader('set-cookie', `${SESSION_COOKIE}="${session.id}"; Path=/; HttpOnly`);
    }
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const [status, xml] = await answer({ world, session, soap, signal: gone.signal, error });
    if (drop === 'after') request.socket.destroy();
    else send(exchange, status, xml);
  };
}

interface Question {
  readonly world: World;
  readonly session: Session;
  readonly soap: SoapRequest;
  readonly signal: AbortSignal;
  /** What it is answered by, whatever it asks. */
  readonly error: VimFault | undefined;
}

async function answer(question: Question): Promise<[status: number, xml: string]> {
  const { soap, error } = question;
  try {
    if (error) throw error;
    if (soap.method === 'Fetch') return [200, fetchProperty(question)];
    return [200, writeAnswer(soap, await perform(question))];
  } catch (thrown) {
    return [500, writeFault(asFault(soap, thrown))];
  }
}

function perform({ world, session, soap: { method: name, request, operationId }, signal }: Question): unknown {
  const ref = request._this as { type: string; value: string } | undefined;
  if (!ref) throw fault('InvalidRequest', {}, 'The request names no object.');
  const method = methodOf(ref.type, name);
  if (!session.account && !(method && rulesOf(method).anonymous)) throw notAuthenticated();
  const self = finderOf({ world, session })(ref);
  if (!self) throw objectNotFound(ref);
  // The object's own type decides, not the one that the client says.
  const own = methodOf(self.ref.type, name);
  if (!own) throw fault('MethodNotFound', { receiver: ref, method: name }, `There is no method ${name}.`);
  const { privilege } = rulesOf(own);
  if (privilege && !(session.account?.may?.(privilege) ?? true)) {
    throw fault(
      'NoPermission',
      { object: self.ref, privilegeId: privilege },
      'Permission to perform this operation was denied.',
    );
  }
  const call: Call = { world, session, self, request, operationId, signal };
  return own(call as Call<never>);
}

/** One property of one object: pyVmomi's way to read, which no type table describes. */
function fetchProperty({ world, session, soap: { method, request } }: Question): string {
  if (!session.account) throw notAuthenticated();
  const ref = request._this as { type: string; value: string };
  const self = finderOf({ world, session })(ref);
  if (!self) throw objectNotFound(ref);
  const path = parsePath(String(request.prop));
  if (!isShownToAll(self, path)) demand(session, 'System.Read', self);
  const { declared, value } = readPath(self, path);
  return writeResponse(method, value === undefined ? '' : encodeDeclared('returnval', declared, value));
}

function asFault({ method }: SoapRequest, error: unknown): VimFault {
  if (error instanceof VimFault) return error;
  // A defect of the lab: never silent, and never taken for a fault of vSphere's.
  process.stderr.write(`lab: ${method} failed: ${error instanceof Error ? error.stack : String(error)}\n`);
  return fault('SystemError', { reason: String(error) }, `A general system error occurred: ${String(error)}`);
}

function send({ response }: Exchange, status: number, xml: string): void {
  const body = Buffer.from(xml);
  response.writeHead(status, { 'content-type': 'text/xml; charset=utf-8', 'content-length': body.length });
  response.end(body);
}
