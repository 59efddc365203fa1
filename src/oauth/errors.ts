import { GatewayError } from '../lib/errors.ts';
import type { Secret } from '../lib/secret.ts';

export type DiscoveryFailure =
  | 'unreachable'
  | 'timeout'
  | 'http_refused'
  | 'not_found'
  | 'not_json'
  | 'issuer_mismatch'
  | 'incomplete';

/** The provider's metadata cannot be had or cannot be used. The message says what to do. */
export class DiscoveryError extends GatewayError {
  readonly reason: DiscoveryFailure;

  constructor(reason: DiscoveryFailure, message: string, options?: ErrorOptions) {
    super('UNAVAILABLE', message, options);
    this.reason = reason;
  }
}

export type UpstreamFailure =
  /** The person, or the provider for them, said no. */
  | 'denied'
  /** The provider answered with an error of its own. */
  | 'provider_error'
  /** It does not know this gateway, or not with this secret. */
  | 'client_refused'
  /** The code is used up or too old: a page that was loaded twice, or the way back. */
  | 'code_refused'
  /** Nothing can be said now: no answer, or one that says so. */
  | 'unavailable'
  /** Its clock and ours are too far apart. */
  | 'clock_skew'
  /** It names no user where the configuration looks for one. */
  | 'no_user'
  /** An answer that does not belong to this login, or breaks the rules. */
  | 'invalid';

/** A login at the provider that came to nothing. The message may be shown; details are in the cause. */
export class UpstreamError extends GatewayError {
  readonly reason: UpstreamFailure;
  /**
   * A refresh got this far before it failed: the provider has given this token for the old one, which may be void
   * now. Whoever keeps the old one keeps this one instead.
   */
  readonly renewedRefreshToken?: Secret;

  constructor(reason: UpstreamFailure, message: string, options?: ErrorOptions & { renewedRefreshToken?: Secret }) {
    super(reason === 'unavailable' ? 'UNAVAILABLE' : 'PERMISSION_DENIED', message, options);
    this.reason = reason;
    if (options?.renewedRefreshToken !== undefined) this.renewedRefreshToken = options.renewedRefreshToken;
  }
}

/** The provider has logged the person out while their login was under way. */
export class LoggedOutError extends GatewayError {
  constructor() {
    super('PERMISSION_DENIED', 'The identity provider has logged this person out meanwhile.');
  }
}

/** The provider cannot be asked, and what it said last is too old to go by. */
export class GroupsUnavailableError extends GatewayError {
  constructor(options?: ErrorOptions) {
    super(
      'UNAVAILABLE',
      'The identity provider cannot be asked for your groups just now. Try again in a moment.',
      options,
    );
  }
}
