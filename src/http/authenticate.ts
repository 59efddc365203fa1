/**
 * The bearer token becomes a principal, or the request ends here with the challenge that leads a client to the
 * login (RFC 6750 §3, RFC 9728 §5.1). Why a token was refused stays in the log.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { bearerChallenge } from '../identity/challenge.ts';
import { TokenError } from '../identity/errors.ts';
import type { TokenVerifier } from '../identity/jwt-verifier.ts';
import type { Principal } from '../identity/principal.ts';
import { GatewayError } from '../lib/errors.ts';

declare module 'fastify' {
  interface FastifyRequest {
    principal?: Principal;
  }
}

export function authenticate(verifier: TokenVerifier, resourceMetadata: string) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const { authorization } = request.headers;
    if (authorization === undefined) return challenge(reply, bearerChallenge({ resourceMetadata }));

    const token = /^Bearer +([\w.~+/-]+=*)$/i.exec(authorization)?.[1];
    if (token === undefined) {
      return challenge(reply, bearerChallenge({ resourceMetadata, error: 'invalid_token' }));
    }
    try {
      request.principal = await verifier.verify(token);
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      const reason = error instanceof TokenError ? error.reason : error.code;
      request.log.info({ reason, src_ip: request.ip, request_id: request.id }, 'a token was refused');
      // What cannot be looked up says nothing about the token.
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
