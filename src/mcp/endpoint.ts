/** The protocol's two doors: HTTP, where every request is its own exchange, and stdio, where the connection is. */
import { createMcpHandler, type McpHttpHandler } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import type { Exchange } from './exchange.ts';
import { createGatewayServer, type GatewayServerOptions } from './server.ts';

export type McpEndpoint = Pick<McpHttpHandler, 'fetch' | 'close'>;

/** Protocol 2026-07-28 and every older one on one endpoint, stateless. */
export function createHttpEndpoint(options: GatewayServerOptions): McpEndpoint {
  return createMcpHandler(() => createGatewayServer(options), {
    onerror: (err) => options.logger.debug({ err }, 'an exchange was refused'),
  });
}

export interface StdioEndpoint {
  /** Resolves when the client has closed its end. */
  readonly closed: Promise<void>;
  close(): Promise<void>;
}

export function openStdioEndpoint(options: GatewayServerOptions, exchange: Exchange): StdioEndpoint {
  const closed = new Promise<void>((resolve) => {
    process.stdin.once('end', resolve);
    process.stdin.once('close', resolve);
  });
  const handle = serveStdio(() => createGatewayServer(options, exchange), {
    onerror: (err) => options.logger.debug({ err }, 'a message was refused'),
  });
  return { closed, close: () => handle.close() };
}
