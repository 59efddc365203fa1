/** Logouts against logins that are under way: whichever comes second sees the other, on one store or on two. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { createLogger } from '../../src/lib/logger.ts';
import { Secret } from '../../src/lib/secret.ts';
import { LoggedOutError } from '../../src/oauth/errors.ts';
import { deriveOAuthKeys } from '../../src/oauth/keys.ts';
import { createLogouts } from '../../src/oauth/logouts.ts';
import { openMemoryStore } from '../../src/oauth/memory-store.ts';
import { openRedisStore } from '../../src/oauth/redis-store.ts';
import { StoreUnavailableError } from '../../src/oauth/store.ts';
import { createStoreCipher } from '../../src/oauth/store-cipher.ts';
import { alice, CLIENT, loginParts, SIGNING_KEY } from '../support/login-parts.ts';
import { manualClock } from '../support/manual-clock.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';

const logger = createLogger('silent');
const { iss, sub } = alice();

describe('a logout', () => {
  it.each<[string, { sub?: string; sid?: string }, { sid: string | undefined; sub?: string; iss?: string }, boolean]>([
    ['of a person, a login with a session', { sub }, { sid: 's-1' }, true],
    ['of a person, a login without one', { sub }, { sid: undefined }, true],
    ['of a session, a login with it', { sid: 's-1' }, { sid: 's-1' }, true],
    ['of a session, not one with another', { sub, sid: 's-1' }, { sid: 's-2' }, false],
    ['of a session and its person, a login without one', { sub, sid: 's-1' }, { sid: undefined }, true],
    ['of a session alone, not a login without one', { sid: 's-1' }, { sid: undefined }, false],
    ['of a person, not one of somebody else', { sub }, { sub: 'b-2', sid: 's-1' }, false],
    ['of a person, not one of the same name elsewhere', { sub }, { iss: 'https://other.example.com', sid: 's' }, false],
    ['of a session named like a person, not theirs', { sid: sub }, { sid: 's-1' }, false],
  ])('ends, %s', async (_what, about, who, ends) => {
    const { clock, store, grants } = await loginParts();
    const begunAt = clock.now();
    clock.advance(10);
    await createLogouts(store, clock).remember({ iss, ...about });
    const creating = grants.create(alice(who), CLIENT, begunAt);
    if (ends) await expect(creating).rejects.toBeInstanceOf(LoggedOutError);
    else expect(await grants.current((await creating).id)).toBeDefined();
    expect((await collect(grants.list())).length).toBe(ends ? 0 : 1);
    clock.advance(10);
    expect((await grants.create(alice(who), CLIENT)).user).toBe('alice');
  });

  it('is remembered for longer than a login takes, and not for ever', async () => {
    const { clock, store } = await loginParts();
    const logouts = createLogouts(store, clock);
    const begunAt = clock.now();
    await logouts.remember({ iss, sub });
    clock.advance(120_000);
    expect(await logouts.haveEnded(alice(), begunAt)).toBe(true);
    clock.advance(600_000);
    expect(await logouts.haveEnded(alice(), begunAt)).toBe(false);
  });

  it('that comes in the very moment in which the session is written ends it', async () => {
    const clock = manualClock();
    const real = await openMemoryStore({ clock, logger });
    let then = async () => {};
    const store: typeof real = {
      ...real,
      async set(key, value, ttl) {
        await real.set(key, value, ttl);
        if (key.startsWith('grant:')) await then();
      },
    };
    const { grants } = await loginParts({ clock, store });
    then = () => createLogouts(real, clock).remember({ iss, sub });
    await expect(grants.create(alice(), CLIENT)).rejects.toBeInstanceOf(LoggedOutError);
    expect(await collect(grants.list())).toEqual([]);
  });

  it('whose work could not be done makes the code worth nothing, and its session is ended then', async () => {
    const { clock, store, login, tokens, grants, entries } = await loginParts();
    const { code, request, grant } = await login();
    clock.advance(10);
    // As where the list of the grants broke off after this.
    await createLogouts(store, clock).remember({ iss, sub });
    await expect(tokens.redeemCode(code, request)).rejects.toMatchObject({ error: 'invalid_grant' });
    expect(await grants.current(grant.id)).toBeUndefined();
    expect(entries).toEqual([expect.objectContaining({ event: 'REVOKED', reason: 'logout_at_provider' })]);
  });

  it('that cannot be looked for lets nobody in', async () => {
    const clock = manualClock();
    const real = await openMemoryStore({ clock, logger });
    const store: typeof real = {
      ...real,
      async get(key) {
        if (key.startsWith('logged-out:')) throw new StoreUnavailableError();
        return real.get(key);
      },
    };
    const { grants } = await loginParts({ clock, store });
    await expect(grants.create(alice(), CLIENT)).rejects.toBeInstanceOf(StoreUnavailableError);
    expect(await collect(real.keys('grant:'))).toEqual([]);
  });
});

describe('a logout that another replica heard of', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis?.stop());

  it('ends a login here', async () => {
    const cipher = createStoreCipher(deriveOAuthKeys(SIGNING_KEY).store);
    const open = () => openRedisStore({ url: new Secret(redis.url), cipher, clock: systemClock, logger });
    const [here, there] = [await open(), await open()];
    const { grants } = await loginParts({ store: here });
    const begunAt = Date.now() - 5;
    await createLogouts(there, systemClock).remember({ iss, sub });
    await expect(grants.create(alice(), CLIENT, begunAt)).rejects.toBeInstanceOf(LoggedOutError);
    expect(await collect(there.keys('grant:'))).toEqual([]);
    await Promise.all([here.close(), there.close()]);
  });
});

async function collect<T>(all: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of all) found.push(one);
  return found;
}
