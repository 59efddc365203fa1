/** The commands as an operator runs them: the built program, its output and its exit code. */
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tools } from '../../src/tools/index.ts';
import { auditRecords } from '../support/audit-file.ts';
import { AUDIT_KEY, oauthEnv, startGateway, vcenterEnv } from '../support/gateway.ts';
import { runCommand as run } from '../support/gateway-process.ts';
import { type Issuer, startIssuer } from '../support/issuer.ts';
import { callTool } from '../support/mcp.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcvsphere-cli-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('serve', () => {
  it('lists every problem of a bad configuration by name, shows no secret, and exits with 2', async () => {
    const { code, stderr } = await run(['serve'], {
      VCENTER_USER: 'svc',
      VCENTER_PASSWORD: 'hunter2-secret',
      MCP_PORT: 'many',
      MCP_HOST: '0.0.0.0',
      OAUTH_ENABLED: 'perhaps',
    });
    expect(code).toBe(2);
    for (const name of ['VCENTER_HOST', 'MCP_PORT', 'OAUTH_ENABLED']) expect(stderr).toContain(`${name}:`);
    expect(stderr).not.toContain('hunter2');
  });

  it('does not start on a policy file that lowers a tool, and names the line', async () => {
    const policy = join(folder, 'policy.yaml');
    await writeFile(policy, 'groups:\n  /ops: POWER_OPS\ntools:\n  delete_vm: READ_ONLY\n');
    const { code, stderr } = await run(['serve'], {
      ...vcenterEnv({ url: 'https://127.0.0.1:9/sdk', user: 'u', password: 'p' }),
      MCP_PORT: '0',
      AUDIT_FILE: join(folder, 'unused.jsonl'),
      RBAC_POLICY_FILE: policy,
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/policy\.yaml:4:\d*.*delete_vm/);
  });
});

describe('a command that cannot do its work', () => {
  const server = vcenterEnv({ url: 'https://127.0.0.1:9/sdk', user: 'u', password: 'p' });

  it.each([
    ['audit verify of a file that is not there', ['audit', 'verify', '/nonexistent/audit.jsonl'], {}],
    ['tools with a policy file that is not there', ['tools', '--policy', '/nonexistent.yaml'], {}],
    ['serve with a policy file that is not there', ['serve'], { ...server, RBAC_POLICY_FILE: '/nonexistent.yaml' }],
    ['no such command', ['nonsense'], {}],
  ])('%s: says why in a sentence, without a stack', async (_what, args, env) => {
    const { code, stderr } = await run(args, { AUDIT_FILE: join(folder, 'none.jsonl'), ...env });
    expect(code).toBe(1);
    expect(stderr).toMatch(/nonexistent|RBAC_POLICY_FILE|nonsense/);
    expect(stderr.split('\n').filter((line) => line.startsWith('    at '))).toEqual([]);
  });

  it('serve on a port that is taken: names the option, ends, and leaves no lock', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const port = String((taken.address() as AddressInfo).port);
    const file = join(folder, 'taken', 'audit.jsonl');
    const { code, stderr } = await run(['serve'], { ...server, MCP_PORT: port, AUDIT_FILE: file, AUDIT_KEY });
    taken.close();
    expect(code).toBe(1);
    expect(stderr).toContain(`MCP_PORT ${port}`);
    expect(await readdir(join(folder, 'taken'))).toEqual(['audit.jsonl']);
    expect(auditRecords(file).map(({ event }) => event)).toEqual(['START', 'STOP', 'CHECKPOINT']);
  });
});

describe('tools', () => {
  it('prints every tool with its level and the groups that have it', async () => {
    const { code, stdout } = await run(['tools', '--json']);
    expect(code).toBe(0);
    const rows = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { name: string; level: string; groups: string[] });
    expect(rows.map(({ name }) => name).sort()).toEqual(tools.map(({ name }) => name).sort());
    expect(rows.find(({ name }) => name === 'power_off')).toMatchObject({
      level: 'POWER_OPS',
      groups: ['vsphere-operators', 'vsphere-admins', 'vsphere-host-admins', 'vsphere-super-admins'],
    });
  });

  it('shows what a policy file changes', async () => {
    const policy = join(folder, 'raise.yaml');
    await writeFile(policy, 'groups:\n  /ops: POWER_OPS\ntools:\n  power_off: FULL_ADMIN\n');
    const { stdout } = await run(['tools', '--policy', policy]);
    expect(stdout).toMatch(/^power_off +FULL_ADMIN +update +vsphere-super-admins$/m);
    expect(stdout).toMatch(/^power_on +POWER_OPS .*\/ops/m);
    expect((await run(['tools'], { RBAC_POLICY_FILE: policy })).stdout, 'the one of the environment').toBe(stdout);
    const other = join(folder, 'other.yaml');
    await writeFile(other, 'groups:\n  /others: READ_ONLY\n');
    const chosen = await run(['tools', '--policy', other], { RBAC_POLICY_FILE: policy });
    expect(chosen.stdout).toMatch(/^power_off +POWER_OPS/m);
  });
});

describe.skipIf(!(await vcsimAvailable()))('doctor and audit verify', () => {
  let vcsim: Vcsim;
  let issuer: Issuer;
  beforeAll(async () => {
    [vcsim, issuer] = await Promise.all([startVcsim({ username: 'svc', password: 'right' }), startIssuer()]);
  });
  afterAll(() => Promise.all([vcsim?.stop(), issuer?.stop()]));

  it('says ok of each thing that is right, and exits with 0', async () => {
    const { code, stdout } = await run(['doctor'], {
      ...vcenterEnv(vcsim),
      ...oauthEnv(issuer.issuer),
      AUDIT_FILE: join(folder, 'doctor', 'audit.jsonl'),
    });
    expect(code, stdout).toBe(0);
    for (const check of [
      'configuration',
      'policy',
      'identity provider',
      'keys',
      'clock of the provider',
      'login',
      'service account',
      'audit file',
    ]) {
      expect(stdout).toMatch(new RegExp(`^ok .*${check}`, 'm'));
    }
    expect(stdout).not.toContain('FAIL');
  });

  it('says what is wrong and what to do, goes on with the rest, and exits with 1', async () => {
    const { code, stdout } = await run(['doctor'], {
      ...vcenterEnv(vcsim),
      ...oauthEnv('http://127.0.0.1:9'),
      VCENTER_INSECURE: 'false',
      AUDIT_FILE: join(folder, 'doctor', 'audit.jsonl'),
    });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^FAIL +identity provider: .*cannot be reached/m);
    expect(stdout).toMatch(/^FAIL .*VCENTER_CA_FILE.*VCENTER_THUMBPRINT/m);
    expect(stdout).toMatch(/^ok +audit file/m);
  });

  it('tells a wrong password, and never shows it', async () => {
    const { code, stdout, stderr } = await run(['doctor'], {
      ...vcenterEnv(vcsim),
      VCENTER_PASSWORD: 'hunter2-secret',
      AUDIT_FILE: join(folder, 'doctor', 'audit.jsonl'),
    });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^FAIL .*login.*(user name|password)/im);
    expect(stdout + stderr).not.toContain('hunter2');
  });

  it('verifies a record offline, and names what was changed', async () => {
    const file = join(folder, 'verify', 'audit.jsonl');
    const gateway = await startGateway(vcsim, { AUDIT_FILE: file });
    await callTool(gateway.url, 'list_vms');
    await callTool(gateway.url, 'power_off', { name: 'DC0_H0_VM0' });
    await gateway.app.close();

    const good = await run(['audit', 'verify', file], { AUDIT_KEY });
    expect(good.code, good.stdout).toBe(0);

    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('"tool":"list_vms"', '"tool":"find"'));
    const changed = await run(['audit', 'verify', file], { AUDIT_KEY });
    expect(changed.code).toBe(1);
    expect(changed.stdout).toMatch(/line 2|seq 2|record 2/i);
    await gateway.close();
  });
});
