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

/** The server's answer is not the SOAP that was expected. What it meant to answer is unknown. */
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
