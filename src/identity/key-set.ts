/**
 * The provider's public keys, read over HTTP and kept.
 *
 * A key that is not there makes the set be read again, so that a rotation needs no restart; but anybody can
 * send a token that names a key that does not exist, so it is read again at most every 30 seconds, by one
 * request whoever waits for it. A set is renewed after 10 minutes; while the provider does not answer, the old
 * one serves until it is an hour old, and after that nobody is let in.
 *
 * jose's own remote set has no rest after a failed read and no clock to test with; selection and import of keys
 * are jose's.
 */
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { boundedFetch, type Fetch } from './bounded-fetch.ts';
import { TokenError } from './errors.ts';

const REST_MS = 30_000;
const REST_AFTER_FAILURE_MS = 5_000;
const RENEW_AFTER_MS = 10 * 60_000;
const STALE_AFTER_MS = 60 * 60_000;
const TIMEOUT_MS = 5_000;
const LARGEST_BYTES = 256 * 1024;
const MOST_KEYS = 100;

export interface KeySet {
  /** For jose. Throws jose's `JWKSNoMatchingKey`, or a `TokenError` where there are no keys to be had. */
  readonly key: JWTVerifyGetKey;
  /** Rises with each reading: what was verified with older keys may be void. */
  generation(): number;
  /** Whether there are keys that may be used; reads them where there are none. Never rejects. */
  ready(): Promise<boolean>;
}

interface KeySetOptions {
  readonly jwksUri: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly fetch?: Fetch;
}

interface Keys {
  readonly select: JWTVerifyGetKey;
  readonly readAt: number;
}

export function createKeySet({ jwksUri, clock, logger, fetch = globalThis.fetch }: KeySetOptions): KeySet {
  const read = boundedFetch(fetch, LARGEST_BYTES);
  let keys: Keys | undefined;
  let generation = 0;
  let reading: Promise<void> | undefined;
  let restUntil = Number.NEGATIVE_INFINITY;

  /** Reads the set unless it rests; resolves when that is over, well or badly. */
  async function renew(): Promise<void> {
    if (reading === undefined && clock.monotonic() < restUntil) return;
    reading ??= readKeys(read, jwksUri)
      .then(
        (set) => {
          keys = { select: createLocalJWKSet(set), readAt: clock.monotonic() };
          generation += 1;
          restUntil = keys.readAt + REST_MS;
        },
        (err: unknown) => {
          restUntil = clock.monotonic() + REST_AFTER_FAILURE_MS;
          logger.warn({ err, jwks_uri: jwksUri }, 'the keys of the identity provider cannot be read');
        },
      )
      .finally(() => {
        reading = undefined;
      });
    await reading;
  }

  async function current(): Promise<Keys> {
    const age = () => (keys === undefined ? Number.POSITIVE_INFINITY : clock.monotonic() - keys.readAt);
    if (age() >= STALE_AFTER_MS) await renew();
    // Nobody waits for a provider that hangs while there are keys to go by.
    else if (age() >= RENEW_AFTER_MS) void renew();
    if (keys === undefined || age() >= STALE_AFTER_MS) throw new TokenError('keys_unavailable');
    return keys;
  }

  return {
    async key(header, token) {
      const first = await current();
      try {
        return await first.select(header, token);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
        await renew();
        const second = await current();
        if (second === first) throw error;
        return second.select(header, token);
      }
    },
    generation: () => generation,
    async ready() {
      return current().then(
        () => true,
        () => false,
      );
    },
  };
}

async function readKeys(fetch: Fetch, jwksUri: string): Promise<JSONWebKeySet> {
  const response = await fetch(jwksUri, {
    headers: { accept: 'application/jwk-set+json, application/json' },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (response.status !== 200) throw new Error(`the key set was answered with status ${response.status}`);
  const document: unknown = await response.json();
  const { keys } = Object(document) as { keys?: unknown };
  if (!Array.isArray(keys) || keys.length > MOST_KEYS) throw new Error('the answer is no key set');
  // A symmetric key that is published is no secret: whoever reads it could sign with it.
  const usable = keys.filter((key) => typeof key === 'object' && key !== null && key.kty !== 'oct' && !('k' in key));
  if (usable.length === 0) throw new Error('the key set holds no public key');
  return { keys: usable };
}
