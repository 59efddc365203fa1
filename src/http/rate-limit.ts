/**
 * How much one caller may ask for: an address at the endpoints of the login, which anybody reaches, and a person at
 * /mcp. Behind a proxy the address is only right where MCP_TRUSTED_PROXIES says so; a whole company may then have
 * one, so the limits of the login leave room for a busy morning.
 */
import { createHash } from 'node:crypto';
import rateLimit, { type FastifyRateLimitStore, type FastifyRateLimitStoreCtor } from '@fastify/rate-limit';
import type { FastifyContextConfig, FastifyInstance, FastifyRequest } from 'fastify';
import type { RequestCounter } from '../oauth/request-counter.ts';

const WINDOW_MS = 60_000;
const MOST_KEYS = 20_000;
const REPORTS_PER_REQUEST = 50;

export interface RateLimits {
  /** Requests a minute from one address to one endpoint of the login; 0 for no limit, here and below. */
  readonly perAddress: number;
  /** Requests a minute of one person to /mcp. */
  readonly perPerson: number;
  /** Shared by all replicas; without it each process counts for itself. */
  readonly counter?: RequestCounter;
}

type Counted = Parameters<Parameters<FastifyRateLimitStore['incr']>[1]>;

/** Routes of this scope may then carry a limit of their own; none has one by itself. */
export async function limitRates(app: FastifyInstance, { counter }: RateLimits): Promise<void> {
  await app.register(rateLimit, {
    global: false,
    addHeaders: { 'x-ratelimit-limit': false, 'x-ratelimit-remaining': false, 'x-ratelimit-reset': false },
    addHeadersOnExceeding: { 'x-ratelimit-limit': false, 'x-ratelimit-remaining': false, 'x-ratelimit-reset': false },
    store: storeOver(counter),
    errorResponseBuilder: () => Object.assign(new Error('Too many requests: wait a minute.'), { statusCode: 429 }),
  });
}

/** The configuration of a route that is limited by address. */
export function perAddress(limits: RateLimits, endpoint: string): Pick<FastifyContextConfig, 'rateLimit'> {
  if (limits.perAddress === 0) return { rateLimit: false };
  return { rateLimit: { max: limits.perAddress, timeWindow: WINDOW_MS, groupId: ` ${endpoint}` } };
}

/** The same for reports of logouts: they come from one address, all at once, and a bad one costs next to nothing. */
export function perReporter({ perAddress: max, ...limits }: RateLimits, endpoint: string) {
  return perAddress({ ...limits, perAddress: max * REPORTS_PER_REQUEST }, endpoint);
}

/** A hook for after the authentication. */
export function perPerson(app: FastifyInstance, limits: RateLimits) {
  return app.rateLimit({ max: limits.perPerson, timeWindow: WINDOW_MS, keyGenerator: personOf });
}

function personOf({ principal, ip }: FastifyRequest): string {
  return `person ${principal === undefined ? ip : `${principal.iss} ${principal.sub}`}`;
}

/** The plugin makes the store by itself, from a class. */
function storeOver(counter: RequestCounter | undefined): FastifyRateLimitStoreCtor {
  const own = ownCounter();

  async function count(key: string, windowMs: number): Promise<Counted[1]> {
    // A name that says nothing about anybody, and has one length whatever was sent.
    const hash = createHash('sha256').update(key).digest('base64url');
    const { count: current, endsInMs: ttl } =
      (await counter?.count(hash, windowMs).catch(() => undefined)) ?? own(hash, windowMs);
    return { current, ttl };
  }

  return class {
    incr(key: string, done: (...counted: Counted) => void, windowMs: number): void {
      count(key, windowMs).then(
        (counted) => done(null, counted),
        (error: Error) => done(error),
      );
    }
    child(): FastifyRateLimitStore {
      return this;
    }
  };
}

function ownCounter() {
  const windows = new Map<string, { count: number; readonly endsAt: number }>();

  return (key: string, windowMs: number) => {
    const now = performance.now();
    const known = windows.get(key);
    const window = known !== undefined && now < known.endsAt ? known : { count: 0, endsAt: now + windowMs };
    window.count += 1;
    windows.delete(key);
    windows.set(key, window);
    if (windows.size > MOST_KEYS) windows.delete(windows.keys().next().value!);
    return { count: window.count, endsInMs: window.endsAt - now };
  };
}
