/**
 * What a client without a good token is told: the way to the login (RFC 6750 §3, RFC 9728 §5.1), and the
 * document that the way leads to (RFC 9728 §3).
 */
export interface Challenge {
  /** URL of the protected resource metadata. */
  readonly resourceMetadata: string;
  /** Only where a token came: RFC 6750 §3.1 has no error for a request without one. */
  readonly error?: 'invalid_request' | 'invalid_token' | 'insufficient_scope';
  readonly errorDescription?: string;
  readonly scope?: string;
}

/** The value of `WWW-Authenticate`. */
export function bearerChallenge({ resourceMetadata, error, errorDescription, scope }: Challenge): string {
  const attributes = Object.entries({
    error,
    error_description: errorDescription,
    scope,
    resource_metadata: resourceMetadata,
  }).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${quoted(value)}`]));
  return `Bearer ${attributes.join(', ')}`;
}

/**
 * A quoted-string of RFC 9110 §5.6.4. Escapes are legal in one, but many clients do not undo them, and RFC 6750
 * §3 leaves quotation marks and backslashes out of these values altogether: they are left out, like anything
 * that is not printable ASCII.
 */
function quoted(value: string): string {
  return `"${value.replace(/[^\x20-\x7e]|["\\]/g, '')}"`;
}

export interface ProtectedResource {
  /** The URL that clients use: they compare it letter for letter (RFC 9728 §3.3). */
  readonly resource: string;
  readonly authorizationServers: readonly string[];
  readonly scopes?: readonly string[];
}

export function protectedResourceMetadata({ resource, authorizationServers, scopes }: ProtectedResource) {
  return {
    resource,
    authorization_servers: authorizationServers,
    ...(scopes === undefined ? {} : { scopes_supported: scopes }),
    bearer_methods_supported: ['header'],
    resource_name: 'mcvsphere',
  };
}
