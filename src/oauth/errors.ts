import { GatewayError } from '../lib/errors.ts';

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
