import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { startIssuer } from '../../test/support/issuer.ts';
import { discoverProvider } from './discovery.ts';
import { DiscoveryError } from './errors.ts';

let server: Server | undefined;
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  server = undefined;
});

async function serve(answer: (issuer: string) => RequestListener): Promise<string> {
  server = createServer((request, response) => answer(issuer)(request, response));
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return issuer;
}

const json =
  (body: unknown): RequestListener =>
  (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
const failureOf = async (issuer: string, more = {}) => {
  const error: unknown = await discoverProvider({ issuer, allowInsecure: true, ...more }).catch(
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(DiscoveryError);
  return error as DiscoveryError;
};

describe('discovery', () => {
  it('finds the keys of a real provider', async () => {
    const issuer = await startIssuer();
    try {
      expect(await discoverProvider({ issuer: issuer.issuer, allowInsecure: true })).toMatchObject({
        issuer: issuer.issuer,
        jwksUri: issuer.jwksUri,
      });
    } finally {
      await issuer.stop();
    }
  });

  it('takes the name of the issuer as the provider spells it', async () => {
    const issuer = await serve((own) => json({ issuer: `${own}/`, jwks_uri: `${own}/jwks` }));
    expect(await discoverProvider({ issuer, allowInsecure: true })).toMatchObject({ issuer: `${issuer}/` });
  });

  it('keeps to https: unless it was told otherwise', async () => {
    const failure = await failureOf('http://127.0.0.1:1', { allowInsecure: false });
    expect(failure.reason).toBe('http_refused');
    expect(failure.message).toContain('OAUTH_ALLOW_INSECURE');
  });

  it.each<[string, string, (issuer: string) => RequestListener]>([
    [
      'another issuer',
      'issuer_mismatch',
      () => json({ issuer: 'https://attacker.test', jwks_uri: 'https://attacker.test/jwks' }),
    ],
    [
      'an issuer with another path',
      'issuer_mismatch',
      (own) => json({ issuer: `${own}/realm`, jwks_uri: `${own}/jwks` }),
    ],
    [
      'an issuer for any tenant',
      'issuer_mismatch',
      (own) => json({ issuer: `${own}/{tenantid}`, jwks_uri: `${own}/jwks` }),
    ],
    ['no issuer', 'not_json', () => json({})],
    ['a page', 'not_json', () => (_request, response) => response.setHeader('content-type', 'text/html').end('<p>')],
    [
      'broken JSON',
      'not_json',
      () => (_request, response) => response.setHeader('content-type', 'application/json').end('{'),
    ],
    ['not found', 'not_found', () => (_request, response) => response.writeHead(404).end()],
    [
      'a redirect',
      'not_found',
      () => (_request, response) => response.writeHead(302, { location: 'https://attacker.test' }).end(),
    ],
    ['no keys', 'incomplete', (own) => json({ issuer: own })],
    ['a place for keys that is no URL', 'incomplete', (own) => json({ issuer: own, jwks_uri: 'jwks' })],
    ['a closed connection', 'unreachable', () => (_request, response) => response.destroy()],
    ['a large document', 'unreachable', (own) => json({ issuer: own, jwks_uri: own, padding: 'x'.repeat(300_000) })],
  ])('refuses %s', async (_what, reason, answer) => {
    const issuer = await serve(answer);
    const failure = await failureOf(issuer);
    expect(failure.reason).toBe(reason);
    expect(failure.message).toContain(issuer);
    expect(failure.message).not.toContain('attacker');
  });

  it('does not take the document of every tenant for that of one', async () => {
    const issuer = 'https://login.microsoftonline.com/common/v2.0';
    const metadata = {
      issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0',
      jwks_uri: 'https://login.microsoftonline.com/common/discovery/v2.0/keys',
    };
    const failure = await failureOf(issuer, { fetch: async () => Response.json(metadata) });
    expect(failure.reason).toBe('issuer_mismatch');
  });

  it('gives up on a provider that does not answer', async () => {
    const issuer = await serve(() => () => {});
    expect((await failureOf(issuer, { timeoutMs: 200 })).reason).toBe('timeout');
  });

  it('says that nobody is there', async () => {
    const issuer = await serve(() => json({}));
    await new Promise((resolve) => server!.close(resolve));
    server = undefined;
    expect((await failureOf(issuer)).reason).toBe('unreachable');
  });
});
