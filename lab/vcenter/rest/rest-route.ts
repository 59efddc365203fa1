/** `/api` and `/rest`: a request to an operation of the REST API, and its answer or error back. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Session } from '../core/sessions.ts';
import type { World } from '../core/world.ts';
import type { Exchange, Route } from '../http/server.ts';
import { asRestError, bodyOf, invalid, RestError } from './errors.ts';
import type { Operation, OperationTable, RestAnswer } from './operation.ts';
import { type RestRequest, readInput, readTarget } from './request.ts';
import { answerSession, SESSION_RESOURCES, sessionOf } from './session.ts';
import { associationOperations } from './tagging/association-operations.ts';
import { categoryOperations } from './tagging/category-operations.ts';
import { tagOperations } from './tagging/tag-operations.ts';

const OPERATIONS: OperationTable = { ...categoryOperations, ...tagOperations, ...associationOperations };

export function restRoute(world: World): Route {
  return async (exchange) => {
    const { request } = exchange;
    const target = readTarget(exchange);
    const { drop, error, delayMs } = world.interference.take(target.key);
    if (delayMs > 0) await sleep(delayMs, undefined, { ref: false });
    if (drop === 'before') {
      request.socket.destroy();
      return;
    }
    const send = await answer().then(
      ({ status, value, headers }) => {
        const body = value === undefined || target.form === 'api' ? value : { value };
        return () => write(exchange, status, body, headers);
      },
      (thrown: unknown) => {
        const failure = asRestError(thrown);
        const headers = { ...(failure.status === 401 && { 'www-authenticate': 'Basic realm="VAPI endpoint"' }) };
        return () => write(exchange, failure.status, bodyOf(failure, target.form), headers);
      },
    );
    if (drop === 'after') request.socket.destroy();
    else send();

    async function answer(): Promise<RestAnswer> {
      const input = await readInput(exchange);
      if (error) throw error;
      if (SESSION_RESOURCES.has(target.resource)) return answerSession(world, exchange, target);
      return perform(world, sessionOf(world, exchange), target, input);
    }
  };
}

async function perform(world: World, session: Session, target: RestRequest, input: object): Promise<RestAnswer> {
  const found = (Object.hasOwn(OPERATIONS, target.key) ? OPERATIONS[target.key] : undefined) as Operation | undefined;
  if (!found) throw new RestError('not_found', 'com.vmware.vapi.rest.httpNotFound', 'Not found.');
  const { privilege, wrapper } = found;
  const inner = target.form === 'rest' && wrapper ? ((input as Record<string, unknown>)[wrapper] ?? {}) : input;
  const parsed = found.input.safeParse(inner);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalid(`${issue?.path.join('.') || 'the input'}: ${issue?.message}`);
  }
  if (privilege && !(session.account?.may?.(privilege) ?? true)) {
    throw new RestError('unauthorized', 'vapi.security.authorization.invalid', 'Unable to authorize user', [privilege]);
  }
  const value = await found.run({ world, session, id: target.id ?? '', input: parsed.data });
  if (target.form === 'rest') return { status: 200, value };
  const created = target.key.startsWith('POST') && target.id === undefined && target.action === undefined;
  return { status: value === undefined ? 204 : created ? 201 : 200, value };
}

function write(
  { response }: Exchange,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (body === undefined) {
    response.writeHead(status, headers).end();
    return;
  }
  const text = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { ...headers, 'content-type': 'application/json', 'content-length': text.length });
  response.end(text);
}
