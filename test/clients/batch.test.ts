/** Batches, which protocol 2025-03-26 had: each message is authorized, answered and recorded by itself. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AUDIENCE, oauthEnv, startGateway, type TestGateway } from '../support/gateway.ts';
import { type Issuer, startIssuer } from '../support/issuer.ts';
import { type McpAnswer, post } from '../support/mcp.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';
import { openPeer } from '../support/vsphere-peer.ts';

const call = (id: number, name: string, args: object = {}) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name, arguments: args },
});

describe.skipIf(!(await vcsimAvailable()))('a batch of an older client', () => {
  let vcsim: Vcsim;
  let issuer: Issuer;
  let gateway: TestGateway;
  const send = async (group: string, batch: unknown[]): Promise<McpAnswer> => {
    const token = await issuer.mint({ sub: group, groups: [group], audience: AUDIENCE });
    return post(gateway.url, batch, { token, headers: { 'mcp-protocol-version': '2025-03-26' } });
  };

  beforeAll(async () => {
    vcsim = await startVcsim();
    issuer = await startIssuer();
    gateway = await startGateway(vcsim, oauthEnv(issuer.issuer));
  });
  afterAll(async () => {
    await gateway?.close();
    await issuer?.stop();
    await vcsim?.stop();
  });

  it('has each of its calls authorized, whatever stands beside it', async () => {
    const answer = await send('vsphere-readers', [
      call(1, 'list_vms', { limit: 1 }),
      call(2, 'power_off', { name: 'DC0_H0_VM0' }),
      { jsonrpc: '2.0', id: 3, method: 'tools/list' },
      call(4, 'no_such_tool'),
      call(5, 'delete_vm', { name: 'DC0_H0_VM1' }),
    ]);
    expect(answer.status).toBe(200);
    const results = new Map(answer.messages.map((message) => [message.id, message]));
    expect(results.get(1)?.result).toMatchObject({ structuredContent: { vms: [expect.anything()] } });
    expect(results.get(2)?.result).toMatchObject({ isError: true });
    expect(JSON.stringify(results.get(3)?.result)).not.toContain('power_off');
    expect(results.get(4)?.error).toMatchObject({ code: -32602 });
    expect(results.get(5)?.result).toMatchObject({ isError: true });

    const peer = await openPeer(vcsim);
    const vms = [...(await peer.properties('VirtualMachine', ['name', 'runtime.powerState'])).values()];
    await peer.close();
    expect(vms.find(({ name }) => name === 'DC0_H0_VM0')?.['runtime.powerState']).toBe('poweredOn');
    expect(vms.some(({ name }) => name === 'DC0_H0_VM1')).toBe(true);
  });

  it('has each of its calls on the record, under an id of its own', () => {
    const records = gateway.records().filter(({ user }) => user === 'vsphere-readers');
    expect(records.map(({ event, tool }) => `${event} ${tool}`).sort()).toEqual([
      'INVALID_REQUEST no_such_tool',
      'PERMISSION_DENIED delete_vm',
      'PERMISSION_DENIED power_off',
      'TOOL_OUTCOME list_vms',
    ]);
    expect(new Set(records.map(({ request_id }) => request_id)).size).toBe(records.length);
  });

  it('does what the caller may do', async () => {
    const answer = await send('vsphere-operators', [
      call(1, 'power_off', { name: 'DC0_H0_VM0' }),
      call(2, 'power_off', { name: 'DC0_H0_VM1' }),
    ]);
    const states = answer.messages.map(({ result }) => result?.structuredContent);
    expect(states).toEqual([
      expect.objectContaining({ power_state: 'poweredOff' }),
      expect.objectContaining({ power_state: 'poweredOff' }),
    ]);
  });

  it('is refused as a whole in the newest protocol, which has none', async () => {
    const token = await issuer.mint({ groups: ['vsphere-operators'], audience: AUDIENCE });
    const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'power_on' };
    const answer = await post(gateway.url, [call(1, 'power_on', { name: 'DC0_H0_VM0' })], { token, headers });
    expect(answer.status).toBe(400);
    expect(gateway.records().some(({ tool }) => tool === 'power_on')).toBe(false);
  });
});
