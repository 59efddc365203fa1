/** What an operation of the REST API throws, and how each of the API's two forms writes it. */
import { VimFault } from '../core/faults.ts';

/** Kind of error → HTTP status (vSphere Automation API, `com.vmware.vapi.std.errors`). */
const STATUS = {
  already_exists: 400,
  invalid_argument: 400,
  invalid_request: 400,
  unauthenticated: 401,
  unauthorized: 403,
  not_found: 404,
  operation_not_found: 404,
  internal_server_error: 500,
} as const;

export type RestErrorKind = keyof typeof STATUS;

export class RestError extends Error {
  readonly kind: RestErrorKind;
  /** The message's id, by which clients look its text up in their language. */
  readonly id: string;
  readonly args: readonly string[];

  constructor(kind: RestErrorKind, id: string, text: string, args: readonly string[] = []) {
    super(text);
    this.kind = kind;
    this.id = id;
    this.args = args;
  }

  get status(): number {
    return STATUS[this.kind];
  }
}

export function invalid(text: string, ...args: string[]): RestError {
  return new RestError('invalid_argument', 'cis.tagging.invalidArgument.error', text, args);
}

export function notFound(what: string, id: string): RestError {
  return new RestError('not_found', 'cis.tagging.objectNotFound.error', `${what} not found: ${id}`, [id]);
}

/** A defect of the lab is told on standard error; a fault that a test asked for is told as what comes closest. */
export function asRestError(error: unknown): RestError {
  if (error instanceof RestError) return error;
  if (!(error instanceof VimFault)) {
    process.stderr.write(`lab: a REST call failed: ${error instanceof Error ? error.stack : String(error)}\n`);
    return new RestError('internal_server_error', 'vapi.bindings.method.impl.unexpected', 'Provider method failed.');
  }
  const kinds: Readonly<Record<string, RestErrorKind>> = {
    NotAuthenticated: 'unauthenticated',
    NoPermission: 'unauthorized',
    ManagedObjectNotFound: 'not_found',
    InvalidArgument: 'invalid_argument',
  };
  return new RestError(kinds[error.fault.$type] ?? 'internal_server_error', 'vapi.lab.fault', error.message);
}

export function bodyOf(error: RestError, form: 'api' | 'rest'): object {
  const messages = [{ args: error.args, default_message: error.message, id: error.id }];
  return form === 'api'
    ? { error_type: error.kind.toUpperCase(), messages }
    : { type: `com.vmware.vapi.std.errors.${error.kind}`, value: { messages } };
}
