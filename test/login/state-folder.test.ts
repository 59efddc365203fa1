/** The state folder of the login, by real gateways that start over it: open to others, shared, and left by one killed. */
import { chmod, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AUDIT_KEY, BASE_URL, vcenterEnv } from '../support/gateway.ts';
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts';

let folder: string;
let running: GatewayProcess[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcvs-state-'));
  running = [];
});
afterEach(async () => {
  await Promise.all(running.map((gateway) => gateway.end('SIGKILL')));
  await rm(folder, { recursive: true, force: true });
});

/** Neither vCenter nor the provider is needed to start. */
async function start(more: Record<string, string> = {}): Promise<GatewayProcess> {
  const gateway = await startGatewayProcess({
    ...vcenterEnv({ url: 'https://127.0.0.1:9/sdk', user: 'user', password: 'pass' }),
    OAUTH_ENABLED: 'true',
    OAUTH_ISSUER_URL: 'https://127.0.0.1:9/',
    OAUTH_BASE_URL: BASE_URL,
    OAUTH_CLIENT_ID: 'mcvsphere',
    OAUTH_CLIENT_SECRET: 'not needed here',
    OAUTH_STATE_DIR: join(folder, 'state'),
    AUDIT_FILE: join(folder, 'audit', 'audit.jsonl'),
    AUDIT_KEY,
    ...more,
  });
  running.push(gateway);
  return gateway;
}

const PATIENCE_MS = 60_000;

describe('gateways over one state folder', { timeout: PATIENCE_MS }, () => {
  it('that start at the same instant: one serves, and the others end and say why', async () => {
    const all = await Promise.allSettled(Array.from({ length: 4 }, () => start()));
    const refused = all.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []));
    expect(refused).toHaveLength(3);
    for (const text of refused) {
      expect(text).toContain('ended with 1');
      expect(text).toContain(`Another gateway (process ${running[0]!.pid}) keeps its sessions in OAUTH_STATE_DIR`);
    }
  });

  it('one after the other: the next takes over from one that was killed, and from one that ended', async () => {
    const killed = await start();
    await killed.end('SIGKILL');
    expect(await readdir(join(folder, 'state'))).toContain('sessions.lock');
    const second = await start();
    expect(second.log()).toContain('the lock of a process that died is taken over');
    await expect(start()).rejects.toThrow(`process ${second.pid}`);
    expect(await second.end()).toBe(0);
    expect(await readdir(join(folder, 'state'))).toEqual(['oauth.key', 'sessions.snapshot']);
    const third = await start();
    expect(third.log()).not.toContain('taken over');
  });

  it('that others may look into: none starts, and the command that mends it is told', async () => {
    const state = join(folder, 'state');
    await mkdir(state);
    await chmod(state, 0o755);
    await expect(start()).rejects.toThrow(
      `(mode 755), and holds the key and the sessions of the login: chmod 700 ${state}`,
    );
    expect(await readdir(state)).toEqual([]);
    await chmod(state, 0o700);
    await start();
  });
});
