/** What can go wrong between the gateway and a vSphere server, besides the faults that the server itself answers. */
import { abortError, GatewayError } from '../lib/errors.ts';

/** Where in its life a request failed. */
export type TransportFailure =
  /** No connection could be made: the request was never sent. */
  | 'connect'
  /** The server's certificate is not to be trusted: the request was never sent. */
  | 'tls'
  /** The connection broke after the request may have reached the server. */
  | 'dropped'
  /** The server did not answer in time. */
  | 'timeout'
  /** The server answered with something that is no answer to the request. */
  | 'refused'
  /** The answer is larger than the limit. */
  | 'too-large';

export class TransportError extends GatewayError {
  readonly failure: TransportFailure;
  override readonly maybeExecuted: boolean;

  constructor(failure: TransportFailure, message: string, options: ErrorOptions & { maybeExecuted: boolean }) {
    super('UNAVAILABLE', message, options);
    this.failure = failure;
    this.maybeExecuted = options.maybeExecuted;
  }
}

/**
 * An answer that is no vSphere API's. A redirect is never followed: it would carry the session, or the password, along.
 */
export function unexpectedStatus(statusCode: number): TransportError {
  const redirected = statusCode >= 300 && statusCode < 400;
  return new TransportError(
    'refused',
    redirected
      ? `The server answered with a redirect (HTTP ${statusCode}): its address has to be that of vCenter or ESXi itself.`
      : `The server answered with HTTP ${statusCode} and not as a vSphere API does.`,
    // A gateway in between may have given up on a server that went on.
    { maybeExecuted: statusCode >= 500 && statusCode !== 503 },
  );
}

/** The server's answer is not what the API promises. What it meant to answer is unknown. */
export class ProtocolError extends GatewayError {
  override readonly maybeExecuted: boolean = true;

  constructor(why: string, options?: ErrorOptions) {
    super('UNAVAILABLE', `The answer of the vSphere server could not be read: ${why}.`, options);
  }
}

/** The caller's deadline passed, or the caller went away, when the request may already have been sent. */
export class InterruptedCallError extends GatewayError {
  override readonly maybeExecuted: boolean = true;

  constructor(signal: AbortSignal) {
    const { code, message } = abortError(signal);
    super(code, message, { cause: signal.reason });
  }
}

/** A value of the caller that cannot be sent as XML. */
export class UnsendableValueError extends GatewayError {
  constructor(message: string) {
    super('INVALID_INPUT', message);
  }
}

/** vCenter's REST API refused the call. */
export class RestStatusError extends GatewayError {
  readonly status: number;

  constructor(status: number) {
    const why = STATUS_REASONS[status];
    super('VSPHERE_FAULT', `The REST API of vCenter ${why ?? `answered with HTTP ${status}`}.`);
    this.status = status;
  }
}

const STATUS_REASONS: Readonly<Record<number, string>> = {
  401: 'does not accept the service account or its session',
  403: 'does not allow this to the service account',
  404: 'does not know what was asked for',
  429: 'has too many requests at present',
};
