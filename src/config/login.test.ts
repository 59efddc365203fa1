import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { type Config, loadConfig } from './config.ts';
import type { LoginConfig } from './login.ts';

const base = {
  VCENTER_HOST: 'vc.example.com',
  VCENTER_USER: 'svc',
  VCENTER_PASSWORD: 'pw-of-vcenter',
  HOME: '/home/op',
  OAUTH_ENABLED: 'true',
  OAUTH_ISSUER_URL: 'https://login.example.com',
  OAUTH_BASE_URL: 'https://mcp.example.com',
};
const login = { ...base, OAUTH_CLIENT_ID: 'mcvsphere', OAUTH_CLIENT_SECRET: 'the-client-secret' };

function load(env: Record<string, string>, files: Record<string, string> = {}) {
  return loadConfig(env, (path) => {
    const text = files[path];
    if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
    return { text, mode: 0o600 };
  });
}

function accepted(env: Record<string, string>, files = {}): NonNullable<Config['oauth']> {
  const loaded = load(env, files);
  if (!loaded.ok) throw new Error(`refused: ${JSON.stringify(loaded.problems)}`);
  return loaded.config.oauth!;
}

function loginOf(env: Record<string, string>, files = {}): LoginConfig {
  const { login: found } = accepted({ ...login, ...env }, files);
  if (found === undefined) throw new Error('no login');
  return found;
}

function problemsOf(env: Record<string, string>, files = {}) {
  const loaded = load({ ...login, ...env }, files);
  return loaded.ok ? [] : loaded.problems.map(({ name }) => name);
}

describe('the login', () => {
  it('is on where there is a client, and needs no more than its secret', () => {
    const { login: found, audience } = accepted(login);
    expect(audience).toBeUndefined();
    expect({ ...found, clientSecret: found!.clientSecret!.reveal() }).toEqual({
      clientId: 'mcvsphere',
      clientSecret: 'the-client-secret',
      tokenAuthMethod: 'client_secret_post',
      extraAuthParams: [],
      claimsSources: ['id_token', 'userinfo', 'access_token', 'introspection'],
      introspection: false,
      tokenTtlSeconds: 3600,
      groupsMaxAgeSeconds: 300,
      groupsMaxStaleSeconds: 900,
      sessionMaxSeconds: 43_200,
      stateDir: '/home/op/.local/state/mcvsphere',
      replicas: 1,
      clientMetadataDocuments: 'off',
    });
  });

  it('is off without a client, and an audience is needed then', () => {
    expect(accepted({ ...base, OAUTH_AUDIENCE: 'a' }).login).toBeUndefined();
    const loaded = load(base);
    expect(loaded.ok ? [] : loaded.problems.map(({ name }) => name)).toEqual(['OAUTH_AUDIENCE']);
  });

  it('takes tokens of the provider as well where there is an audience', () => {
    expect(accepted({ ...login, OAUTH_AUDIENCE: 'https://mcp.example.com/mcp' })).toMatchObject({
      audience: 'https://mcp.example.com/mcp',
      login: { clientId: 'mcvsphere' },
    });
  });

  it('tells of options that do nothing without it', () => {
    const env = { ...base, OAUTH_AUDIENCE: 'a', OAUTH_SCOPES: 'openid', OAUTH_CLIENT_SECRET_FILE: '/secret' };
    const warned = load(env, { '/secret': 'x' }).warnings.join();
    expect(warned).toContain('OAUTH_CLIENT_SECRET, OAUTH_SCOPES: without OAUTH_CLIENT_ID');
  });

  it('reads every option', () => {
    const found = loginOf(
      {
        OAUTH_TOKEN_AUTH_METHOD: 'client_secret_basic',
        OAUTH_SCOPES: 'profile  api://x/.default profile',
        OAUTH_EXTRA_AUTH_PARAMS: 'access_type=offline&prompt=consent+please%26',
        OAUTH_CLAIMS_SOURCES: 'access_token, userinfo',
        OAUTH_INTROSPECTION: 'yes',
        OAUTH_TOKEN_TTL: '600',
        OAUTH_GROUPS_MAX_AGE: '60',
        OAUTH_GROUPS_MAX_STALE: '60',
        OAUTH_SESSION_MAX: '3600',
        OAUTH_SIGNING_KEY_FILE: '/key',
        OAUTH_STORE_URL: 'rediss://user:redis-password@redis.example.com:6380/2',
        OAUTH_STATE_DIR: '/var/lib/mcvsphere',
        MCP_REPLICAS: '3',
      },
      { '/key': `${'0123456789abcdef'.repeat(4)}\n` },
    );
    expect(found).toMatchObject({
      tokenAuthMethod: 'client_secret_basic',
      scopes: ['openid', 'profile', 'api://x/.default'],
      extraAuthParams: [
        ['access_type', 'offline'],
        ['prompt', 'consent please&'],
      ],
      claimsSources: ['access_token', 'userinfo'],
      introspection: true,
      tokenTtlSeconds: 600,
      groupsMaxAgeSeconds: 60,
      groupsMaxStaleSeconds: 60,
      sessionMaxSeconds: 3600,
      stateDir: '/var/lib/mcvsphere',
      replicas: 3,
    });
    expect(found.signingKey!.reveal()).toBe('0123456789abcdef'.repeat(4));
    expect(found.storeUrl!.reveal()).toBe('rediss://user:redis-password@redis.example.com:6380/2');
    for (const printed of [inspect(found, { depth: 5 }), JSON.stringify(found)]) {
      expect(printed).not.toMatch(/the-client-secret|redis-password|0123456789abcdef/);
    }
    expect(Object.isFrozen(found) && Object.isFrozen(found.scopes) && Object.isFrozen(found.extraAuthParams)).toBe(
      true,
    );
  });

  it('needs a secret unless it is said that there is none', () => {
    expect(problemsOf({ OAUTH_CLIENT_SECRET: '' })).toEqual(['OAUTH_CLIENT_SECRET']);
    expect(problemsOf({ OAUTH_TOKEN_AUTH_METHOD: 'none' })).toEqual(['OAUTH_CLIENT_SECRET']);
    expect(loginOf({ OAUTH_CLIENT_SECRET: '', OAUTH_TOKEN_AUTH_METHOD: 'none' })).not.toHaveProperty('clientSecret');
  });

  it.each([
    [{ MCP_REPLICAS: '2' }, ['OAUTH_STORE_URL', 'OAUTH_SIGNING_KEY']],
    [{ MCP_REPLICAS: '2', OAUTH_STORE_URL: 'redis://r' }, ['OAUTH_SIGNING_KEY']],
    [{ MCP_REPLICAS: '2', OAUTH_SIGNING_KEY: 'k'.repeat(32) }, ['OAUTH_STORE_URL']],
    [{ MCP_REPLICAS: '2', OAUTH_SIGNING_KEY: 'k'.repeat(32), OAUTH_STORE_URL: 'redis://r' }, []],
  ])('of several replicas shares store and key: %j', (env, problems) => {
    expect(problemsOf(env)).toEqual(problems);
  });

  it('does not keep groups for a shorter time than it reads them', () => {
    expect(problemsOf({ OAUTH_GROUPS_MAX_AGE: '300', OAUTH_GROUPS_MAX_STALE: '299' })).toEqual([
      'OAUTH_GROUPS_MAX_STALE',
    ]);
  });

  it.each([
    ['OAUTH_EXTRA_AUTH_PARAMS', 'state=x'],
    ['OAUTH_EXTRA_AUTH_PARAMS', 'redirect_uri=https://attacker.example'],
    ['OAUTH_EXTRA_AUTH_PARAMS', 'code_challenge_method=plain'],
    ['OAUTH_EXTRA_AUTH_PARAMS', 'response_mode=fragment'],
    ['OAUTH_EXTRA_AUTH_PARAMS', 'request=eyJ'],
    ['OAUTH_EXTRA_AUTH_PARAMS', 'a=1&a=2'],
    ['OAUTH_EXTRA_AUTH_PARAMS', 'a=%0d%0a'],
    ['OAUTH_EXTRA_AUTH_PARAMS', '=x'],
    ['OAUTH_SCOPES', 'openid "x"'],
    ['OAUTH_SCOPES', 'openid\tprofile'],
    ['OAUTH_CLAIMS_SOURCES', 'id_token,graph'],
    ['OAUTH_CLAIMS_SOURCES', ','],
    ['OAUTH_TOKEN_AUTH_METHOD', 'private_key_jwt'],
    ['OAUTH_TOKEN_TTL', '0'],
    ['OAUTH_TOKEN_TTL', '1h'],
    ['OAUTH_SESSION_MAX', '99999999'],
    ['OAUTH_SIGNING_KEY', 'short'],
    ['OAUTH_STORE_URL', 'http://redis'],
    ['OAUTH_STORE_URL', 'redis://'],
    ['OAUTH_STORE_URL', 'redis://r/x'],
    ['OAUTH_STORE_URL', 'redis.example.com:6379'],
    ['OAUTH_STATE_DIR', 'state'],
    ['OAUTH_CLIENT_METADATA_DOCUMENTS', 'clients.json'],
    ['MCP_REPLICAS', '0'],
  ])('refuses %s=%s', (name, value) => {
    expect(problemsOf({ [name]: value })).toEqual([name]);
  });
});

describe('client metadata documents', () => {
  const claude = {
    client_id: 'https://claude.ai/oauth/claude-code-client-metadata',
    redirect_uris: ['http://localhost/'],
  };
  const name = 'OAUTH_CLIENT_METADATA_DOCUMENTS';

  it('are fetched only where that is switched on', () => {
    expect(loginOf({ [name]: 'on' }).clientMetadataDocuments).toBe('on');
    expect(loginOf({ [name]: 'false' }).clientMetadataDocuments).toBe('off');
  });

  it.each([
    ['one', claude],
    ['a list', [claude]],
  ])('can be pinned by a file that holds %s', (_, document) => {
    const found = loginOf({ [name]: '/clients.json' }, { '/clients.json': JSON.stringify(document) });
    expect(found.clientMetadataDocuments).toEqual({ pinned: new Map([[claude.client_id, claude]]) });
  });

  it.each([
    ['is not there', undefined],
    ['is not JSON', '{'],
    ['holds a text', '"https://claude.ai"'],
    ['holds no id', '[{"redirect_uris": []}]'],
    ['holds an id that is no https: URL', '{"client_id": "http://claude.ai/x"}'],
    ['holds an id that is a number', '{"client_id": 5}'],
    ['holds one id twice', JSON.stringify([claude, claude])],
    ['holds an endless id', JSON.stringify({ client_id: `https://a/${'x'.repeat(3000)}` })],
    ['nests without end', `${'['.repeat(100_000)}`],
  ])('are refused where the file %s', (_, text) => {
    expect(problemsOf({ [name]: '/c' }, text === undefined ? {} : { '/c': text })).toEqual([name]);
  });
});
