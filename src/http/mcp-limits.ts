/**
 * How much may be asked for at /mcp.
 *
 * A person: so many messages a minute, whatever tokens and addresses they come with; each message of a batch is one.
 *
 * A stranger: so many requests a minute from one address whose token is refused, or that bring none. After that no
 * further token from there is looked at, before its signature costs anything. Tokens that were good the last time pass
 * on to their verification all the same: whoever shares an address with an attacker goes on working, and an attacker
 * who once had a good token does not. This is counted by each replica for itself, since good requests should cost no
 * further round trip.
 */
import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { networkOf } from '../lib/network-address.ts';
import { type RateLimits, tooManyRequests } from './rate-limit.ts';
import { createCount, createOwnCount } from './request-count.ts';

/** Protocol 2025-03-26 had batches, without a bound. */
const MOST_MESSAGES = 50;
const MOST_GOOD_TOKENS = 10_000;

/** Hooks for after the authentication: one for the request, one for what its body adds. */
export function perPerson({ perPerson: most, counter }: RateLimits) {
  const count = createCount(counter);

  async function take(request: FastifyRequest, reply: FastifyReply, messages: number): Promise<void> {
    if (most === 0 || messages === 0) return;
    const { principal, ip } = request;
    const person = principal === undefined ? ip : `${principal.iss} ${principal.sub}`;
    const { count: soFar, endsInMs } = await count(`person ${person}`, undefined, messages);
    if (soFar > most) throw waitFor(reply, endsInMs);
  }

  return {
    onRequest: (request: FastifyRequest, reply: FastifyReply) => take(request, reply, 1),
    preHandler: (request: FastifyRequest, reply: FastifyReply) => take(request, reply, messagesIn(request) - 1),
  };
}

/** A hook for a body that was read. */
export async function refuseLongBatch(request: FastifyRequest): Promise<void> {
  if (messagesIn(request) <= MOST_MESSAGES) return;
  throw Object.assign(new Error(`A batch may have ${MOST_MESSAGES} messages.`), { statusCode: 413 });
}

function messagesIn({ body }: FastifyRequest): number {
  return Array.isArray(body) ? Math.max(1, body.length) : 1;
}

export interface StrangerLimit {
  /** @throws 429, where nothing more from this address is looked at, unless with a token that was good */
  admit(request: FastifyRequest, reply: FastifyReply, token: string | undefined): void;
  refused(request: FastifyRequest, token: string | undefined): void;
  accepted(token: string): void;
}

export function createStrangerLimit({ perPerson: most }: RateLimits): StrangerLimit {
  const count = createOwnCount();
  /** By their SHA-256; what was used longest ago comes first. */
  const good = new Set<string>();
  const keyOf = ({ ip }: FastifyRequest) => `stranger ${networkOf(ip)}`;

  return {
    admit(request, reply, token) {
      if (most === 0) return;
      const { count: soFar, endsInMs } = count(keyOf(request), undefined, 0);
      if (soFar < most || (token !== undefined && good.has(digest(token)))) return;
      throw waitFor(reply, endsInMs);
    },
    refused(request, token) {
      if (most === 0) return;
      count(keyOf(request));
      if (token !== undefined) good.delete(digest(token));
    },
    accepted(token) {
      if (most === 0) return;
      const key = digest(token);
      good.delete(key);
      good.add(key);
      if (good.size > MOST_GOOD_TOKENS) good.delete(good.values().next().value!);
    },
  };
}

function digest(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}

function waitFor(reply: FastifyReply, ms: number): Error {
  reply.header('retry-after', String(Math.max(1, Math.ceil(ms / 1000)))).header('cache-control', 'no-store');
  return tooManyRequests();
}
