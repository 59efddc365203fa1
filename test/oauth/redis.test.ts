import { createConnection } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { createLogger } from '../../src/lib/logger.ts';
import { Secret } from '../../src/lib/secret.ts';
import { deriveOAuthKeys } from '../../src/oauth/keys.ts';
import { openRedisStore } from '../../src/oauth/redis-store.ts';
import { StoreUnavailableError } from '../../src/oauth/store.ts';
import { createStoreCipher } from '../../src/oauth/store-cipher.ts';
import { CLIENT, loginParts, outcomes, SIGNING_KEY } from '../support/login-parts.ts';
import { manualClock } from '../support/manual-clock.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';

const logger = createLogger('silent');
const cipher = createStoreCipher(deriveOAuthKeys(SIGNING_KEY).store);
const ended: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
});

async function redisServer(): Promise<RedisServer> {
  const redis = await startRedis();
  ended.push(() => redis.stop());
  return redis;
}

/** Two replicas on one Redis. */
async function replicas(redis: RedisServer, clock = manualClock()) {
  const open = async () => {
    const store = await openRedisStore({ url: new Secret(redis.url), cipher, clock: systemClock, logger });
    ended.push(() => store.close());
    return loginParts({ store, clock });
  };
  return [await open(), await open()] as const;
}

describe('two replicas on one Redis', () => {
  it('share a login from code to revocation', async () => {
    const [one, two] = await replicas(await redisServer());
    const { code, request, grant } = await one.login();
    const set = await two.tokens.redeemCode(code, request);
    expect((await one.verifier.verify(set.access_token)).user).toBe('alice');
    expect(await two.grants.endWhere({ user: 'alice' }, 'operator')).toBe(1);
    await expect(one.verifier.verify(set.access_token)).rejects.toMatchObject({ reason: 'session_ended' });
    expect(await one.grants.current(grant.id)).toBeUndefined();
  });

  it('give one code to one of fifty', async () => {
    const [one, two] = await replicas(await redisServer());
    const { code, request } = await one.login();
    const { won, reasons } = await outcomes(
      Array.from({ length: 50 }, (_, i) => (i % 2 ? one : two).tokens.redeemCode(code, request)),
    );
    expect(won).toHaveLength(1);
    expect(reasons).toEqual(Array(49).fill('code_reused'));
    await expect(two.verifier.verify(won[0]!.access_token)).rejects.toMatchObject({ reason: 'session_ended' });
  });

  it('give parallel refreshes one successor, and end the family on a later one', async () => {
    const clock = manualClock();
    const [one, two] = await replicas(await redisServer(), clock);
    const { set } = await one.session();
    const refresh = (parts: typeof one) => parts.tokens.refresh(set.refresh_token!, { clientId: CLIENT.id });
    const sets = await Promise.all(Array.from({ length: 20 }, (_, i) => refresh(i % 2 ? one : two)));
    expect(new Set(sets.map(({ refresh_token }) => refresh_token)).size).toBe(1);
    clock.advance(10_000);
    await expect(refresh(two)).rejects.toMatchObject({ reason: 'refresh_token_reused' });
    await expect(one.verifier.verify(sets[0]!.access_token)).rejects.toMatchObject({ reason: 'session_ended' });
    expect(two.entries.at(-1)).toMatchObject({ event: 'TOKEN_REUSE' });
  });

  it('ask the provider for groups once between them', async () => {
    const clock = manualClock();
    const [one, two] = await replicas(await redisServer(), clock);
    let asked = 0;
    for (const { upstream } of [one, two]) {
      const { refresh } = upstream;
      upstream.refresh = async (...args) => {
        asked += 1;
        return refresh(...args);
      };
    }
    const { set } = await one.session();
    clock.advance(300_000);
    await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 ? one : two).verifier.verify(set.access_token)));
    expect(asked).toBe(1);
  });

  it('show Redis no token, no code and no name of a person', async () => {
    const redis = await redisServer();
    const clock = manualClock();
    const [one, two] = await replicas(redis, clock);
    const monitor = createConnection(redis.port, '127.0.0.1');
    let seen = '';
    monitor.setEncoding('utf8').on('data', (text: string) => {
      seen += text;
    });
    monitor.write('MONITOR\r\n');
    await expect.poll(() => seen).toContain('+OK');
    ended.push(async () => monitor.destroy());

    const { set, code, request } = await one.session();
    const next = await two.tokens.refresh(set.refresh_token!, { clientId: CLIENT.id });
    clock.advance(300_000);
    await two.verifier.verify(next.access_token);
    await one.store.set('the-end', 'x', 60);
    await expect.poll(() => seen).toContain('mcvsphere:the-end');
    expect(seen).toContain('mcvsphere:grant:');
    expect(seen).toContain('mcvsphere:family:');
    const secrets = [set.access_token, set.refresh_token!, next.access_token, next.refresh_token!, code];
    for (const secret of [...secrets, request.codeVerifier, 'upstream-refresh-0', 'alice', 'vsphere-readers']) {
      expect(seen).not.toContain(secret);
    }
  });

  it('look a grant up with one command', async () => {
    const redis = await redisServer();
    const [one] = await replicas(redis);
    const { set } = await one.session();
    await one.verifier.verify(set.access_token);
    const commands = async () => {
      const socket = createConnection(redis.port, '127.0.0.1');
      let text = '';
      socket.on('data', (data) => {
        text += data;
      });
      socket.write('INFO stats\r\n');
      await expect.poll(() => text).toMatch(/total_commands_processed:\d+/);
      socket.destroy();
      return Number(/total_commands_processed:(\d+)/.exec(text)![1]);
    };
    const before = await commands();
    for (let i = 0; i < 10; i += 1) await one.verifier.verify(set.access_token);
    // Counts the INFO before it, too.
    expect((await commands()) - before).toBe(10 + 1);
  });
});

describe('a Redis that is away', () => {
  it('lets nobody in, fails soon, and comes back by itself', async () => {
    const redis = await redisServer();
    const [one] = await replicas(redis);
    const { set } = await one.session();
    await one.verifier.verify(set.access_token);
    await redis.stop();
    await expect(one.verifier.verify(set.access_token)).rejects.toMatchObject({ reason: 'session_unavailable' });
    await expect(one.tokens.refresh(set.refresh_token!, { clientId: CLIENT.id })).rejects.toBeInstanceOf(
      StoreUnavailableError,
    );
    await expect(one.login()).rejects.toBeInstanceOf(StoreUnavailableError);
    await expect(one.grants.endWhere({}, 'operator')).rejects.toBeInstanceOf(StoreUnavailableError);
    expect(await one.store.healthy()).toBe(false);

    await redis.start();
    await expect.poll(() => one.store.healthy(), { timeout: 10_000 }).toBe(true);
    await expect(one.verifier.verify(set.access_token)).rejects.toMatchObject({ reason: 'session_ended' });
    expect((await one.verifier.verify((await one.session()).set.access_token)).user).toBe('alice');
  });

  it('fails what is asked of one that hangs, in bounded time, and goes on when it wakes', async () => {
    const redis = await redisServer();
    const [one] = await replicas(redis);
    const { set } = await one.session();
    redis.pause();
    const late = delay(20_000, 'too late', { ref: false });
    const refused = one.verifier.verify(set.access_token).catch((error: unknown) => error);
    expect(await Promise.race([refused, late])).toMatchObject({ reason: 'session_unavailable' });
    redis.resume();
    await expect.poll(() => one.store.healthy(), { timeout: 10_000 }).toBe(true);
    expect((await one.verifier.verify(set.access_token)).user).toBe('alice');
  });

  it('is waited for at the start', async () => {
    const redis = await redisServer();
    await redis.stop();
    const [one] = await replicas(redis);
    expect(await one.store.healthy()).toBe(false);
    await redis.start();
    await expect.poll(() => one.store.healthy(), { timeout: 10_000 }).toBe(true);
    expect((await one.session()).set.token_type).toBe('Bearer');
  });
});
