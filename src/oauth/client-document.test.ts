import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createDocumentReader, isDocumentUrl } from './client-document.ts';

const HOST = 'client.example.com';
const files = mkdtempSync(join(tmpdir(), 'mcvsphere-document-'));
let ca: string;
let answer: RequestListener;
let server: Server;
let requests: number;

beforeAll(async () => {
  const [cert, key] = [join(files, 'cert.pem'), join(files, 'key.pem')];
  execFileSync(
    'openssl',
    // biome-ignore format: one option a line says no more
    ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', `/CN=${HOST}`,
     '-addext', `subjectAltName=DNS:${HOST}`, '-keyout', key, '-out', cert],
    { stdio: 'ignore' },
  );
  ca = readFileSync(cert, 'utf8');
  server = createServer({ cert: ca, key: readFileSync(key) }, (request, response) => {
    requests += 1;
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => server.closeAllConnections());
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(files, { recursive: true });
});

const url = (path = '/client.json') => `https://${HOST}:${(server.address() as AddressInfo).port}${path}`;
const json =
  (body: string, headers: Record<string, string> = {}): RequestListener =>
  (_request, response) =>
    void response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(body);

function reading(addresses = ['127.0.0.1'], isAllowed: (address: string) => boolean = () => true) {
  requests = 0;
  const resolve = async () => addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  return createDocumentReader({ resolve, isAllowed, ca, timeoutMs: 500 });
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

  it.each([
    ['one address that is not public', ['127.0.0.1']],
    ['a public address and one that is not', ['93.184.216.34', '127.0.0.1']],
    ['a mapped address', ['::ffff:127.0.0.1']],
    ['no address', []],
  ])('is not asked for where the host has %s', async (_what, addresses) => {
    answer = json('{}');
    requests = 0;
    const resolve = async () => addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    await expect(createDocumentReader({ resolve, ca, timeoutMs: 500 })(url())).rejects.toThrow(/not public/);
    expect(requests).toBe(0);
  });

  it('is fetched from the address that was checked, whatever a second look-up would say', async () => {
    let lookups = 0;
    const resolve = async () => {
      lookups += 1;
      return [{ address: lookups === 1 ? '127.0.0.1' : '127.0.0.2', family: 4 }];
    };
    answer = json('{"ok":true}');
    expect(await createDocumentReader({ resolve, isAllowed: (a) => a === '127.0.0.1', ca })(url())).toEqual({
      ok: true,
    });
    expect(lookups).toBe(1);
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
    await expect(reading()(url())).rejects.toThrow();
    expect(requests).toBe(1);
  });

  it('is refused from a server without a certificate for that name', async () => {
    answer = json('{}');
    const resolve = async () => [{ address: '127.0.0.1', family: 4 }];
    const read = createDocumentReader({ resolve, isAllowed: () => true, ca });
    await expect(read(url().replace(HOST, 'other.example.com'))).rejects.toThrow(/altnames|certificate/);
    await expect(createDocumentReader({ resolve, isAllowed: () => true })(url())).rejects.toThrow(/certificate/);
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
