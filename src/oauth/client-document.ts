/**
 * Fetches a client's published description (OAuth Client ID Metadata Documents) from a URL that a stranger chose.
 *
 * The host is looked up once, every one of its addresses must be public, and the connection goes to an address that
 * was checked, never to a second look-up that may answer otherwise. Nothing is followed: a redirect is a failure.
 * The answer is at most 5 KB of JSON, from port 443, within 5 seconds, and what went wrong is not told apart to
 * whoever asked: that would make the gateway a scanner.
 */
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { networkOf } from '../lib/network-address.ts';
import { createAddressLookup, type HostAddress, type LookUp } from './address-lookup.ts';
import { isPublicAddress } from './public-address.ts';

const LARGEST_BYTES = 5 * 1024;
const TIMEOUT_MS = 5_000;
const HTTPS_PORT = 443;
const LONGEST_URL = 512;
const MOST_AT_ONCE = 8;
/** So that one slow host does not take the place of all others. */
const MOST_AT_ONE_HOST = 2;
/** So that one stranger with many slow hosts does not either. */
const MOST_FOR_ONE_ASKER = 2;

/**
 * @param asker network address of whoever began the login, where it is known
 * @throws Error, whatever the reason; its message is for the log
 */
export type ReadDocument = (url: string, asker?: string) => Promise<unknown>;

export interface DocumentReaderOptions {
  readonly lookUp?: LookUp;
  readonly isAllowed?: (address: string) => boolean;
  /** PEM of the authorities to trust, instead of those that Node.js trusts. */
  readonly ca?: string;
  /** The one port that is asked. */
  readonly port?: number;
  /** For the look-up and the fetch together. */
  readonly timeoutMs?: number;
}

/** Whether a client id is the URL of such a document, spelled as every URL parser reads it. */
export function isDocumentUrl(clientId: string): boolean {
  if (clientId.length > LONGEST_URL || !clientId.startsWith('https://') || !URL.canParse(clientId)) return false;
  const url = new URL(clientId);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return (
    url.href === clientId &&
    url.username === '' &&
    url.password === '' &&
    !clientId.includes('#') &&
    !clientId.includes('?') &&
    url.pathname !== '/' &&
    // Node.js does not resolve a literal address, so nothing would check it.
    isIP(host) === 0
  );
}

export function createDocumentReader(options: DocumentReaderOptions = {}): ReadDocument {
  const { lookUp = createAddressLookup(), isAllowed = isPublicAddress, ca } = options;
  const { port = HTTPS_PORT, timeoutMs = TIMEOUT_MS } = options;
  const underWay: { readonly host: string; readonly network: string | undefined }[] = [];

  async function read(url: URL): Promise<unknown> {
    const signal = AbortSignal.timeout(timeoutMs);
    const addresses = await lookUp(url.hostname, signal);
    if (addresses.length === 0 || !addresses.every(({ address }) => isAllowed(address))) {
      throw new Error('the host has an address that is not public');
    }
    const response = await get(url, { lookup: alwaysThese(addresses), signal, ...(ca === undefined ? {} : { ca }) });
    return JSON.parse(await readJsonText(response));
  }

  return async (id, asker) => {
    if (!isDocumentUrl(id)) throw new Error('no URL of a client metadata document');
    const url = new URL(id);
    if (Number(url.port || HTTPS_PORT) !== port) throw new Error(`a document is asked for at port ${port} alone`);
    const mine = { host: url.hostname, network: asker === undefined ? undefined : networkOf(asker) };
    if (underWay.length >= MOST_AT_ONCE) throw new Error('too many client metadata documents are being fetched');
    if (underWay.filter(({ host }) => host === mine.host).length >= MOST_AT_ONE_HOST) {
      throw new Error('too many client metadata documents are being fetched from this host');
    }
    if (
      asker !== undefined &&
      underWay.filter(({ network }) => network === mine.network).length >= MOST_FOR_ONE_ASKER
    ) {
      throw new Error('too many client metadata documents are being fetched for one address');
    }
    underWay.push(mine);
    try {
      return await read(url);
    } finally {
      underWay.splice(underWay.indexOf(mine), 1);
    }
  };
}

/** In the place of a look-up: the connection may try one after the other of what was checked, and nothing else. */
function alwaysThese(addresses: readonly HostAddress[]): LookupFunction {
  return (_host, { all }, done) => {
    const [first] = addresses;
    if (all) done(null, [...addresses]);
    else done(null, first!.address, first!.family);
  };
}

interface Connection {
  readonly lookup: LookupFunction;
  readonly signal: AbortSignal;
  readonly ca?: string;
}

function get(url: URL, connection: Connection): Promise<IncomingMessage> {
  return new Promise((done, fail) => {
    const headers = { accept: 'application/json', 'accept-encoding': 'identity', 'user-agent': 'mcvsphere' };
    // No agent: a kept connection would outlive the check of its address.
    request(url, { ...connection, agent: false, headers, maxHeaderSize: 8_192 }, done)
      .on('error', fail)
      .end();
  });
}

async function readJsonText(response: IncomingMessage): Promise<string> {
  try {
    const type = response.headers['content-type'] ?? '';
    if (response.statusCode !== 200) throw new Error(`the answer has status ${response.statusCode}`);
    if (!/^application\/([a-z0-9.-]+\+)?json *(;|$)/i.test(type)) throw new Error('the answer is no JSON');
    if (response.headers['content-encoding'] !== undefined) throw new Error('the answer is compressed');
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > LARGEST_BYTES) throw new Error(`the answer is larger than ${LARGEST_BYTES} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  } finally {
    response.destroy();
  }
}
