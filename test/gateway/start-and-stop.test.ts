/** The gateway as a process: what it says when it is up, what it does without a vCenter, and what it leaves behind. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VERSION } from '../../src/lib/version.ts';
import { AUDIT_KEY, oauthEnv, startGateway, vcenterEnv } from '../support/gateway.ts';
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts';
import { startIssuer } from '../support/issuer.ts';
import { callTool } from '../support/mcp.ts';
import { startRecordingProxy } from '../support/recording-proxy.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';

describe.skipIf(!(await vcsimAvailable()))('a gateway process', () => {
  let folder: string;
  let vcsim: Vcsim;
  let gateway: GatewayProcess | undefined;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mcvsphere-start-'));
    vcsim = await startVcsim({ vm: 1, password: 'canary-of-the-service' });
  });
  afterEach(async () => {
    await gateway?.end();
    gateway = undefined;
    await vcsim?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const start = async (env: Record<string, string> = {}) => {
    gateway = await startGatewayProcess({
      ...vcenterEnv(vcsim),
      AUDIT_FILE: join(folder, 'audit.jsonl'),
      AUDIT_KEY,
      ...env,
    });
    return gateway;
  };
  const banner = ({ log }: GatewayProcess): Record<string, unknown> => {
    const line = log()
      .split('\n')
      .find((text) => text.includes('"address"'));
    return JSON.parse(line!);
  };

  it('says version, transport, address, who decides, and what it manages, and no secret', async () => {
    const issuer = await startIssuer();
    const policy = join(folder, 'policy.yaml');
    await writeFile(policy, 'groups:\n  /ops: POWER_OPS\n');
    const running = await start({
      ...oauthEnv(issuer.issuer),
      RBAC_POLICY_FILE: policy,
      ESXI_HOST: '127.0.0.1:9',
      ESXI_USER: 'root',
      ESXI_PASS: 'canary-of-the-host',
      ESXI_INSECURE: 'true',
      LOG_LEVEL: 'trace',
    });
    await fetch(running.url.replace(/mcp$/, 'readyz'));
    await running.end();
    await issuer.stop();
    expect(banner(running)).toMatchObject({
      msg: 'mcvsphere is up',
      version: VERSION,
      transport: 'streamable-http',
      address: running.url,
      oauth: `on, tokens of ${issuer.issuer}`,
      rbac: `on, by ${policy}`,
      managed_servers: [expect.stringContaining('(vcenter)'), expect.stringContaining('(esxi)')],
      audit: join(folder, 'audit.jsonl'),
    });
    expect(running.log()).not.toMatch(/canary/);
    expect(running.log()).not.toContain(AUDIT_KEY);
  });

  it('leaves its signed checkpoints in the second place as well', async () => {
    const copies = join(folder, 'checkpoints.jsonl');
    expect(await (await start({ AUDIT_CHECKPOINT_FILE: copies })).end()).toBe(0);
    const linesOf = async (path: string) => (await readFile(path, 'utf8')).trim().split('\n');
    const written = (await linesOf(join(folder, 'audit.jsonl'))).filter((line) => line.includes('"CHECKPOINT"'));
    expect(written.length).toBeGreaterThan(0);
    expect(await linesOf(copies)).toEqual(written);
  });

  it('says who everybody is where nobody logs in', async () => {
    expect(banner(await start())).toMatchObject({
      oauth: 'off',
      rbac: expect.stringMatching(/^on, by the \d+ default groups$/),
      everybody_has: ['vsphere-readers'],
    });
  });

  it('starts without its vCenter, answers what needs none, and finds it by itself when it comes', async () => {
    await vcsim.kill();
    const { url } = await start();
    const ready = async () => (await fetch(url.replace(/mcp$/, 'readyz'))).status;
    expect((await callTool(url, 'whoami')).isError).toBe(false);
    expect((await callTool(url, 'list_vms')).text).toMatch(/^UNAVAILABLE: /);
    expect(await ready()).toBe(503);

    await vcsim.restart();
    await expect.poll(async () => (await callTool(url, 'list_vms')).isError, { timeout: 20_000 }).toBe(false);
    await expect.poll(ready, { timeout: 20_000 }).toBe(200);
  });
});

describe.skipIf(!(await vcsimAvailable()))('a shutdown', () => {
  it('logs out of vCenter, once, and asks nothing of it afterwards', async () => {
    const vcsim = await startVcsim({ vm: 1, tls: false });
    const proxy = await startRecordingProxy(vcsim.host);
    const gateway = await startGateway({
      url: `http://${proxy.host}/sdk`,
      user: vcsim.user,
      password: vcsim.password,
    });
    const named = (method: string) => proxy.requests().filter((request) => request.includes(`<${method} `)).length;
    try {
      expect((await callTool(gateway.url, 'list_vms')).isError).toBe(false);
      expect([named('Login'), named('Logout')]).toEqual([1, 0]);
      await gateway.app.close();
      expect([named('Login'), named('Logout')]).toEqual([1, 1]);
      expect(proxy.requests().at(-1)).toContain('<Logout ');
    } finally {
      await gateway.close();
      await proxy.stop();
      await vcsim.stop();
    }
  });
});
