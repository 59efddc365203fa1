/**
 * Counts requests for the rate limits of all replicas in one place. A limit is no lock on a door: while the place
 * cannot be reached, each replica goes on counting for itself.
 */
import { Redis } from 'ioredis';
import type { Logger } from '../lib/logger.ts';
import type { Secret } from '../lib/secret.ts';

const PREFIX = 'mcvsphere:rate:';
const TIMEOUT_MS = 500;

/** KEYS[1]; ARGV[1]: milliseconds of the window, which begins with its first request; ARGV[2]: how many to add. */
const COUNT = `
local count = redis.call('INCRBY', KEYS[1], ARGV[2])
if count == tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return { count, redis.call('PTTL', KEYS[1]) }`;

export interface RequestCounter {
  /** How many there were in this window, those just added among them, and when it ends. Rejects while it cannot tell. */
  count(key: string, windowMs: number, by: number): Promise<{ readonly count: number; readonly endsInMs: number }>;
  close(): void;
}

/** @param url `redis:` or `rediss:` */
export function createRequestCounter(url: Secret, logger: Logger): RequestCounter {
  const redis = new Redis(url.reveal(), {
    connectTimeout: TIMEOUT_MS,
    commandTimeout: TIMEOUT_MS,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (times) => Math.min(times * 200, 2_000),
  });
  redis.on('error', (error: Error) => logger.debug({ reason: error.message }, 'requests are counted by replica'));
  return {
    async count(key, windowMs, by) {
      const [count, endsInMs] = (await redis.eval(COUNT, 1, PREFIX + key, windowMs, by)) as [number, number];
      return { count, endsInMs: Math.max(0, endsInMs) };
    },
    close: () => redis.disconnect(),
  };
}
