/**
 * Fetches a client's published description (OAuth Client ID Metadata Documents) from a URL that a stranger chose.
 *
 * The host is resolved once, every one of its addresses must be public, and the connection goes to an address that
 * was checked, never to a second look-up that may answer otherwise. Nothing is followed: a redirect is a failure.
 * The answer is at most 5 KB of JSON, within 5 seconds, and what went wrong is not told apart to whoever asked:
 * that would make the gateway a scanner.
 */
import { lookup as resolve } from 'node:dns/promises';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { isPublicAddress } from './public-address.ts';

const LARGEST_BYTES = 5 * 1024;
const TIMEOUT_MS = 5_000;
const LONGEST_URL = 512;
const MOST_AT_ONCE = 8;

/** @throws Error, whatever the reason; its message is for the log */
export type ReadDocument = (url: string) => Promise<unknown>;

export interface DocumentReaderOptions {
  /** All addresses of a name. */
  readonly resolve?: (host: string) => Promise<readonly { readonly address: string; readonly family: number }[]>;
  readonly isAllowed?: (address: string) => boolean;
  /** PEM of the authorities to trust, instead of those that Node.js trusts. */
  readonly ca?: string;
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
  const { timeoutMs = TIMEOUT_MS } = options;
  const lookup = checkedLookup(options);
  let underWay = 0;

  return async (url) => {
    if (!isDocumentUrl(url)) throw new Error('no URL of a client metadata document');
    if (underWay >= MOST_AT_ONCE) throw new Error('too many client metadata documents are being fetched');
    underWay += 1;
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const response = await get(url, { lookup, signal, ...(options.ca === undefined ? {} : { ca: options.ca }) });
      return JSON.parse(await readJsonText(response));
    } finally {
      underWay -= 1;
    }
  };
}

function checkedLookup({ resolve: resolveAll = resolveHost, isAllowed = isPublicAddress }: DocumentReaderOptions) {
  const lookup: LookupFunction = (host, { all }, done) => {
    resolveAll(host).then(
      (addresses) => {
        const [first] = addresses;
        if (first === undefined || !addresses.every(({ address }) => isAllowed(address))) {
          done(new Error('the host has an address that is not public'), '', 0);
        } else if (all) done(null, [...addresses]);
        else done(null, first.address, first.family);
      },
      (error: Error) => done(error, '', 0),
    );
  };
  return lookup;
}

async function resolveHost(host: string) {
  return resolve(host, { all: true, verbatim: true });
}

interface Connection {
  readonly lookup: LookupFunction;
  readonly signal: AbortSignal;
  readonly ca?: string;
}

function get(url: string, connection: Connection): Promise<IncomingMessage> {
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
