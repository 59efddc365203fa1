/**
 * Refresh tokens (RFC 9700 §4.14.2): one family a grant, of which one token is good at a time. A token is the name of
 * its family and a secret, each random; at rest there are only hashes.
 *
 * Clients that refresh in parallel, or lose an answer, come with a token that was just used: for 10 seconds they get
 * the successor that the first one got. It is kept nowhere, but made again from the used token and a salt.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

const NAME_BYTES = 16;
const SECRET_BYTES = 32;
const LENGTH = Math.ceil(((NAME_BYTES + SECRET_BYTES) * 4) / 3);
const GRACE_MS = 10_000;
/** Faster than so many in the time of grace refreshes no honest client. */
const MOST_RETIRED = 16;

export interface RefreshFamily {
  readonly grantId: string;
  readonly clientId: string;
  readonly resource: string;
  /** Hash of the one good secret. */
  readonly current: string;
  /** Those that were good a moment ago. */
  readonly retired: readonly { readonly hash: string; readonly salt: string; readonly at: number }[];
}

export interface PresentedToken {
  /** Where the family lies in the store. */
  readonly familyKey: string;
  readonly name: Buffer;
  readonly secret: Buffer;
}

/** What such a token would be; undefined for a text that cannot be one. */
export function parseRefreshToken(token: string): PresentedToken | undefined {
  if (token.length !== LENGTH || !/^[\w-]+$/.test(token)) return undefined;
  const bytes = Buffer.from(token, 'base64url');
  const name = bytes.subarray(0, NAME_BYTES);
  return { familyKey: `family:${hash(name)}`, name, secret: bytes.subarray(NAME_BYTES) };
}

export function newFamily(of: Pick<RefreshFamily, 'grantId' | 'clientId' | 'resource'>) {
  const token = randomBytes(NAME_BYTES + SECRET_BYTES);
  const { familyKey, secret } = parseRefreshToken(token.toString('base64url'))!;
  const { grantId, clientId, resource } = of;
  const family: RefreshFamily = { grantId, clientId, resource, current: hash(secret), retired: [] };
  return { token: token.toString('base64url'), familyKey, family };
}

export type Standing = 'current' | 'reused' | { readonly successor: string };

/** Where a token stands in its family. `reused`: whoever brings it, somebody has it who should not. */
export function standingOf(presented: PresentedToken, family: RefreshFamily, now: number): Standing {
  const presentedHash = hash(presented.secret);
  if (same(presentedHash, family.current)) return 'current';
  const retired = family.retired.find((one) => same(one.hash, presentedHash));
  if (retired === undefined || now - retired.at >= GRACE_MS) return 'reused';
  return { successor: tokenOf(presented.name, successorOf(presented.secret, retired.salt)) };
}

/** Whether it is one that the family still knows: the name alone is no proof of having held one. */
export function isOfFamily(presented: PresentedToken, { current, retired }: RefreshFamily): boolean {
  const presentedHash = hash(presented.secret);
  return [current, ...retired.map((one) => one.hash)].some((one) => same(one, presentedHash));
}

/** The family after its current token was used, and the successor. */
export function rotate(presented: PresentedToken, family: RefreshFamily, now: number) {
  const salt = randomBytes(16).toString('base64url');
  const secret = successorOf(presented.secret, salt);
  const retired = [{ hash: family.current, salt, at: now }, ...family.retired.filter(({ at }) => now - at < GRACE_MS)];
  return {
    successor: tokenOf(presented.name, secret),
    family: { ...family, current: hash(secret), retired: retired.slice(0, MOST_RETIRED) } satisfies RefreshFamily,
  };
}

function successorOf(secret: Buffer, salt: string): Buffer {
  return createHmac('sha256', secret).update(`successor ${salt}`).digest();
}

function tokenOf(name: Buffer, secret: Buffer): string {
  return Buffer.concat([name, secret]).toString('base64url');
}

function hash(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('base64url');
}

function same(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
