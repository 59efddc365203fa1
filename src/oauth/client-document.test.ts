import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type DnsAnswer, type DnsServer, type Question, startDnsServer } from '../../test/support/dns-server.ts';
import { createAddressLookup } from './address-lookup.ts';
import { createDocumentReader, type DocumentReaderOptions, isDocumentUrl } from './client-document.ts';

const HOST = 'client.example.com';
const files = mkdtempSync(join(tmpdir(), 'mcvsphere-document-'));
let ca: string;
let answer: RequestListener;
let server: Server;
let requests = 0;
let connections = 0;
let dns: DnsServer;
/** What the name server says; by itself that every host is this computer. */
let zone: (question: Question) => DnsAnswer | Promise<DnsAnswer>;

beforeAll(async () => {
  const [cert, key] = [join(files, 'cert.pem'), join(files, 'key.pem')];
  execFileSync(
    'openssl',
    // biome-ignore format: one option a line says no more
    ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', `/CN=${HOST}`,
     '-addext', `subjectAltName=DNS:${HOST},DNS:*.${HOST}`, '-keyout', key, '-out', cert],
    { stdio: 'ignore' },
  );
  ca = readFileSync(cert, 'utf8');
  server = createServer({ cert: ca, key: readFileSync(key) }, (request, response) => {
    requests += 1;
    answer(request, response);
  });
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  dns = await startDnsServer((question) => zone(question));
});
beforeEach(() => {
  [requests, connections] = [0, 0];
  zone = () => ['127.0.0.1'];
});
afterEach(() => server.closeAllConnections());
afterAll(async () => {
  await dns.close();
  await new Promise((resolve) => server.close(resolve));
  rmSync(files, { recursive: true });
});

const port = () => (server.address() as AddressInfo).port;
const url = (path = '/client.json', host = HOST) => `https://${host}:${port()}${path}`;
const json =
  (body: string, headers: Record<string, string> = {}): RequestListener =>
  (_request, response) =>
    void response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(body);

/** Takes this computer's own address for a public one, unless it is told otherwise. */
function reading(options: DocumentReaderOptions = {}) {
  const lookUp = createAddressLookup([dns.address]);
  return createDocumentReader({
    lookUp,
    isAllowed: (address) => address === '127.0.0.1',
    ca,
    port: port(),
    ...options,
  });
}

describe('the document of a client', () => {
  it('is read from the host that its URL names', async () => {
    answer = (request, response) => {
      expect(request.headers.host).toMatch(HOST);
      expect(request.headers.cookie).toBeUndefined();
      json('{"client_id":"x"}')(request, response);
    };
    expect(await reading()(url())).toEqual({ client_id: 'x' });
  });

  it.each<[string, readonly string[]]>([
    ['one address that is not public', ['127.0.0.1']],
    ['a public address and one that is not', ['93.184.216.34', '127.0.0.1']],
    ['a public address, and one of the other family that is not', ['93.184.216.34', '::1']],
    ['a mapped address', ['::ffff:127.0.0.1']],
    ['an address of NAT64', ['64:ff9b::7f00:1']],
    ['an address of 6to4', ['2002:7f00:1::']],
    ['the address of a metadata service', ['169.254.169.254']],
    ['a chain of names that ends at this computer', ['CNAME a.example.net', 'CNAME b.example.net', '127.0.0.1']],
    ['thirty public addresses and one that is not', [...Array(30).fill('93.184.216.34'), '127.0.0.1']],
    ['no address', []],
    ['a hundred addresses', Array.from({ length: 100 }, (_, i) => `93.184.216.${i}`)],
  ])('is not asked for where the host has %s', async (_what, addresses) => {
    answer = json('{}');
    zone = () => addresses;
    const lookUp = createAddressLookup([dns.address]);
    const read = createDocumentReader({ lookUp, ca, port: port() });
    await expect(read(url())).rejects.toThrow(/not public|no address|more than 32/);
    expect(connections).toBe(0);
  });

  it('is fetched from the address that was checked, whatever a second look-up would say', async () => {
    const asked: string[] = [];
    zone = ({ type }) => {
      asked.push(type);
      return asked.filter((other) => other === type).length === 1 ? ['127.0.0.1'] : ['127.0.0.2'];
    };
    answer = json('{"ok":true}');
    expect(await reading()(url())).toEqual({ ok: true });
    expect(asked.sort()).toEqual(['A', 'AAAA']);
  });

  it('is looked up again for every fetch, and refused once its host has moved inside', async () => {
    answer = json('{"ok":true}');
    const read = reading();
    expect(await read(url())).toEqual({ ok: true });
    zone = () => ['127.0.0.2'];
    await expect(read(url())).rejects.toThrow(/not public/);
    expect(requests).toBe(1);
  });

  it('is fetched from another of its addresses where the first is closed', async () => {
    answer = json('{"ok":true}');
    zone = () => ['127.0.0.2', '127.0.0.1'];
    expect(await reading({ isAllowed: () => true })(url())).toEqual({ ok: true });
  });

  it.each(['https://client.example.com/client.json', 'https://client.example.com:1/client.json'])(
    'is asked for at one port alone, and not at %s',
    async (id) => {
      const before = dns.questions.length;
      await expect(reading()(id)).rejects.toThrow(/port/);
      expect(dns.questions.length).toBe(before);
    },
  );

  it('is asked for at port 443 unless somebody says otherwise', async () => {
    await expect(createDocumentReader({ ca })(url())).rejects.toThrow(/port 443/);
  });

  it.each<[string, RequestListener]>([
    ['a redirect', (_request, response) => void response.writeHead(302, { location: '/other.json' }).end()],
    ['an error', (_request, response) => void response.writeHead(500).end()],
    ['a page', (_request, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('{}')],
    ['no type', (_request, response) => void response.writeHead(200).end('{}')],
    ['broken JSON', json('{')],
    ['more than 5 KB', json(JSON.stringify({ x: 'x'.repeat(6_000) }))],
    ['compression', json('{}', { 'content-encoding': 'gzip' })],
    ['headers without end', json('{}', { 'x-long': 'x'.repeat(12_000) })],
    ['silence', () => {}],
    [
      'a drip that never ends',
      (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        const drip = setInterval(() => response.write(' '), 50);
        response.on('close', () => clearInterval(drip));
      },
    ],
    ['a broken connection', (request) => void request.socket.destroy()],
  ])('is refused with %s, after one request', async (_what, listener) => {
    answer = listener;
    await expect(reading({ timeoutMs: 500 })(url())).rejects.toThrow();
    expect(requests).toBe(1);
  });

  it('is refused from a server without a certificate for that name', async () => {
    answer = json('{}');
    await expect(reading()(url('/client.json', 'other.example.com'))).rejects.toThrow(/altnames|certificate/);
    const lookUp = createAddressLookup([dns.address]);
    const trusting = createDocumentReader({ lookUp, isAllowed: () => true, port: port() });
    await expect(trusting(url())).rejects.toThrow(/certificate/);
    expect(requests).toBe(0);
  });
});

describe('reads under way', () => {
  const hosts = Array.from({ length: 9 }, (_, i) => `h${i}.${HOST}`);

  /** A name server that says nothing about these hosts until it is told to. */
  function holdBack(...slow: readonly string[]): () => void {
    let release = () => {};
    const released = new Promise<DnsAnswer>((resolve) => {
      release = () => resolve(['127.0.0.1']);
    });
    zone = ({ name }) => (slow.includes(name) ? released : ['127.0.0.1']);
    return release;
  }

  it('are eight at most, a look-up among them, and leave their place once they are over', async () => {
    answer = json('{}');
    const release = holdBack(...hosts);
    const read = reading();
    const eight = Promise.allSettled(hosts.slice(0, 8).map((host) => read(url('/c.json', host))));
    await expect(read(url('/c.json', hosts[8]))).rejects.toThrow(/too many/);
    release();
    expect((await eight).map(({ status }) => status)).toEqual(Array(8).fill('fulfilled'));
    expect(await read(url('/c.json', hosts[8]))).toEqual({});
  });

  it('are two at most at one host, which leaves the others their place', async () => {
    answer = json('{}');
    const release = holdBack(HOST);
    const read = reading();
    const two = Promise.allSettled([read(url('/1')), read(url('/2'))]);
    await expect(read(url('/3'))).rejects.toThrow(/from this host/);
    expect(await read(url('/c.json', hosts[0]))).toEqual({});
    release();
    await two;
    expect(await read(url('/3'))).toEqual({});
  });

  it('are two at most for one who asks, however many hosts they have, which leaves the others their place', async () => {
    answer = json('{}');
    const release = holdBack(...hosts.slice(0, 8));
    const read = reading();
    const addresses = ['2001:db8:1:1::1', '2001:db8:1:1::2', '2001:db8:1:1::3'];
    const two = Promise.allSettled(hosts.slice(0, 2).map((host, i) => read(url('/c.json', host), addresses[i])));
    await expect(read(url('/c.json', hosts[2]), addresses[2])).rejects.toThrow(/for one address/);
    expect(await read(url('/c.json', hosts[8]), '192.0.2.1')).toEqual({});
    release();
    expect((await two).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
    expect(await read(url('/c.json', hosts[2]), addresses[2])).toEqual({});
  });

  it('end by their deadline while the host is looked up, and an answer that comes later leads nowhere', async () => {
    let release = () => {};
    const late = new Promise<void>((resolve) => {
      release = resolve;
    });
    zone = async () => {
      await late;
      return ['127.0.0.1'];
    };
    await expect(reading({ timeoutMs: 100 })(url())).rejects.toThrow(/timeout/);
    release();
    answer = json('{}');
    zone = () => ['127.0.0.1'];
    await reading()(url());
    expect(connections).toBe(1);
  });
});

describe('the URL of a document', () => {
  it.each(['https://claude.ai/oauth/claude-code-client-metadata', 'https://c.example:8443/x.json'])(
    'may be %s',
    (id) => {
      expect(isDocumentUrl(id)).toBe(true);
    },
  );

  it.each([
    'http://claude.ai/x',
    'https://claude.ai',
    'https://claude.ai/',
    'https://claude.ai/x#y',
    'https://claude.ai/x?y',
    'https://u:p@claude.ai/x',
    'https://claude.ai/a/../x',
    'https://CLAUDE.ai/x',
    'https://claude.ai:443/x',
    'https://127.0.0.1/x',
    'https://[::1]/x',
    'https://2130706433/x',
    'https://0x7f.1/x',
    'https://claude.ai/\u202ex',
    `https://claude.ai/${'x'.repeat(10_000)}`,
    'https:///x',
    '',
  ])('is never %j', (id) => {
    expect(isDocumentUrl(id)).toBe(false);
  });
});
