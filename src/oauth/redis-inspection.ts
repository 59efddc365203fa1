/**
 * What `doctor` finds out about the Redis or Valkey of the sessions, by one connection that is not made again: whether it
 * answers, lets us in and does what the store asks of it. It tells neither the password nor anything that lies there.
 */
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { GatewayError } from '../lib/errors.ts';
import { plainText } from '../lib/plain-text.ts';
import type { Secret } from '../lib/secret.ts';

const TIMEOUT_MS = 3_000;
const PROBE_MS = 10_000;
const LONGEST_REASON = 160;
const NO_PASSWORD = /^(WRONGPASS|NOAUTH|ERR AUTH|ERR invalid password|ERR Client sent AUTH)/;

/**
 * @returns product, version and address
 * @throws GatewayError `UNAVAILABLE` or `CONFIGURATION`, with what to do
 */
export async function inspectRedis(url: Secret): Promise<string> {
  const { host } = new URL(url.reveal());
  const redis = new Redis(url.reveal(), {
    lazyConnect: true,
    connectTimeout: TIMEOUT_MS,
    commandTimeout: TIMEOUT_MS,
    enableOfflineQueue: false,
    enableReadyCheck: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  // Why a connection failed is told here; the rejection only says that it is closed.
  const told: string[] = [];
  redis.on('error', (error: Error) => told.push(error.message));
  try {
    await redis.connect().catch((error: Error) => {
      throw refusal(host, told[0] ?? error.message);
    });
    const product = productOf(await redis.info('server').catch(() => ''));
    await probe(redis).catch((error: Error) => {
      throw unfit(`${product} at ${host}`, error.message);
    });
    if (told[0] !== undefined) throw unfit(`${product} at ${host}`, told[0]);
    return `${product} at ${host}`;
  } finally {
    redis.disconnect();
  }
}

/** The commands of the store that are not everywhere: of Redis 6.2, written, and by a script. */
async function probe(redis: Redis): Promise<void> {
  const key = `mcvsphere:doctor:${randomUUID()}`;
  await redis.set(key, 'x', 'PX', PROBE_MS);
  await redis.eval(`return redis.call('EXISTS', KEYS[1])`, 1, key);
  await redis.scan('0', 'MATCH', key, 'COUNT', 1);
  await redis.getdel(key);
}

function productOf(info: string): string {
  const valkey = /^valkey_version:(\S+)/m.exec(info)?.[1];
  if (valkey !== undefined) return plainText(`Valkey ${valkey}`, LONGEST_REASON);
  const version = /^redis_version:(\S+)/m.exec(info)?.[1];
  return version === undefined ? 'the store' : plainText(`Redis ${version}`, LONGEST_REASON);
}

function refusal(host: string, message: string): GatewayError {
  const reason = plainText(message, LONGEST_REASON);
  if (NO_PASSWORD.test(message)) {
    return new GatewayError(
      'CONFIGURATION',
      `${host} answers and refuses the user or password of OAUTH_STORE_URL: redis://USER:PASSWORD@HOST:PORT/DB, with ` +
        'special characters written as in URLs (%40 for @).',
    );
  }
  return new GatewayError(
    'UNAVAILABLE',
    `${host} cannot be reached (${reason}): does it run, is the way open, and is redis:// or rediss:// (TLS) of ` +
      'OAUTH_STORE_URL right?',
  );
}

function unfit(what: string, message: string): GatewayError {
  const reason = plainText(message, LONGEST_REASON);
  return new GatewayError(
    'CONFIGURATION',
    `${what} does not do what the sessions need (${reason}): ${remedy(message)}`,
  );
}

function remedy(message: string): string {
  if (NO_PASSWORD.test(message)) return 'put its password into OAUTH_STORE_URL: redis://:PASSWORD@HOST:PORT/DB.';
  if (/unknown command/i.test(message)) return 'it must be Redis 6.2 or later, or Valkey.';
  if (message.startsWith('READONLY')) return 'it is a replica; OAUTH_STORE_URL must name the primary.';
  if (message.startsWith('NOPERM')) return 'its user must be allowed that on the keys mcvsphere:*.';
  if (message.includes('DB index')) return 'the number at the end of OAUTH_STORE_URL names no database of it.';
  return "look at the server's own log.";
}
