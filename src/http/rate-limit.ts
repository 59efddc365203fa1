/**
 * How much one address may ask for at the endpoints of the login, which anybody reaches. Behind a proxy the address is
 * only right where MCP_TRUSTED_PROXIES says so; a whole company may then have one, so the limits leave room for a
 * busy morning. An IPv6 address counts with its /64. What one person may ask for at /mcp stands in mcp-limits.ts.
 */
import rateLimit, { type FastifyRateLimitStore, type FastifyRateLimitStoreCtor } from '@fastify/rate-limit';
import type { FastifyContextConfig, FastifyInstance } from 'fastify';
import { networkOf } from '../lib/network-address.ts';
import type { RequestCounter } from '../oauth/request-counter.ts';
import { createCount, WINDOW_MS } from './request-count.ts';

const REPORTS_PER_REQUEST = 50;

export interface RateLimits {
  /** Requests a minute from one address to one endpoint of the login; 0 for no limit, here and below. */
  readonly perAddress: number;
  /** Messages a minute of one person to /mcp, and refused requests there from one address. */
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
    keyGenerator: ({ ip }) => networkOf(ip),
    store: storeOver(counter),
    errorResponseBuilder: tooManyRequests,
  });
}

/** What the error handlers answer with 429. */
export function tooManyRequests(): Error & { readonly statusCode: number } {
  return Object.assign(new Error('Too many requests: wait a minute.'), { statusCode: 429 });
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

/** The plugin makes the store by itself, from a class. */
function storeOver(counter: RequestCounter | undefined): FastifyRateLimitStoreCtor {
  const count = createCount(counter);

  return class {
    incr(key: string, done: (...counted: Counted) => void, windowMs: number): void {
      count(key, windowMs).then(
        ({ count: current, endsInMs: ttl }) => done(null, { current, ttl }),
        (error: Error) => done(error),
      );
    }
    child(): FastifyRateLimitStore {
      return this;
    }
  };
}
