/** Resources as a client meets them: what a policy file closes, and how the protocol says that a read failed. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { listed, post } from '../support/mcp.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';

const POLICY = 'tools:\n  list_vms: HOST_ADMIN\n  get_datastore_info: HOST_ADMIN\n';

describe.skipIf(!(await vcsimAvailable()))('resources', () => {
  let vcsim: Vcsim;
  let folder: string;
  let gateway: TestGateway;

  beforeAll(async () => {
    vcsim = await startVcsim({ vm: 1 });
    folder = await mkdtemp(join(tmpdir(), 'mcvsphere-policy-'));
    const policy = join(folder, 'policy.yaml');
    await writeFile(policy, POLICY);
    const groups = { MCP_UNAUTHENTICATED_GROUPS: 'vsphere-readers', RBAC_POLICY_FILE: policy };
    gateway = await startGateway(vcsim, groups);
  });
  afterAll(async () => {
    await gateway?.close();
    await vcsim?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const read = async (url: string, uri: string) =>
    (await post(url, { jsonrpc: '2.0', id: 1, method: 'resources/read', params: { uri } })).messages[0]!;

  it('close with the tool that a policy file raises, in the list and in reading', async () => {
    expect(await listed(gateway.url, 'tools/list')).not.toContain('list_vms');
    const names = await listed(gateway.url, 'resources/list');
    expect(names).not.toContain('vms');
    expect(names).toContain('hosts');
    const templates = await post(gateway.url, { jsonrpc: '2.0', id: 1, method: 'resources/templates/list' });
    expect(templates.messages[0]?.result?.resourceTemplates).toEqual([]);

    for (const uri of ['esxi://vms', 'datastore://LocalDS_0']) {
      const { error } = await read(gateway.url, uri);
      expect(error).toMatchObject({ code: -32603, data: { code: 'PERMISSION_DENIED' } });
      expect(error?.message).toMatch(/needs HOST_ADMIN.*vsphere-host-admins/);
      expect(gateway.records().at(-1)).toMatchObject({ event: 'PERMISSION_DENIED', resource: uri });
    }
    expect((await read(gateway.url, 'esxi://hosts')).result).toBeDefined();
  });

  it('say what failed with a code of the protocol and their own, and never that the request was no request', async () => {
    const open = await startGateway(vcsim);
    for (const uri of ['esxi://everything', 'datastore://nowhere']) {
      const { error } = await read(open.url, uri);
      // Resource not found: -32002 up to 2025-11-25, -32602 from 2026-07-28 on.
      expect([-32002, -32602], uri).toContain(error?.code);
      expect(error?.data).toMatchObject({ uri });
    }
    expect((await read(open.url, 'datastore://%E0%A4%A')).error).toMatchObject({
      code: -32602,
      data: { code: 'INVALID_INPUT', request_id: expect.any(String) },
    });
    await open.close();

    const down = await startGateway({ url: 'https://127.0.0.1:9/sdk', user: 'u', password: 'p' });
    const { error } = await read(down.url, 'esxi://vms');
    expect(error).toMatchObject({ code: -32603, data: { code: 'UNAVAILABLE', request_id: expect.any(String) } });
    expect(error?.message).toMatch(/^UNAVAILABLE: /);
    await down.close();
  });
});
