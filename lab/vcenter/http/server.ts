/** The lab's web server: the SOAP endpoint, and what else a vCenter serves under its name. */
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Certificate } from './certificate.ts';

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly cookies: ReadonlyMap<string, string>;
}

/** Answers what it knows; what goes wrong in it is answered by 500. */
export type Route = (exchange: Exchange) => Promise<void> | void;

export interface WebServer {
  readonly port: number;
  close(): Promise<void>;
}

export interface WebServerOptions {
  /** Path prefix → route; the longest that fits is taken. */
  readonly routes: Readonly<Record<string, Route>>;
  /** Undefined: plain HTTP. */
  readonly certificate: Certificate | undefined;
  readonly port: number;
}

export async function startWebServer({ routes, certificate, port }: WebServerOptions): Promise<WebServer> {
  const prefixes = Object.keys(routes).sort((a, b) => b.length - a.length);
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    const url = parseUrl(request);
    const prefix = url && prefixes.find((each) => url.pathname === each || url.pathname.startsWith(`${each}/`));
    if (!prefix) {
      request.resume();
      response.writeHead(404).end();
      return;
    }
    const exchange = { request, response, url, cookies: readCookies(request.headers.cookie) };
    const answer = async () => routes[prefix]!(exchange);
    void answer().catch((error: unknown) => {
      process.stderr.write(
        `lab: ${request.method} ${prefix} failed: ${error instanceof Error ? error.stack : error}\n`,
      );
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end();
    });
  };
  const server = certificate ? createHttpsServer(certificate, listener) : createHttpServer(listener);
  // Clients hold a wait open for minutes.
  server.requestTimeout = 0;
  server.keepAliveTimeout = 60_000;
  await listen(server, port);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
}

function parseUrl(request: IncomingMessage): URL | undefined {
  return URL.canParse(request.url ?? '', 'http://lab') ? new URL(request.url!, 'http://lab') : undefined;
}

function readCookies(header = ''): ReadonlyMap<string, string> {
  return new Map(
    header.split(';').flatMap((part): [string, string][] => {
      const at = part.indexOf('=');
      if (at === -1) return [];
      return [
        [
          part.slice(0, at).trim(),
          part
            .slice(at + 1)
            .trim()
            .replace(/^"|"$/g, ''),
        ],
      ];
    }),
  );
}

/** The whole body. Errors: `RangeError` past `limit` bytes; it is read to its end, so that an answer can follow. */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  let chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) chunks = [];
    else chunks.push(chunk);
  }
  if (size > limit) throw new RangeError(`the body is larger than ${limit} bytes`);
  return Buffer.concat(chunks);
}
