/**
 * What went wrong at the provider → one reason, and a message for the person in front of the browser.
 *
 * The errors of the library carry whole answers, tokens included. None of them is passed on: the cause that the
 * operator finds in the log is made of a code, a status and the provider's own words.
 */
import * as openid from 'openid-client';
import { TokenError } from '../identity/errors.ts';
import { plainText } from '../lib/plain-text.ts';
import { DiscoveryError, UpstreamError, type UpstreamFailure } from './errors.ts';

/** No answer, or none that could be read to its end. */
export class NoAnswerError extends Error {
  constructor(cause: unknown) {
    super('no answer', { cause });
  }
}

const MESSAGES: Readonly<Record<UpstreamFailure, string>> = {
  denied: 'The login was cancelled, or the identity provider did not allow it.',
  provider_error: 'The identity provider answered the login with an error.',
  client_refused: 'The identity provider does not accept this gateway. Its administrator has to look at it.',
  code_refused: 'This login was used already or took too long. Start it again.',
  unavailable: 'The identity provider cannot be reached just now. Try again in a moment.',
  clock_skew:
    'The clocks of the identity provider and of this gateway are too far apart. Their administrator has to set them.',
  no_user: 'The identity provider does not tell the name of the user. The administrator has to look at it.',
  invalid: 'The answer of the identity provider could not be accepted. Start the login again.',
};

export function upstreamError(reason: UpstreamFailure, cause?: unknown): UpstreamError {
  return new UpstreamError(reason, MESSAGES[reason], cause === undefined ? {} : { cause });
}

/** An error of any step of the conversation with the provider. */
export function asUpstreamError(error: unknown): UpstreamError {
  return error instanceof UpstreamError ? error : upstreamError(reasonOf(error), explanation(error));
}

/** Whether the provider has said that a session is over: anything but that it cannot say. */
export function isEnd({ reason }: UpstreamError): boolean {
  return reason !== 'unavailable' && reason !== 'clock_skew';
}

function reasonOf(error: unknown): UpstreamFailure {
  if (error instanceof DiscoveryError || (error instanceof TokenError && error.reason === 'keys_unavailable')) {
    return 'unavailable';
  }
  if (chain(error).some((one) => one instanceof NoAnswerError)) return 'unavailable';
  if (error instanceof openid.AuthorizationResponseError) return authorizationReason(error.error);
  const status = statusOf(error);
  if (status !== undefined && isPassing(status)) return 'unavailable';
  if (error instanceof openid.ResponseBodyError) return tokenReason(error.error);
  if (error instanceof openid.WWWAuthenticateChallengeError) return 'client_refused';
  if (codeOf(error) === 'OAUTH_TIMEOUT') return 'unavailable';
  if (codeOf(error) === 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED') return 'clock_skew';
  return 'invalid';
}

/** OpenID Connect Core §3.1.2.6, RFC 6749 §4.1.2.1. */
function authorizationReason(error: string): UpstreamFailure {
  switch (error) {
    case 'access_denied':
    case 'login_required':
    case 'interaction_required':
    case 'consent_required':
    case 'account_selection_required':
      return 'denied';
    case 'temporarily_unavailable':
    case 'server_error':
      return 'unavailable';
    case 'unauthorized_client':
      return 'client_refused';
    default:
      return 'provider_error';
  }
}

/** RFC 6749 §5.2. */
function tokenReason(error: string): UpstreamFailure {
  switch (error) {
    case 'invalid_client':
    case 'unauthorized_client':
      return 'client_refused';
    case 'invalid_grant':
      return 'code_refused';
    case 'temporarily_unavailable':
    case 'server_error':
      return 'unavailable';
    default:
      return 'provider_error';
  }
}

/** Says something about the moment, and nothing about the person. */
function isPassing(status: number): boolean {
  return status >= 500 || status === 408 || status === 429;
}

/** Of the answer that an error is about. */
export function statusOf(error: unknown): number | undefined {
  if (error instanceof openid.ResponseBodyError || error instanceof openid.WWWAuthenticateChallengeError) {
    return error.status;
  }
  const answer = chain(error).find((one) => one instanceof Response);
  return answer?.status;
}

/** What the operator may read of an error of the library. */
export function explanation(error: unknown): Error {
  const said =
    error instanceof openid.ResponseBodyError || error instanceof openid.AuthorizationResponseError
      ? [error.error, error.error_description]
      : // That of a SyntaxError quotes the answer, which may be a token.
        chain(error).flatMap((one) => (one instanceof Error && !(one instanceof SyntaxError) ? [one.message] : []));
  const parts = [codeOf(error), statusOf(error), ...said].filter((part) => part !== undefined && part !== null);
  return new Error(plainText(parts.join(': '), 500));
}

/** An error and what caused it. */
function chain(error: unknown): unknown[] {
  const links: unknown[] = [];
  for (let link = error; link !== undefined && links.length < 8; ) {
    links.push(link);
    link = link instanceof Error ? link.cause : undefined;
  }
  return links;
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
