/** Sixteen connections that ask as fast as they are answered. */
import autocannon from 'autocannon';
import type { WireRequest } from './wire.ts';

const CONNECTIONS = 16;
const ROUNDS = 5;
const ROUND_SECONDS = 4;
const WARM_UP_SECONDS = 2;

export interface Contender {
  readonly url: string;
  readonly request: WireRequest;
}

/** Answers a second of both, in turns: first one, then the other, and the other way round. */
export async function compare(a: Contender, b: Contender): Promise<{ a: number[]; b: number[] }> {
  await answersPerSecond(a, WARM_UP_SECONDS);
  await answersPerSecond(b, WARM_UP_SECONDS);
  const rates: { a: number[]; b: number[] } = { a: [], b: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const name of round % 2 === 0 ? (['a', 'b'] as const) : (['b', 'a'] as const)) {
      rates[name].push(await answersPerSecond(name === 'a' ? a : b, ROUND_SECONDS));
    }
  }
  return rates;
}

async function answersPerSecond({ url, request }: Contender, duration: number): Promise<number> {
  const result = await autocannon({
    url,
    method: 'POST',
    headers: { ...request.headers },
    body: request.body,
    connections: CONNECTIONS,
    duration,
  });
  if (result.non2xx > 0 || result.errors > 0) {
    throw new Error(`${url}: ${result.non2xx} refusals and ${result.errors} errors under load`);
  }
  return result.requests.total / result.duration;
}
