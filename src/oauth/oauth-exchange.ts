/** A request to the authorization server and its answer, free of any HTTP framework. */
import { OAuthError } from './oauth-error.ts';

export interface OAuthRequest {
  readonly query: URLSearchParams;
  /** The body of a form; empty for any other request. */
  readonly form: URLSearchParams;
  /** The body of a JSON request. */
  readonly json?: unknown;
  readonly cookies: Readonly<Record<string, string | undefined>>;
  /** Whether an `Authorization` header came along: no client here has a secret to show in it. */
  readonly authorized: boolean;
  readonly sourceAddress?: string;
  readonly requestId: string;
}

/** The request, for a record. */
export function originOf({ requestId, sourceAddress }: OAuthRequest) {
  return { request_id: requestId, ...(sourceAddress === undefined ? {} : { src_ip: sourceAddress }) };
}

export interface OAuthResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Text is sent as it is; an object as JSON. */
  readonly body?: string | object;
  readonly cookies?: readonly SetCookie[];
}

export interface SetCookie {
  readonly name: string;
  /** Empty takes the cookie away. */
  readonly value: string;
  readonly maxAgeSeconds: number;
  readonly secure: boolean;
}

/**
 * A parameter that may stand once (RFC 6749 §3.1 and §3.2: "MUST NOT be included more than once"), and that counts
 * as absent where it is empty.
 *
 * @throws OAuthError where it is repeated or too long
 */
export function single(parameters: URLSearchParams, name: string, longest = 2_048): string | undefined {
  const [value, ...more] = parameters.getAll(name);
  if (more.length > 0) throw invalid(`The parameter ${name} stands more than once.`, 'repeated_parameter');
  if (value === undefined || value === '') return undefined;
  if (value.length > longest) throw invalid(`The parameter ${name} is too long.`, 'long_parameter');
  return value;
}

/** @throws OAuthError where it is absent, repeated or too long */
export function required(parameters: URLSearchParams, name: string, longest?: number): string {
  const value = single(parameters, name, longest);
  if (value === undefined) throw invalid(`The parameter ${name} is missing.`, 'missing_parameter');
  return value;
}

/** Whatever the name is: a parameter that nobody reads may be repeated no more than the others. */
export function refuseRepeated(parameters: URLSearchParams): void {
  if (new Set(parameters.keys()).size === [...parameters.keys()].length) return;
  throw invalid('A parameter stands more than once.', 'repeated_parameter');
}

/** For answers that hold a token, a code or somebody's name (RFC 6749 §5.1). */
export const NO_STORE = { 'cache-control': 'no-store', pragma: 'no-cache' } as const;

export function jsonResponse(status: number, body: object, headers: Readonly<Record<string, string>> = {}) {
  return { status, headers: { ...NO_STORE, ...headers }, body } satisfies OAuthResponse;
}

/** The error answer of /token, /register and /revoke (RFC 6749 §5.2). */
export function errorResponse({ error, description, status }: OAuthError): OAuthResponse {
  return jsonResponse(
    status,
    { error, error_description: description },
    {
      ...(status === 401 ? { 'www-authenticate': 'Basic realm="mcvsphere"' } : {}),
      ...(status === 503 ? { 'retry-after': '5' } : {}),
    },
  );
}

function invalid(description: string, reason: string): OAuthError {
  return new OAuthError('invalid_request', description, { reason });
}
