/**
 * The gateway's own access tokens: RFC 9068 (`at+jwt`), ES256, for one audience. A token says whose grant it speaks
 * for and nothing that could grow old: no groups, no level.
 */
import { randomUUID } from 'node:crypto';
import { errors, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { TokenError, type TokenRefusal, type TokenSubject } from '../identity/errors.ts';
import type { Clock } from '../lib/clock.ts';
import type { Grant } from './grants.ts';
import type { OAuthKeys } from './keys.ts';

const TYPE = 'at+jwt';
/** Most of it is a sealed client id. */
const LARGEST = 16 * 1024;
/** Replicas sign with their own clocks. */
const FUTURE_SECONDS = 60;

export interface AccessTokenClaims {
  readonly sub: string;
  /** Of the grant. */
  readonly sid: string;
  readonly clientId: string;
  readonly audience: string;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
}

export interface AccessTokens {
  sign(token: { grant: Grant; resource: string; scope: string; expiresAt: number }): Promise<string>;
  /**
   * Checks all but whether the grant is still there and whether the audience is the right one.
   *
   * @throws TokenError
   */
  verify(token: string): Promise<AccessTokenClaims>;
}

interface AccessTokenOptions {
  readonly issuer: string;
  readonly keys: Pick<OAuthKeys, 'signing' | 'verification'>;
  readonly clock: Clock;
}

export function createAccessTokens({ issuer, keys, clock }: AccessTokenOptions): AccessTokens {
  return {
    async sign({ grant, resource, scope, expiresAt }) {
      const { kid, key } = keys.signing.current;
      return new SignJWT({ client_id: grant.client.id, sid: grant.id, scope })
        .setProtectedHeader({ alg: 'ES256', typ: TYPE, kid })
        .setIssuer(issuer)
        .setSubject(grant.sub)
        .setAudience(resource)
        .setJti(randomUUID())
        .setIssuedAt(Math.floor(clock.now() / 1000))
        .setExpirationTime(expiresAt)
        .sign(key);
    },
    async verify(token) {
      if (token.length > LARGEST) throw new TokenError('malformed');
      try {
        const { payload } = await jwtVerify(token, ({ kid }) => keyOf(keys, kid), {
          issuer,
          algorithms: ['ES256'],
          typ: TYPE,
          // jose takes an absent `exp` for a token without end.
          requiredClaims: ['iss', 'aud', 'sub', 'exp', 'iat', 'sid', 'client_id'],
          currentDate: new Date(clock.now()),
        });
        return claimsOf(payload, clock.now() / 1000);
      } catch (error) {
        if (error instanceof TokenError) throw error;
        const about = error instanceof errors.JWTExpired ? subjectOf(error.payload) : undefined;
        throw new TokenError(refusalOf(error), { cause: error, about });
      }
    },
  };
}

function keyOf(keys: Pick<OAuthKeys, 'verification'>, kid: unknown) {
  const key = typeof kid === 'string' ? keys.verification.find(kid) : undefined;
  if (key === undefined) throw new TokenError('unknown_key');
  return key;
}

function claimsOf({ sub, sid, aud, exp, iat, client_id: clientId }: JWTPayload, now: number): AccessTokenClaims {
  if (iat! > now + FUTURE_SECONDS) throw new TokenError('not_yet_valid');
  // We sign one audience, as a text: a list is not ours.
  if (typeof sub !== 'string' || typeof sid !== 'string' || typeof clientId !== 'string' || typeof aud !== 'string') {
    throw new TokenError('malformed');
  }
  return { sub, sid, clientId, audience: aud, expiresAt: exp! };
}

/** Our own words, since the signature is. Who it was stands in the record of the login with that `sid`. */
function subjectOf({ sub, sid, client_id: clientId }: JWTPayload): TokenSubject | undefined {
  if (typeof sub !== 'string' || typeof sid !== 'string' || typeof clientId !== 'string') return undefined;
  return { sub, sid, clientId };
}

function refusalOf(error: unknown): TokenRefusal {
  if (error instanceof errors.JWTExpired) return 'expired';
  if (error instanceof errors.JOSEAlgNotAllowed) return 'algorithm';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'signature';
  if (!(error instanceof errors.JWTClaimValidationFailed)) return 'malformed';
  if (error.reason === 'missing') return 'missing_claim';
  if (error.claim === 'iss') return 'issuer';
  return error.claim === 'typ' ? 'wrong_type' : 'malformed';
}
