/**
 * Tokens that were verified a moment ago, so that a busy client does not cost a signature check for every call.
 *
 * What is kept is the token's SHA-256, never the token. An entry lives for 30 seconds at most and never beyond
 * the token's own end; so a key that the provider withdraws, which is the only way to take back a token that is
 * verified offline, works against a token in here after 30 seconds at the latest, and at once when the keys are
 * read anew.
 */
import { createHash } from 'node:crypto';
import type { Clock } from '../lib/clock.ts';
import type { Principal } from './principal.ts';

const MOST_ENTRIES = 1_000;
const LONGEST_MS = 30_000;

interface Entry {
  readonly principal: Principal;
  readonly generation: number;
  readonly verifiedAt: number;
}

export interface TokenCache {
  get(token: string, generation: number): Principal | undefined;
  /** @param generation of the keys that it was verified with */
  set(token: string, principal: Principal, generation: number): void;
}

export function createTokenCache(clock: Clock): TokenCache {
  const entries = new Map<string, Entry>();

  return {
    get(token, generation) {
      const key = digest(token);
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      entries.delete(key);
      const { principal, verifiedAt } = entry;
      const expired = principal.expiresAt === undefined || clock.now() >= principal.expiresAt * 1000;
      if (expired || entry.generation !== generation || clock.monotonic() - verifiedAt >= LONGEST_MS) return undefined;
      // Taken out and put back: the first entry of the map is the one that was used longest ago.
      entries.set(key, entry);
      return principal;
    },
    set(token, principal, generation) {
      entries.set(digest(token), { principal, generation, verifiedAt: clock.monotonic() });
      if (entries.size > MOST_ENTRIES) entries.delete(entries.keys().next().value!);
    },
  };
}

function digest(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}
