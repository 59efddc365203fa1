/** What can be wrong with a package. */
import { GatewayError } from '../lib/errors.ts';

/** The package cannot be used; nothing was changed. */
export class BadPackageError extends GatewayError {
  constructor(why: string, options?: ErrorOptions) {
    super('INVALID_INPUT', `The package cannot be used: ${why}.`, options);
  }
}
