/** Sixteen connections that ask as fast as they are answered. */
import { readFile } from 'node:fs/promises';
import autocannon from 'autocannon';
import type { WireRequest } from './wire.ts';

const CONNECTIONS = 16;
const ROUNDS = 6;
const ROUND_SECONDS = 4;
const WARM_UP_SECONDS = 2;
/** Of the clock that Linux counts processor time with (USER_HZ). */
const TICK_SECONDS = 1 / 100;

export interface Contender {
  readonly url: string;
  readonly pid: number;
  readonly request: WireRequest;
}

export interface Round {
  readonly answersPerSecond: number;
  /** Microseconds of processor time that one answer took; undefined where the system does not tell. */
  readonly processorMicros: number | undefined;
}

/** Both in turns: first one, then the other, and the next time the other way round. */
export async function compare(a: Contender, b: Contender): Promise<{ a: Round[]; b: Round[] }> {
  await round(a, WARM_UP_SECONDS);
  await round(b, WARM_UP_SECONDS);
  const rounds: { a: Round[]; b: Round[] } = { a: [], b: [] };
  for (let turn = 0; turn < ROUNDS; turn += 1) {
    for (const name of turn % 2 === 0 ? (['a', 'b'] as const) : (['b', 'a'] as const)) {
      rounds[name].push(await round(name === 'a' ? a : b, ROUND_SECONDS));
    }
  }
  return rounds;
}

async function round({ url, pid, request }: Contender, duration: number): Promise<Round> {
  const before = await processorSeconds(pid);
  const result = await autocannon({
    url,
    method: 'POST',
    headers: { ...request.headers },
    body: request.body,
    connections: CONNECTIONS,
    duration,
  });
  const after = await processorSeconds(pid);
  if (result.non2xx > 0 || result.errors > 0) {
    throw new Error(`${url}: ${result.non2xx} refusals and ${result.errors} errors under load`);
  }
  const { total } = result.requests;
  return {
    answersPerSecond: total / result.duration,
    processorMicros: before === undefined || after === undefined ? undefined : ((after - before) / total) * 1e6,
  };
}

/** proc_pid_stat(5): the 14th and 15th field are the time in user and in kernel mode. */
async function processorSeconds(pid: number): Promise<number | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  const fields = stat?.slice(stat.lastIndexOf(') ') + 2).split(' ');
  return fields && (Number(fields[11]) + Number(fields[12])) * TICK_SECONDS;
}
