/**
 * The public conformance suite against the gateway over HTTP. The suite can send no token, so the gateway runs
 * without OAuth on loopback. What the suite asks of fixtures of its own is in the baseline of each revision.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';
import { runSuite, suiteInstalled } from './suite.ts';

describe.skipIf(!suiteInstalled() || !(await vcsimAvailable()))('the public conformance suite', () => {
  let vcsim: Vcsim;
  let gateway: GatewayProcess;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mcvsphere-conformance-'));
    vcsim = await startVcsim();
    gateway = await startGatewayProcess({
      VCENTER_HOST: vcsim.url,
      VCENTER_USER: vcsim.user,
      VCENTER_PASSWORD: vcsim.password,
      VCENTER_INSECURE: 'true',
      MCP_UNAUTHENTICATED_GROUPS: 'vsphere-super-admins',
      AUDIT_FILE: join(folder, 'audit.jsonl'),
      LOG_LEVEL: 'info',
    });
  });
  afterAll(async () => {
    await gateway?.end();
    await vcsim?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it.each(['2025-11-25', '2026-07-28'])(
    'finds nothing against revision %s outside its baseline',
    {
      timeout: 300_000,
    },
    async (revision) => {
      const { exitCode, output } = await runSuite({
        url: gateway.url,
        revision,
        baseline: fileURLToPath(new URL(`baseline-${revision}.yml`, import.meta.url)),
        outputFolder: folder,
      });
      expect(exitCode, output).toBe(0);
      expect(output, 'scenarios that need no fixture did run').toMatch(/✓ tools-list: [1-9]\d* passed, 0 failed/);
    },
  );
});
