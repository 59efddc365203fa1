import type { UpstreamFailure } from './errors.ts';
import type { OAuthErrorCode } from './oauth-error.ts';
import type { Problem } from './problem-page.ts';

/** What the person reads when the provider's part of a login came to nothing. */
export function providerProblem(reason: UpstreamFailure): Problem {
  switch (reason) {
    case 'denied':
      return 'provider_denied';
    case 'provider_error':
    case 'client_refused':
      return 'provider_error';
    case 'code_refused':
      return 'login_over';
    case 'unavailable':
      return 'provider_unavailable';
    case 'clock_skew':
      return 'clock_skew';
    case 'no_user':
    case 'invalid':
      return 'login_invalid';
  }
}

/** What the client hears of it (RFC 6749 §4.1.2.1). */
export function providerErrorCode(reason: UpstreamFailure): OAuthErrorCode {
  switch (reason) {
    case 'denied':
    case 'code_refused':
      return 'access_denied';
    case 'unavailable':
      return 'temporarily_unavailable';
    default:
      return 'server_error';
  }
}
