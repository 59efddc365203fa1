import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nicBacking } from '../../src/vsphere/nic-backing.ts';
import { newVmSpec } from '../../src/vsphere/vm-spec.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';
import { type Connected, callOf, connect, failure, silent } from './connect.ts';

describe.skipIf(!(await vcsimAvailable()))('where new things go on a vCenter', () => {
  let vcsim: Vcsim;
  const open: Connected[] = [];

  beforeAll(async () => {
    vcsim = await startVcsim({ dc: 2, cluster: 2, host: 1, vm: 0, ds: 2, pool: 1 });
  });

  afterAll(async () => {
    await Promise.all(open.map((server) => server.close()));
    await vcsim?.stop();
  });

  async function placed(placement = {}, logger = silent) {
    const server = await connect(vcsim, { placement, logger });
    open.push(server);
    return server;
  }

  it('is the first datacenter and its first cluster', async () => {
    const { defaults } = (await placed()).call;
    expect((await defaults.datacenter()).path).toBe('/DC0');
    expect((await defaults.computeResource()).path).toBe('/DC0/host/DC0_C0');
    expect((await defaults.resourcePool()).path).toBe('/DC0/host/DC0_C0/Resources');
    expect((await defaults.vmFolder()).path).toBe('/DC0/vm');
  });

  it('is told by the log, once for each choice', async () => {
    const lines: string[] = [];
    const logger = pino({ level: 'info' }, { write: (line: string) => lines.push(line) });
    const { defaults } = (await placed({}, logger)).call;
    for (let i = 0; i < 2; i += 1) {
      await defaults.datacenter();
      await defaults.computeResource();
      await defaults.network();
    }
    const { path } = await defaults.datastore();
    const told = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(told).toEqual([
      expect.objectContaining({ msg: 'default datacenter chosen', datacenter: '/DC0' }),
      expect.objectContaining({ msg: 'default computeResource chosen', computeResource: '/DC0/host/DC0_C0' }),
      expect.objectContaining({ msg: 'default network chosen', network: '/DC0/network/VM Network' }),
      expect.objectContaining({ msg: 'default datastore chosen', datastore: path }),
    ]);
  });

  it('is the network that is usual, or any that is not an uplink', async () => {
    const { defaults } = (await placed()).call;
    expect((await defaults.network()).name).toBe('VM Network');
  });

  it('is the datastore with the most free space', async () => {
    const server = await placed();
    const chosen = await server.call.defaults.datastore();
    const all = await server.call.readAll('Datastore', ['summary.freeSpace']);
    const free = new Map(all.map(({ ref, props }) => [ref.value, props['summary.freeSpace'] ?? 0]));
    expect(free.get(chosen.id)).toBe(Math.max(...free.values()));
  });

  it('is another datastore once there is more space on it', async () => {
    const server = await placed({ datacenter: 'DC1' });
    const first = await server.call.defaults.datastore();
    expect(await server.call.defaults.datastore()).toBe(first);
    const network = await server.call.defaults.network();
    const config = newVmSpec({
      name: 'large',
      cpu: 1,
      memoryMb: 32,
      diskGb: 500,
      guestId: 'otherGuest',
      datastore: first.name,
      nic: await nicBacking(server.call, network),
    });
    const pool = (await server.call.defaults.resourcePool()).ref;
    const folder = (await server.call.defaults.vmFolder()).ref;
    await server.call.tasks.wait(await server.call.call('CreateVM_Task', { _this: folder, config, pool }));
    const later = await callOf(server.vsphere).defaults.datastore();
    expect(later.path).not.toBe(first.path);
    expect(later.path).toMatch(/^\/DC1\/datastore\//);
  });

  it('is what the configuration says', async () => {
    const { defaults } = (await placed({ cluster: 'DC1_C1', network: 'DC1_DVPG0', datastore: 'LocalDS_1' })).call;
    expect((await defaults.datacenter()).name).toBe('DC1');
    expect((await defaults.computeResource()).path).toBe('/DC1/host/DC1_C1');
    expect((await defaults.network()).type).toBe('DistributedVirtualPortgroup');
    expect((await defaults.datastore()).path).toBe('/DC1/datastore/LocalDS_1');
  });

  it('is an error that says what is missing when the configured one is not there', async () => {
    const { defaults } = (await placed({ datastore: 'gone', datacenter: 'DC0' })).call;
    const { code, message } = await failure(defaults.datastore());
    expect(code).toBe('NOT_FOUND');
    expect(message).toContain('configured default datastore');
  });

  it('is chosen anew when the chosen one is gone', async () => {
    const server = await placed({ datacenter: 'DC1' });
    const folder = await server.call.call('CreateDatacenter', { _this: server.call.content.rootFolder, name: 'AA' });
    const first = (await placed()).call;
    expect((await first.defaults.datacenter()).name).toBe('AA');
    await server.call.tasks.wait(await server.call.call('Destroy_Task', { _this: folder }));
    expect((await first.defaults.datacenter()).name).toBe('DC0');
  });

  it('is shared by the calls of a server', async () => {
    const server = await placed();
    const chosen = await server.call.defaults.datacenter();
    const before = server.requests();
    expect(await callOf(server.vsphere).defaults.datacenter()).toBe(chosen);
    expect(server.requests() - before).toBe(1);
  });
});
