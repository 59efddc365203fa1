/** Two gateways on one Redis while their key is replaced, in the order that the documentation gives. */
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type RedisServer, redisAvailable, startRedis } from '../support/redis.ts';
import { allAt, enter, type Gateway, type Gateways, logIn, refresh, startGateways } from './gateways.ts';

const [OLD, NEW] = [randomBytes(32).toString('hex'), randomBytes(32).toString('hex')];

describe.skipIf(!redisAvailable())('two gateways while the key is replaced', { timeout: 120_000 }, () => {
  let redis: RedisServer;
  let gateways: Gateways;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterEach(() => gateways?.close());
  afterAll(() => redis?.stop());

  async function startWith(...keys: readonly string[]): Promise<readonly [Gateway, Gateway]> {
    const env = { OAUTH_STORE_URL: redis.url, MCP_REPLICAS: '2' };
    const each = keys.map((OAUTH_SIGNING_KEY) => ({ OAUTH_SIGNING_KEY }));
    gateways = await startGateways(2, env, each);
    return gateways.all as [Gateway, Gateway];
  }

  it.each([
    ['has the new key behind the old one, and the other does not have it yet', OLD, `${OLD},${NEW}`],
    ['has the new key in front, and the other behind the old one', `${OLD} ${NEW}`, `${NEW} ${OLD}`],
  ])('serve everybody while one %s', async (_what, first, second) => {
    const [one, other] = await startWith(first, second);
    for (const [at, elsewhere] of [
      [one, other],
      [other, one],
    ] as const) {
      const tokens = await logIn('reader', { ...allAt(at), comeBack: elsewhere });
      for (const gateway of [one, other]) expect((await enter(gateway, tokens)).status).toBe(200);
      expect((await refresh(elsewhere, tokens)).status).toBe(200);
    }
  });

  it('refuse each other’s people where one signs with a key that the other does not have', async () => {
    const [one, other] = await startWith(OLD, `${NEW},${OLD}`);
    const tokens = await logIn('reader', allAt(other));
    expect((await enter(other, tokens)).status).toBe(200);
    expect((await enter(one, tokens)).status).toBe(401);
  });
});
