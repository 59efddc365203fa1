/**
 * Files as streams, to and from a vSphere server and the hosts that it names.
 *
 * The session goes to the server itself and nowhere else. What a server names (the URLs of leases and of guest
 * transfers) carries its own secret, and is trusted by the thumbprint that comes with it. It is never a service of this
 * machine, or of its link (the metadata of a cloud), which only answer because it is the gateway that asks. Redirects
 * are not followed.
 */
import { BlockList, isIP } from 'node:net';
import { Readable, Transform } from 'node:stream';
import { type buildConnector, type Dispatcher, Pool } from 'undici';
import { abortError, GatewayError } from '../lib/errors.ts';
import type { CookieJar } from './cookie-jar.ts';
import { InterruptedCallError, ProtocolError, TransportError } from './errors.ts';
import type { Session } from './session.ts';
import { createConnector, type TlsOptions } from './tls.ts';
import { explain, type HttpResponse } from './transport.ts';

export interface FileRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: Readable | Uint8Array | undefined;
  readonly signal?: AbortSignal | undefined;
}

type Consume<T> = (response: HttpResponse) => Promise<T>;

export interface FileTransfer {
  /**
   * On the server's own origin, with its session: `/folder/…`. There is no limit of time but one of standing still.
   * A lost session is found again before a request without a stream.
   *
   * Errors: `TransportError`, `InterruptedCallError`; what `consume` throws passes through.
   */
  onServer<T>(path: string, request: FileRequest, consume: Consume<T>): Promise<T>;
  /** At a URL that the server has named, whose host `*` is the server's own. Without session. Errors: as above. */
  at<T>(
    place: { readonly url: string; readonly thumbprint?: string },
    request: FileRequest,
    consume: Consume<T>,
  ): Promise<T>;
}

interface Options {
  readonly url: URL;
  readonly tls: TlsOptions;
  readonly userAgent: string;
  readonly session: Session<CookieJar>;
  /** Of time in which not a byte moves. Default 120 s. */
  readonly stallMs?: number | undefined;
}

const CONNECT_MS = 10_000;
const STALL_MS = 120_000;
const CONNECTIONS = 4;

export function createFileTransfer({
  url: server,
  tls,
  userAgent,
  session,
  stallMs = STALL_MS,
}: Options): FileTransfer & {
  close(): Promise<void>;
} {
  const poolTo = (origin: string, connect: buildConnector.connector) =>
    new Pool(origin, {
      connect,
      connections: CONNECTIONS,
      pipelining: 1,
      // An upload is answered when it ends: standing still is what is watched.
      headersTimeout: 0,
      bodyTimeout: stallMs,
    });
  const own = poolTo(server.origin, createConnector(tls, CONNECT_MS));
  const others = new Set<Pool>();

  return {
    async onServer(path, request, consume) {
      const state = await session.current(request.signal);
      const headers = { ...request.headers, ...state.credential.headers() };
      const attempt = { pool: own, host: server.host, path, userAgent, stallMs };
      if (request.body instanceof Readable) return send(attempt, { ...request, headers }, consume);
      const lost = await send(attempt, { ...request, headers }, async (response) => {
        if (response.statusCode !== 401) return { result: await consume(response) };
        await response.body.dump();
        return undefined;
      });
      if (lost !== undefined) return lost.result;
      session.lost(state.generation);
      const next = await session.current(request.signal);
      return send(attempt, { ...request, headers: { ...request.headers, ...next.credential.headers() } }, consume);
    },

    async at({ url: named, thumbprint }, request, consume) {
      const url = locate(named, server);
      const trust = thumbprint ? { insecure: false, thumbprint } : tls;
      const connect = createConnector(trust, CONNECT_MS);
      const pool = poolTo(
        url.origin,
        url.hostname === server.hostname || isHere(server) ? connect : elsewhere(connect),
      );
      others.add(pool);
      try {
        return await send(
          { pool, host: url.host, path: url.pathname + url.search, userAgent, stallMs },
          request,
          consume,
        );
      } finally {
        others.delete(pool);
        await pool.destroy();
      }
    },

    async close() {
      await Promise.all([own, ...others].map((pool) => pool.destroy()));
    },
  };
}

/** Errors: `ProtocolError` for what is no URL of a web server, or has less protection than the server itself. */
function locate(named: string, server: URL): URL {
  const text = named.replace(/^(https?:\/\/)\*(?=[:/])/, (_, scheme: string) => `${scheme}${server.hostname}`);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !(url.protocol === 'https:' || (url.protocol === 'http:' && server.protocol === 'http:'))) {
    throw new ProtocolError('it names a place for a file that is no https URL');
  }
  // A simulator or a forwarded port: `*` stands for the address by which the server was reached.
  if (/^https?:\/\/\*\//.test(named)) url.port = server.port;
  return url;
}

/** This machine by any of its addresses' usual forms, and its link. An IPv4 address within IPv6 is found as well. */
const HERE = new BlockList();
HERE.addSubnet('0.0.0.0', 8, 'ipv4');
HERE.addSubnet('127.0.0.0', 8, 'ipv4');
HERE.addSubnet('169.254.0.0', 16, 'ipv4');
HERE.addSubnet('::', 127, 'ipv6');
HERE.addSubnet('fe80::', 10, 'ipv6');

function isHereAddress(address: string): boolean {
  return isIP(address) !== 0 && HERE.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/** A forwarded port, or a simulator: its hosts may well be here, too. */
function isHere({ hostname }: URL): boolean {
  return hostname === 'localhost' || isHereAddress(hostname.replace(/^\[(.*)\]$/, '$1'));
}

/** Looks at where a connection has led, whatever the name was: nothing is sent to this machine. */
function elsewhere(connect: buildConnector.connector): buildConnector.connector {
  return (options, callback) =>
    connect(options, (error, socket) => {
      if (error || !isHereAddress(socket.remoteAddress ?? '')) {
        if (error) callback(error, null);
        else callback(null, socket);
        return;
      }
      socket.destroy();
      const why = "The server names a place for a file on the gateway's own machine or link: nothing was sent there.";
      callback(new TransportError('refused', why, { maybeExecuted: false }), null);
    });
}

interface Attempt {
  readonly pool: Pool;
  readonly host: string;
  readonly path: string;
  readonly userAgent: string;
  readonly stallMs: number;
}

async function send<T>(to: Attempt, { method, headers, body, signal }: FileRequest, consume: Consume<T>): Promise<T> {
  if (signal?.aborted) throw abortError(signal);
  const watch = createStallWatch(to.stallMs);
  const sent = body instanceof Readable ? body.pipe(watch.counting()) : body;
  if (body instanceof Readable) body.on('error', (error) => (sent as Transform).destroy(error));
  let received: HttpResponse | undefined;
  try {
    received = await to.pool.request({
      method: method as Dispatcher.HttpMethod,
      path: to.path,
      headers: { ...headers, 'user-agent': to.userAgent },
      body: sent ?? null,
      signal: signal ? AbortSignal.any([signal, watch.signal]) : watch.signal,
    });
    // From here on the body's own timeout watches.
    watch.stop();
    return await consume(received);
  } catch (error) {
    received?.body.on('error', () => undefined).destroy();
    if (signal?.aborted) throw new InterruptedCallError(signal);
    if (watch.signal.aborted) throw stalled(to.host, to.stallMs, error);
    throw explain(error, { host: to.host }, to.stallMs);
  } finally {
    watch.stop();
    if (body instanceof Readable) body.on('error', () => undefined).destroy();
  }
}

function createStallWatch(stallMs: number) {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new GatewayError('UNAVAILABLE', 'stalled')), stallMs).unref();
  return {
    signal: controller.signal,
    stop: () => clearTimeout(timer),
    counting: () =>
      new Transform({
        transform(chunk, _encoding, done) {
          timer.refresh();
          done(null, chunk);
        },
      }),
  };
}

function stalled(host: string, stallMs: number, cause: unknown): TransportError {
  return new TransportError('timeout', `The transfer with ${host} stood still for ${Math.ceil(stallMs / 1000)} s.`, {
    cause,
    maybeExecuted: true,
  });
}
