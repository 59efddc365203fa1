/**
 * The provider says that somebody has logged out, or was thrown out (OpenID Connect Back-Channel Logout §2.5–2.8):
 * their grants end here, for the next request. The token is the provider's, signed, and counts once.
 */
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { hashOf } from './consent.ts';
import { UpstreamError } from './errors.ts';
import type { GrantFilter, Grants } from './grants.ts';
import { createLogouts } from './logouts.ts';
import { PATHS } from './metadata.ts';
import { OAuthError } from './oauth-error.ts';
import { errorResponse, NO_STORE, type OAuthRequest, type OAuthResponse, required } from './oauth-exchange.ts';
import { type Refusals, refusalOf } from './refusals.ts';
import type { Store } from './store.ts';
import type { Upstream, UpstreamLogout } from './upstream.ts';

const LONGEST_TOKEN = 16_384;
const MOST_SECONDS = 24 * 3600;
/** How long after its end a token may still be accepted. */
const CLOCK_TOLERANCE_SECONDS = 120;

interface BackChannelOptions {
  readonly upstream: Pick<Upstream, 'verifyLogoutToken'>;
  readonly grants: Grants;
  readonly store: Store;
  readonly refusals: Pick<Refusals, 'note'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

export function backChannelLogout({ upstream, grants, store, refusals, clock, logger }: BackChannelOptions) {
  const logouts = createLogouts(store, clock);

  async function logOut(request: OAuthRequest): Promise<void> {
    const logout = await verified(required(request.form, 'logout_token', LONGEST_TOKEN));
    // The rule of §2.6, asked for again: a filter by issuer alone would log everybody out.
    if (logout.sub === undefined && logout.sid === undefined) throw refused('nobody');
    const key = `logout:${hashOf(`${logout.iss} ${logout.jti}`)}`;
    if ((await store.get(key)) !== undefined) throw refused('replayed');
    // Before the grants are looked for: one that is being made now will see it.
    await logouts.remember(logout);
    await grants.endWhere(filterOf(logout), 'logout_at_provider', request);
    // Remembered last: a token whose work failed half-way may come again.
    const seconds = Math.ceil(logout.expiresAt - clock.now() / 1000) + CLOCK_TOLERANCE_SECONDS;
    await store.set(key, '1', Math.min(Math.max(seconds, CLOCK_TOLERANCE_SECONDS), MOST_SECONDS));
  }

  async function verified(token: string): Promise<UpstreamLogout> {
    try {
      return await upstream.verifyLogoutToken(token);
    } catch (error) {
      if (!(error instanceof UpstreamError) || error.reason === 'unavailable') throw error;
      throw refused(error.reason, error);
    }
  }

  return async (request: OAuthRequest): Promise<OAuthResponse> => {
    try {
      await logOut(request);
      return { status: 200, headers: NO_STORE };
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error;
      // A provider that signs or addresses them wrongly would otherwise never log anybody out, and nobody would know.
      const { reason, cause } = error;
      logger.warn({ err: cause, reason, request_id: request.requestId }, 'a logout of the provider was refused');
      await refusals.note(refusalOf(PATHS.backChannelLogout, request, error));
      return errorResponse(error);
    }
  };
}

/**
 * A session where one is named, else all of the person's (§2.6). Those of the person whose ID token named no session
 * end with any: each may be the one that is meant.
 */
function filterOf({ iss, sub, sid }: UpstreamLogout): GrantFilter {
  return {
    iss,
    ...(sub === undefined ? {} : { sub }),
    ...(sid === undefined ? {} : { upstreamSid: sid, orWithoutSid: sub !== undefined }),
  };
}

function refused(reason: string, cause?: unknown): OAuthError {
  return new OAuthError('invalid_request', 'The logout token was not accepted.', {
    reason: `logout_token_${reason}`,
    cause,
  });
}
