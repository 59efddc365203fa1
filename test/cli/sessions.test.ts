/** `mcvsphere sessions` beside a running gateway: with its embedded store, and with a Redis that both know. */
import { execFile } from 'node:child_process';
import { access, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  authorizeUrl,
  BASE_URL,
  CALLBACK,
  type LoginGateway,
  logIn,
  parametersOf,
  RESOURCE,
  startLoginGateway,
  VERIFIER,
} from '../oauth/gateway-with-login.ts';
import { MAIN } from '../support/gateway-process.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';

const SIGNING_KEY = 'b7e151628aed2a6abf7158809cf4f3c762e7160f38b4da56a784d9045190cfef';

let redis: RedisServer;
let folder: string;
beforeAll(async () => {
  redis = await startRedis();
  folder = await mkdtemp(join(tmpdir(), 'mcvsphere-cli-'));
});
afterAll(async () => {
  await redis.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The gateway's own options of the login, which the command is given, too. */
function loginEnv(kind: 'embedded' | 'Redis'): Record<string, string> {
  return {
    OAUTH_SIGNING_KEY: SIGNING_KEY,
    OAUTH_STATE_DIR: join(folder, kind),
    ...(kind === 'Redis' ? { OAUTH_STORE_URL: redis.url } : {}),
  };
}

function sessions(gateway: LoginGateway, env: Record<string, string>, ...args: string[]) {
  const all = {
    PATH: process.env.PATH,
    VCENTER_HOST: '127.0.0.1:9',
    VCENTER_USER: 'nobody',
    VCENTER_PASSWORD: 'nothing',
    OAUTH_ENABLED: 'true',
    OAUTH_ISSUER_URL: gateway.provider.issuer,
    OAUTH_BASE_URL: BASE_URL,
    OAUTH_ALLOW_INSECURE: 'true',
    OAUTH_CLIENT_ID: 'mcvsphere',
    OAUTH_CLIENT_SECRET: 'not needed here',
    AUDIT_FILE: join(env.OAUTH_STATE_DIR!, 'audit.jsonl'),
    ...env,
  };
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, [MAIN, 'sessions', ...args], { env: all }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });
}

async function accessToken(gateway: LoginGateway, name: string): Promise<string> {
  const client = await gateway.register();
  const { code } = parametersOf(await logIn(gateway.browser(), authorizeUrl(client), name));
  const answer = await gateway.form('/token', {
    grant_type: 'authorization_code',
    code: code!,
    client_id: client,
    redirect_uri: CALLBACK,
    code_verifier: VERIFIER,
    resource: RESOURCE,
  });
  return ((await answer.json()) as { access_token: string }).access_token;
}

/** How /mcp answers a token. */
async function statusOf(gateway: LoginGateway, token: string): Promise<number> {
  const answer = await gateway.fetch('/mcp', {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} }),
  });
  await answer.body?.cancel();
  return answer.status;
}

/** Half a dozen processes, each with its own start. */
const PATIENCE_MS = 120_000;

describe.each(['embedded', 'Redis'] as const)('mcvsphere sessions with the %s store', (kind) => {
  it('lists who is logged in, and what it ends is out on the next request', { timeout: PATIENCE_MS }, async () => {
    const env = loginEnv(kind);
    const gateway = await startLoginGateway(env);
    try {
      const reader = await accessToken(gateway, 'reader');
      const operator = await accessToken(gateway, 'operator');
      expect([await statusOf(gateway, reader), await statusOf(gateway, operator)]).toEqual([200, 200]);

      const listed = await sessions(gateway, env, 'list');
      expect(listed).toMatchObject({ code: 0, stderr: '' });
      expect(listed.stdout.trim().split('\n')).toHaveLength(2);
      expect(listed.stdout).toMatch(/^reader\tTest Client\tvsphere-readers\tsince \S+Z\tuntil \S+Z$/m);
      const json = await sessions(gateway, env, 'list', '--json');
      const users = json.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).user as string);
      expect(users.sort()).toEqual(['operator', 'reader']);

      expect(await sessions(gateway, env, 'revoke', 'reader')).toMatchObject({ code: 0, stdout: '1 session ended\n' });
      expect([await statusOf(gateway, reader), await statusOf(gateway, operator)]).toEqual([401, 200]);
      expect(await sessions(gateway, env, 'revoke', 'reader')).toMatchObject({ code: 1, stdout: '0 sessions ended\n' });
      expect(await sessions(gateway, env, 'revoke-all')).toMatchObject({ code: 0, stdout: '1 session ended\n' });
      expect(await statusOf(gateway, operator)).toBe(401);
      expect((await sessions(gateway, env, 'list')).stdout).toBe('');
    } finally {
      await gateway.stop();
    }
    if (kind === 'Redis') {
      const record = await readFile(join(env.OAUTH_STATE_DIR!, 'audit.jsonl'), 'utf8');
      expect(record).toMatch(/"event":"REVOKED","user":"reader".*"reason":"operator"/);
    } else {
      const gone = await sessions(gateway, env, 'list');
      expect(gone).toMatchObject({ code: 1, stdout: '' });
      expect(gone.stderr).toContain('No gateway answers');
    }
  });
});

describe('mcvsphere sessions on a Redis whose gateway has another key', () => {
  it('ends nothing, and says so', { timeout: PATIENCE_MS }, async () => {
    const env = loginEnv('Redis');
    const wrong = { ...env, OAUTH_SIGNING_KEY: `${SIGNING_KEY}00` };
    const gateway = await startLoginGateway(env);
    try {
      const tokens = [await accessToken(gateway, 'reader'), await accessToken(gateway, 'operator')];
      const sentence = '2 sessions in OAUTH_STORE_URL cannot be read with this OAUTH_SIGNING_KEY and go on';
      for (const args of [['list'], ['revoke', 'reader'], ['revoke-all']]) {
        const { code, stdout, stderr } = await sessions(gateway, wrong, ...args);
        expect({ args, code, stdout }).toEqual({ args, code: 1, stdout: '' });
        expect(stderr).toContain(sentence);
        expect(stderr).not.toContain(SIGNING_KEY);
      }
      expect(await Promise.all(tokens.map((token) => statusOf(gateway, token)))).toEqual([200, 200]);

      // A session of its own, such as where two installations share a Redis: that one ends, and the others are told.
      const other = await startLoginGateway(wrong);
      try {
        const mine = await accessToken(other, 'admin');
        const { code, stderr } = await sessions(other, wrong, 'revoke-all');
        expect(code).toBe(1);
        expect(stderr).toContain(`1 ended. ${sentence}`);
        expect(await statusOf(other, mine)).toBe(401);
      } finally {
        await other.stop();
      }
      expect(await sessions(gateway, env, 'revoke-all')).toMatchObject({ code: 0, stdout: '2 sessions ended\n' });
      expect(await sessions(gateway, wrong, 'list')).toMatchObject({ code: 0, stdout: '', stderr: '' });
    } finally {
      await gateway.stop();
    }
  });

  it('makes no key where it was given none', async () => {
    const { OAUTH_SIGNING_KEY: _, ...env } = loginEnv('Redis');
    const stateDir = join(folder, 'without-a-key');
    const gateway = { provider: { issuer: 'http://127.0.0.1:9/' } } as LoginGateway;
    const { code, stderr } = await sessions(gateway, { ...env, OAUTH_STATE_DIR: stateDir }, 'revoke-all');
    expect(code).toBe(1);
    expect(stderr).toContain(`there is no ${join(stateDir, 'oauth.key')}`);
    await expect(access(stateDir)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('mcvsphere sessions', () => {
  it('says what is missing without a login, and without its Redis', async () => {
    const gateway = { provider: { issuer: 'http://127.0.0.1:9/' } } as LoginGateway;
    const none = await sessions(gateway, { OAUTH_STATE_DIR: folder, OAUTH_ENABLED: 'false' }, 'list');
    expect(none).toMatchObject({ code: 1, stdout: '' });
    expect(none.stderr).toContain('OAUTH_CLIENT_ID');
    const away = { ...loginEnv('Redis'), OAUTH_STORE_URL: 'redis://:hunter2@127.0.0.1:1' };
    const { code, stderr } = await sessions(gateway, away, 'revoke-all');
    expect(code).toBe(1);
    expect(stderr).toContain('cannot be read or written');
    expect(stderr).not.toContain('hunter2');
  });
});
