/**
 * The login at the company's OpenID provider: authorization code with PKCE, state and nonce (RFC 9700 §2.1.1), by
 * one client that was registered there beforehand. openid-client speaks the protocol; signatures, and which
 * source of claims counts, are decided here.
 *
 * No token of the provider leaves this file but the refresh token, as a `Secret`, to read the person again.
 */
import * as openid from 'openid-client';
import type { ClaimOptions, GroupsProblem } from '../identity/claims.ts';
import { readSourcedClaims } from '../identity/claims.ts';
import { isPlainName } from '../identity/plain-name.ts';
import { Secret } from '../lib/secret.ts';
import { UpstreamError } from './errors.ts';
import { verifyLogoutToken } from './logout-token.ts';
import { type ClaimsSource, gatherClaims, TokenNotActiveError } from './upstream-claims.ts';
import { createUpstreamClient, type UpstreamClient, type UpstreamClientOptions } from './upstream-client.ts';
import { asUpstreamError, isEnd, upstreamError } from './upstream-failure.ts';
import { verifyIdToken } from './upstream-signatures.ts';

/** What must come back from the provider, or belongs to what comes back. Whoever holds it finishes the login. */
export interface UpstreamTransaction {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
}

/** A person as the provider knows them at this moment. */
export interface UpstreamLogin {
  readonly user: string;
  readonly sub: string;
  readonly iss: string;
  /** The session at the provider, which its logout token names. */
  readonly sid?: string;
  readonly groups: readonly string[];
  /** Why there are no groups, or fewer than the provider names. */
  readonly groupsProblem?: GroupsProblem;
  /** To read all this again. After a refresh it is the new one, or absent where the old one goes on counting. */
  readonly refreshToken?: Secret;
  /** Seconds since the epoch. */
  readonly accessTokenExpiresAt?: number;
}

/** Who has logged out at the provider: a session (`sid`), or all of a person's. */
export interface UpstreamLogout {
  readonly iss: string;
  readonly sub?: string;
  readonly sid?: string;
  /** Once is enough: remembering it is for the caller. */
  readonly jti: string;
  /** Seconds since the epoch; no longer need `jti` be remembered. */
  readonly expiresAt: number;
}

/** The company's OpenID provider, where this gateway is a client. */
export interface Upstream {
  /** Letter for letter as the provider names itself. */
  readonly issuer: string;
  /**
   * Where to send a person to log in, and what to keep for their return.
   *
   * @throws UpstreamError
   */
  begin(): Promise<{ readonly url: string; readonly transaction: UpstreamTransaction }>;
  /**
   * @param callback the URL that the person came back to; only its query counts
   * @throws UpstreamError
   */
  finish(callback: URL, transaction: UpstreamTransaction): Promise<UpstreamLogin>;
  /**
   * Reads the person again, without them. `ended`: the provider says that there is no such session any more.
   *
   * @param of the person that the refresh token was given for; it cannot become another one
   * @throws UpstreamError with the reason `unavailable`: nothing is known, try later. Where it carries a
   * `renewedRefreshToken`, that one must be kept: the old one may be void
   */
  refresh(refreshToken: Secret, of: Pick<UpstreamLogin, 'sub' | 'iss'>): Promise<UpstreamLogin | 'ended'>;
  /**
   * OpenID Connect Back-Channel Logout §2.6.
   *
   * @throws UpstreamError
   */
  verifyLogoutToken(token: string): Promise<UpstreamLogout>;
}

export interface UpstreamOptions extends UpstreamClientOptions {
  /** Of this gateway, as registered at the provider. */
  readonly redirectUri: string;
  /** Absent: `openid profile email`, and `groups` and `offline_access` where the provider says that it has them. */
  readonly scopes?: readonly string[];
  readonly extraAuthParams: readonly (readonly [name: string, value: string])[];
  /** Asymmetric algorithms to accept. */
  readonly algs: readonly string[];
  readonly claims: ClaimOptions;
  /** First to last. */
  readonly claimsSources: readonly ClaimsSource[];
  /** Ask about each access token (RFC 7662); one that is not active is no login. */
  readonly introspection: boolean;
  /** Of all requests of a refresh together. */
  readonly refreshDeadlineMs?: number;
}

const REFRESH_DEADLINE_MS = 15_000;

type TokenAnswer = openid.TokenEndpointResponse;

export function createUpstream(options: UpstreamOptions): Upstream {
  const { issuer, clientId, redirectUri, clock, logger } = options;
  const client = createUpstreamClient(options);

  /** What a token answer says of a person; `sub` where there need be no ID token to say it. */
  async function loginOf(upstream: UpstreamClient, answer: TokenAnswer, sub?: string): Promise<UpstreamLogin> {
    // As the provider spells it, which may be with or without the slash after the host.
    const own = { ...options, issuer: upstream.metadata.issuer };
    const idToken =
      answer.id_token === undefined ? undefined : await verifyIdToken(answer.id_token, upstream.keys, own);
    const subject = idToken?.sub ?? sub;
    if (!isPlainName(subject) || (sub !== undefined && subject !== sub)) {
      throw upstreamError('invalid', new Error('the tokens are about somebody else, or about nobody'));
    }
    const sources = await gatherClaims({ ...own, upstream, answer, idToken, sub: subject });
    const { user, groups, problem } = readSourcedClaims(sources, options.claims);
    if (user === undefined) throw upstreamError('no_user');
    if (problem !== undefined) {
      logger.warn({ sub: subject, iss: own.issuer, reason: problem }, 'a login has a fault in its groups');
    }
    const lifetime = answer.expires_in;
    return Object.freeze({
      user,
      sub: subject,
      iss: own.issuer,
      groups: Object.freeze([...groups]),
      ...(isPlainName(idToken?.sid) ? { sid: idToken.sid } : {}),
      ...(problem === undefined ? {} : { groupsProblem: problem }),
      ...(answer.refresh_token === undefined ? {} : { refreshToken: new Secret(answer.refresh_token) }),
      ...(lifetime === undefined ? {} : { accessTokenExpiresAt: Math.floor(clock.now() / 1000 + lifetime) }),
    });
  }

  return {
    issuer,

    async begin() {
      const { configuration, metadata } = await client();
      const transaction = {
        state: openid.randomState(),
        nonce: openid.randomNonce(),
        codeVerifier: openid.randomPKCECodeVerifier(),
      };
      try {
        const url = openid.buildAuthorizationUrl(configuration, {
          ...Object.fromEntries(options.extraAuthParams),
          redirect_uri: redirectUri,
          scope: (options.scopes ?? suggestedScopes(metadata)).join(' '),
          state: transaction.state,
          nonce: transaction.nonce,
          code_challenge: await openid.calculatePKCECodeChallenge(transaction.codeVerifier),
          code_challenge_method: 'S256',
        });
        return { url: url.href, transaction };
      } catch (error) {
        throw asUpstreamError(error);
      }
    },

    async finish(callback, { state, nonce, codeVerifier }) {
      const upstream = await client();
      // What proxies made of scheme and host on the way here does not matter: the redirect URI is the registered one.
      const returned = new URL(redirectUri);
      returned.search = callback.search;
      try {
        const answer = await openid.authorizationCodeGrant(upstream.configuration, returned, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: codeVerifier,
          idTokenExpected: true,
        });
        return await loginOf(upstream, answer);
      } catch (error) {
        throw error instanceof TokenNotActiveError ? upstreamError('denied', error) : asUpstreamError(error);
      }
    },

    async refresh(refreshToken, of) {
      // Requests wait for this, on all replicas: it is over in good time, however many questions it takes.
      const upstream = await client(options.refreshDeadlineMs ?? REFRESH_DEADLINE_MS);
      if (of.iss !== upstream.metadata.issuer) return 'ended';
      let renewed: Secret | undefined;
      try {
        const answer = await openid.refreshTokenGrant(upstream.configuration, refreshToken.reveal());
        if (answer.refresh_token !== undefined) renewed = new Secret(answer.refresh_token);
        return await loginOf(upstream, answer, of.sub);
      } catch (error) {
        const failure = asUpstreamError(error);
        if (isEnd(failure)) {
          logger.info({ sub: of.sub, reason: failure.reason, err: failure.cause }, 'the provider ended a session');
          return 'ended';
        }
        // Clocks that disagree say no more about the person than a provider that is down.
        throw new UpstreamError('unavailable', failure.message, {
          cause: failure.cause,
          ...(renewed === undefined ? {} : { renewedRefreshToken: renewed }),
        });
      }
    },

    async verifyLogoutToken(token) {
      const { keys, metadata } = await client();
      return verifyLogoutToken(token, keys, { issuer: metadata.issuer, clientId, algs: options.algs, clock });
    },
  };
}

/** Groups by name (Dex, Okta) and refresh (Authentik, Dex, Okta) are scopes of their own at some providers. */
function suggestedScopes({ scopes_supported: known }: openid.ServerMetadata): string[] {
  const offered = Array.isArray(known) ? known : [];
  return ['openid', 'profile', 'email', ...['groups', 'offline_access'].filter((scope) => offered.includes(scope))];
}
