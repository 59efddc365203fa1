import type { Origin } from './recorder.ts';

export interface CodeBinding {
  readonly grantId: string;
  readonly clientId: string;
  readonly redirectUri: string;
  /** S256 (RFC 7636 §4.2). */
  readonly codeChallenge: string;
  readonly resource: string;
}

export interface CodeRequest {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly codeVerifier: string;
  readonly resource?: string;
  readonly origin?: Origin;
}

export interface RefreshRequest {
  readonly clientId: string;
  readonly resource?: string;
  readonly scope?: string;
  readonly origin?: Origin;
}

/** RFC 6749 §5.1 */
export interface TokenSet {
  readonly access_token: string;
  readonly token_type: 'Bearer';
  /** Seconds. */
  readonly expires_in: number;
  readonly refresh_token?: string;
  readonly scope: string;
}

/** All reject with OAuthError for what the client did, and with a GatewayError `UNAVAILABLE` for what it did not. */
export interface Tokens {
  /** Opaque, good for 60 seconds and one use. */
  issueCode(binding: CodeBinding): Promise<string>;
  /** Whoever comes second ends the grant. */
  redeemCode(code: string, request: CodeRequest): Promise<TokenSet>;
  /** Rotates. The same token again gives the same successor for 10 seconds, and later ends the grant. */
  refresh(refreshToken: string, request: RefreshRequest): Promise<TokenSet>;
  /** RFC 7009: ends the grant of an access or refresh token of this client; silent for anything else. */
  revoke(token: string, clientId: string, origin?: Origin): Promise<void>;
}
