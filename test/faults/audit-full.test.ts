/** A full disk under the audit file: nothing is changed without a record, and everything comes back by itself. */
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { verifyAuditFile } from '../../src/audit/verify.ts';
import { Secret } from '../../src/lib/secret.ts';
import { auditRecords } from '../support/audit-file.ts';
import { AUDIT_KEY, vcenterEnv } from '../support/gateway.ts';
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts';
import { callTool } from '../support/mcp.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';
import { annotations } from '../support/vsphere-peer.ts';

const VM = 'DC0_H0_VM0';
const LIMIT = 64 * 1024;

describe.skipIf(!(await vcsimAvailable()))('with no space left for the audit file', () => {
  let vcsim: Vcsim;
  let peer: Awaited<ReturnType<typeof annotations>>;
  let folder: string;
  let file: string;
  let gateway: GatewayProcess;

  beforeAll(async () => {
    vcsim = await startVcsim({});
    peer = await annotations(vcsim);
  });
  afterAll(async () => {
    await peer?.close();
    await vcsim?.stop();
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mcvsphere-full-'));
    file = join(folder, 'audit.jsonl');
    const env = {
      ...vcenterEnv(vcsim),
      MCP_UNAUTHENTICATED_GROUPS: 'vsphere-super-admins',
      AUDIT_FILE: file,
      AUDIT_KEY,
    };
    gateway = await startGatewayProcess(env);
    // The limit on a file's size stands in for a disk that is full: a write beyond it fails as one on a full disk does.
    limit(gateway.pid, LIMIT);
  });
  afterEach(async () => {
    await gateway?.end();
    await rm(folder, { recursive: true, force: true });
  });

  const change = (annotation: string) => callTool(gateway.url, 'reconfigure_vm', { name: VM, annotation });
  const space = () => LIMIT - statSync(file).size;
  const ready = async () => (await fetch(gateway.url.replace(/\/mcp$/, '/readyz'))).status;

  /** Reads until no more than `bytes` are left; a read takes one record. */
  async function fillTo(bytes: number): Promise<void> {
    while (space() > bytes) {
      const before = space();
      const { isError } = await callTool(gateway.url, 'list_servers');
      if (isError || space() === before) return;
    }
  }

  it('refuses a change whose intent cannot be written, and leaves vSphere alone', async () => {
    expect(await ready()).toBe(200);
    await fillTo(0);
    const answer = await change('must not happen');
    expect(answer.isError).toBe(true);
    expect(answer.text).toMatch(/^AUDIT_UNAVAILABLE: Nothing was changed/);
    expect((await peer.read()).get(VM)).not.toBe('must not happen');
    expect(await ready()).toBe(503);

    const read = await callTool(gateway.url, 'list_vms');
    expect(read.text, 'what is read is recorded too, or not shown').toMatch(/^AUDIT_UNAVAILABLE/);
  });

  it('tells the caller that the change was made where only its outcome could not be written', async () => {
    const before = space();
    await change('measures a change');
    const size = (before - space()) / 3;
    await fillTo(2.4 * size);
    const answer = await change('made without outcome');
    expect(answer.isError).toBe(true);
    expect(answer.text).toMatch(/^AUDIT_INCOMPLETE: The change was made/);
    expect((await peer.read()).get(VM)).toBe('made without outcome');
    expect(
      auditRecords(file).some(
        ({ event, args }) => event === 'TOOL_INTENT' && JSON.stringify(args).includes('made without outcome'),
      ),
    ).toBe(true);
  });

  it('works again by itself once there is space, with an unbroken chain', async () => {
    await fillTo(0);
    expect((await change('refused')).isError).toBe(true);
    limit(gateway.pid, 'unlimited');
    await expect.poll(ready, { timeout: 20_000, interval: 200 }).toBe(200);
    expect((await change('after the flood')).isError).toBe(false);
    expect((await peer.read()).get(VM)).toBe('after the flood');
    await gateway.end();
    const report = await verifyAuditFile(file, { key: new Secret(AUDIT_KEY) });
    expect(report, report.summary).toMatchObject({ ok: true });
  });
});

function limit(pid: number, bytes: number | 'unlimited'): void {
  execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:unlimited`]);
}
