import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startVCenter, type VCenter } from '../../../../lab/vcenter/vcenter.ts';
import { systemClock } from '../../../../src/lib/clock.ts';
import { startToolHarness, type ToolHarness, type ToolOutput } from '../../../support/tool-harness.ts';

const VMS = 60;

async function allOf(harness: ToolHarness, tool: string, field: string): Promise<ToolOutput[]> {
  const found: ToolOutput[] = [];
  let cursor: string | undefined;
  do {
    const { [field]: items, next_cursor } = await harness.run(tool, { limit: 20, ...(cursor && { cursor }) });
    found.push(...items);
    cursor = next_cursor;
  } while (cursor !== undefined);
  return found;
}

const ids = (listed: readonly ToolOutput[]) => listed.map(({ id }) => id).sort();

describe('a lab vCenter, read by the tools', () => {
  let vcenter: VCenter;
  let harness: ToolHarness;
  beforeAll(async () => {
    vcenter = await startVCenter({ vms: VMS });
    harness = await startToolHarness([{ vcsim: vcenter }]);
  });
  afterAll(async () => {
    await harness?.close();
    await vcenter?.stop();
  });
  const held = (type: Parameters<VCenter['world']['objects']['all']>[0]) =>
    [...vcenter.world.objects.all(type)].map(({ id }) => id).sort();

  it('lists every VM and template that there is, and no other', async () => {
    const vms = await allOf(harness, 'list_vms', 'vms');
    const templates = await allOf(harness, 'list_templates', 'templates');
    expect(ids([...vms, ...templates])).toEqual(held('VirtualMachine'));
    expect(vms.length + templates.length).toBe(VMS);
    expect(templates.map(({ name }) => name).sort()).toEqual([
      'debian-12-template',
      'ubuntu-24.04-template',
      'win-2022-template',
    ]);
  });

  it.each([
    ['list_hosts', 'hosts', 'HostSystem'],
    ['list_clusters', 'clusters', 'ClusterComputeResource'],
    ['list_datastores', 'datastores', 'Datastore'],
    ['list_networks', 'networks', 'Network'],
    ['list_resource_pools', 'resource_pools', 'ResourcePool'],
  ] as const)('answers %s with all that it holds', async (tool, field, type) => {
    expect(ids(await allOf(harness, tool, field))).toEqual(held(type));
  });

  it('shows names with a slash as people write them, in paths that lead to them', async () => {
    const { vms } = await harness.run('list_vms', { name: 'qa web/api' });
    expect(vms).toEqual([expect.objectContaining({ name: 'qa web/api', path: '/DC0/vm/CI%2fCD/qa web%2fapi' })]);
    expect(await harness.run('get_vm_info', { name: vms[0].path })).toMatchObject({ id: vms[0].id });
  });

  it('holds a host in maintenance, on which no VM runs', async () => {
    const hosts = await allOf(harness, 'list_hosts', 'hosts');
    expect(hosts.filter(({ maintenance_mode }) => maintenance_mode)).toEqual([
      expect.objectContaining({ name: 'esx-04.corp.example', vm_count: 0 }),
    ]);
  });

  it('counts what lies on a datastore from the files that are there', async () => {
    const { world } = vcenter;
    const datastore = [...world.objects.all('Datastore')].find((each) => each.get('name') === 'nfs-iso')!;
    const before = await harness.run('get_datastore_info', { name: 'nfs-iso' });
    world.files.of(datastore).write('linux/new.iso', { size: 5 * 1024 ** 3 });
    const after = await harness.run('get_datastore_info', { name: 'nfs-iso' });
    expect(after.used_gb).toBeCloseTo(before.used_gb + 5, 1);
  });

  it('tells of an inaccessible VM only what the inventory knows', async () => {
    const info = await harness.run('get_vm_info', { name: 'legacy-crm' });
    expect(info).toMatchObject({ name: 'legacy-crm', disks: [], nics: [], datastore: ['test-vmfs-01'] });
    expect(info.uuid).toBeUndefined();
  });

  it('has VMs with VMware Tools in every state', () => {
    const states = new Set([...vcenter.world.objects.all('VirtualMachine')].map((vm) => vm.get('guest')?.toolsStatus));
    expect([...states].filter((state) => state !== undefined).sort()).toEqual([
      'toolsNotInstalled',
      'toolsNotRunning',
      'toolsOk',
      'toolsOld',
    ]);
  });

  it('finds a VM by the addresses of its guest and its card', async () => {
    const vm = [...vcenter.world.objects.all('VirtualMachine')].find((each) => each.get('guest')?.ipAddress)!;
    const { ipAddress, net } = vm.get('guest')!;
    for (const query of [ipAddress!, net![0]!.macAddress!, net![0]!.ipAddress!.at(-1)!]) {
      const { matches } = await harness.run('find', { query });
      expect(matches.map(({ id }: ToolOutput) => id)).toContain(vm.id);
    }
  });

  it('adds up in a pod what its members have', () => {
    const pod = [...vcenter.world.objects.all('StoragePod')][0]!;
    const members = pod.get('childEntity').map((ref) => vcenter.world.objects.get<'Datastore'>(ref).get('summary'));
    expect(members).toHaveLength(2);
    expect(pod.get('summary')).toMatchObject({
      capacity: members.reduce((sum, { capacity }) => sum + capacity, 0),
      freeSpace: members.reduce((sum, { freeSpace }) => sum + freeSpace, 0),
    });
  });
});

describe('a lab ESXi, read by the tools', () => {
  it('lists its VMs under their numbers and its one host, and has no templates, clusters or folders of VMs', async () => {
    const esxi = await startVCenter({ kind: 'esxi', vms: 30 });
    const harness = await startToolHarness([{ vcsim: esxi, kind: 'esxi' }]);
    const vms = await allOf(harness, 'list_vms', 'vms');
    expect(vms).toHaveLength(30);
    expect(vms.every(({ id, path }) => /^\d+$/.test(id) && path.startsWith('/ha-datacenter/vm/'))).toBe(true);
    expect(await harness.run('list_hosts')).toMatchObject({ hosts: [{ id: 'ha-host', vm_count: 30 }], total: 1 });
    expect(await harness.run('list_clusters')).toMatchObject({ total: 0 });
    expect(await harness.run('list_templates')).toMatchObject({ total: 0 });
    await harness.close();
    await esxi.stop();
  });
});

describe('the seed', () => {
  const snapshotOf = async (seed: number) => {
    const clock = { ...systemClock, now: () => Date.UTC(2026, 10, 1) };
    const { world, stop } = await startVCenter({ seed, vms: 50, tls: false, clock });
    await stop();
    return [...world.objects.all('ManagedEntity')].map((entity) => [
      entity.ref,
      entity.get('name'),
      entity.as('VirtualMachine')?.get('config')?.uuid,
      entity.as('VirtualMachine')?.get('runtime'),
    ]);
  };

  it('gives the same inventory each time, and another seed another', async () => {
    const first = await snapshotOf(7);
    expect(await snapshotOf(7)).toEqual(first);
    expect(await snapshotOf(8)).not.toEqual(first);
  });

  it.each([0, 1, 9, 23, 300])('makes %i VMs where so many are asked for', async (vms) => {
    const { world, stop } = await startVCenter({ vms, tls: false });
    await stop();
    expect([...world.objects.all('VirtualMachine')]).toHaveLength(vms);
  });

  it('gives no two cards one address', async () => {
    const { world, stop } = await startVCenter({ vms: 600, tls: false });
    await stop();
    const macs = [...world.objects.all('VirtualMachine')].flatMap((vm) =>
      (vm.get('config')?.hardware.device ?? []).flatMap((device) => ('macAddress' in device ? device.macAddress : [])),
    );
    expect(macs.length).toBeGreaterThan(500);
    expect(new Set(macs).size).toBe(macs.length);
  });
});
