/**
 * State that we give into other hands, or put to rest, and that only we can read and make: registrations in a
 * `client_id`, transaction cookies, upstream refresh tokens. A JWE (RFC 7516), `dir` with A256GCM; what it is for
 * stands in the protected header and is asked for again, so that a cookie is never taken for a client.
 */
import { CompactEncrypt, compactDecrypt } from 'jose';
import type { Clock } from '../lib/clock.ts';
import type { KeyRing } from './keys.ts';

const LONGEST = 16 * 1024;
const PURPOSE = /^[a-z][a-z0-9_-]{0,40}$/;

export interface Sealing {
  /** @param payload anything that JSON can hold */
  seal(purpose: string, payload: unknown, ttlSeconds: number): Promise<string>;
  /** What was sealed for this purpose; undefined for anything else, whatever is wrong with it. Never rejects. */
  open(purpose: string, text: string): Promise<unknown>;
}

export function createSealing({ keys, clock }: { readonly keys: KeyRing; readonly clock: Clock }): Sealing {
  return {
    async seal(purpose, payload, ttlSeconds) {
      if (!PURPOSE.test(purpose)) throw new TypeError('a purpose is a short lower-case word');
      const { kid, key } = keys.current;
      const envelope = { exp: Math.floor(clock.now() / 1000) + ttlSeconds, payload };
      return new CompactEncrypt(new TextEncoder().encode(JSON.stringify(envelope)))
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid, typ: purpose })
        .encrypt(key);
    },
    async open(purpose, text) {
      if (typeof text !== 'string' || text.length > LONGEST) return undefined;
      try {
        const { plaintext, protectedHeader } = await compactDecrypt(text, ({ kid }) => known(keys, kid), {
          keyManagementAlgorithms: ['dir'],
          contentEncryptionAlgorithms: ['A256GCM'],
        });
        if (protectedHeader.typ !== purpose) return undefined;
        const { exp, payload } = JSON.parse(new TextDecoder().decode(plaintext)) as { exp: unknown; payload: unknown };
        return typeof exp === 'number' && clock.now() < exp * 1000 ? payload : undefined;
      } catch {
        return undefined;
      }
    },
  };
}

function known(keys: KeyRing, kid: unknown) {
  const key = typeof kid === 'string' ? keys.find(kid) : undefined;
  if (key === undefined) throw new Error('sealed with a key that is not ours, or no longer');
  return key;
}
