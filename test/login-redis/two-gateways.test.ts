/** Two gateways that share a Redis: a person is served by both, and by neither while it is away. */
import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RedisServer, redisAvailable, startRedis } from '../support/redis.ts';
import {
  allAt,
  enter,
  type Gateway,
  type Gateways,
  logIn,
  refresh,
  register,
  sessions,
  startGateways,
} from './gateways.ts';

describe.skipIf(!redisAvailable())('two gateways on one Redis', { timeout: 120_000 }, () => {
  let redis: RedisServer;
  let gateways: Gateways;
  let one: Gateway;
  let other: Gateway;

  const recorded = (event: string) => [...one.records(), ...other.records()].filter((record) => record.event === event);

  beforeAll(async () => {
    redis = await startRedis();
    gateways = await startGateways(2, shared(redis));
    [one, other] = gateways.all as [Gateway, Gateway];
  });
  afterAll(async () => {
    await gateways?.close();
    await redis?.stop();
  });

  it('end on one a login that was begun on the other', async () => {
    const steps = { register: one, ask: other, allow: one, comeBack: other, redeem: one };
    const tokens = await logIn('reader', steps);
    for (const gateway of [one, other]) expect((await enter(gateway, tokens)).status).toBe(200);
    expect(one.records().some(({ event }) => event === 'CONSENT')).toBe(true);
    expect(other.records().some(({ event, user }) => event === 'LOGIN' && user === 'reader')).toBe(true);
  });

  it('give one successor to a client that refreshes at both at once', async () => {
    const tokens = await logIn('reader', allAt(one));
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => refresh(index % 2 === 0 ? one : other, tokens)),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    const successors = new Set(answers.map(({ body }) => body.refresh_token));
    expect(successors.size).toBe(1);
    const [successor] = successors;
    expect(successor).not.toBe(tokens.refresh);
    expect((await refresh(other, { ...tokens, refresh: String(successor) })).status).toBe(200);
  });

  it('end the whole family on both when a token is used again that was retired long ago', async () => {
    const first = await logIn('operator', allAt(one));
    let tokens = first;
    for (let turn = 0; turn < 20; turn += 1) {
      const { status, body } = await refresh(turn % 2 === 0 ? other : one, tokens);
      expect(status).toBe(200);
      tokens = { ...tokens, access: String(body.access_token), refresh: String(body.refresh_token) };
    }
    expect((await refresh(other, first)).body).toMatchObject({ error: 'invalid_grant' });
    expect(recorded('TOKEN_REUSE')).toMatchObject([{ user: 'operator' }]);
    expect((await refresh(one, tokens)).body).toMatchObject({ error: 'invalid_grant' });
    for (const gateway of [one, other]) expect((await enter(gateway, tokens)).status).toBe(401);
  });

  it("end a session on both by the operator's command on Redis, and nobody else's", async () => {
    const admin = await logIn('admin', allAt(one));
    const hostAdmin = await logIn('host-admin', allAt(other));
    const before = await sessions(one, 'list', '--json');
    const users = before.stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { user: string }).user);
    expect(users).toEqual(expect.arrayContaining(['admin', 'host-admin']));

    expect(await sessions(one, 'revoke', 'admin')).toMatchObject({ code: 0, stdout: '1 session ended\n' });
    for (const gateway of [one, other]) {
      expect((await enter(gateway, admin)).status).toBe(401);
      expect((await enter(gateway, hostAdmin)).status).toBe(200);
    }
    expect((await refresh(other, admin)).body).toMatchObject({ error: 'invalid_grant' });

    expect((await sessions(other, 'revoke-all')).stdout).toMatch(/^[1-9]\d* sessions? ended\n$/);
    for (const gateway of [one, other]) expect((await enter(gateway, hostAdmin)).status).toBe(401);
    expect((await sessions(one, 'list')).stdout).toBe('');
  });

  it('let nobody in while Redis does not answer, and everybody who was in when it does', async () => {
    const tokens = await logIn('reader', allAt(one));
    redis.pause();
    for (const gateway of [one, other]) {
      expect((await enter(gateway, tokens)).status).toBe(503);
      expect((await refresh(gateway, tokens)).status).toBe(503);
      await expect(logIn('operator', allAt(gateway))).rejects.toThrow('(503)');
    }
    expect((await sessions(one, 'list')).code).toBe(1);
    redis.resume();
    for (const gateway of [one, other]) await eventually(async () => (await enter(gateway, tokens)).status === 200);
    expect((await refresh(other, tokens)).status).toBe(200);
  });

  it('finish no login at which Redis stops answering', async () => {
    await expect(logIn('super-admin', { ...allAt(one), comeBack: other }, redis.pause)).rejects.toThrow('ended at 503');
    redis.resume();
    expect(recorded('LOGIN').filter(({ user }) => user === 'super-admin')).toEqual([]);
    await eventually(async () => (await sessions(one, 'list')).code === 0);
    expect((await sessions(one, 'list')).stdout).not.toContain('super-admin');
  });

  it('let nobody in while Redis is gone, and log people in by themselves when it is back', async () => {
    const tokens = await logIn('reader', allAt(one));
    await redis.stop();
    for (const gateway of [one, other]) {
      expect((await enter(gateway, tokens)).status).toBe(503);
      expect((await refresh(gateway, tokens)).status).toBe(503);
    }
    await redis.start();
    // It kept nothing: whoever was in is out, and logs in again.
    for (const gateway of [one, other]) await eventually(async () => (await enter(gateway, tokens)).status === 401);
    const again = await logIn('reader', { ...allAt(one), comeBack: other });
    for (const gateway of [one, other]) expect((await enter(gateway, again)).status).toBe(200);
  });

  it('have logged no token and no key', () => {
    expect(gateways.log()).not.toMatch(/eyJ[\w-]{20,}\.|BEGIN PRIVATE KEY/);
  });
});

describe.skipIf(!redisAvailable())('the limits of two gateways on one Redis', { timeout: 120_000 }, () => {
  it('count what comes from an address at both together', async () => {
    const redis = await startRedis();
    const gateways = await startGateways(2, { ...shared(redis), OAUTH_RATE_LIMIT: '10' });
    try {
      const answers: Response[] = [];
      for (let turn = 0; turn < 14; turn += 1) answers.push(await register(gateways.all[turn % 2]!));
      expect(answers.map(({ status }) => status)).toEqual([...Array(10).fill(201), ...Array(4).fill(429)]);
      for (const { headers } of answers.slice(10)) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    } finally {
      await gateways.close();
      await redis.stop();
    }
  });

  it('count what a person asks of /mcp at both together, with whichever token', async () => {
    const redis = await startRedis();
    const gateways = await startGateways(2, { ...shared(redis), MCP_RATE_LIMIT: '6' });
    try {
      const [one, other] = gateways.all as [Gateway, Gateway];
      const tokens = [await logIn('reader', allAt(one)), await logIn('reader', allAt(other))];
      const somebodyElse = await logIn('operator', allAt(one));
      const answers = [];
      for (let turn = 0; turn < 8; turn += 1) {
        answers.push(await enter(turn % 2 === 0 ? one : other, tokens[turn < 4 ? 0 : 1]!));
      }
      expect(answers.map(({ status }) => status)).toEqual([...Array(6).fill(200), 429, 429]);
      for (const { headers } of answers.slice(6)) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      for (const gateway of [one, other]) expect((await enter(gateway, somebodyElse)).status).toBe(200);
    } finally {
      await gateways.close();
      await redis.stop();
    }
  });
});

function shared(redis: RedisServer): Record<string, string> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    OAUTH_STORE_URL: redis.url,
    OAUTH_SIGNING_KEY: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    MCP_REPLICAS: '2',
  };
}

async function eventually(done: () => Promise<boolean>): Promise<void> {
  while (!(await done())) await new Promise((resolve) => setTimeout(resolve, 100));
}
