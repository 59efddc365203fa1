/**
 * The authorization endpoint (RFC 6749 §4.1.1): shows the question, and takes the answer. The person is asked every
 * time: the provider may well log them in without a word, and a consent that is remembered is one that anybody can
 * have used for them.
 *
 * A mistake of the client is told to the client, with two exceptions. As long as client or redirect URI are not
 * known to be good, nobody is sent anywhere. And nobody is sent to a website that a stranger registered without
 * having been asked: that would lend the gateway's name to any link (RFC 9700 §4.11.2); there the page has a link.
 */
import type { Logger } from '../lib/logger.ts';
import {
  type AuthorizationRequest,
  type ReturnAddress,
  readAuthorizationRequest,
  readReturnAddress,
} from './authorization-request.ts';
import { type Clients, clientLabel } from './clients.ts';
import type { Consent } from './consent.ts';
import { consentPage, goingOnPage, refusedPage } from './consent-page.ts';
import { UpstreamError } from './errors.ts';
import type { LoginTransactions } from './login-transaction.ts';
import { PATHS } from './metadata.ts';
import { OAuthError } from './oauth-error.ts';
import { NO_STORE, type OAuthRequest, type OAuthResponse, originOf, required } from './oauth-exchange.ts';
import { type Problem, problemPage } from './problem-page.ts';
import { withParameters } from './redirect-uri.ts';
import type { Refusal, Refusals } from './refusals.ts';
import type { Upstream } from './upstream.ts';
import { providerProblem } from './upstream-problem.ts';

/** A sealed request with the longest of everything in it. */
const LONGEST_TICKET = 16_384;

export interface AuthorizeOptions {
  readonly issuer: string;
  readonly resource: string;
  readonly clients: Clients;
  readonly consent: Consent;
  readonly transactions: LoginTransactions;
  readonly upstream: Upstream;
  readonly refusals: Pick<Refusals, 'note' | 'consent'>;
  readonly sessionMaxSeconds: number;
  readonly logger: Logger;
}

export function createAuthorize(options: AuthorizeOptions) {
  const { issuer, resource, clients, consent, transactions, upstream, refusals, sessionMaxSeconds, logger } = options;
  const provider = new URL(upstream.issuer).host;

  /** The record of a failure; that nothing was allowed stays true without it. */
  function note(request: OAuthRequest, entry: Omit<Refusal, 'endpoint'>): Promise<void> {
    return refusals.note({ event: 'CONSENT', endpoint: PATHS.authorize, ...originOf(request), ...entry });
  }

  async function ask(request: OAuthRequest): Promise<OAuthResponse> {
    const { query, requestId, cookies } = request;
    let address: ReturnAddress | undefined;
    try {
      address = await readReturnAddress(request, clients);
      const asked = readAuthorizationRequest(query, address, resource);
      const { ticket, cookie } = await consent.ask(asked, cookies);
      const page = consentPage({ request: asked, ticket, provider, sessionMaxSeconds, requestId });
      return { ...page, cookies: [cookie] };
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error;
      await note(request, {
        error: error.description,
        error_code: error.error,
        reason: error.reason,
        ...(address === undefined ? {} : { client_id: clientLabel(address.client.id) }),
      });
      return address === undefined ? refuse(error, requestId) : tellClient(error, address, requestId);
    }
  }

  function tellClient(error: OAuthError, address: ReturnAddress, requestId: string): OAuthResponse {
    const location = errorLocation(issuer, address, error.error, error.description);
    if (address.target.kind === 'loopback') return seeOther(location);
    return problemPage('invalid_request', { requestId, detail: error.description, goBack: location });
  }

  async function answer(request: OAuthRequest): Promise<OAuthResponse> {
    const { form, cookies, requestId } = request;
    let ticket: string;
    let decision: string;
    try {
      ticket = required(form, 'ticket', LONGEST_TICKET);
      decision = required(form, 'decision');
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error;
      await note(request, { error: error.description, error_code: error.error, reason: error.reason });
      return refuse(error, requestId);
    }
    const opened = await consent.open(ticket, cookies);
    if (opened === 'expired' || opened === 'elsewhere') {
      await note(request, { error_code: 'access_denied', reason: `consent_${opened}` });
      return problemPage(`consent_${opened}`, { requestId });
    }
    return decision === 'allow' ? allow(request, opened.request) : deny(request, opened.request);
  }

  async function deny(request: OAuthRequest, asked: AuthorizationRequest): Promise<OAuthResponse> {
    await note(request, {
      client_id: asked.client.id,
      error: 'The person did not allow it.',
      error_code: 'access_denied',
      reason: 'denied_by_person',
    });
    const next = errorLocation(issuer, asked, 'access_denied', 'The person did not allow it.');
    const { client, redirectUri } = asked;
    return refusedPage({ clientName: client.name, redirectUri, next, requestId: request.requestId });
  }

  async function allow(request: OAuthRequest, asked: AuthorizationRequest): Promise<OAuthResponse> {
    const client_id = asked.client.id;
    await refusals.consent({ ...originOf(request), client_id });
    try {
      const { url, transaction } = await upstream.begin();
      const cookies = await transactions.begin({ request: asked, upstream: transaction }, request.cookies);
      return { ...goingOnPage(provider, url, request.requestId), cookies };
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      logger.warn({ err: error, request_id: request.requestId }, 'a login cannot begin at the provider');
      await note(request, { event: 'LOGIN', client_id, error_code: 'server_error', reason: error.reason });
      const goBack = errorLocation(
        issuer,
        asked,
        'temporarily_unavailable',
        'The identity provider cannot be reached.',
      );
      return problemPage(providerProblem(error.reason), { requestId: request.requestId, goBack });
    }
  }

  return { ask, answer };
}

/** RFC 6749 §4.1.2.1, RFC 9207 §2 */
export function errorLocation(
  issuer: string,
  { redirectUri, state }: Pick<AuthorizationRequest, 'redirectUri' | 'state'>,
  error: OAuthError['error'],
  description: string,
): string {
  return withParameters(redirectUri, { error, error_description: description, state, iss: issuer });
}

/** Never 307 and never 302 after a form: the browser would send what was in it along (RFC 9700 §4.12). */
export function seeOther(location: string): OAuthResponse {
  return { status: 303, headers: { ...NO_STORE, location, 'referrer-policy': 'no-referrer' } };
}

function refuse(error: OAuthError, requestId: string): OAuthResponse {
  const problem = problemOf(error.reason);
  const detail = problem === 'invalid_request' ? { detail: error.description } : {};
  return problemPage(problem, { requestId, ...detail });
}

function problemOf(reason: string): Problem {
  switch (reason) {
    case 'unknown_client':
    case 'client_document':
    case 'redirect_uri':
      return reason;
    default:
      return 'invalid_request';
  }
}
