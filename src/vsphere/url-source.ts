/**
 * A package at a web server as a source of bytes, within what the operator listed (OVA_URL_ALLOWLIST).
 *
 * The name is resolved once, every address it has is checked, and the connection goes to one of those: a name that
 * resolves to something else a moment later leads nowhere. No redirect is followed, nothing of the gateway is sent
 * along, and the certificate has to be a trusted one.
 */
import { lookup as lookUp } from 'node:dns/promises';
import { isIP } from 'node:net';
import { Agent, type Dispatcher } from 'undici';
import type { DownloadRules } from '../lib/download-rules.ts';
import { GatewayError } from '../lib/errors.ts';
import { type ByteSource, exactly } from './byte-source.ts';
import { shown } from './names.ts';

export interface UrlSources {
  /**
   * The file at the URL; `close` ends its connections.
   *
   * Errors: PERMISSION_DENIED for what is not listed, UNAVAILABLE, NOT_FOUND, UNSUPPORTED where the server gives no
   * parts of files.
   */
  open(url: string, signal: AbortSignal): Promise<ByteSource & { close(): Promise<void> }>;
}

export interface UrlSourceOptions {
  readonly rules: DownloadRules;
  /** Further authorities, PEM. */
  readonly ca?: string | undefined;
  /** The addresses of a name. Default: the system's. */
  readonly resolve?: ((host: string) => Promise<readonly string[]>) | undefined;
}

const CONNECT_MS = 10_000;
const STALL_MS = 60_000;

export function createUrlSources({ rules, ca, resolve = systemResolve }: UrlSourceOptions): UrlSources {
  return {
    async open(text, signal) {
      const url = URL.canParse(text) ? new URL(text) : undefined;
      if (url === undefined || !rules.allowsUrl(url)) throw notListed();
      const agent = await agentFor(url, { rules, ca, resolve });
      try {
        return await openAt(url, agent, signal);
      } catch (error) {
        await agent.destroy();
        throw error;
      }
    },
  };
}

async function agentFor(
  url: URL,
  { rules, ca, resolve }: Required<Pick<UrlSourceOptions, 'rules' | 'resolve'>> & UrlSourceOptions,
): Promise<Agent> {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const addresses = isIP(host) === 0 ? await resolve(host).catch(unresolved(host)) : [host];
  const [address] = addresses;
  if (address === undefined) throw unresolved(host)(undefined);
  if (!addresses.every((each) => rules.allowsAddress(each))) {
    throw new GatewayError(
      'PERMISSION_DENIED',
      `${shown(host)} is at an address that is not public: the operator can list its network in OVA_URL_ALLOWLIST.`,
    );
  }
  const family = isIP(address);
  return new Agent({
    connect: {
      timeout: CONNECT_MS,
      ...(ca === undefined ? {} : { ca }),
      lookup: (_host, { all }, answer) => {
        if (all === true) answer(null, [{ address, family }]);
        else answer(null, address, family);
      },
    },
    headersTimeout: STALL_MS,
    bodyTimeout: STALL_MS,
    connections: 2,
  });
}

async function openAt(url: URL, agent: Agent, signal: AbortSignal): Promise<ByteSource & { close(): Promise<void> }> {
  // A query may hold a signature that opens the file to whoever reads it.
  const name = shown(`${url.origin}${url.pathname}`, 300);
  const fetchPart = async (start: number, end: number): Promise<Dispatcher.ResponseData> => {
    const headers = { range: `bytes=${start}-${end}`, 'accept-encoding': 'identity', 'user-agent': 'mcvsphere' };
    const response = await agent
      .request({ origin: url.origin, path: url.pathname + url.search, method: 'GET', headers, signal })
      .catch(unreachable(name));
    if (response.statusCode === 206) return response;
    response.body.on('error', () => undefined).destroy();
    throw refused(response.statusCode, name);
  };

  const first = await fetchPart(0, 0);
  await first.body.dump();
  const { total, version } = partOf(first, 0, name);
  return {
    name,
    size: total,
    async *read(start, length) {
      if (length === 0) return;
      const response = await fetchPart(start, start + length - 1);
      const part = partOf(response, start, name);
      if (part.total !== total || part.version !== version) {
        response.body.on('error', () => undefined).destroy();
        throw new GatewayError('UNAVAILABLE', `${name} changed while it was read: try again.`);
      }
      try {
        yield* exactly(response.body, length, name);
      } catch (error) {
        throw error instanceof GatewayError ? error : unreachable(name)(error);
      }
    },
    close: () => agent.destroy(),
  };
}

function partOf({ headers, body }: Dispatcher.ResponseData, start: number, name: string) {
  const range = /^bytes (\d{1,15})-\d{1,15}\/(\d{1,15})$/.exec(String(headers['content-range'] ?? ''));
  if (!range || Number(range[1]) !== start || headers['content-encoding'] !== undefined) {
    body.on('error', () => undefined).destroy();
    throw new GatewayError(
      'UNSUPPORTED',
      `The server of ${name} does not give the parts of the file that it is asked for.`,
    );
  }
  return { total: Number(range[2]), version: String(headers.etag ?? headers['last-modified'] ?? '') };
}

function refused(status: number, name: string): GatewayError {
  if (status >= 300 && status < 400) {
    return new GatewayError(
      'UNSUPPORTED',
      `${name} is elsewhere (HTTP ${status}); redirects are not followed: give the last URL.`,
    );
  }
  if (status === 200)
    return new GatewayError('UNSUPPORTED', `The server of ${name} gives no parts of files (HTTP ranges).`);
  if (status === 404 || status === 410 || status === 416)
    return new GatewayError('NOT_FOUND', `There is nothing at ${name}.`);
  return new GatewayError('UNAVAILABLE', `The server of ${name} answered with HTTP ${status}.`);
}

function notListed(): GatewayError {
  return new GatewayError(
    'PERMISSION_DENIED',
    'This URL is not on OVA_URL_ALLOWLIST: use a package on a datastore, "[datastore] path", or ask the operator.',
  );
}

function unresolved(host: string): (cause: unknown) => never {
  return (cause) => {
    throw new GatewayError('UNAVAILABLE', `The name ${shown(host)} cannot be resolved.`, { cause });
  };
}

function unreachable(name: string): (cause: unknown) => never {
  return (cause) => {
    if (cause instanceof GatewayError) throw cause;
    throw new GatewayError(
      'UNAVAILABLE',
      `The server of ${name} cannot be reached, or its certificate is not trusted.`,
      {
        cause,
      },
    );
  };
}

async function systemResolve(host: string): Promise<string[]> {
  return (await lookUp(host, { all: true })).map(({ address }) => address);
}
