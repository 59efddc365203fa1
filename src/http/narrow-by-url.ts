/** `?toolsets=` and `?read_only=` of the MCP endpoint: each request is offered what its own URL leaves. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GatewayError } from '../lib/errors.ts';
import type { Narrowing } from '../mcp/narrowing.ts';

declare module 'fastify' {
  interface FastifyRequest {
    narrowing?: Narrowing;
  }
}

/** A URL that is not understood is refused: it would offer more than was meant. */
export function narrowByUrl(narrow: (query: URLSearchParams) => Narrowing) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const { url = '' } = request.raw;
    const start = url.indexOf('?');
    try {
      request.narrowing = narrow(new URLSearchParams(start < 0 ? '' : url.slice(start)));
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      await reply.code(400).send({ jsonrpc: '2.0', error: { code: -32600, message: error.message }, id: null });
    }
  };
}
