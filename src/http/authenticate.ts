/**
 * The bearer token becomes a principal, or the request ends here with the challenge that leads a client to the
 * login (RFC 6750 §3, RFC 9728 §5.1). Why a token was refused stays in the log and on the record. A request without
 * any is no refusal: so every login begins.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { bearerChallenge } from '../identity/challenge.ts';
import { TokenError } from '../identity/errors.ts';
import type { TokenVerifier } from '../identity/jwt-verifier.ts';
import type { Principal } from '../identity/principal.ts';
import { GatewayError } from '../lib/errors.ts';
import type { Refusals } from '../oauth/refusals.ts';
import type { StrangerLimit } from './mcp-limits.ts';

declare module 'fastify' {
  interface FastifyRequest {
    principal?: Principal;
  }
}

interface AuthenticationOptions {
  readonly verifier: TokenVerifier;
  /** URL of the document that the challenge names. */
  readonly resourceMetadata: string;
  readonly strangers: StrangerLimit;
  readonly refusals: Pick<Refusals, 'note'>;
}

export function authenticate({ verifier, resourceMetadata, strangers, refusals }: AuthenticationOptions) {
  async function note(request: FastifyRequest, error: GatewayError): Promise<void> {
    const { reason = error.code.toLowerCase(), about: { clientId, ...who } = {} } =
      error instanceof TokenError ? error : {};
    await refusals.note({
      endpoint: request.routeOptions.url ?? '',
      reason,
      ...who,
      ...(clientId === undefined ? {} : { client_id: clientId }),
      request_id: request.id,
      src_ip: request.ip,
    });
  }

  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const { authorization } = request.headers;
    const token = authorization && /^Bearer +([\w.~+/-]+=*)$/i.exec(authorization)?.[1];
    strangers.admit(request, reply, token);
    if (authorization === undefined) {
      strangers.refused(request, token);
      return challenge(reply, bearerChallenge({ resourceMetadata }));
    }
    try {
      if (!token) throw new TokenError('malformed');
      request.principal = await verifier.verify(token);
      strangers.accepted(token);
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      // What cannot be looked up says nothing about the token.
      if (error.code !== 'UNAVAILABLE') strangers.refused(request, token);
      await note(request, error);
      if (error.code === 'UNAVAILABLE') return unavailable(reply, error.message);
      if (!(error instanceof TokenError)) throw error;
      return challenge(reply, bearerChallenge({ resourceMetadata, error: 'invalid_token' }));
    }
  };
}

/** Without OAuth there is one principal for everybody. */
export function authenticateAs(principal: Principal) {
  return async (request: FastifyRequest): Promise<void> => {
    request.principal = principal;
  };
}

async function challenge(reply: FastifyReply, value: string): Promise<void> {
  await reply.code(401).header('www-authenticate', value).header('cache-control', 'no-store').send({
    error: 'unauthorized',
    message: 'Log in first: this gateway needs a valid access token of its own login or its provider.',
    request_id: reply.request.id,
  });
}

async function unavailable(reply: FastifyReply, message: string): Promise<void> {
  await reply
    .code(503)
    .header('retry-after', '10')
    .header('cache-control', 'no-store')
    .send({ error: 'temporarily_unavailable', message });
}
