/** The HTTP server: what a request meets, in the order in which it meets it. */

import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import cors from '@fastify/cors';
import { hostHeaderValidation } from '@modelcontextprotocol/fastify';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { type FastifyBaseLogger, type FastifyInstance, type FastifyRequest, fastify, LogController } from 'fastify';
import { protectedResourceMetadata } from '../identity/challenge.ts';
import type { TokenVerifier } from '../identity/jwt-verifier.ts';
import type { Principal } from '../identity/principal.ts';
import { bounded } from '../lib/bounded.ts';
import type { Logger } from '../lib/logger.ts';
import type { McpEndpoint } from '../mcp/endpoint.ts';
import { createExchange, toAuthInfo } from '../mcp/exchange.ts';
import type { AuthorizationServer } from '../oauth/authorization-server.ts';
import type { Refusal, Refusals } from '../oauth/refusals.ts';
import { authenticate, authenticateAs } from './authenticate.ts';
import {
  allowedHostNames,
  allowsOrigin,
  isLoopback,
  originGuard,
  refuseRepeatedHeaders,
  refuseTokenInUrl,
  refuseUnusualHost,
} from './guards.ts';
import { healthRoutes, type ReadinessChecks } from './health.ts';
import { parseBoundedJson } from './json-body.ts';
import { createStrangerLimit, perPerson, refuseLongBatch } from './mcp-limits.ts';
import { oauthRoutes } from './oauth-routes.ts';
import { limitRates, type RateLimits } from './rate-limit.ts';

const BODY_LIMIT_BYTES = 256 * 1024;

/** How long a client may take to send its headers and its whole request, and how often Node looks. */
const PATIENCE = { headersMs: 10_000, requestMs: 30_000, checkMs: 2_500 };

const MCP_PATH = '/mcp';
const METADATA_PATH = '/.well-known/oauth-protected-resource';

export interface HttpOptions {
  readonly host: string;
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
  readonly trustedProxies: readonly string[];
  /** Where tokens come from, or the one principal of everybody. */
  readonly authentication: OAuthAuthentication | { readonly everybodyIs: Principal };
  readonly endpoint: McpEndpoint;
  readonly readiness: ReadinessChecks;
  readonly refusals: Pick<Refusals, 'note'>;
  readonly logger: Logger;
  readonly patience?: typeof PATIENCE;
}

interface OAuthAuthentication {
  readonly verifier: TokenVerifier;
  readonly baseUrl: URL;
  readonly authorizationServers: readonly string[];
  /** The gateway's own login, where there is one. */
  readonly login?: AuthorizationServer;
  readonly limits: RateLimits;
}

export interface HttpApp {
  /** @returns the URL of the MCP endpoint */
  listen(address: { readonly host: string; readonly port: number }): Promise<string>;
  /** Takes no new requests; `finish` says when those under way may be waited for no longer. */
  close(finish: () => Promise<void>): Promise<void>;
}

/** After the last call has its outcome, its answer is on the way to the client for at most so long. */
const LAST_ANSWERS_MS = 1_000;

export async function createHttpApp(options: HttpOptions): Promise<HttpApp> {
  const exchanges = new Set<Promise<void>>();
  const app = await createFastify(options, exchanges);
  return {
    async listen(address) {
      await app.listen(address);
      const { address: ip, port, family } = app.server.address() as AddressInfo;
      return `http://${family === 'IPv6' ? `[${ip}]` : ip}:${port}${MCP_PATH}`;
    },
    async close(finish) {
      const closed = app.close();
      await finish();
      await bounded(Promise.allSettled(exchanges), LAST_ANSWERS_MS);
      await options.endpoint.close();
      app.server.closeAllConnections();
      await closed;
    },
  };
}

async function createFastify(options: HttpOptions, exchanges: Set<Promise<void>>): Promise<FastifyInstance> {
  const { authentication, logger, patience = PATIENCE } = options;
  const app: FastifyInstance = fastify({
    loggerInstance: logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    trustProxy: options.trustedProxies.length > 0 ? [...options.trustedProxies] : false,
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: patience.requestMs,
    http: { headersTimeout: patience.headersMs, connectionsCheckingInterval: patience.checkMs },
    forceCloseConnections: 'idle',
    return503OnClosing: true,
  });
  parseBoundedJson(app);
  answerErrorsPlainly(app, options);

  app.addHook('onRequest', refuseRepeatedHeaders);
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id).header('x-content-type-options', 'nosniff');
  });
  healthRoutes(app, options.readiness);

  const baseUrl = 'verifier' in authentication ? authentication.baseUrl : undefined;
  const loopback = isLoopback(options.host);
  const origins = new Set([...options.allowedOrigins, ...(baseUrl === undefined ? [] : [baseUrl.origin])]);

  await app.register(async (guarded) => {
    guarded.addHook('onRequest', refuseUnusualHost);
    guarded.addHook(
      'onRequest',
      hostHeaderValidation([...allowedHostNames(options.allowedHosts, baseUrl, options.host)]),
    );
    guarded.addHook('onRequest', originGuard(origins, loopback));
    await guarded.register(cors, {
      origin: (origin, allow) => allow(null, origin !== undefined && allowsOrigin(origin, origins, loopback)),
      methods: ['GET', 'POST', 'DELETE'],
      exposedHeaders: ['www-authenticate', 'mcp-session-id', 'x-request-id'],
    });
    if ('verifier' in authentication) {
      const { login: server, limits } = authentication;
      const { refusals } = options;
      await limitRates(guarded, limits);
      metadataRoutes(guarded, authentication);
      if (server !== undefined) {
        await guarded.register(async (login) => oauthRoutes(login, { server, limits, refusals }));
      }
    }
    await guarded.register(async (mcp) => mcpRoute(mcp, options, exchanges));
  });
  return app;
}

/** RFC 9728: at the path-specific place and at the root; `resource` is the URL that clients use. */
function metadataRoutes(app: FastifyInstance, { baseUrl, authorizationServers }: OAuthAuthentication): void {
  const document = protectedResourceMetadata({ resource: resourceUrl(baseUrl), authorizationServers });
  for (const path of [`${METADATA_PATH}${MCP_PATH}`, METADATA_PATH]) app.get(path, async () => document);
}

/** What tokens for this gateway are for. */
export function resourceUrl(baseUrl: URL): string {
  return new URL(`${baseUrl.pathname.replace(/\/$/, '')}${MCP_PATH}`, baseUrl).href;
}

function mcpRoute(
  app: FastifyInstance,
  { authentication, endpoint, refusals, logger }: HttpOptions,
  exchanges: Set<Promise<void>>,
): void {
  app.addHook('onRequest', refuseTokenInUrl);
  if ('verifier' in authentication) {
    const { verifier, baseUrl, limits } = authentication;
    const resourceMetadata = new URL(`${METADATA_PATH}${MCP_PATH}`, baseUrl).href;
    const strangers = createStrangerLimit(limits);
    app.addHook('onRequest', authenticate({ verifier, resourceMetadata, strangers, refusals }));
    const person = perPerson(limits);
    app.addHook('onRequest', person.onRequest);
    app.addHook('preHandler', refuseLongBatch);
    app.addHook('preHandler', person.preHandler);
  } else {
    app.addHook('onRequest', authenticateAs(authentication.everybodyIs));
    app.addHook('preHandler', refuseLongBatch);
  }
  const handle = toNodeHandler(endpoint, { onerror: (err) => logger.error({ err }, 'an MCP exchange failed') });

  app.route({
    method: ['GET', 'POST', 'DELETE'],
    url: MCP_PATH,
    handler: async (request, reply) => {
      const { principal } = request;
      if (principal === undefined) throw new Error('a request passed authentication without a principal');
      const exchange = createExchange(principal, request.id, request.ip);
      reply.hijack();
      for (const [name, value] of Object.entries(reply.getHeaders())) {
        if (value !== undefined) reply.raw.setHeader(name, value);
      }
      const answering = handle(Object.assign(request.raw, { auth: toAuthInfo(exchange) }), reply.raw, request.body);
      exchanges.add(answering);
      await answering.finally(() => exchanges.delete(answering));
    },
  });
}

/** Nothing of an error but what its status says; the log has the rest under the request id. */
function answerErrorsPlainly(app: FastifyInstance, { logger, refusals }: HttpOptions): void {
  app.setErrorHandler<Error & { statusCode?: number }>(async (error, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) logger.error({ err: error, request_id: request.id }, 'a request failed');
    // Others are mistakes in a request, which its sender can see.
    if (status >= 500 || status === 429) await refusals.note(turnedAway(request, status));
    const message = status >= 500 ? `The gateway failed (request ${request.id}).` : error.message;
    return reply
      .code(status)
      .send({ jsonrpc: '2.0', error: { code: status === 400 ? -32700 : -32000, message }, id: null });
  });
  app.setNotFoundHandler(async (_request, reply) =>
    reply.code(404).send({ error: 'not_found', message: 'Nothing is here. MCP is at /mcp.' }),
  );
}

function turnedAway({ routeOptions, principal, id, ip }: FastifyRequest, status: number): Refusal {
  return {
    endpoint: routeOptions.url ?? '',
    reason: status === 429 ? 'too_many_requests' : 'gateway_failed',
    ...(principal === undefined ? {} : { user: principal.user, sub: principal.sub, iss: principal.iss }),
    ...(principal?.sid === undefined ? {} : { sid: principal.sid }),
    request_id: id,
    src_ip: ip,
  };
}
