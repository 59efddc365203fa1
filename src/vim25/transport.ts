/** HTTP to one vSphere server: connections kept and shared, every way to fail told apart. */
import type { Readable } from 'node:stream';
import { type Dispatcher, Pool } from 'undici';
import { abortError, GatewayError } from '../lib/errors.ts';
import { InterruptedCallError, TransportError } from './errors.ts';
import { createConnector, type TlsOptions } from './tls.ts';

export interface Timeouts {
  /** To make a connection, TLS included. Default 10 s. */
  readonly connectMs?: number | undefined;
  /** From sending a request to the end of its answer. Default 120 s. */
  readonly requestMs?: number | undefined;
  /** The same of a request that waits for something to happen. Default 600 s. */
  readonly longPollMs?: number | undefined;
}

export interface TransportOptions {
  readonly url: URL;
  readonly tls: TlsOptions;
  readonly userAgent: string;
  readonly timeouts?: Timeouts | undefined;
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path and query on the server's own origin. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | Uint8Array | Readable | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Waits long, on connections of its own, so that other requests need not wait for it. */
  readonly longPoll?: boolean | undefined;
}

export type HttpResponse = Pick<Dispatcher.ResponseData, 'statusCode' | 'headers' | 'body'>;

export interface Transport {
  /**
   * Sends a request and gives the answer to `consume`, which reads its body to the end or throws.
   *
   * Errors: `TransportError`; `InterruptedCallError` when the signal aborts (a plain `GatewayError` when it had before
   * anything was sent); `GatewayError`s of `consume` pass through.
   */
  send<T>(request: HttpRequest, consume: (response: HttpResponse) => Promise<T>): Promise<T>;
  /** Drops the connections of long polls, so that nothing waits for them. */
  endLongPolls(): Promise<void>;
  close(): Promise<void>;
}

const CONNECT_MS = 10_000;
const REQUEST_MS = 120_000;
const LONG_POLL_MS = 600_000;
/** More brought nothing on one session (24 parallel lists: 567 ms on 1, 362 on 4, the same on 8). */
const CONNECTIONS = 4;
const LONG_POLL_CONNECTIONS = 8;
const KEEP_ALIVE_MS = 20_000;

export function createTransport({ url, tls, userAgent, timeouts = {} }: TransportOptions): Transport {
  const { connectMs = CONNECT_MS, requestMs = REQUEST_MS, longPollMs = LONG_POLL_MS } = timeouts;
  const connect = createConnector(tls, connectMs);
  const pool = (connections: number, timeoutMs: number) =>
    new Pool(url.origin, {
      connect,
      connections,
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    });
  const calls = pool(CONNECTIONS, requestMs);
  const longPolls = pool(LONG_POLL_CONNECTIONS, longPollMs);

  return {
    async send({ method, path, headers, body, signal, longPoll = false }, consume) {
      if (signal?.aborted) throw abortError(signal);
      const limitMs = longPoll ? longPollMs : requestMs;
      const deadline = AbortSignal.timeout(limitMs);
      let received: HttpResponse | undefined;
      try {
        received = await (longPoll ? longPolls : calls).request({
          method,
          path,
          headers: { ...headers, 'user-agent': userAgent },
          body: body ?? null,
          signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
        });
        return await consume(received);
      } catch (error) {
        received?.body.on('error', () => undefined).destroy();
        if (signal?.aborted) throw new InterruptedCallError(signal);
        throw deadline.aborted ? tooSlow(url, limitMs, error) : explain(error, url, limitMs);
      }
    },
    endLongPolls: () => longPolls.destroy(),
    async close() {
      await Promise.all([longPolls.destroy(), calls.destroy()]);
    },
  };
}

function explain(error: unknown, { host }: URL, limitMs: number): unknown {
  if (error instanceof GatewayError) return error;
  const { code } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
      return tooSlow({ host }, limitMs, error);
    case 'UND_ERR_DESTROYED':
    case 'UND_ERR_CLOSED':
      return new TransportError('dropped', `The connection to ${host} was closed by the gateway.`, {
        cause: error,
        maybeExecuted: true,
      });
    default:
      // A defect of ours is no failure of the network.
      if (code === undefined || code.includes('INVALID') || error instanceof TypeError) return error;
      return new TransportError('dropped', `The connection to ${host} broke before the answer was complete.`, {
        cause: error,
        maybeExecuted: true,
      });
  }
}

function tooSlow({ host }: Pick<URL, 'host'>, limitMs: number, cause: unknown): TransportError {
  return new TransportError('timeout', `${host} did not answer within ${Math.ceil(limitMs / 1000)} s.`, {
    cause,
    maybeExecuted: true,
  });
}
