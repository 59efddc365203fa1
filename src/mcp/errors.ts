import { GatewayError } from '../lib/errors.ts';

/** The principal's groups do not allow the action. */
export class PermissionDeniedError extends GatewayError {
  readonly required: string;
  readonly reason: string;

  constructor(message: string, required: string, reason: string) {
    super('PERMISSION_DENIED', message);
    this.required = required;
    this.reason = reason;
  }
}

/** The policy allows it, and the list is narrowed so that it is not offered. */
export class NotOfferedError extends GatewayError {
  constructor(message: string) {
    super('NOT_OFFERED', message);
  }
}

/** The arguments do not fit the tool's schema, or there is no such tool. */
export class InvalidRequestError extends GatewayError {
  constructor(message: string) {
    super('INVALID_INPUT', message);
  }
}

/** The change was made, and what it led to could not be read or shown. */
export class UnreadResultError extends GatewayError {
  constructor(why: string, cause: unknown) {
    super('RESULT_UNREAD', `The change was made; its result could not be read: ${why}`, { cause });
  }
}

/** A handler returned what its tool's schema does not allow: our defect, after the work was done. */
export class InvalidOutputError extends GatewayError {
  constructor(cause: unknown) {
    super('INTERNAL', 'The tool did its work, but its answer was malformed and is withheld.', { cause });
  }
}

/** vCenter was asked for a change, and the outcome could not be recorded. */
export class AuditIncompleteError extends GatewayError {
  constructor(outcome: string, cause: unknown) {
    super('AUDIT_INCOMPLETE', `${outcome} The audit record of this outcome could not be written: tell your operator.`, {
      cause,
    });
  }
}
