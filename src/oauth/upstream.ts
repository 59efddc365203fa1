import type { GroupsProblem } from '../identity/claims.ts';
import type { Secret } from '../lib/secret.ts';

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
   * @param of the person that the refresh token was given for; another one is refused
   * @throws UpstreamError with the reason `unavailable`: nothing is known, try later
   */
  refresh(
    refreshToken: Secret,
    of: Pick<UpstreamLogin, 'sub'> & Partial<Pick<UpstreamLogin, 'user'>>,
  ): Promise<UpstreamLogin | 'ended'>;
  /**
   * OpenID Connect Back-Channel Logout §2.6.
   *
   * @throws UpstreamError
   */
  verifyLogoutToken(token: string): Promise<UpstreamLogout>;
}
