/** The audit file out of reach by its permissions: before the start, under a call, and given back. */
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { verifyAuditFile } from '../../src/audit/verify.ts';
import { Secret } from '../../src/lib/secret.ts';
import { auditRecords } from '../support/audit-file.ts';
import { AUDIT_KEY, vcenterEnv } from '../support/gateway.ts';
import {
  type GatewayProcess,
  HELD_BY_PERMISSIONS,
  runCommand,
  startGatewayProcess,
} from '../support/gateway-process.ts';
import { callTool } from '../support/mcp.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';
import { annotations } from '../support/vsphere-peer.ts';

const VM = 'DC0_H0_VM0';

describe.skipIf(!(await vcsimAvailable()))('an audit file that permissions hold back', () => {
  let vcsim: Vcsim;
  let peer: Awaited<ReturnType<typeof annotations>>;
  let top: string;
  let folder: string;
  let file: string;
  let gateway: GatewayProcess | undefined;

  beforeAll(async () => {
    vcsim = await startVcsim({ methodDelay: { ReconfigVM_Task: 1_000 } });
    peer = await annotations(vcsim);
  });
  afterAll(async () => {
    await peer?.close();
    await vcsim?.stop();
  });
  beforeEach(async () => {
    top = await mkdtemp(join(tmpdir(), 'mcvsphere-permission-'));
    folder = join(top, 'audit');
    file = join(folder, 'audit.jsonl');
    await mkdir(folder);
  });
  afterEach(async () => {
    await chmod(folder, 0o700);
    await gateway?.end();
    gateway = undefined;
    await rm(top, { recursive: true, force: true });
  });

  const env = () => ({
    ...vcenterEnv(vcsim),
    MCP_UNAUTHENTICATED_GROUPS: 'vsphere-super-admins',
    AUDIT_FILE: file,
    AUDIT_KEY,
  });
  const change = (url: string, annotation: string) => callTool(url, 'reconfigure_vm', { name: VM, annotation });
  const status = async (url: string) => (await fetch(url.replace(/mcp$/, 'readyz'))).status;

  it.each([
    ['in a folder that cannot be written', async () => chmod(folder, 0o500)],
    ['in a folder that cannot be entered', async () => chmod(folder, 0)],
    ['that may only be read', async () => writeFile(file, '', { mode: 0o400 })],
    ['that may not be read', async () => writeFile(file, '', { mode: 0o200 })],
  ])('%s keeps the gateway from starting, in a sentence', async (_what, arrange) => {
    await arrange();
    const { code, stderr } = await runCommand(['serve'], { ...env(), MCP_PORT: '0' }, HELD_BY_PERMISSIONS);
    expect(code).toBe(1);
    expect(stderr).toMatch(/audit file cannot be \w+ \(EACCES\)/);
    expect(stderr).not.toContain('"address"');
  });

  it('taken away before a change keeps the change from being made, until it is given back', async () => {
    gateway = await startGatewayProcess(env(), HELD_BY_PERMISSIONS);
    const { url } = gateway;
    expect((await change(url, 'before')).isError).toBe(false);
    await chmod(folder, 0);
    const refused = await change(url, 'must not happen');
    expect(refused.text).toMatch(/^AUDIT_UNAVAILABLE: Nothing was changed/);
    expect((await peer.read()).get(VM)).toBe('before');
    expect(await status(url)).toBe(503);

    await chmod(folder, 0o700);
    await expect.poll(() => status(url), { timeout: 20_000, interval: 250 }).toBe(200);
    expect((await change(url, 'after')).isError).toBe(false);
    expect((await peer.read()).get(VM)).toBe('after');
    await gateway.end();
    expect(await verifyAuditFile(file, { key: new Secret(AUDIT_KEY) })).toMatchObject({ ok: true });
  });

  it('taken away under a change leaves its intent, and its caller is told that it was made and not recorded', async () => {
    gateway = await startGatewayProcess(env(), HELD_BY_PERMISSIONS);
    const { url } = gateway;
    expect((await callTool(url, 'list_vms')).isError).toBe(false);
    const changing = change(url, 'made');
    await expect.poll(() => auditRecords(file).some(({ event }) => event === 'TOOL_INTENT')).toBe(true);
    await chmod(folder, 0);
    expect((await changing).text).toMatch(/^AUDIT_INCOMPLETE: The change was made/);
    expect((await peer.read()).get(VM)).toBe('made');
    await chmod(folder, 0o700);
    expect(
      auditRecords(file)
        .filter(({ event }) => event === 'TOOL_OUTCOME' || event === 'TOOL_INTENT')
        .at(-1),
    ).toMatchObject({ event: 'TOOL_INTENT', tool: 'reconfigure_vm' });
  });
});
