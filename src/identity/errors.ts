import { GatewayError } from '../lib/errors.ts';

/** Why a token was refused. For the log and for tests: a caller learns only that it was. */
export type TokenRefusal =
  | 'malformed'
  | 'expired'
  | 'not_yet_valid'
  | 'audience'
  | 'issuer'
  | 'algorithm'
  | 'signature'
  | 'unknown_key'
  | 'missing_claim'
  | 'wrong_type'
  /** Says nothing about the token: the provider's keys cannot be had. HTTP 503, not 401. */
  | 'keys_unavailable'
  /** A good token of a session that was revoked or is over. */
  | 'session_ended'
  /** Says nothing about the token: the session cannot be looked up. HTTP 503, not 401. */
  | 'session_unavailable';

const UNAVAILABLE: Partial<Record<TokenRefusal, string>> = {
  keys_unavailable: 'The keys of the identity provider cannot be read just now.',
  session_unavailable: 'Your session cannot be checked just now. Try again in a moment.',
};

/** Whom a refused token speaks of: only where its signature was right, so that nobody can have made it up. */
export interface TokenSubject {
  readonly user?: string;
  readonly sub?: string;
  readonly iss?: string;
  readonly sid?: string;
  readonly clientId?: string;
}

/** A token that is not accepted. Neither the message nor the reason holds anything of the token. */
export class TokenError extends GatewayError {
  readonly reason: TokenRefusal;
  /** For the record alone. */
  readonly about?: TokenSubject;

  constructor(reason: TokenRefusal, options?: ErrorOptions & { readonly about?: TokenSubject | undefined }) {
    const unavailable = UNAVAILABLE[reason];
    super(
      unavailable === undefined ? 'PERMISSION_DENIED' : 'UNAVAILABLE',
      unavailable ?? 'The access token was not accepted.',
      options,
    );
    this.reason = reason;
    if (options?.about !== undefined) this.about = options.about;
  }
}
