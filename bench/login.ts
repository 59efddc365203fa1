/** What it costs to know a person by the gateway's own token: the signature once, the grant on every request. */

import { systemClock } from '../src/lib/clock.ts';
import { Secret } from '../src/lib/secret.ts';
import { openRedisStore } from '../src/oauth/redis-store.ts';
import { createStoreCipher } from '../src/oauth/store-cipher.ts';
import { loginParts } from '../test/support/login-parts.ts';
import { redisAvailable, startRedis } from '../test/support/redis.ts';
import { explain, heading, line } from './report.ts';

const SESSIONS = 500;
const ROUNDS = 20_000;

export async function benchLogin(): Promise<void> {
  heading("the gateway's own token");
  const embedded = await loginParts();
  await measure('the embedded store', embedded, ROUNDS, '0.3 ms');
  if (!redisAvailable()) {
    explain('there is no redis-server here: the shared store is not measured');
    return;
  }
  const redis = await startRedis();
  const { keys, logger, clock } = embedded;
  const cipher = createStoreCipher(keys.store);
  const store = await openRedisStore({ url: new Secret(redis.url), cipher, clock: systemClock, logger });
  try {
    await measure('Redis', await loginParts({ store, clock }), ROUNDS / 4);
  } finally {
    await store.close();
    await redis.stop();
  }
}

type Parts = Awaited<ReturnType<typeof loginParts>>;

async function measure(name: string, parts: Parts, rounds: number, target?: string): Promise<void> {
  const tokens: string[] = [];
  for (let made = 0; made < SESSIONS; made += 1) tokens.push((await parts.session()).set.access_token);
  line(`${name}: a token seen for the first time`, await cpuEach(parts, tokens, SESSIONS), target);
  line(`${name}: a token seen before`, await cpuEach(parts, tokens, rounds), target);
}

/** Processor time of this process, which a busy machine distorts less than the clock. */
async function cpuEach({ verifier }: Parts, tokens: readonly string[], rounds: number): Promise<string> {
  const before = process.cpuUsage();
  for (let round = 0; round < rounds; round += 1) await verifier.verify(tokens[round % tokens.length]!);
  const { user, system } = process.cpuUsage(before);
  return `${((user + system) / 1000 / rounds).toFixed(3)} ms`;
}
