/**
 * The signatures of what the provider issues.
 *
 * OpenID Connect Core §3.1.3.7 lets a client trust TLS instead of the signature of an ID token that it fetched
 * itself. This gateway does both: one misconfigured proxy on the way must not be able to name a person. The same
 * keys verify access tokens that are read for their claims.
 */
import { errors, type JWTPayload, jwtVerify } from 'jose';
import { TokenError } from '../identity/errors.ts';
import type { KeySet } from '../identity/key-set.ts';
import type { Clock } from '../lib/clock.ts';
import { CLOCK_TOLERANCE_SECONDS } from './upstream-client.ts';
import { upstreamError } from './upstream-failure.ts';

export interface ProviderTokenChecks {
  readonly issuer: string;
  readonly clientId: string;
  /** Asymmetric algorithms to accept. */
  readonly algs: readonly string[];
  readonly clock: Clock;
}

/**
 * @throws UpstreamError
 */
export async function verifyIdToken(token: string, keys: KeySet, checks: ProviderTokenChecks): Promise<JWTPayload> {
  const now = checks.clock.now();
  let claims: JWTPayload;
  try {
    const verified = await jwtVerify(token, keys.key, {
      issuer: checks.issuer,
      audience: checks.clientId,
      algorithms: [...checks.algs],
      requiredClaims: ['sub', 'iat', 'exp'],
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: new Date(now),
    });
    claims = verified.payload;
  } catch (error) {
    if (error instanceof TokenError && error.reason === 'keys_unavailable') throw upstreamError('unavailable', error);
    // It was made a moment ago: one that has ended already, or not begun, shows clocks that disagree.
    const skewed =
      error instanceof errors.JWTExpired ||
      (error instanceof errors.JWTClaimValidationFailed && error.claim === 'nbf' && error.reason === 'check_failed');
    throw upstreamError(skewed ? 'clock_skew' : 'invalid', described(error));
  }
  if (typeof claims.iat !== 'number') throw upstreamError('invalid', new Error('the iat of the ID token is no number'));
  if (claims.iat > now / 1000 + CLOCK_TOLERANCE_SECONDS) {
    throw upstreamError('clock_skew', new Error('the ID token was issued in the future'));
  }
  return claims;
}

/**
 * The claims of an access token, where it is a JWT of this provider about this person. To the client it is opaque
 * (RFC 9068 §6), so one that cannot be read is no fault: it says nothing.
 *
 * @throws UpstreamError (`unavailable`) where the keys cannot be had
 */
export async function accessTokenClaims(
  token: string,
  sub: string,
  keys: KeySet,
  { issuer, algs, clock }: ProviderTokenChecks,
): Promise<JWTPayload | undefined> {
  if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) return undefined;
  try {
    const { payload } = await jwtVerify(token, keys.key, {
      issuer,
      subject: sub,
      algorithms: [...algs],
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: new Date(clock.now()),
    });
    return payload;
  } catch (error) {
    if (error instanceof TokenError && error.reason === 'keys_unavailable') throw upstreamError('unavailable', error);
    return undefined;
  }
}

/** Without the claims, which errors of the library carry. */
function described(error: unknown): Error {
  return new Error(error instanceof Error ? error.message : 'not verified');
}
