/**
 * The one error class that crosses rooms.
 *
 * The message of a `GatewayError` is written for the caller and may be shown to anyone: no secret, no
 * stack, no raw answer of another system. What only the operator may see goes into `cause`, which is
 * logged and never sent.
 */

export type ErrorCode =
  | 'INVALID_INPUT'
  | 'NOT_FOUND'
  | 'AMBIGUOUS'
  | 'INVALID_STATE'
  | 'PERMISSION_DENIED'
  | 'NOT_OFFERED'
  | 'UNSUPPORTED'
  | 'VSPHERE_FAULT'
  | 'TASK_FAILED'
  | 'UNAVAILABLE'
  | 'DEADLINE_EXCEEDED'
  | 'CANCELLED'
  | 'AUDIT_UNAVAILABLE'
  | 'AUDIT_INCOMPLETE'
  | 'RESULT_UNREAD'
  | 'CONFIGURATION'
  | 'INTERNAL';

export class GatewayError extends Error {
  readonly code: ErrorCode;
  /** The change that was asked for may have been made all the same: its outcome is unknown. */
  readonly maybeExecuted: boolean = false;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** The reason of an aborted signal as a `GatewayError`: a passed deadline or a cancelled call. */
export function abortError(signal: AbortSignal): GatewayError {
  const { reason } = signal;
  if (reason instanceof GatewayError) return reason;
  if (reason instanceof DOMException && reason.name === 'TimeoutError') {
    return new GatewayError('DEADLINE_EXCEEDED', 'The deadline of this call has passed.', { cause: reason });
  }
  return new GatewayError('CANCELLED', 'The call was cancelled.', { cause: reason });
}
