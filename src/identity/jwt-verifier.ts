/**
 * A bearer token from outside → the person it speaks for, or a refusal.
 *
 * The token was made by the company's provider for this gateway and nobody else (`aud`), is signed with a key
 * that only the provider holds, has an end, and is an access token. The checks follow RFC 9068 §4 and RFC 8725;
 * jose makes those of the signature and of the registered claims. What a token says of itself beyond that
 * (`jku`, `jwk`, `x5u`) is never followed.
 *
 * Revocation: such a token is verified offline, so it is good until it ends or until the provider withdraws the
 * key. Providers should give it minutes to an hour.
 */
import { decodeProtectedHeader, errors, type JWTPayload, type JWTVerifyOptions, jwtVerify } from 'jose';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { Fetch } from './bounded-fetch.ts';
import { type ClaimOptions, readClaims } from './claims.ts';
import { TokenError, type TokenRefusal, type TokenSubject } from './errors.ts';
import { createKeySet } from './key-set.ts';
import { isPlainName } from './plain-name.ts';
import { type Principal, principal } from './principal.ts';
import { createTokenCache } from './token-cache.ts';
import { isBearerAccessToken } from './token-type.ts';

const LARGEST_TOKEN = 16 * 1024;
const DEFAULT_TOLERANCE_SECONDS = 60;
/** A symmetric algorithm would take the public key, which everybody has, for the secret. */
const ASYMMETRIC = /^(RS|PS|ES)(256|384|512)$|^EdDSA$|^Ed25519$/;

export interface TokenVerifier {
  /**
   * @throws TokenError, and nothing else, whatever the token
   */
  verify(token: string): Promise<Principal>;
  /** Whether the provider's keys are known. Never rejects. */
  ready(): Promise<boolean>;
}

export interface JwtVerifierOptions {
  /** Compared letter for letter. */
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUri: string;
  /** Asymmetric algorithms to accept. */
  readonly algs: readonly string[];
  readonly claims: ClaimOptions;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How far the provider's clock and ours may be apart. */
  readonly clockToleranceSeconds?: number;
  readonly fetch?: Fetch;
}

export function createJwtVerifier(options: JwtVerifierOptions): TokenVerifier {
  const { clock, logger, algs, clockToleranceSeconds = DEFAULT_TOLERANCE_SECONDS } = options;
  const symmetric = algs.filter((alg) => !ASYMMETRIC.test(alg));
  if (algs.length === 0 || symmetric.length > 0) throw new TypeError('only asymmetric algorithms may be accepted');
  const keys = createKeySet(options);
  const cache = createTokenCache(clock);
  const checks: JWTVerifyOptions = {
    issuer: options.issuer,
    audience: options.audience,
    algorithms: [...algs],
    requiredClaims: ['exp', 'iss', 'aud', 'sub'],
    clockTolerance: clockToleranceSeconds,
  };

  async function verifyAnew(token: string): Promise<Principal> {
    // Ahead of jose, so that a symmetric or absent signature is named as such and no key is looked for.
    const { alg } = decodeProtectedHeader(token);
    if (typeof alg !== 'string' || !algs.includes(alg)) throw new TokenError('algorithm');
    const { payload, protectedHeader } = await jwtVerify(token, keys.key, {
      ...checks,
      currentDate: new Date(clock.now()),
    });
    if (!isBearerAccessToken({ header: protectedHeader, claims: payload })) {
      throw new TokenError('wrong_type', { about: subjectOf(payload, options) });
    }
    checkIssuedAt(payload, clock.now() / 1000 + clockToleranceSeconds);
    return principalOf(payload, options.claims);
  }

  return {
    async verify(token) {
      if (!hasShapeOfToken(token)) throw new TokenError('malformed');
      const generation = keys.generation();
      const known = cache.get(token, generation);
      if (known !== undefined) return known;
      let found: Principal;
      try {
        found = await verifyAnew(token);
      } catch (error) {
        if (error instanceof TokenError) throw error;
        throw new TokenError(refusalOf(error), { cause: error, about: signedSubject(error, options) });
      }
      const { sub, iss, groupsProblem } = found;
      if (groupsProblem !== undefined)
        logger.warn({ sub, iss, reason: groupsProblem }, 'a token has a fault in its groups');
      cache.set(token, found, generation);
      return found;
    },
    ready: () => keys.ready(),
  };
}

/** Three parts; the last may be empty, as that of an unsigned token is, which is then refused for that. */
function hasShapeOfToken(token: unknown): token is string {
  return typeof token === 'string' && token.length <= LARGEST_TOKEN && /^[\w-]+\.[\w-]+\.[\w-]*$/.test(token);
}

/** jose looks at `iat` only where an age is asked for. One from the future means clocks that cannot be trusted. */
function checkIssuedAt({ iat }: JWTPayload, latest: number): void {
  if (iat === undefined) return;
  if (typeof iat !== 'number') throw new TokenError('malformed');
  if (iat > latest) throw new TokenError('not_yet_valid');
}

function principalOf(claims: JWTPayload, options: ClaimOptions): Principal {
  const { sub, iss, exp } = claims;
  if (!isPlainName(sub) || typeof iss !== 'string' || typeof exp !== 'number') throw new TokenError('malformed');
  const { user, groups, problem } = readClaims(claims, options);
  if (user === undefined) throw new TokenError('missing_claim');
  const clientId = clientIdOf(claims);
  return principal({
    user,
    sub,
    iss,
    groups,
    expiresAt: exp,
    ...(clientId === undefined ? {} : { clientId }),
    ...(isPlainName(claims.sid) ? { sid: claims.sid } : {}),
    ...(problem === undefined ? {} : { groupsProblem: problem }),
  });
}

/** jose looks at the claims only after the signature, and hands them out with what it says against them. */
function signedSubject(error: unknown, options: JwtVerifierOptions): TokenSubject | undefined {
  if (error instanceof errors.JWTExpired || error instanceof errors.JWTClaimValidationFailed) {
    return subjectOf(error.payload, options);
  }
  return undefined;
}

/** Nobody where another issuer signs with the same keys, such as another tenant of one provider. */
function subjectOf(claims: JWTPayload, { issuer, claims: options }: JwtVerifierOptions): TokenSubject | undefined {
  const { sub, iss } = claims;
  if (iss !== issuer || !isPlainName(sub)) return undefined;
  const { user } = readClaims(claims, options);
  const clientId = clientIdOf(claims);
  return { sub, iss, ...(user === undefined ? {} : { user }), ...(clientId === undefined ? {} : { clientId }) };
}

function clientIdOf(claims: JWTPayload): string | undefined {
  return [claims.client_id, claims.azp, claims.cid, claims.appid].find(isPlainName);
}

function refusalOf(error: unknown): TokenRefusal {
  if (error instanceof errors.JWTExpired) return 'expired';
  if (error instanceof errors.JWTClaimValidationFailed) return claimRefusal(error);
  if (error instanceof errors.JOSEAlgNotAllowed) return 'algorithm';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'signature';
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
    return 'unknown_key';
  return 'malformed';
}

function claimRefusal({ claim, reason }: errors.JWTClaimValidationFailed): TokenRefusal {
  if (reason === 'missing') return 'missing_claim';
  if (claim === 'aud') return 'audience';
  if (claim === 'iss') return 'issuer';
  return claim === 'nbf' && reason === 'check_failed' ? 'not_yet_valid' : 'malformed';
}
