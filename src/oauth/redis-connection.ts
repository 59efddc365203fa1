import { Redis } from 'ioredis';
import type { Logger } from '../lib/logger.ts';
import type { Secret } from '../lib/secret.ts';

const TIMEOUT_MS = 2_000;
const LONGEST_RECONNECT_MS = 2_000;

interface RedisOptions {
  /** `redis:` or `rediss:`, with the password in it. */
  readonly url: Secret;
  readonly logger: Logger;
}

/** Not connected yet; `connect()` does that, and from then on it comes back by itself. */
export function connectRedis({ url, logger }: RedisOptions): Redis {
  const redis = new Redis(url.reveal(), {
    lazyConnect: true,
    connectTimeout: TIMEOUT_MS,
    commandTimeout: TIMEOUT_MS,
    // A connection whose other end vanished without a word is given up, and another one made.
    socketTimeout: 2 * TIMEOUT_MS,
    // Without a connection a call fails now; it must neither wait for one nor be sent a second time over the next.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (times) => Math.min(times * 100, LONGEST_RECONNECT_MS),
    // After a failover the old primary answers READONLY: away from it.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  });
  let down = false;
  redis.on('error', (error: Error) => {
    if (!down) logger.error({ reason: error.message }, 'the session store cannot be reached; nobody is let in');
    down = true;
  });
  redis.on('ready', () => {
    if (down) logger.info('the session store is back');
    down = false;
  });
  return redis;
}
