import { GatewayError } from '../lib/errors.ts';

/** The record cannot be written durably. Nothing that needs one may go on. */
export class AuditUnavailableError extends GatewayError {
  constructor(message: string, cause?: unknown) {
    super('AUDIT_UNAVAILABLE', message, { cause });
  }
}

/** The audit was set up with something that cannot work, such as a key without entropy. */
export class AuditConfigurationError extends GatewayError {
  constructor(message: string, cause?: unknown) {
    super('CONFIGURATION', message, { cause });
  }
}

export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
