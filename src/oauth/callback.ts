/**
 * Where a person comes back to from the company's login. Only here does anybody become somebody: the browser must be
 * the one that allowed the access, the provider's answer must belong to this very login, the person must have a group
 * that means something here, and all of that must be on the record before a code leaves.
 */
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { AuthorizationRequest } from './authorization-request.ts';
import { errorLocation, seeOther } from './authorize.ts';
import { LoggedOutError, UpstreamError } from './errors.ts';
import type { Grants } from './grants.ts';
import type { LoginTransactions } from './login-transaction.ts';
import { PATHS } from './metadata.ts';
import { OAuthError } from './oauth-error.ts';
import { type OAuthRequest, type OAuthResponse, originOf, refuseRepeated, required } from './oauth-exchange.ts';
import { type Problem, problemPage } from './problem-page.ts';
import type { Recorder } from './recorder.ts';
import { withParameters } from './redirect-uri.ts';
import type { Refusal, Refusals } from './refusals.ts';
import type { Tokens } from './tokens.ts';
import type { Upstream, UpstreamLogin, UpstreamTransaction } from './upstream.ts';
import { providerErrorCode, providerProblem } from './upstream-problem.ts';

export interface CallbackOptions {
  readonly issuer: string;
  readonly transactions: LoginTransactions;
  readonly upstream: Upstream;
  readonly grants: Grants;
  readonly tokens: Tokens;
  readonly recorder: Recorder;
  readonly refusals: Pick<Refusals, 'note'>;
  /** Whether these groups give any right here. */
  readonly admits: (groups: readonly string[]) => boolean;
  /** Groups that do, for those who have none of them. */
  readonly grantingGroups: readonly string[];
  readonly clock: Clock;
  readonly logger: Logger;
}

export function createCallback(options: CallbackOptions) {
  const { issuer, transactions, upstream, grants, tokens, recorder, refusals, admits, grantingGroups, clock, logger } =
    options;

  function note(request: OAuthRequest, entry: Omit<Refusal, 'endpoint'>): Promise<void> {
    return refusals.note({ event: 'LOGIN', endpoint: PATHS.callback, ...originOf(request), ...entry });
  }

  async function comeBack(request: OAuthRequest): Promise<OAuthResponse> {
    const { query, cookies, requestId } = request;
    let state: string;
    try {
      refuseRepeated(query);
      state = required(query, 'state');
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error;
      await note(request, { error: error.description, error_code: error.error, reason: error.reason });
      return problemPage('login_invalid', { requestId });
    }
    const transaction = await transactions.open(state, cookies);
    if (transaction === 'elsewhere' || transaction === 'over') return refuse(request, transaction);
    const { request: asked, upstream: sent } = transaction;
    const begunAt = clock.now();
    const login = await finish(request, asked, sent);
    if (!('sub' in login)) return login;
    return (await transactions.use(state)) ? enter(request, asked, login, begunAt) : refuse(request, 'over');
  }

  async function refuse(request: OAuthRequest, why: 'elsewhere' | 'over'): Promise<OAuthResponse> {
    await note(request, { error_code: 'access_denied', reason: `login_${why}` });
    return problemPage(`login_${why}`, { requestId: request.requestId });
  }

  async function finish(
    request: OAuthRequest,
    asked: AuthorizationRequest,
    sent: UpstreamTransaction,
  ): Promise<UpstreamLogin | OAuthResponse> {
    const { query, requestId } = request;
    try {
      return await upstream.finish(new URL(`${issuer}${PATHS.callback}?${query}`), sent);
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      const { reason, message } = error;
      const error_code = providerErrorCode(reason);
      logger.warn({ err: error, request_id: requestId }, 'a login at the provider came to nothing');
      await note(request, { client_id: asked.client.id, error: message, error_code, reason });
      const goBack = errorLocation(issuer, asked, error_code, 'The login at the identity provider came to nothing.');
      return problemPage(providerProblem(reason), { requestId, goBack });
    }
  }

  async function enter(
    request: OAuthRequest,
    asked: AuthorizationRequest,
    login: UpstreamLogin,
    begunAt: number,
  ): Promise<OAuthResponse> {
    const { user, sub, iss, groups } = login;
    const { client, redirectUri, state, codeChallenge, resource } = asked;
    const entry = { ...originOf(request), user, sub, iss, client_id: client.id };
    if (!admits(groups)) {
      const reason: Problem = login.groupsProblem ?? 'no_recognised_group';
      const error = 'None of the groups of this person gives any right here.';
      await note(request, { ...entry, error, error_code: 'access_denied', reason });
      const goBack = errorLocation(issuer, asked, 'access_denied', 'This person has no group that gives access.');
      return problemPage(reason, { requestId: request.requestId, goBack, user, groups: grantingGroups });
    }
    const grant = await grants
      .create(login, { id: client.id, name: client.name }, begunAt)
      .catch((error: unknown) => (error instanceof LoggedOutError ? error : Promise.reject(error)));
    if (grant instanceof LoggedOutError) {
      await note(request, { ...entry, error: grant.message, error_code: 'access_denied', reason: 'logged_out' });
      const goBack = errorLocation(issuer, asked, 'access_denied', 'This person has logged out meanwhile.');
      return problemPage('logged_out', { requestId: request.requestId, goBack });
    }
    try {
      await recorder.record({ event: 'LOGIN', ...entry, sid: grant.id, result: 'success' });
      const code = await tokens.issueCode({
        grantId: grant.id,
        clientId: client.id,
        redirectUri,
        codeChallenge,
        resource,
      });
      return seeOther(withParameters(redirectUri, { code, state, iss: issuer }));
    } catch (error) {
      // A login that is not on the record, or whose code cannot be kept, did not happen.
      await grants.end(grant.id, 'login_incomplete', request).catch((err: unknown) => {
        logger.error({ err, request_id: request.requestId }, 'the grant of a login that failed could not be ended');
      });
      throw error;
    }
  }

  return comeBack;
}
