/** `mcvsphere doctor` where people log in: its folder, key and store, a real Redis, and the lab's provider. */
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { IdentityProvider } from '../../lab/identity-provider/identity-provider.ts';
import { startProviderFor } from '../login-clients/stage.ts';
import { BASE_URL, vcenterEnv } from '../support/gateway.ts';
import {
  type GatewayProcess,
  HELD_BY_PERMISSIONS,
  runCommand,
  startGatewayProcess,
} from '../support/gateway-process.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';

const PATIENCE_MS = 60_000;
const KEY = randomBytes(32).toString('hex');

describe.skipIf(!(await vcsimAvailable()))('doctor on a gateway with a login', { timeout: PATIENCE_MS }, () => {
  let vcsim: Vcsim;
  let provider: IdentityProvider;
  let login: Record<string, string>;
  let folder: string;
  let state: string;
  beforeAll(async () => {
    const [simulator, started] = await Promise.all([
      startVcsim({ vm: 1, username: 'svc', password: 'known to vCenter' }),
      startProviderFor(BASE_URL),
    ]);
    vcsim = simulator;
    ({ provider, env: login } = started);
  });
  afterAll(() => Promise.all([vcsim?.stop(), provider?.stop()]));
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mcvs-doctor-'));
    state = join(folder, 'state');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const environment = (more: Record<string, string>): Record<string, string> => ({
    ...vcenterEnv(vcsim),
    ...login,
    OAUTH_STATE_DIR: state,
    AUDIT_FILE: join(folder, 'audit', 'audit.jsonl'),
    ...more,
  });

  async function doctor(more: Record<string, string> = {}) {
    const env = environment(more);
    const { code, stdout, stderr } = await runCommand(['doctor'], env, HELD_BY_PERMISSIONS);
    const secrets = [env.OAUTH_CLIENT_SECRET, env.OAUTH_SIGNING_KEY, env.VCENTER_PASSWORD, 'hunter2', KEY];
    for (const secret of secrets) if (secret) expect(stdout + stderr).not.toContain(secret);
    expect(stderr).toBe('');
    /** What is said of one thing, with its state in front. */
    const line = (name: string) => stdout.split('\n').find((text) => text.slice(6).startsWith(`${name}:`)) ?? '';
    return { code, stdout, line };
  }

  it('says ok of all before the first start, and makes nothing', async () => {
    const { code, stdout, line } = await doctor();
    expect(code, stdout).toBe(0);
    expect(line('public address')).toBe(`ok    public address: ${BASE_URL}`);
    expect(line('state folder')).toBe(`ok    state folder: ${state} will be made at the first start`);
    expect(line('signing key')).toBe(`ok    signing key: ${state}/oauth.key will be made at the first start`);
    expect(line('session store')).toMatch(/^ok .* in memory, to be saved in .*sessions\.snapshot$/);
    expect(line('client at the provider')).toMatch(/^ok .* mcvsphere is accepted with it \(client_secret_post\)$/);
    expect(line('redirect URI')).toMatch(/^ok .*https:\/\/mcp\.example\.com\/auth\/callback is registered/);
    expect(await readdir(folder)).toEqual([]);
  });

  describe('beside a running gateway', () => {
    let gateway: GatewayProcess;
    beforeEach(async () => {
      gateway = await startGatewayProcess(environment({}));
    });
    afterEach(async () => void (await gateway.end('SIGKILL')));

    it('says that the folder is in its use, and disturbs nothing', async () => {
      const { code, stdout, line } = await doctor();
      expect(code, stdout).toBe(0);
      expect(line('state folder')).toMatch(
        new RegExp(`^ok .* open to this user only, in use by the gateway that runs as process ${gateway.pid}$`),
      );
      expect(line('signing key')).toMatch(/^ok .*oauth\.key, ES256, kid [\w-]{43}$/);
      const listed = await runCommand(['sessions', 'list'], environment({}));
      expect(listed).toMatchObject({ code: 0, stdout: '', stderr: '' });
    });

    it('tells saved sessions that the key does not open, and leaves them where they are', async () => {
      expect(await gateway.end()).toBe(0);
      expect((await doctor()).line('session store')).toMatch(/^ok .* saved in .*sessions\.snapshot \(0 entries\)$/);
      const { code, line } = await doctor({ OAUTH_SIGNING_KEY: KEY });
      expect(code).toBe(0);
      expect(line('session store')).toMatch(/^warn .*made with another key: the next start sets it aside/);
      expect((await readdir(state)).sort()).toEqual(['oauth.key', 'sessions.snapshot']);
      expect(line('signing key')).toMatch(/^ok .*OAUTH_SIGNING_KEY, ES256, kid [\w-]{43}$/);
    });
  });

  it.each([
    ['is open to others', () => chmod(state, 0o755), 'state folder', /mode 755.*chmod 700 \/.*\/state$/],
    ['cannot be written', () => chmod(state, 0o500), 'state folder', /cannot be written \(EACCES\)/],
    [
      'holds a key that others may read',
      () => writeFile(join(state, 'oauth.key'), KEY, { mode: 0o644 }),
      'signing key',
      /oauth\.key must be readable by its owner only: chmod 600/,
    ],
    [
      'holds a spoilt key',
      () => writeFile(join(state, 'oauth.key'), 'hunter2', { mode: 0o600 }),
      'signing key',
      /oauth\.key holds no key any more/,
    ],
    [
      'holds sessions that cannot be read',
      () => mkdir(join(state, 'sessions.snapshot')),
      'session store',
      /sessions\.snapshot cannot be read \(EISDIR\)/,
    ],
  ])('tells a folder that %s', async (_what, spoil, name, text) => {
    await mkdir(state, { mode: 0o700 });
    await spoil();
    const { code, line } = await doctor();
    expect(code).toBe(1);
    expect(line(name)).toMatch(/^FAIL/);
    expect(line(name)).toMatch(text);
    expect(line('audit file')).toMatch(/^ok/);
  });

  it.each([
    ['hunter2'.repeat(5).slice(0, 33).replaceAll(/./g, 'a'), /OAUTH_SIGNING_KEY must be a key, or at least 32 random/],
    ['-----BEGIN PRIVATE KEY-----\nhunter2hunter2hunter2\n-----END PRIVATE KEY-----', /curve P-256/],
    ['{"kty":"RSA","hunter2":"hunter2hunter2hunter2"}', /curve P-256/],
  ])('tells a signing key that is none: %#', async (key, text) => {
    const { code, line } = await doctor({ OAUTH_SIGNING_KEY: key });
    expect(code).toBe(1);
    expect(line('signing key')).toMatch(/^FAIL/);
    expect(line('signing key')).toMatch(text);
  });

  it('counts the keys of a rotation', async () => {
    const { line } = await doctor({ OAUTH_SIGNING_KEY: `${KEY} ${randomBytes(32).toString('hex')}` });
    expect(line('signing key')).toMatch(/^ok .* kid [\w-]{43}; 1 older still accepted$/);
  });

  it.each([
    ['secret', { OAUTH_CLIENT_SECRET: 'hunter2' }, 'client at the provider', /invalid_client.*OAUTH_CLIENT_SECRET/],
    ['client', { OAUTH_CLIENT_ID: 'nobody' }, 'client at the provider', /invalid_client.*OAUTH_CLIENT_ID/],
    [
      'way to show the secret',
      { OAUTH_TOKEN_AUTH_METHOD: 'none', OAUTH_CLIENT_SECRET: '' },
      'client at the provider',
      /OAUTH_TOKEN_AUTH_METHOD/,
    ],
    ['redirect URI', { OAUTH_BASE_URL: 'https://other.example.com' }, 'redirect URI', /400.*register exactly that/],
  ])('tells a %s that the provider does not know', async (_what, env, name, text) => {
    const { code, line } = await doctor(env);
    expect(code).toBe(1);
    expect(line(name)).toMatch(/^FAIL/);
    expect(line(name)).toMatch(text);
    expect(line('clock of the provider')).toMatch(/^ok/);
  });

  it('tells parameters of the login that the provider refuses', async () => {
    const { code, line } = await doctor({ OAUTH_EXTRA_AUTH_PARAMS: 'resource=nowhere' });
    expect(code).toBe(1);
    expect(line('redirect URI')).toMatch(/^FAIL .*\(invalid_target.*OAUTH_EXTRA_AUTH_PARAMS/);
  });

  it.each([
    ['http://127.0.0.1:8080', /^ok .*people on this machine only/],
    ['http://mcp.example.com', /^warn .*is http: .*proxy with TLS/],
  ])('judges the public address %s', async (address, text) => {
    expect((await doctor({ OAUTH_BASE_URL: address })).line('public address')).toMatch(text);
  });

  describe('with Redis', () => {
    let redis: RedisServer;
    let admin: Redis;
    beforeAll(async () => {
      redis = await startRedis();
    });
    afterAll(() => redis?.stop());
    beforeEach(() => {
      admin = new Redis(redis.url);
    });
    afterEach(async () => {
      await admin.config('SET', 'requirepass', '');
      admin.disconnect();
    });
    const shared = (url = redis.url) => ({ OAUTH_STORE_URL: url, OAUTH_SIGNING_KEY: KEY });
    const withUser = (user: string, password: string) => redis.url.replace('//', `//${user}:${password}@`);

    it('says its version and address, leaves nothing there, and looks at no folder', async () => {
      const { code, stdout, line } = await doctor(shared());
      expect(code, stdout).toBe(0);
      expect(line('session store')).toMatch(/^ok {4}session store: Redis \d+\.\d+\.\d+ at 127\.0\.0\.1:\d+$/);
      expect(line('state folder')).toBe('');
      expect(await admin.keys('*')).toEqual([]);
    });

    it('tells a password that is wrong, and one that is missing', async () => {
      await admin.config('SET', 'requirepass', 'the right one');
      for (const url of [redis.url, withUser('', 'hunter2')]) {
        const { code, line } = await doctor(shared(url));
        expect(code).toBe(1);
        expect(line('session store')).toMatch(/^FAIL .*127\.0\.0\.1:\d+ answers and refuses the user or password/);
      }
      expect((await doctor(shared(withUser('', encodeURIComponent('the right one'))))).code).toBe(0);
    });

    it('tells a server that lacks a command, a right or the database', async () => {
      await admin.call('ACL', 'SETUSER', 'limited', 'on', '>hunter2', '~*', '+@all', '-eval');
      const limited = await doctor(shared(withUser('limited', 'hunter2')));
      expect(limited.line('session store')).toMatch(/^FAIL .*NOPERM.*its user must be allowed that/);
      const database = await doctor(shared(`${redis.url}/99`));
      expect(database.line('session store')).toMatch(/^FAIL .*names no database/);
      const old = await startRedis(['--rename-command', 'GETDEL', '']);
      try {
        const { code, line } = await doctor(shared(old.url));
        expect(code).toBe(1);
        expect(line('session store')).toMatch(/^FAIL .*unknown command.*it must be Redis 6\.2 or later, or Valkey/);
      } finally {
        await old.stop();
      }
    });

    it('tells a server that is away, or holds still, within seconds', async () => {
      const away = await doctor(shared('redis://:hunter2@127.0.0.1:1'));
      expect(away.line('session store')).toMatch(/^FAIL .*127\.0\.0\.1:1 cannot be reached \(.*ECONNREFUSED/);
      redis.pause();
      try {
        const { code, line } = await doctor(shared());
        expect(code).toBe(1);
        expect(line('session store')).toMatch(/^FAIL .*cannot be reached/);
        expect(line('audit file')).toMatch(/^ok/);
      } finally {
        redis.resume();
      }
    });

    it('warns of a gateway there that has another key', async () => {
      const gateway = await startGatewayProcess(environment({ ...shared(), OAUTH_SIGNING_KEY: 'x'.repeat(4) + KEY }));
      await gateway.end();
      const { code, line } = await doctor(shared());
      expect(line('session store')).toMatch(/^warn .*another OAUTH_SIGNING_KEY\. All replicas must have the same/);
      expect(code).toBe(0);
      await admin.flushall();
    });
  });

  describe('with a provider that does not tell', () => {
    async function at(answer: RequestListener) {
      const server = createServer((request, response) => {
        const issuer = `http://${request.headers.host}`;
        if (request.url?.startsWith('/token') || request.url?.startsWith('/auth')) return answer(request, response);
        response.setHeader('content-type', 'application/json').end(
          JSON.stringify({
            issuer,
            jwks_uri: `${issuer}/jwks`,
            keys: [],
            authorization_endpoint: `${issuer}/auth`,
            token_endpoint: `${issuer}/token`,
          }),
        );
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      try {
        return await doctor({ OAUTH_ISSUER_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
      } finally {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    }

    it('warns, and says what to look for there', async () => {
      const { line } = await at((request, response) => {
        if (request.url?.startsWith('/auth')) return response.end('<h1>Log in</h1>');
        return response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"invalid_request"}');
      });
      expect(line('client at the provider')).toMatch(/^warn .*invalid_request.*secret is this one/);
      expect(line('redirect URI')).toMatch(/^warn .*answers 200.*mcp\.example\.com\/auth\/callback is registered/);
    });

    it('says that it does not answer', async () => {
      const { code, line } = await at((_request, response) => response.writeHead(503).end('hunter2'));
      expect(code).toBe(1);
      expect(line('client at the provider')).toMatch(/^FAIL .*token endpoint of the provider does not answer/);
      expect(line('redirect URI')).toMatch(/^FAIL .*authorization endpoint of the provider answers 503/);
    });
  });
});
