/**
 * The provider's word that somebody has logged out (OpenID Connect Back-Channel Logout 1.0 §2.4, §2.6). It comes from
 * anywhere on the network, so its signature is all that counts; an ID token of the same person, which their client
 * can hold, must not pass for it.
 */
import { type JWTPayload, jwtVerify } from 'jose';
import { TokenError } from '../identity/errors.ts';
import type { KeySet } from '../identity/key-set.ts';
import { isPlainName } from '../identity/plain-name.ts';
import type { UpstreamLogout } from './upstream.ts';
import { CLOCK_TOLERANCE_SECONDS } from './upstream-client.ts';
import { upstreamError } from './upstream-failure.ts';
import type { ProviderTokenChecks } from './upstream-signatures.ts';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const LARGEST_TOKEN = 16 * 1024;
/** Providers that follow older drafts send no `exp`; a logout that is refused would leave somebody logged in. */
const OLDEST_SECONDS = 600;

/**
 * @throws UpstreamError: `invalid`, or `unavailable` where the keys cannot be had
 */
export async function verifyLogoutToken(
  token: string,
  keys: KeySet,
  { issuer, clientId, algs, clock }: ProviderTokenChecks,
): Promise<UpstreamLogout> {
  if (typeof token !== 'string' || token.length > LARGEST_TOKEN) throw refused('it is no token');
  let claims: JWTPayload;
  let type: string | undefined;
  try {
    const verified = await jwtVerify(token, keys.key, {
      issuer,
      audience: clientId,
      algorithms: [...algs],
      requiredClaims: ['iat', 'jti'],
      maxTokenAge: OLDEST_SECONDS,
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: new Date(clock.now()),
    });
    claims = verified.payload;
    type = verified.protectedHeader.typ?.toLowerCase().replace(/^application\//, '');
  } catch (error) {
    if (error instanceof TokenError && error.reason === 'keys_unavailable') throw upstreamError('unavailable', error);
    throw refused(error instanceof Error ? error.message : 'it was not verified');
  }
  if (type !== undefined && type !== 'logout+jwt' && type !== 'jwt') throw refused('its type is another');
  if (!isLogout(claims.events)) throw refused('it names no logout');
  if (claims.nonce !== undefined) throw refused('it has a nonce');
  const { sub, sid, jti } = claims;
  if (!isPlainName(jti)) throw refused('it has no usable jti');
  if ((sub !== undefined && !isPlainName(sub)) || (sid !== undefined && !isPlainName(sid))) {
    throw refused('its sub or sid is no name');
  }
  if (sub === undefined && sid === undefined) throw refused('it names neither a person nor a session');
  return {
    iss: issuer,
    ...(sub === undefined ? {} : { sub }),
    ...(isPlainName(sid) ? { sid } : {}),
    jti,
    // Whatever its `exp`, it is too old for this from then on.
    expiresAt: Number(claims.iat) + OLDEST_SECONDS + CLOCK_TOLERANCE_SECONDS,
  };
}

function isLogout(events: unknown): boolean {
  if (typeof events !== 'object' || events === null || !Object.hasOwn(events, EVENT)) return false;
  const event = (events as Record<string, unknown>)[EVENT];
  return typeof event === 'object' && event !== null && !Array.isArray(event);
}

function refused(why: string) {
  return upstreamError('invalid', new Error(`a logout token was refused: ${why}`));
}
