/** Real clients over HTTP, with the tokens of a real provider, on a real simulator. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { AUDIENCE, oauthEnv, startGateway, type TestGateway } from '../support/gateway.ts';
import { type Issuer, startIssuer } from '../support/issuer.ts';
import { type RecordingProxy, startRecordingProxy } from '../support/recording-proxy.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';
import { openPeer, type Peer } from '../support/vsphere-peer.ts';
import { KINDS, type McpClient } from './connect.ts';

describe.skipIf(!(await vcsimAvailable())).each(KINDS)('$name over HTTP', ({ protocol, connect }) => {
  let vcsim: Vcsim;
  let proxy: RecordingProxy;
  let issuer: Issuer;
  let gateway: TestGateway;
  let peer: Peer;
  let reader: McpClient;
  let operator: McpClient;

  const as = async (user: string, ...groups: string[]) => {
    const token = await issuer.mint({ sub: user, groups, audience: AUDIENCE });
    return connect({ url: gateway.url, token });
  };
  const powerOf = async (name: string) => {
    const vms = await peer.properties('VirtualMachine', ['name', 'runtime.powerState']);
    return [...vms.values()].find((vm) => vm.name === name)?.['runtime.powerState'];
  };

  beforeAll(async () => {
    vcsim = await startVcsim({
      vm: 4,
      tls: false,
      // A task under which there is time to look on, and a reading that takes longer than anybody waits.
      methodDelay: { PowerOff: 300, LockHandoff: 0, FindByInventoryPath: 20_000 },
    });
    issuer = await startIssuer();
    proxy = await startRecordingProxy(vcsim.host);
    gateway = await startGateway({ ...vcsim, url: `http://${proxy.host}/sdk` }, oauthEnv(issuer.issuer));
    peer = await openPeer(vcsim);
    reader = await as('rita', 'vsphere-readers');
    operator = await as('oscar', 'vsphere-operators');
  });
  afterAll(async () => {
    await reader?.close();
    await operator?.close();
    await peer?.close();
    await gateway?.close();
    await proxy?.stop();
    await issuer?.stop();
    await vcsim?.kill();
  });

  it('speaks the newest protocol that the client knows', () => {
    expect(reader.protocol).toBe(protocol);
  });

  it('shows each person the tools of their level', async () => {
    const tools = await reader.tools();
    expect(tools).toContain('list_vms');
    expect(tools).not.toContain('power_off');
    expect(await operator.tools()).toEqual(expect.arrayContaining([...tools, 'power_off']));
    expect(await operator.tools()).not.toContain('delete_vm');
  });

  it('shows nothing to a person of no known group', async () => {
    const stranger = await as('sam', 'accounting');
    expect(await stranger.tools()).toEqual([]);
    expect(await stranger.resources()).toEqual([]);
    expect(await stranger.templates()).toEqual([]);
    expect((await stranger.call('list_vms')).isError).toBe(true);
    await stranger.close();
  });

  it('refuses a client without a token', async () => {
    await expect(connect({ url: gateway.url, token: '' })).rejects.toThrow();
  });

  it('reads, and says the same in text and in structure', async () => {
    const { isError, text, structured } = await reader.call('list_vms', { limit: 2 });
    expect(isError).toBe(false);
    expect(structured).toMatchObject({ vms: [expect.anything(), expect.anything()] });
    expect(JSON.parse(text)).toEqual(structured);
  });

  it('knows the person by the token', async () => {
    expect((await reader.call('whoami')).text).toContain('rita');
    expect((await operator.call('whoami')).text).toContain('oscar');
  });

  it('changes for who may, with rising progress, and only for them', async () => {
    const name = 'DC0_C0_RP0_VM0';
    const denied = await reader.call('power_off', { name });
    expect(denied.isError).toBe(true);
    expect(denied.text).toContain('vsphere-operators');
    expect(await powerOf(name)).toBe('poweredOn');

    const seen: number[] = [];
    const changed = await operator.call('power_off', { name }, { onprogress: ({ progress }) => seen.push(progress) });
    expect(changed, changed.text).toMatchObject({ isError: false, structured: { power_state: 'poweredOff' } });
    expect(await powerOf(name)).toBe('poweredOff');
    expect(seen.length).toBeGreaterThan(0);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(Math.max(...seen)).toBeLessThanOrEqual(100);
  });

  it('answers a mistake with what is wrong with it', async () => {
    const wrong = await reader.call('get_vm_info', { name: 'no-such-vm' });
    expect(wrong).toMatchObject({ isError: true, structured: undefined });
    expect(wrong.text).toContain('no-such-vm');
    expect((await reader.call('get_vm_info', { name: 7 })).isError).toBe(true);
    await expect(reader.call('no_such_tool')).rejects.toThrow(/unknown tool/i);
  });

  it('serves the resources', async () => {
    expect(await reader.resources()).toContain('esxi://vms');
    expect(await reader.templates()).toContain('datastore://{datastore_name}');
    expect(JSON.stringify(JSON.parse(await reader.read('esxi://vms')))).toContain('DC0_C0_RP0_VM1');
    expect(await reader.read('datastore://LocalDS_0')).toContain('LocalDS_0');
    await expect(reader.read('esxi://no-such-thing')).rejects.toThrow();
  });

  it('ends a reading when its client goes away', async () => {
    const impatient = await as('ivy', 'vsphere-readers');
    const calling = impatient.call('get_vm_info', { name: '/DC0/vm/DC0_C0_RP0_VM1' }).catch(() => 'gone');
    const underWay = () => proxy.requests().some((request) => request.includes('FindByInventoryPath'));
    await vi.waitFor(() => expect(underWay()).toBe(true), { timeout: 10_000 });
    await impatient.close();
    expect(await calling).toBe('gone');
    const ended = () => gateway.records().find(({ user, tool }) => user === 'ivy' && tool === 'get_vm_info');
    await vi.waitFor(() => expect(ended()).toMatchObject({ error_code: 'CANCELLED' }), { timeout: 10_000 });
  });
});
