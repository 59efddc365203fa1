/** OAUTH_SIGNING_KEY, in any of the ways an operator may write it → ES256 private keys, the current one first. */
import { createECDH, createPrivateKey, hkdfSync, type JsonWebKey, type KeyObject } from 'node:crypto';
import { GatewayError } from '../lib/errors.ts';
import type { Secret } from '../lib/secret.ts';

const SHORTEST = 32;
const FEWEST_CHARACTERS = 8;
const MOST_KEYS = 8;
/** Order of P-256 (SEC 2 §2.4.2). */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const PEM = /-----BEGIN ([A-Z ]+)-----[^-]+-----END \1-----/g;

/**
 * PEM (one block or several), a JWK, a JWK Set, or random text of at least 32 characters (several with white space or
 * commas between them) from which the key is derived.
 *
 * @throws GatewayError `CONFIGURATION`; neither its message nor its cause holds anything of the key
 */
export function readSigningKeys(secret: Secret): readonly KeyObject[] {
  const text = secret.reveal().trim();
  const keys = text.startsWith('{') ? jwks(text) : text.includes('-----BEGIN') ? pems(text) : randomTexts(text);
  if (keys.length === 0 || keys.length > MOST_KEYS) throw refused(`must hold 1 to ${MOST_KEYS} keys`);
  return keys;
}

function jwks(text: string): KeyObject[] {
  let json: { readonly keys?: unknown };
  try {
    json = JSON.parse(text);
  } catch {
    throw refused('begins like a JWK and is no JSON');
  }
  const keys: readonly unknown[] = Array.isArray(json.keys) ? json.keys : [json];
  return keys.map((key) => p256(() => createPrivateKey({ key: key as JsonWebKey, format: 'jwk' })));
}

function pems(text: string): KeyObject[] {
  // A variable of an environment file holds no line breaks: there they are written as \n.
  const lines = text.replaceAll('\\n', '\n');
  const blocks = lines.match(PEM) ?? [];
  // A random text beside them would be left out without a word, and everybody's session with it.
  if (
    lines
      .replace(PEM, '')
      .split(/[\s,]+/)
      .some(({ length }) => length >= SHORTEST)
  ) {
    throw refused('holds something besides its PEM blocks: several keys must be of one kind');
  }
  return blocks.filter((block) => !block.includes('EC PARAMETERS')).map((block) => p256(() => createPrivateKey(block)));
}

function p256(read: () => KeyObject): KeyObject {
  let key: KeyObject | undefined;
  try {
    key = read();
  } catch {
    // The library quotes its input.
  }
  if (key?.asymmetricKeyType !== 'ec' || key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw refused('must be private keys of the curve P-256 (ES256), without a passphrase');
  }
  return key;
}

function randomTexts(text: string): KeyObject[] {
  return [...new Set(text.split(/[\s,]+/).filter((entry) => entry !== ''))].map((entry) => {
    // Thirty-two times the same letter is long and no secret.
    if (entry.length < SHORTEST || new Set(entry).size < FEWEST_CHARACTERS) {
      throw refused(`must be a key, or at least ${SHORTEST} random characters, such as from: openssl rand -hex 32`);
    }
    return derivedKey(entry);
  });
}

/** FIPS 186-5 §A.2.1: 128 bits more than the order has, so that the remainder is as good as uniform. */
function derivedKey(entry: string): KeyObject {
  const wide = Buffer.from(hkdfSync('sha256', entry, Buffer.alloc(0), 'mcvsphere oauth v1 sign', 48));
  const scalar = (BigInt(`0x${wide.toString('hex')}`) % (ORDER - 1n)) + 1n;
  const d = Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex');
  const curve = createECDH('prime256v1');
  curve.setPrivateKey(d);
  const point = curve.getPublicKey();
  const [x, y, privatePart] = [point.subarray(1, 33), point.subarray(33), d].map((part) => part.toString('base64url'));
  return createPrivateKey({ key: { kty: 'EC', crv: 'P-256', x, y, d: privatePart }, format: 'jwk' });
}

function refused(why: string): GatewayError {
  return new GatewayError('CONFIGURATION', `OAUTH_SIGNING_KEY ${why}.`);
}
