import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { createLogger } from '../../src/lib/logger.ts';
import { Secret } from '../../src/lib/secret.ts';
import { deriveOAuthKeys } from '../../src/oauth/keys.ts';
import { openMemoryStore } from '../../src/oauth/memory-store.ts';
import { openStore } from '../../src/oauth/open-store.ts';
import { openRedisStore } from '../../src/oauth/redis-store.ts';
import { createSnapshotFile } from '../../src/oauth/snapshot.ts';
import { LockHeldError, type Store, StoreUnavailableError } from '../../src/oauth/store.ts';
import { createStoreCipher } from '../../src/oauth/store-cipher.ts';
import { SIGNING_KEY } from '../support/login-parts.ts';
import { manualClock } from '../support/manual-clock.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';

const logger = createLogger('silent');
const keys = deriveOAuthKeys(SIGNING_KEY);
const cipher = createStoreCipher(keys.store);

let redis: RedisServer;
let folder: string;
beforeAll(async () => {
  redis = await startRedis();
  folder = await mkdtemp(join(tmpdir(), 'mcvsphere-store-'));
});
afterAll(async () => {
  await redis.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Two views of one store: two objects on one Redis, or the one embedded store. */
async function twoOf(kind: 'embedded' | 'Redis', lockWaitMs?: number): Promise<readonly [Store, Store]> {
  const options = { clock: systemClock, logger, ...(lockWaitMs === undefined ? {} : { lockWaitMs }) };
  if (kind === 'embedded') {
    const store = await openMemoryStore(options);
    return [store, store];
  }
  const open = () => openRedisStore({ ...options, url: new Secret(redis.url), cipher });
  return [await open(), await open()];
}

async function collect(names: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const name of names) all.push(name);
  return all.sort();
}

describe.each(['embedded', 'Redis'] as const)('the %s store', (kind) => {
  it('keeps what is set, for all who share it', async () => {
    const [one, two] = await twoOf(kind);
    const value = '{"ä":"\u0000 ☃ 𝄞"}'.repeat(1_000);
    await one.set('s:1', value, 60);
    await one.set('s:2', '', 60);
    await one.set('t:1', 'x', 60);
    expect(await two.get('s:1')).toBe(value);
    expect(await two.get('s:2')).toBe('');
    expect(await two.get('s:3')).toBeUndefined();
    expect(await collect(two.keys('s:'))).toEqual(['s:1', 's:2']);
    expect([await two.has('s:1'), await two.has('s:2'), await two.has('s:3')]).toEqual([true, true, false]);
    expect(await two.delete('s:1')).toBe(true);
    expect(await two.has('s:1')).toBe(false);
    expect(await one.delete('s:1')).toBe(false);
    expect(await one.healthy()).toBe(true);
  });

  it('gives what is taken to one of fifty', async () => {
    const [one, two] = await twoOf(kind);
    await one.set('take', 'x', 60);
    const takes = await Promise.all(Array.from({ length: 50 }, (_, i) => (i % 2 ? one : two).take('take')));
    expect(takes.filter((value) => value !== undefined)).toEqual(['x']);
  });

  it('lets one of fifty change a value that all have seen', async () => {
    const [one, two] = await twoOf(kind);
    const attempt = (expected: string | undefined) =>
      Promise.all(
        Array.from({ length: 50 }, (_, i) => (i % 2 ? one : two).compareAndSet('cas', expected, `${expected}${i}`, 60)),
      );
    expect((await attempt(undefined)).filter(Boolean)).toHaveLength(1);
    const first = (await two.get('cas'))!;
    expect((await attempt(first)).filter(Boolean)).toHaveLength(1);
    expect(await one.compareAndSet('cas', first, 'x', 60)).toBe(false);
    expect(await one.compareAndSet('cas', undefined, 'x', 60)).toBe(false);
    expect(await one.compareAndSet('not there', 'x', 'y', 60)).toBe(false);
    expect(await one.get('not there')).toBeUndefined();
  });

  it('runs one work at a time under a lock, and others beside it', async () => {
    const [one, two] = await twoOf(kind);
    let inside = 0;
    const most: number[] = [];
    const work = async () => {
      inside += 1;
      most.push(inside);
      await new Promise(setImmediate);
      inside -= 1;
      return 'done';
    };
    const all = Array.from({ length: 8 }, (_, i) => (i % 2 ? one : two).withLock('lock', work));
    expect(new Set(await Promise.all(all))).toEqual(new Set(['done']));
    expect(Math.max(...most)).toBe(1);
    expect(await one.withLock('outer', () => two.withLock('inner', async () => 'both'))).toBe('both');
  });

  it('frees a lock whose work fails, and waits no longer than it may for one that is held', async () => {
    const [one, two] = await twoOf(kind, 50);
    const failing = one.withLock('failing', async () => {
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await two.withLock('failing', async () => 'free')).toBe('free');
    await one.withLock('held', async () => {
      // Twice: whoever gave up waiting must not have freed it.
      await expect(one.withLock('held', async () => 'never')).rejects.toBeInstanceOf(LockHeldError);
      await expect(two.withLock('held', async () => 'never')).rejects.toBeInstanceOf(LockHeldError);
    });
    expect(await two.withLock('held', async () => 'free')).toBe('free');
  });
});

describe('the Redis store', () => {
  it('forgets when the time is over', async () => {
    const [one, two] = await twoOf('Redis');
    await one.set('short', 'x', 0.02);
    await expect.poll(() => two.get('short')).toBeUndefined();
    await one.compareAndSet('short', undefined, 'y', 0.02);
    await expect.poll(() => two.get('short')).toBeUndefined();
  });

  it('takes nothing from one who can write to Redis and has no key', async () => {
    const [store] = await twoOf('Redis');
    const plain = await rawClient();
    await store.set('mine', 'secret value', 60);
    const text = (await plain.get('mcvsphere:mine'))!;
    expect(text).not.toContain('secret value');
    await plain.set('mcvsphere:other', text);
    await plain.set('mcvsphere:junk', 'junk');
    await plain.set('mcvsphere:cut', text.slice(0, -4));
    for (const name of ['other', 'junk', 'cut']) expect(await store.get(name)).toBeUndefined();
    expect(await store.get('mine')).toBe('secret value');
    plain.disconnect();
  });

  it('reads and compares what an older key wrote', async () => {
    const [old] = await twoOf('Redis');
    await old.set('rotated', 'x', 60);
    const both = deriveOAuthKeys(new Secret(`another-key-another-key-another-key-0123 ${SIGNING_KEY.reveal()}`));
    const options = { url: new Secret(redis.url), clock: systemClock, logger };
    const fresh = await openRedisStore({ ...options, cipher: createStoreCipher(both.store) });
    expect(await fresh.get('rotated')).toBe('x');
    expect(await fresh.compareAndSet('rotated', 'x', 'y', 60)).toBe(true);
    expect(await fresh.get('rotated')).toBe('y');
    expect(await old.get('rotated')).toBeUndefined();
    expect(await old.has('rotated')).toBe(true);
  });

  it('warns a replica whose key is another one, and no other', async () => {
    const warned: unknown[] = [];
    const watching = { ...logger, warn: (line: unknown) => warned.push(line) } as never;
    const open = (ring: typeof keys) =>
      openStore({ url: new Secret(redis.url), stateDir: folder, keys: ring, clock: systemClock, logger: watching });
    await open(keys);
    await open(keys);
    const other = 'another-key-another-key-another-key-0123';
    await open(deriveOAuthKeys(new Secret(`${other} ${SIGNING_KEY.reveal()}`)));
    await open(deriveOAuthKeys(new Secret(other)));
    expect(warned).toEqual([]);
    await open(keys);
    expect(warned).toEqual([expect.stringContaining('OAUTH_SIGNING_KEY')]);
  });

  it('tells no password in its errors', async () => {
    const url = new Secret(redis.url.replace('redis://', 'redis://:hunter2-password@'));
    const lines: string[] = [];
    const noisy = { ...logger, error: (...args: unknown[]) => lines.push(JSON.stringify(args)), info: () => {} };
    const store = await openRedisStore({ url, cipher, clock: systemClock, logger: noisy as never });
    await store.set('x', 'y', 60).catch((error: Error) => lines.push(JSON.stringify(error), String(error.cause)));
    expect(lines.join('\n')).not.toContain('hunter2');
    await store.close();
  });
});

async function rawClient() {
  return new Redis(redis.url);
}

describe('the embedded store over a restart', () => {
  const file = (name: string) => join(folder, name, 'sessions.snapshot');
  /** Without the lock of the folder, so that one which was never closed stands for one that was killed. */
  const open = (name: string, clock = systemClock) =>
    openMemoryStore({ clock, logger, snapshot: createSnapshotFile({ path: file(name), cipher, logger }) });

  it('has everything again, less what has ended meanwhile', async () => {
    const clock = manualClock();
    const first = await open('again', clock);
    await first.set('a', '1', 60);
    await first.set('b', '2', 10);
    await first.close();
    clock.advance(10_000);
    const second = await open('again', clock);
    expect(await second.get('a')).toBe('1');
    expect(await second.get('b')).toBeUndefined();
    clock.advance(50_000);
    expect(await second.get('a')).toBeUndefined();
  });

  it('does not have again what was deleted, though it was killed right after', async () => {
    const first = await open('killed');
    await first.set('a', '1', 60);
    await first.set('b', '2', 60);
    await Promise.all([first.delete('a'), first.delete('c')]);
    const second = await open('killed');
    expect(await second.get('a')).toBeUndefined();
    expect(await second.get('b')).toBe('2');
  });

  it('saves by itself within a second or so', async () => {
    const first = await open('saved');
    await first.set('a', '1', 60);
    await expect.poll(async () => (await open('saved')).get('a'), { timeout: 10_000 }).toBe('1');
  });

  it('keeps a file that only the key opens and only the owner reads', async () => {
    const store = await open('private');
    await store.set('grant:alice', 'a secret thing', 60);
    await store.close();
    const text = await readFile(file('private'), 'utf8');
    expect(text).not.toMatch(/alice|secret/);
    expect((await stat(file('private'))).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['changed', async (path: string) => writeFile(path, (await readFile(path, 'utf8')).replace(/.{8}$/, 'AAAAAAAA'))],
    ['cut', (path: string) => truncate(path, 60)],
    ['empty', (path: string) => truncate(path, 0)],
    ['nonsense', (path: string) => writeFile(path, '{"v":1}')],
  ])('believes nothing of a file that is %s, and sets it aside', async (name, spoil) => {
    const first = await open(name);
    await first.set('a', '1', 60);
    await first.close();
    await spoil(file(name));
    const spoilt = await readFile(file(name), 'utf8');
    const second = await open(name);
    expect(await second.get('a')).toBeUndefined();
    await second.set('b', '2', 60);
    await second.close();
    const aside = (await readdir(join(folder, name))).find((one) => one.includes('set-aside'));
    expect(await readFile(join(folder, name, aside!), 'utf8')).toBe(spoilt);
    expect(await (await open(name)).get('b')).toBe('2');
  });

  it('does not start where the file cannot be read at all', async () => {
    const path = join(folder, 'is-a-folder');
    const snapshot = createSnapshotFile({ path, cipher, logger });
    await rm(path, { recursive: true, force: true });
    await (await openMemoryStore({ clock: systemClock, logger, snapshot })).close();
    await rm(path);

    await mkdir(path);
    await expect(openMemoryStore({ clock: systemClock, logger, snapshot })).rejects.toBeInstanceOf(
      StoreUnavailableError,
    );
  });

  it('says so where a deletion cannot be saved, has it deleted all the same, and recovers', async () => {
    const path = join(folder, 'full', 'sessions.snapshot');
    let full = false;
    const real = createSnapshotFile({ path, cipher, logger });
    const snapshot: typeof real = {
      ...real,
      async write(entries) {
        if (full) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
        await real.write(entries);
      },
    };
    const store = await openMemoryStore({ clock: systemClock, logger, snapshot });
    await store.set('a', '1', 60);
    full = true;
    await expect(store.delete('a')).rejects.toBeInstanceOf(StoreUnavailableError);
    expect(await store.get('a')).toBeUndefined();
    expect(await store.healthy()).toBe(false);
    full = false;
    expect(await store.delete('a')).toBe(false);
    expect(await store.healthy()).toBe(true);
    expect(await (await openMemoryStore({ clock: systemClock, logger, snapshot: real })).get('a')).toBeUndefined();
  });

  it('saves a deletion by itself once that can be done, though nobody asks again', async () => {
    const path = join(folder, 'again', 'sessions.snapshot');
    const snapshot = createSnapshotFile({ path, cipher, logger });
    const store = await openMemoryStore({ clock: systemClock, logger, snapshot });
    await store.set('a', '1', 60);
    await store.set('b', '1', 60);
    await store.delete('b');
    const saved = async () => (await openMemoryStore({ clock: systemClock, logger, snapshot })).get('a');
    expect(await saved()).toBe('1');
    // The file cannot be written: something else has its name.
    await mkdir(`${path}.draft`);
    await expect(store.delete('a')).rejects.toBeInstanceOf(StoreUnavailableError);
    expect(await store.healthy()).toBe(false);
    expect(await saved()).toBe('1');
    await rm(`${path}.draft`, { recursive: true });
    await expect.poll(() => store.healthy(), { timeout: 10_000 }).toBe(true);
    expect(await saved()).toBeUndefined();
    await store.close();
  });

  it('stops trying when it is closed', async () => {
    const path = join(folder, 'closed', 'sessions.snapshot');
    const real = createSnapshotFile({ path, cipher, logger });
    let writes = 0;
    let sleeps = 0;
    const snapshot: typeof real = {
      ...real,
      async write() {
        writes += 1;
        throw new Error('no space left on device');
      },
    };
    const clock = {
      ...systemClock,
      sleep: (ms: number, signal?: AbortSignal) => {
        sleeps += 1;
        return systemClock.sleep(ms, signal);
      },
    };
    const store = await openMemoryStore({ clock, logger, snapshot });
    await expect(store.delete('a')).rejects.toBeInstanceOf(StoreUnavailableError);
    await expect(store.delete('b')).rejects.toBeInstanceOf(StoreUnavailableError);
    await store.close();
    await new Promise(setImmediate);
    expect([writes, sleeps]).toEqual([3, 1]);
  });
});
