/** Who is asking, as it travels from the edge (HTTP or stdio) through the SDK to the handlers. */
import { randomUUID } from 'node:crypto';
import type { AuthInfo } from '@modelcontextprotocol/server';
import type { Principal } from '../identity/principal.ts';
import type { Narrowing } from './narrowing.ts';

/** One HTTP request or one stdio connection, of one person. */
export interface Exchange {
  readonly principal: Principal;
  readonly narrowing: Narrowing;
  readonly sourceAddress?: string | undefined;
  /** An id for each call; a batch of an older protocol has several in one exchange. */
  nextRequestId(): string;
}

interface Origin {
  /** The HTTP request's own id, which its first call takes over. */
  readonly requestId: string;
  readonly sourceAddress: string;
}

/** @param origin absent on stdio */
export function createExchange(principal: Principal, narrowing: Narrowing, origin?: Origin): Exchange {
  const { requestId, sourceAddress } = origin ?? {};
  let calls = 0;
  return {
    principal,
    narrowing,
    sourceAddress,
    nextRequestId() {
      calls += 1;
      if (requestId === undefined) return randomUUID();
      return calls === 1 ? requestId : `${requestId}-${calls}`;
    },
  };
}

/** The SDK passes an `AuthInfo` through untouched. Ours holds no token: nothing behind the edge ever sees one. */
export function toAuthInfo(exchange: Exchange): AuthInfo {
  return { token: '', clientId: exchange.principal.clientId ?? '', scopes: [], extra: { exchange } };
}

export function fromAuthInfo(authInfo: AuthInfo | undefined): Exchange {
  const exchange = authInfo?.extra?.exchange;
  if (exchange === undefined) throw new Error('a request reached the MCP server without a principal');
  return exchange as Exchange;
}
