/**
 * Authorization codes (RFC 6749 §4.1.2): 256 random bits, hashed at rest, good for 60 seconds and one use. A used code
 * stays known as used until its grant ends, so that whoever brings it again is noticed.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../lib/clock.ts';
import { OAuthError } from './oauth-error.ts';
import type { Store } from './store.ts';
import type { CodeBinding, CodeRequest } from './tokens.ts';

const LIFETIME_SECONDS = 60;
const CODE = /^[\w-]{43}$/;
/** RFC 7636 §4.1 */
const VERIFIER = /^[A-Za-z0-9\-._~]{43,128}$/;

type StoredCode = { readonly used: false; readonly binding: CodeBinding; readonly expiresAt: number } | UsedCode;
interface UsedCode {
  readonly used: true;
  readonly binding: Pick<CodeBinding, 'grantId'>;
}

export interface FoundCode {
  readonly code: StoredCode;
  /** Of many who come with one code, one is told `true`. */
  use(rememberSeconds: number): Promise<boolean>;
}

export async function issueCode(store: Store, clock: Clock, binding: CodeBinding): Promise<string> {
  const code = randomBytes(32).toString('base64url');
  const { grantId, clientId, redirectUri, codeChallenge, resource } = binding;
  const stored: StoredCode = {
    used: false,
    binding: { grantId, clientId, redirectUri, codeChallenge, resource },
    expiresAt: clock.now() + LIFETIME_SECONDS * 1000,
  };
  await store.set(keyOf(code), JSON.stringify(stored), LIFETIME_SECONDS);
  return code;
}

/** Undefined for one that never was, or was not used in time. */
export async function findCode(store: Store, clock: Clock, code: string): Promise<FoundCode | undefined> {
  const text = CODE.test(code) ? await store.get(keyOf(code)) : undefined;
  if (text === undefined) return undefined;
  const stored = JSON.parse(text) as StoredCode;
  if (!stored.used && clock.now() >= stored.expiresAt) return undefined;
  const used: StoredCode = { used: true, binding: { grantId: stored.binding.grantId } };
  return {
    code: stored,
    use: (rememberSeconds) => store.compareAndSet(keyOf(code), text, JSON.stringify(used), rememberSeconds),
  };
}

/** What is wrong with a redemption (RFC 6749 §4.1.3, RFC 7636 §4.6, RFC 8707 §2.2). */
export function mismatch(binding: CodeBinding, request: CodeRequest): OAuthError | undefined {
  if (request.clientId !== binding.clientId) return invalid('client_mismatch', binding.grantId);
  if (request.redirectUri !== binding.redirectUri) return invalid('redirect_uri_mismatch', binding.grantId);
  if (!answersChallenge(request.codeVerifier, binding.codeChallenge)) return invalid('pkce_mismatch', binding.grantId);
  if (request.resource !== undefined && request.resource !== binding.resource) {
    return new OAuthError('invalid_target', 'The code was not given for this resource.', {
      reason: 'resource',
      sid: binding.grantId,
    });
  }
  return undefined;
}

/** One sentence for all: which check it was helps nobody but the one who tries. */
export function invalid(reason: string, sid?: string): OAuthError {
  return new OAuthError('invalid_grant', 'The code or refresh token is not valid, or no longer.', {
    reason,
    ...(sid === undefined ? {} : { sid }),
  });
}

function answersChallenge(verifier: string, challenge: string): boolean {
  if (!VERIFIER.test(verifier)) return false;
  const answer = createHash('sha256').update(verifier).digest('base64url');
  return answer.length === challenge.length && timingSafeEqual(Buffer.from(answer), Buffer.from(challenge));
}

function keyOf(code: string): string {
  return `code:${createHash('sha256').update(code).digest('base64url')}`;
}
