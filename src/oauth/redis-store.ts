/**
 * The store that several replicas share: Redis 6.2 or later, or Valkey. It sees encrypted values under names that are
 * hashes or random, and never a token. While it cannot be reached every call fails, at once or within two seconds, and
 * the connection comes back by itself.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { Secret } from '../lib/secret.ts';
import { connectRedis } from './redis-connection.ts';
import { LockHeldError, type Store, StoreUnavailableError } from './store.ts';
import type { StoreCipher } from './store-cipher.ts';

const PREFIX = 'mcvsphere:';
const SCAN_COUNT = 500;
const LOCK_MS = 15_000;
const LOCK_RENEW_MS = 5_000;
const LOCK_WAIT_MS = 20_000;
const LOCK_POLL_MS = 50;

/** KEYS[1]; ARGV: new value, milliseconds, then what the present value may begin with, or nothing for absent. */
const COMPARE_AND_SET = `
local present = redis.call('GET', KEYS[1])
local same = (not present) and #ARGV == 2
for i = 3, #ARGV do
  if present and string.sub(present, 1, #ARGV[i]) == ARGV[i] then same = true end
end
if not same then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`;

const RENEW = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 0`;
const RELEASE = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`;

interface RedisStoreOptions {
  /** `redis:` or `rediss:`, with the password in it. */
  readonly url: Secret;
  readonly cipher: StoreCipher;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly lockWaitMs?: number;
}

/** Never rejects: a server that is down is waited for, and nobody is let in until it answers. */
export async function openRedisStore(options: RedisStoreOptions): Promise<Store> {
  const { cipher, clock, lockWaitMs = LOCK_WAIT_MS } = options;
  const redis = connectRedis(options);
  await redis.connect().catch(() => {});

  async function ask<T>(command: () => Promise<T>): Promise<T> {
    try {
      return await command();
    } catch (error) {
      throw unavailable(error);
    }
  }

  const compareAndSet = (name: string, expected: readonly string[], text: string, ttlSeconds: number) =>
    ask(() => redis.eval(COMPARE_AND_SET, 1, PREFIX + name, text, milliseconds(ttlSeconds), ...expected));

  function plain(key: string, text: string | null): string | undefined {
    return text === null ? undefined : cipher.decrypt(key, text);
  }

  async function acquire(key: string, holder: string): Promise<void> {
    const until = clock.monotonic() + lockWaitMs;
    while ((await ask(() => redis.set(key, holder, 'PX', LOCK_MS, 'NX'))) === null) {
      if (clock.monotonic() >= until) throw new LockHeldError();
      await clock.sleep(LOCK_POLL_MS * (0.5 + Math.random()));
    }
  }

  return {
    async get(key) {
      return plain(key, await ask(() => redis.get(PREFIX + key)));
    },
    async has(key) {
      return (await ask(() => redis.exists(PREFIX + key))) === 1;
    },
    async set(key, value, ttlSeconds) {
      await ask(() => redis.set(PREFIX + key, cipher.encrypt(key, value), 'PX', milliseconds(ttlSeconds)));
    },
    async take(key) {
      return plain(key, await ask(() => redis.getdel(PREFIX + key)));
    },
    async compareAndSet(key, expected, value, ttlSeconds) {
      const tags = expected === undefined ? [] : cipher.tags(key, expected);
      return (await compareAndSet(key, tags, cipher.encrypt(key, value), ttlSeconds)) === 1;
    },
    async delete(key) {
      return (await ask(() => redis.del(PREFIX + key))) === 1;
    },
    async withLock(key, work) {
      const name = `${PREFIX}lock:${key}`;
      const holder = randomUUID();
      await acquire(name, holder);
      const renewal = setInterval(() => {
        // One that fails is made up for by the next; after three the lock is gone, and compareAndSet decides.
        redis.eval(RENEW, 1, name, holder, LOCK_MS).catch(() => {});
      }, LOCK_RENEW_MS);
      try {
        return await work();
      } finally {
        clearInterval(renewal);
        await redis.eval(RELEASE, 1, name, holder).catch(() => {});
      }
    },
    async *keys(prefix) {
      let cursor = '0';
      const seen = new Set<string>();
      do {
        const [next, names] = await ask(() => redis.scan(cursor, 'MATCH', `${PREFIX}${prefix}*`, 'COUNT', SCAN_COUNT));
        cursor = next;
        for (const name of names) {
          if (seen.has(name)) continue;
          seen.add(name);
          yield name.slice(PREFIX.length);
        }
      } while (cursor !== '0');
    },
    async healthy() {
      return redis.ping().then(
        () => true,
        () => false,
      );
    },
    async close() {
      redis.disconnect();
    },
  };
}

/** The library hangs the command with its arguments on its errors, a password among them: only the message stays. */
function unavailable(error: unknown): StoreUnavailableError {
  return new StoreUnavailableError({ cause: new Error(error instanceof Error ? error.message : String(error)) });
}

function milliseconds(ttlSeconds: number): number {
  return Math.max(1, Math.ceil(ttlSeconds * 1000));
}
