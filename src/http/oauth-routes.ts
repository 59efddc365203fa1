/**
 * The endpoints of the authorization server on Fastify: what a handler is given, how its answer is sent, and what is
 * said when it could not answer. A person in front of a browser gets a page; a client gets the JSON of its protocol.
 */
import cookie from '@fastify/cookie';
import formbody from '@fastify/formbody';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { GatewayError } from '../lib/errors.ts';
import type { AuthorizationServer } from '../oauth/authorization-server.ts';
import { PATHS } from '../oauth/metadata.ts';
import { OAuthError, type OAuthErrorCode } from '../oauth/oauth-error.ts';
import { errorResponse, type OAuthRequest, type OAuthResponse } from '../oauth/oauth-exchange.ts';
import { type Problem, problemPage } from '../oauth/problem-page.ts';
import type { Refusals } from '../oauth/refusals.ts';
import { perAddress, perReporter, type RateLimits } from './rate-limit.ts';

const BODY_LIMIT_BYTES = 32 * 1024;

type Handler = (request: OAuthRequest) => Promise<OAuthResponse>;

interface OAuthRoutesOptions {
  readonly server: AuthorizationServer;
  readonly limits: RateLimits;
  readonly refusals: Pick<Refusals, 'note'>;
}

/** @param app a scope of its own, where rate limits are on: the parsers here are for these routes alone */
export async function oauthRoutes(app: FastifyInstance, options: OAuthRoutesOptions): Promise<void> {
  const { server, limits, refusals } = options;
  await app.register(cookie);
  await app.register(formbody, {
    bodyLimit: BODY_LIMIT_BYTES,
    // Unlike an object, it keeps what was sent twice.
    parser: (text) => new URLSearchParams(text) as unknown as Record<string, unknown>,
  });

  /** No handler has answered: too many requests, a body that cannot be read, or a failure of ours. */
  async function refused(error: unknown, request: FastifyRequest): Promise<OAuthError> {
    const failure = failureOf(error, request);
    await refusals.note({
      endpoint: request.routeOptions.url ?? '',
      request_id: request.id,
      src_ip: request.ip,
      error_code: failure.error,
      reason: failure.reason,
    });
    return failure;
  }

  app.setErrorHandler(async (error, request, reply) => send(reply, errorResponse(await refused(error, request))));
  const route = serving(app, limits);
  app.get(PATHS.metadata, async () => server.metadata());
  app.get(PATHS.jwks, async () => server.jwks());
  route('POST', PATHS.register, server.register);
  route('POST', PATHS.token, server.token);
  route('POST', PATHS.revoke, server.revoke);
  route('POST', PATHS.backChannelLogout, server.backChannelLogout, perReporter);

  await app.register(async (pages) => {
    pages.setErrorHandler(async (error, request, reply) =>
      send(reply, pageOf(await refused(error, request), request.id)),
    );
    const page = serving(pages, limits);
    page('GET', PATHS.authorize, server.ask);
    page('POST', PATHS.authorize, server.answer);
    page('GET', PATHS.callback, server.comeBack);
  });
}

function serving(app: FastifyInstance, limits: RateLimits) {
  return (method: 'GET' | 'POST', url: string, handler: Handler, limit = perAddress) =>
    app.route({
      method,
      url,
      // A look with HEAD must not use up a login.
      exposeHeadRoute: false,
      bodyLimit: BODY_LIMIT_BYTES,
      config: limit(limits, url),
      handler: async (request, reply) => send(reply, await handler(read(request))),
    });
}

function read(request: FastifyRequest): OAuthRequest {
  const { body, cookies, headers, id, ip } = request;
  const { url = '' } = request.raw;
  const at = url.indexOf('?');
  return {
    query: new URLSearchParams(at === -1 ? '' : url.slice(at + 1)),
    form: body instanceof URLSearchParams ? body : new URLSearchParams(),
    json: body instanceof URLSearchParams ? undefined : body,
    cookies,
    authorized: headers.authorization !== undefined,
    sourceAddress: ip,
    requestId: id,
  };
}

function send(reply: FastifyReply, { status, headers, body, cookies = [] }: OAuthResponse): FastifyReply {
  for (const { name, value, maxAgeSeconds, secure } of cookies) {
    // Lax, so that it comes along when the provider sends the browser back.
    reply.setCookie(name, value, { path: '/', httpOnly: true, secure, sameSite: 'lax', maxAge: maxAgeSeconds });
  }
  return reply.code(status).headers(headers).send(body);
}

/** Nothing of an error but what kind it is: the log has the rest under the request id. */
function failureOf(error: unknown, request: FastifyRequest): OAuthError {
  const status = (error as { statusCode?: unknown } | undefined)?.statusCode;
  if (status === 429)
    return failure('temporarily_unavailable', 'Too many requests: wait a minute.', 429, 'too_many_requests');
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return failure(
      'invalid_request',
      'The request could not be read.',
      status === 413 ? 413 : 400,
      'unreadable_request',
    );
  }
  const unavailable =
    error instanceof GatewayError && (error.code === 'UNAVAILABLE' || error.code === 'AUDIT_UNAVAILABLE');
  request.log.error({ err: error, request_id: request.id }, 'a request of a login failed');
  return unavailable
    ? failure('temporarily_unavailable', `Try again in a moment (request ${request.id}).`, 503, 'gateway_unavailable')
    : failure('server_error', `The gateway failed (request ${request.id}).`, 500, 'gateway_failed');
}

function failure(error: OAuthErrorCode, description: string, status: number, reason: string): OAuthError {
  return new OAuthError(error, description, { status, reason });
}

function pageOf({ error, description, status }: OAuthError, requestId: string): OAuthResponse {
  const problem = problemOf(error, status);
  return problemPage(problem, { requestId, ...(problem === 'invalid_request' ? { detail: description } : {}) });
}

function problemOf(code: OAuthErrorCode, status: number): Problem {
  if (status === 429) return 'too_many_requests';
  if (code === 'temporarily_unavailable') return 'gateway_unavailable';
  return code === 'server_error' ? 'gateway_failed' : 'invalid_request';
}
