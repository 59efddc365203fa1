/** How clients become known: by registration, and by documents that the operator keeps. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authorizeUrl, BASE_URL, CALLBACK, type LoginGateway, startLoginGateway } from './gateway-with-login.ts';

let gateway: LoginGateway;
beforeAll(async () => {
  gateway = await startLoginGateway();
});
afterAll(() => gateway?.stop());

const register = (body: string, type = 'application/json') =>
  gateway.fetch('/register', { method: 'POST', headers: { 'content-type': type }, body });

describe('a registration', () => {
  it('is answered with what was registered, as a public client, and is known from then on', async () => {
    const answer = await register(
      JSON.stringify({
        client_name: 'Claude Code',
        redirect_uris: [CALLBACK],
        grant_types: ['authorization_code', 'refresh_token'],
        token_endpoint_auth_method: 'client_secret_post',
        scope: 'openid everything',
      }),
    );
    expect(answer.status).toBe(201);
    expect(answer.headers.get('cache-control')).toContain('no-store');
    const client = (await answer.json()) as Record<string, unknown>;
    expect(client).toEqual({
      client_id: expect.any(String),
      client_id_issued_at: expect.any(Number),
      client_name: 'Claude Code',
      redirect_uris: [CALLBACK],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    });
    const page = await gateway.browser().open(authorizeUrl(client.client_id as string));
    expect(page.status).toBe(200);
    expect(page.text).toContain('Claude Code');
  });

  it('stands in the id itself, which nobody else can make, change or read', async () => {
    const id = await gateway.register({ client_name: 'Sealed' });
    expect(id.split('.')).toHaveLength(5);
    expect(Buffer.from(id, 'base64url').toString('latin1')).not.toContain('Sealed');
    const parts = id.split('.');
    const flip = (text: string) => (text.startsWith('A') ? 'B' : 'A') + text.slice(1);
    for (const changed of [
      [parts[0], parts[1], parts[2], flip(parts[3]!), parts[4]],
      [parts[0], parts[1], flip(parts[2]!), parts[3], parts[4]],
      [Buffer.from('{"alg":"dir","enc":"A256GCM","typ":"consent"}').toString('base64url'), ...parts.slice(1)],
      [Buffer.from('{"alg":"none"}').toString('base64url'), ...parts.slice(1)],
    ]) {
      expect((await gateway.browser().open(authorizeUrl(changed.join('.')))).status).toBe(400);
    }
  });

  it.each<[string, string, string]>([
    ['no JSON', '{', 'invalid_request'],
    ['a list', '[]', 'invalid_client_metadata'],
    ['no redirect URI', '{}', 'invalid_redirect_uri'],
    ['an http address elsewhere', '{"redirect_uris":["http://client.example.com/"]}', 'invalid_redirect_uri'],
    ['a script', '{"redirect_uris":["javascript:alert(1)"]}', 'invalid_redirect_uri'],
    ['a fragment', '{"redirect_uris":["https://client.example.com/#x"]}', 'invalid_redirect_uri'],
    [
      'more addresses than an id can hold',
      JSON.stringify({ redirect_uris: [1, 2, 3, 4, 5].map((n) => `https://c.example/${n}${'x'.repeat(480)}`) }),
      'invalid_redirect_uri',
    ],
    ['another grant', `{"redirect_uris":["${CALLBACK}"],"grant_types":["password"]}`, 'invalid_client_metadata'],
    ['a key that poisons', '{"__proto__":{"redirect_uris":["http://localhost/"]}}', 'invalid_request'],
    ['deep nesting', '['.repeat(10_000), 'invalid_request'],
  ])('is refused with %s', async (_what, body, error) => {
    const answer = await register(body);
    expect(answer.status).toBe(400);
    expect(answer.headers.get('cache-control')).toContain('no-store');
    expect(await answer.json()).toMatchObject({ error, error_description: expect.any(String) });
  });

  it('is refused as a form, empty, or when it is large', async () => {
    expect((await register('redirect_uris=x', 'application/x-www-form-urlencoded')).status).toBe(400);
    expect((await gateway.fetch('/register', { method: 'POST' })).status).toBe(400);
    expect((await register(JSON.stringify({ padding: 'x'.repeat(100_000) }))).status).toBe(413);
  });
});

describe('a client with a document', () => {
  const id = 'https://client.example.com/oauth/client.json';
  let folder: string;
  let pinned: LoginGateway;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mcvsphere-clients-'));
    const file = join(folder, 'clients.json');
    const document = { client_id: id, client_name: 'Published Client', redirect_uris: [CALLBACK] };
    const secret = { ...document, client_id: `${id}-2`, client_secret: 'no secret' };
    const signed = { ...document, client_id: `${id}-3`, token_endpoint_auth_method: 'private_key_jwt' };
    await writeFile(file, JSON.stringify([document, secret, signed]));
    pinned = await startLoginGateway({ OAUTH_CLIENT_METADATA_DOCUMENTS: file });
  });
  afterAll(async () => {
    await pinned?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('that the operator keeps is known without a fetch, and is asked for consent like any other', async () => {
    const metadata = await (await pinned.fetch('/.well-known/oauth-authorization-server')).json();
    expect(metadata).toMatchObject({ client_id_metadata_document_supported: true });
    const page = await pinned.browser().open(authorizeUrl(id));
    expect(page.status).toBe(200);
    expect(page.next).toBeUndefined();
    expect(page.text).toContain('Published Client');
    expect(page.text).toContain(id);
  });

  it.each([
    ['another spelling of its URL', `${id}/`],
    ['a URL that is not listed', 'https://attacker.test/client.json'],
    ['a secret in it', `${id}-2`],
    ['a proof that is not checked here', `${id}-3`],
  ])('is not known by %s', async (_what, clientId) => {
    const page = await pinned.browser().open(authorizeUrl(clientId));
    expect(page.status).toBe(400);
    expect(page.next).toBeUndefined();
  });

  it('is never fetched from inside the network', async () => {
    const open = await startLoginGateway({ OAUTH_CLIENT_METADATA_DOCUMENTS: 'on' });
    try {
      for (const url of ['https://localhost/client.json', 'https://127.0.0.1/client.json', 'https://[::1]/x']) {
        const page = await open.browser().open(authorizeUrl(url));
        expect([page.status, page.next]).toEqual([400, undefined]);
        expect(page.text).not.toMatch(/ECONNREFUSED|public/);
      }
    } finally {
      await open.stop();
    }
  });
});

describe('the metadata', () => {
  it('names the issuer letter for letter, S256 alone, public clients, and only what is served', async () => {
    const answer = await gateway.fetch('/.well-known/oauth-authorization-server');
    expect(await answer.json()).toEqual({
      issuer: BASE_URL,
      authorization_endpoint: `${BASE_URL}/authorize`,
      token_endpoint: `${BASE_URL}/token`,
      registration_endpoint: `${BASE_URL}/register`,
      revocation_endpoint: `${BASE_URL}/revoke`,
      jwks_uri: `${BASE_URL}/jwks`,
      response_types_supported: ['code'],
      response_modes_supported: ['query'],
      grant_types_supported: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_methods_supported: ['none'],
      revocation_endpoint_auth_methods_supported: ['none'],
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
      client_id_metadata_document_supported: false,
    });
    expect((await gateway.fetch('/.well-known/openid-configuration')).status).toBe(404);
  });

  it('of the resource leads to this server', async () => {
    for (const path of ['/mcp', '']) {
      const answer = await gateway.fetch(`/.well-known/oauth-protected-resource${path}`);
      expect(await answer.json()).toMatchObject({ resource: `${BASE_URL}/mcp`, authorization_servers: [BASE_URL] });
    }
  });

  it('holds public keys and no private part', async () => {
    const { keys } = (await (await gateway.fetch('/jwks')).json()) as { keys: Record<string, unknown>[] };
    expect(keys).toMatchObject([{ kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' }]);
    expect(keys[0]).not.toHaveProperty('d');
  });
});
