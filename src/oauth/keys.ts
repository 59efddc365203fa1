/**
 * The keys of the authorization server, all derived from one secret (HKDF, RFC 5869): an ES256 pair that signs access
 * tokens, a key that seals what leaves our hands, and one for the values at rest in a store.
 *
 * Rotation: the secret is a list. The first entry signs and seals; the others go on to be accepted, until the operator
 * takes them out. Access tokens live for an hour and registrations for 90 days, so an old entry stays that long, or
 * clients register again.
 */
import {
  createECDH,
  createHash,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';
import { GatewayError } from '../lib/errors.ts';
import type { Secret } from '../lib/secret.ts';

const SHORTEST = 32;
const FEWEST_CHARACTERS = 8;
const MOST_ENTRIES = 8;
/** Order of P-256 (SEC 2 §2.4.2). */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

export interface KeyRing {
  readonly current: { readonly kid: string; readonly key: KeyObject };
  find(kid: string): KeyObject | undefined;
  readonly kids: readonly string[];
}

/** A public signing key as `/jwks` shows it (RFC 7517, RFC 7518 §6.2). */
export interface PublicJwk {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
  readonly kid: string;
  readonly alg: 'ES256';
  readonly use: 'sig';
}

export interface OAuthKeys {
  readonly signing: KeyRing;
  readonly verification: KeyRing;
  readonly sealing: KeyRing;
  readonly store: KeyRing;
  publicJwks(): { readonly keys: readonly PublicJwk[] };
}

/**
 * @param secret one entry of at least 32 random characters, or several with white space or commas between them
 * @throws GatewayError `CONFIGURATION` where an entry is no secret
 */
export function deriveOAuthKeys(secret: Secret): OAuthKeys {
  const entries = entriesOf(secret.reveal());
  const pairs = entries.map(signingPair);
  const jwks = Object.freeze({ keys: pairs.map(({ jwk }) => jwk) });
  return {
    signing: ring(pairs.map(({ jwk, privateKey }) => ({ kid: jwk.kid, key: privateKey }))),
    verification: ring(pairs.map(({ jwk, publicKey }) => ({ kid: jwk.kid, key: publicKey }))),
    sealing: ring(entries.map((entry) => secretKey(entry, 'seal'))),
    store: ring(entries.map((entry) => secretKey(entry, 'store'))),
    publicJwks: () => jwks,
  };
}

function entriesOf(text: string): readonly string[] {
  if (text.includes('-----BEGIN')) {
    throw refused(
      'takes random text, such as from `openssl rand -hex 32`, and no PEM: the key pair is derived from it',
    );
  }
  const entries = [...new Set(text.split(/[\s,]+/).filter((entry) => entry !== ''))];
  if (entries.length === 0 || entries.length > MOST_ENTRIES) throw refused(`must hold 1 to ${MOST_ENTRIES} entries`);
  for (const entry of entries) {
    // Thirty-two times the same letter is long and no secret.
    if (entry.length < SHORTEST || new Set(entry).size < FEWEST_CHARACTERS) {
      throw refused(`must be at least ${SHORTEST} random characters, such as from: openssl rand -hex 32`);
    }
  }
  return entries;
}

function refused(why: string): GatewayError {
  return new GatewayError('CONFIGURATION', `OAUTH_SIGNING_KEY ${why}.`);
}

function derive(entry: string, purpose: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', entry, Buffer.alloc(0), `mcvsphere oauth v1 ${purpose}`, bytes));
}

function secretKey(entry: string, purpose: string) {
  const kid = derive(entry, `${purpose} kid`, 9).toString('base64url');
  return { kid, key: createSecretKey(derive(entry, purpose, 32)) };
}

/** FIPS 186-5 §A.2.1: 128 bits more than the order has, so that the remainder is as good as uniform. */
function signingPair(entry: string) {
  const scalar = (BigInt(`0x${derive(entry, 'sign', 48).toString('hex')}`) % (ORDER - 1n)) + 1n;
  const d = Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex');
  const curve = createECDH('prime256v1');
  curve.setPrivateKey(d);
  const point = curve.getPublicKey();
  const point64 = { x: point.subarray(1, 33).toString('base64url'), y: point.subarray(33).toString('base64url') };
  const publicPart = { kty: 'EC', crv: 'P-256', ...point64 } as const;
  const privateKey = createPrivateKey({ key: { ...publicPart, d: d.toString('base64url') }, format: 'jwk' });
  const jwk: PublicJwk = { ...publicPart, kid: thumbprint(publicPart), alg: 'ES256', use: 'sig' };
  return { jwk: Object.freeze(jwk), privateKey, publicKey: createPublicKey(privateKey) };
}

/** RFC 7638 §3 */
function thumbprint({ crv, kty, x, y }: Pick<PublicJwk, 'crv' | 'kty' | 'x' | 'y'>): string {
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
}

function ring(keys: readonly { readonly kid: string; readonly key: KeyObject }[]): KeyRing {
  const byKid = new Map(keys.map(({ kid, key }) => [kid, key]));
  return { current: keys[0]!, find: (kid) => byKid.get(kid), kids: [...byKid.keys()] };
}
