/**
 * Values at rest: AES-256-GCM, bound to the key they lie under, so that whoever can write to a store can neither read
 * a value, nor make one, nor put one in another's place. (They can delete values, and put back an older one.)
 *
 * In front stands a keyed tag of the plain value, by which a store that only sees ciphertext can compare.
 */
import { createCipheriv, createDecipheriv, createHmac, type KeyObject, randomBytes } from 'node:crypto';
import type { KeyRing } from './keys.ts';

const IV_BYTES = 12;
const AUTH_BYTES = 16;

export interface StoreCipher {
  /** `kid:tag:ciphertext` */
  encrypt(key: string, value: string): string;
  /** Undefined where it was not encrypted by us for this key. */
  decrypt(key: string, text: string): string | undefined;
  /** What the text of this value may begin with; one for each of our keys. */
  tags(key: string, value: string): readonly string[];
}

export function createStoreCipher(ring: KeyRing): StoreCipher {
  const tag = (kid: string, key: KeyObject, name: string, value: string) =>
    `${kid}:${createHmac('sha256', key).update(`${name.length}:${name}${value}`).digest('base64url')}:`;

  return {
    encrypt(name, value) {
      const { kid, key } = ring.current;
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: AUTH_BYTES });
      cipher.setAAD(Buffer.from(name));
      const parts = [iv, cipher.update(value, 'utf8'), cipher.final(), cipher.getAuthTag()];
      return tag(kid, key, name, value) + Buffer.concat(parts).toString('base64url');
    },
    decrypt(name, text) {
      const [kid = '', , body = ''] = text.split(':');
      const key = ring.find(kid);
      const bytes = Buffer.from(body, 'base64url');
      if (key === undefined || bytes.length < IV_BYTES + AUTH_BYTES) return undefined;
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES), {
        authTagLength: AUTH_BYTES,
      });
      decipher.setAAD(Buffer.from(name)).setAuthTag(bytes.subarray(-AUTH_BYTES));
      try {
        return decipher.update(bytes.subarray(IV_BYTES, -AUTH_BYTES), undefined, 'utf8') + decipher.final('utf8');
      } catch {
        return undefined;
      }
    },
    tags: (name, value) => ring.kids.map((kid) => tag(kid, ring.find(kid)!, name, value)),
  };
}
