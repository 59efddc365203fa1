/** The promise the audit makes: whatever was changed in vSphere has an intent on disk, however the gateway died. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyAuditFile } from '../../src/audit/verify.ts';
import { Secret } from '../../src/lib/secret.ts';
import { auditRecords } from '../support/audit-file.ts';
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts';
import { callTool } from '../support/mcp.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';
import { annotations } from '../support/vsphere-peer.ts';

const KILLS = 100;
const AUDIT_KEY = 'a test key that is long enough for an audit chain';

describe.skipIf(!(await vcsimAvailable()))('kill -9 between intent and outcome', () => {
  let vcsim: Vcsim;
  let folder: string;
  let env: Record<string, string>;

  beforeAll(async () => {
    vcsim = await startVcsim({ vm: 8 });
    folder = await mkdtemp(join(tmpdir(), 'mcvsphere-kill-'));
    env = {
      VCENTER_HOST: vcsim.url,
      VCENTER_USER: vcsim.user,
      VCENTER_PASSWORD: vcsim.password,
      VCENTER_INSECURE: 'true',
      MCP_UNAUTHENTICATED_GROUPS: 'vsphere-super-admins',
      AUDIT_FILE: join(folder, 'audit.jsonl'),
      AUDIT_KEY,
      LOG_LEVEL: 'info',
    };
  });
  afterAll(async () => {
    await vcsim?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it(`leaves no change without a durable intent, ${KILLS} times`, { timeout: 300_000 }, async () => {
    const peer = await annotations(vcsim);
    const names = [...(await peer.read()).keys()];
    const intended = new Set<string>(['']);
    let changesSeen = 0;

    for (let round = 0; round < KILLS; round += 1) {
      const gateway = await startGatewayProcess(env);
      await changeUntilKilled(gateway, names, round);
      for (const record of auditRecords(env.AUDIT_FILE!)) {
        if (record.event === 'TOOL_INTENT') intended.add((record.args as { annotation: string }).annotation);
      }
      for (const [name, annotation] of await peer.read()) {
        expect(intended, `round ${round}: ${name} was changed to ${annotation} without an intent`).toContain(
          annotation,
        );
        if (annotation.startsWith(`round ${round} vm `)) changesSeen += 1;
      }
    }
    expect(changesSeen, 'some kills must have come after a change').toBeGreaterThan(0);

    const last = await startGatewayProcess(env);
    const open = () => {
      const records = auditRecords(env.AUDIT_FILE!);
      const closed = new Set(records.filter(({ event }) => event === 'TOOL_OUTCOME').map(({ intent }) => intent));
      return records.filter(({ event, id }) => event === 'TOOL_INTENT' && !closed.has(id));
    };
    // Those whose task is known are closed once vCenter has said how it ended.
    await expect.poll(open, { timeout: 20_000 }).toEqual([]);
    await last.end();
    await peer.close();
    const records = auditRecords(env.AUDIT_FILE!);
    expect(records.some(({ event, result }) => event === 'TOOL_OUTCOME' && result === 'unknown')).toBe(true);
    const report = await verifyAuditFile(env.AUDIT_FILE!, { key: new Secret(AUDIT_KEY) });
    expect(report, report.summary).toMatchObject({ ok: true });
  });
});

/** A change on each VM at once, and the kill at a random moment in the time that one change takes here. */
async function changeUntilKilled(gateway: GatewayProcess, names: readonly string[], round: number): Promise<void> {
  const change = (name: string, mark: string) =>
    callTool(gateway.url, 'reconfigure_vm', { name, annotation: `round ${round} ${mark}` }).catch(() => undefined);
  const started = performance.now();
  await change(names[0]!, 'first');
  const patience = 3 * (performance.now() - started);
  const calls = names.map((name, i) => change(name, `vm ${i}`));
  await new Promise((resolve) => setTimeout(resolve, Math.random() * patience));
  await gateway.end('SIGKILL');
  await Promise.all(calls);
}
