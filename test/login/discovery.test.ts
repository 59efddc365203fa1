import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/config.ts';
import { readLocalFile } from '../../src/config/files.ts';
import { vcenterEnv } from '../support/gateway.ts';
import { BASE_URL, type LoginLab, NO_VCENTER, RESOURCE, startLoginLab } from '../support/login.ts';
import { post } from '../support/mcp.ts';

let lab: LoginLab;
beforeAll(async () => {
  lab = await startLoginLab();
});
afterAll(() => lab?.stop());

async function get(path: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(lab.origin + path);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

describe('the way from a refused call to the login', () => {
  it('leads from the challenge to the resource, and from there to an issuer that names itself the same', async () => {
    const refused = await post(lab.mcp, { jsonrpc: '2.0', id: 1, method: 'tools/list' });
    expect(refused.status).toBe(401);
    const challenge = refused.headers.get('www-authenticate') ?? '';
    expect(challenge).not.toContain('error');
    const metadataUrl = new URL(/resource_metadata="([^"]+)"/.exec(challenge)?.[1] ?? '');
    expect(metadataUrl.origin).toBe(BASE_URL);

    const resource = await get(metadataUrl.pathname);
    expect(resource.body).toMatchObject({ resource: RESOURCE, authorization_servers: [BASE_URL] });
    expect((await get('/.well-known/oauth-protected-resource')).body).toEqual(resource.body);

    const { status, body } = await get('/.well-known/oauth-authorization-server');
    expect(status).toBe(200);
    expect(body.issuer).toBe(BASE_URL);
  });

  it('advertises S256 alone, public clients, and that answers carry the issuer', async () => {
    const { body } = await get('/.well-known/oauth-authorization-server');
    expect(body).toMatchObject({
      code_challenge_methods_supported: ['S256'],
      response_types_supported: ['code'],
      token_endpoint_auth_methods_supported: ['none'],
      authorization_response_iss_parameter_supported: true,
      client_id_metadata_document_supported: false,
    });
  });

  it('serves every endpoint that it names, under its own origin', async () => {
    const { body } = await get('/.well-known/oauth-authorization-server');
    for (const [name, url] of Object.entries(body)) {
      if (!/_(endpoint|uri)$/.test(name)) continue;
      expect(String(url)).toMatch(new RegExp(`^${BASE_URL}/`));
      const address = lab.origin + String(url).slice(BASE_URL.length);
      const answers = await Promise.all([fetch(address), fetch(address, { method: 'POST' })]);
      // Whatever a bare request means there: somebody is at home.
      expect(
        answers.some(({ status }) => status !== 404),
        name,
      ).toBe(true);
    }
  });

  it('is no OpenID provider: there is no such metadata', async () => {
    expect((await get('/.well-known/openid-configuration')).status).toBe(404);
  });

  it('publishes public keys only', async () => {
    const { body } = await get('/jwks');
    const keys = body.keys as Record<string, unknown>[];
    expect(keys.length).toBeGreaterThan(0);
    for (const key of keys) {
      expect(key).toMatchObject({ kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' });
      expect(key).not.toHaveProperty('d');
    }
  });
});

describe('the base URL', () => {
  const environment = {
    ...vcenterEnv(NO_VCENTER),
    MCP_TRANSPORT: 'streamable-http',
    OAUTH_ENABLED: 'true',
    OAUTH_ISSUER_URL: 'https://id.example.com',
    OAUTH_BASE_URL: 'http://mcp.example.com',
    OAUTH_CLIENT_ID: 'mcvsphere',
    OAUTH_CLIENT_SECRET: 'secret',
    AUDIT_KEY: 'a test key that is long enough for an audit chain',
  };

  it('must be https', () => {
    const loaded = loadConfig(environment, readLocalFile);
    expect(loaded.ok).toBe(false);
    expect(loaded.ok ? [] : loaded.problems.map(({ name }) => name)).toEqual(['OAUTH_BASE_URL']);
  });

  it('may be http behind the switch for development', () => {
    expect(loadConfig({ ...environment, OAUTH_ALLOW_INSECURE: 'true' }, readLocalFile).ok).toBe(true);
  });
});
