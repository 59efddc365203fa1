/**
 * What an OAuth endpoint refuses. The wire says one of the codes of RFC 6749 §5.2 and its relatives, and a sentence
 * that helps whoever writes a client; which of our checks refused is `reason`, for the log and the audit alone.
 */
export type OAuthErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'unsupported_response_type'
  | 'unsupported_token_type'
  | 'invalid_scope'
  /** RFC 8707 §2 */
  | 'invalid_target'
  | 'access_denied'
  | 'server_error'
  | 'temporarily_unavailable'
  /** RFC 7591 §3.2.2 */
  | 'invalid_redirect_uri'
  | 'invalid_client_metadata';

export class OAuthError extends Error {
  readonly error: OAuthErrorCode;
  /** For the developer of a client: no secret, nothing from outside. */
  readonly description: string;
  /** HTTP status where the error is an answer of its own; in a redirect it has none. */
  readonly status: number;
  /** Which check refused. Never sent. */
  readonly reason: string;
  /** The session whose code or token it was about, which nobody can make up. Never sent. */
  readonly sid?: string;

  constructor(
    error: OAuthErrorCode,
    description: string,
    options: ErrorOptions & { readonly reason?: string; readonly status?: number; readonly sid?: string } = {},
  ) {
    super(description, options);
    this.name = 'OAuthError';
    this.error = error;
    this.description = description;
    this.status = options.status ?? statusOf(error);
    this.reason = options.reason ?? error;
    if (options.sid !== undefined) this.sid = options.sid;
  }
}

function statusOf(error: OAuthErrorCode): number {
  switch (error) {
    case 'invalid_client':
      return 401;
    case 'server_error':
      return 500;
    case 'temporarily_unavailable':
      return 503;
    default:
      return 400;
  }
}
