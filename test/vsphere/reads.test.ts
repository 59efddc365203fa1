import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listRaisedAlarms } from '../../src/vsphere/alarms.ts';
import { listClusters, readCluster, readRecommendations } from '../../src/vsphere/cluster.ts';
import { browseDatastore, listDatastores, readDatastore } from '../../src/vsphere/datastore.ts';
import { listEvents } from '../../src/vsphere/events.ts';
import { listFolders } from '../../src/vsphere/folders.ts';
import { listHosts, readHostInfo } from '../../src/vsphere/host-system.ts';
import { listNetworks, readNetwork } from '../../src/vsphere/network.ts';
import { listResourcePools } from '../../src/vsphere/resource-pool.ts';
import { listSnapshots } from '../../src/vsphere/snapshots.ts';
import { readVm, readVmStats } from '../../src/vsphere/virtual-machine.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';
import { type Connected, connect } from './connect.ts';

describe.skipIf(!(await vcsimAvailable())).each([
  { mode: 'a vCenter', options: { dc: 2, cluster: 1, host: 2, vm: 2, pool: 1 } },
  { mode: 'an ESXi host', options: { esx: true, vm: 2 } },
])('reading $mode', ({ options }) => {
  let vcsim: Vcsim;
  let server: Connected;
  const esx = 'esx' in options;

  beforeAll(async () => {
    vcsim = await startVcsim(options);
    server = await connect(vcsim);
  });

  afterAll(async () => {
    await server?.close();
    await vcsim?.stop();
  });

  it('tells a VM with its devices, its host and its datastores', async () => {
    const [object] = await server.call.inventory.list('VirtualMachine');
    const vm = await readVm(server.call, object!.ref);
    expect(vm).toMatchObject({ name: object!.name, powerState: 'poweredOn', cpu: 1, memoryMb: 32, isTemplate: false });
    expect(vm.uuid).toMatch(/^[\da-f-]{36}$/);
    expect(vm.host).toBeTruthy();
    expect(vm.datastores.length).toBeGreaterThan(0);
    expect(vm.disks.length).toBeGreaterThan(0);
    expect(vm.disks[0]!.file).toMatch(/^\[.+\] .+\.vmdk$/);
    expect(vm.nics[0]!.macAddress).toMatch(/^[\da-f:]{17}$/);
    expect(vm.nics[0]!.network).toBe(esx ? 'VM Network' : 'DC0_DVPG0');
  });

  it('tells how busy a VM is', async () => {
    const [object] = await server.call.inventory.list('VirtualMachine');
    expect(await readVmStats(server.call, object!.ref)).toMatchObject({ name: object!.name, powerState: 'poweredOn' });
  });

  it('tells the snapshots of a VM as they were made', async () => {
    const [object] = await server.call.inventory.list('VirtualMachine');
    expect(await listSnapshots(server.call, object!.ref)).toEqual([]);
    for (const name of ['one', 'two']) {
      const task = await server.call.call('CreateSnapshot_Task', {
        _this: object!.ref,
        name,
        description: `${name}!`,
        memory: false,
        quiesce: false,
      });
      await server.call.tasks.wait(task);
    }
    const snapshots = await listSnapshots(server.call, object!.ref);
    expect(snapshots.map(({ path, isCurrent }) => [path, isCurrent])).toEqual([
      ['/one', false],
      ['/one/two', true],
    ]);
    expect(snapshots[1]).toMatchObject({ description: 'two!', name: 'two' });
  });

  it('tells every host', async () => {
    const hosts = await listHosts(server.call);
    expect(hosts.length).toBe(esx ? 1 : 6);
    for (const host of hosts) {
      expect(host).toMatchObject({ connectionState: 'connected', powerState: 'poweredOn' });
      expect(host.cpuCores).toBeGreaterThan(0);
      expect(host.memoryTotalGb).toBeGreaterThan(0);
    }
    const info = await readHostInfo(server.call, hosts[0]!.ref);
    expect(info.product.version).toMatch(/^\d/);
    expect(info.uuid).toBeTruthy();
  });

  it('tells every datastore, and what lies on one', async () => {
    const datastores = await listDatastores(server.call);
    expect(datastores.length).toBeGreaterThan(0);
    const one = await readDatastore(server.call, datastores[0]!.ref);
    expect(one).toMatchObject({ accessible: true, name: 'LocalDS_0' });
    expect(one.capacityGb).toBeGreaterThan(0);
    const files = await browseDatastore(server.call, one.ref, '');
    expect(files.find(({ type }) => type === 'folder')).toBeDefined();
    const folder = files.find(({ name, type }) => type === 'folder' && /VM0$/.test(name))!;
    const inside = await browseDatastore(server.call, one.ref, folder.name);
    expect(inside.map(({ type }) => type)).toEqual(expect.arrayContaining(['disk', 'config']));
  });

  it('tells every network', async () => {
    const networks = await listNetworks(server.call);
    const plain = networks.find(({ name }) => name === 'VM Network')!;
    expect(await readNetwork(server.call, plain.ref)).toMatchObject({ type: 'network', switch: undefined });
  });

  it('tells pools, folders and events', async () => {
    const pools = await listResourcePools(server.call);
    expect(pools.length).toBe(esx ? 1 : 6);
    expect(pools[0]!.owner?.value).toBeTruthy();
    const folders = await listFolders(server.call);
    expect(folders.map(({ path }) => path)).toContain(esx ? '/ha-datacenter/vm' : '/DC1/vm');
    expect(await listRaisedAlarms(server.call)).toEqual([]);
  });

  it('tells events, newest first', async () => {
    const events = await listEvents(server.call, { maxCount: 10 });
    expect(events.length).toBeGreaterThan(0);
    expect(events.length).toBeLessThanOrEqual(10);
    const times = events.map(({ createdTime }) => Date.parse(createdTime));
    expect(times).toEqual([...times].sort((a, b) => b - a));
    const typed = await listEvents(server.call, { maxCount: 10, types: ['VmPoweredOnEvent'] });
    expect(new Set(typed.map(({ type }) => type))).toEqual(new Set(['VmPoweredOnEvent']));
    const future = new Date(Date.now() + 3_600_000).toISOString();
    expect(await listEvents(server.call, { maxCount: 10, since: future })).toEqual([]);
  });
});

describe.skipIf(!(await vcsimAvailable()))('reading what only a vCenter has', () => {
  let vcsim: Vcsim;
  let server: Connected;

  beforeAll(async () => {
    vcsim = await startVcsim({ dc: 1, cluster: 1, host: 2, vm: 1 });
    server = await connect(vcsim);
  });

  afterAll(async () => {
    await server?.close();
    await vcsim?.stop();
  });

  it('tells clusters with their DRS and HA', async () => {
    const [cluster] = await listClusters(server.call);
    expect(cluster).toMatchObject({ name: 'DC0_C0', hostCount: 2, drs: { enabled: true }, ha: { enabled: false } });
    expect(cluster!.totalMemoryGb).toBeGreaterThan(0);
    expect(await readCluster(server.call, cluster!.ref)).toEqual(cluster);
    expect(await readRecommendations(server.call, cluster!.ref)).toEqual([]);
  });

  it('tells a distributed port group with its switch', async () => {
    const group = await server.call.inventory.find('Network', 'DC0_DVPG0');
    const details = await readNetwork(server.call, group.ref);
    expect(details).toMatchObject({ type: 'distributed_portgroup', switch: 'DVS0', isUplink: false });
    expect(details.hostCount).toBeGreaterThan(0);
  });
});
