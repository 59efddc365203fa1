/**
 * `/lab/control/…`: faults on demand over HTTP, for tests in other languages and for people with curl. Only there where
 * it was asked for, and only for who has its token: other users of the computer reach loopback, too.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { type Exchange, type Route, readBody } from '../http/server.ts';
import { callDeeds } from './call-deeds.ts';
import { ControlError, type Deed, type DeedTable, type Stage } from './deed.ts';
import { inventoryDeeds } from './inventory-deeds.ts';
import { serverDeeds } from './server-deeds.ts';

export const CONTROL_PATH = '/lab/control';

const MAX_BODY_BYTES = 64 * 1024;
const DEEDS: DeedTable = { ...callDeeds, ...serverDeeds, ...inventoryDeeds };

export function controlRoute(stage: Stage, token: string): Route {
  return async (exchange) => {
    const { request, url } = exchange;
    const body = await readBody(request, MAX_BODY_BYTES).catch((error: unknown) => {
      if (error instanceof RangeError) return undefined;
      throw error;
    });
    if (!isSame(request.headers.authorization ?? '', `Bearer ${token}`)) {
      return answer(exchange, 401, { error: 'The token is missing or wrong.' });
    }
    const name = url.pathname.slice(CONTROL_PATH.length + 1);
    if (name === '' && request.method === 'GET') return answer(exchange, 200, { deeds: Object.keys(DEEDS) });
    const found = (Object.hasOwn(DEEDS, name) ? DEEDS[name] : undefined) as Deed | undefined;
    if (!found) return answer(exchange, 404, { error: `There is no ${name}.`, deeds: Object.keys(DEEDS) });
    if (request.method !== 'POST') return answer(exchange, 405, { error: 'Ask by POST.' });
    const parsed = found.input.safeParse(body && parse(body));
    if (!parsed.success) {
      const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the body'}: ${message}`);
      return answer(exchange, 400, { error: problems.join('; ') });
    }
    try {
      answer(exchange, 200, found.run(stage, parsed.data) ?? {});
    } catch (error) {
      if (!(error instanceof ControlError)) throw error;
      answer(exchange, 400, { error: error.message });
    }
  };
}

/** Nothing is an empty object; undefined for what is no JSON. */
function parse(body: Buffer): unknown {
  if (body.length === 0) return {};
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

function isSame(given: string, right: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(given), hash(right));
}

function answer({ response }: Exchange, status: number, value: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(value)}\n`);
}
