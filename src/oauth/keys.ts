/**
 * The keys of the authorization server. The signing key is the operator's, or made once and kept; what seals and what
 * encrypts values at rest are derived from it (HKDF, RFC 5869), so that there is one secret to keep and to rotate.
 *
 * Rotation: the secret may hold several keys. The first signs and seals; the others go on to be accepted until the
 * operator takes them out. Access tokens live for an hour, sessions for half a day, registrations for 90 days.
 */
import { createHash, createPublicKey, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { GatewayError } from '../lib/errors.ts';
import type { Secret } from '../lib/secret.ts';
import { loadOrCreateKeyFile, readKeyFile } from './key-file.ts';
import { readSigningKeys } from './key-text.ts';

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
  /** ES256 private keys. */
  readonly signing: KeyRing;
  /** Their public halves. */
  readonly verification: KeyRing;
  /** 256 bits, for what is given into other hands. */
  readonly sealing: KeyRing;
  /** 256 bits, for values at rest. */
  readonly store: KeyRing;
  publicJwks(): { readonly keys: readonly PublicJwk[] };
}

/**
 * Of the operator's secret, or of the file `oauth.key` in the state folder, made there (mode 0600) where there is none.
 *
 * @throws GatewayError `CONFIGURATION`
 */
export async function loadOAuthKeys(given: Secret | undefined, stateDir: string): Promise<OAuthKeys> {
  if (given !== undefined) return deriveOAuthKeys(given);
  const path = keyFile(stateDir);
  return ofKeyFile(path, await loadOrCreateKeyFile(path));
}

/**
 * The same for who only looks: undefined where the gateway would make the key at its start.
 *
 * @throws GatewayError `CONFIGURATION`
 */
export async function findOAuthKeys(given: Secret | undefined, stateDir: string): Promise<OAuthKeys | undefined> {
  if (given !== undefined) return deriveOAuthKeys(given);
  const path = keyFile(stateDir);
  const secret = await readKeyFile(path);
  return secret && ofKeyFile(path, secret);
}

function ofKeyFile(path: string, secret: Secret): OAuthKeys {
  try {
    return deriveOAuthKeys(secret);
  } catch (cause) {
    throw new GatewayError(
      'CONFIGURATION',
      `${path} holds no key any more: put back a copy of it, or remove it, and everybody logs in again.`,
      { cause },
    );
  }
}

/** Where the gateway keeps the key that it made for itself. */
export function keyFile(stateDir: string): string {
  return join(stateDir, 'oauth.key');
}

/** @throws GatewayError `CONFIGURATION` where the secret is no key */
export function deriveOAuthKeys(secret: Secret): OAuthKeys {
  const pairs = readSigningKeys(secret).map((privateKey) => {
    const publicKey = createPublicKey(privateKey);
    return { privateKey, publicKey, jwk: publicJwk(publicKey) };
  });
  const jwks = Object.freeze({ keys: Object.freeze(pairs.map(({ jwk }) => jwk)) });
  return {
    signing: ring(pairs.map(({ jwk: { kid }, privateKey }) => ({ kid, key: privateKey }))),
    verification: ring(pairs.map(({ jwk: { kid }, publicKey }) => ({ kid, key: publicKey }))),
    sealing: ring(pairs.map(({ privateKey }) => derived(privateKey, 'seal'))),
    store: ring(pairs.map(({ privateKey }) => derived(privateKey, 'store'))),
    publicJwks: () => jwks,
  };
}

function derived(privateKey: KeyObject, purpose: string) {
  const { d } = privateKey.export({ format: 'jwk' });
  const derive = (info: string, bytes: number) =>
    Buffer.from(
      hkdfSync('sha256', Buffer.from(d!, 'base64url'), Buffer.alloc(0), `mcvsphere oauth v1 ${purpose}${info}`, bytes),
    );
  return { kid: derive(' kid', 9).toString('base64url'), key: createSecretKey(derive('', 32)) };
}

/** Named by its thumbprint (RFC 7638 §3). */
function publicJwk(publicKey: KeyObject): PublicJwk {
  const { x, y } = publicKey.export({ format: 'jwk' }) as { x: string; y: string };
  const required = { crv: 'P-256', kty: 'EC', x, y } as const;
  const kid = createHash('sha256').update(JSON.stringify(required)).digest('base64url');
  return Object.freeze({ ...required, kid, alg: 'ES256', use: 'sig' });
}

function ring(keys: readonly { readonly kid: string; readonly key: KeyObject }[]): KeyRing {
  const byKid = new Map(keys.map(({ kid, key }) => [kid, key]));
  return { current: keys[0]!, find: (kid) => byKid.get(kid), kids: [...byKid.keys()] };
}
