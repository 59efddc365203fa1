import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ManagedObject } from '../../../../lab/vcenter/core/managed-object.ts';
import { startVCenter, type VCenter } from '../../../../lab/vcenter/vcenter.ts';
import { systemClock } from '../../../../src/lib/clock.ts';

const START = Date.UTC(2026, 10, 2, 12);
const DAY_MS = 86_400_000;
let now = START;
let vcenter: VCenter;

beforeAll(async () => {
  vcenter = await startVCenter({ clock: { ...systemClock, now: () => now }, tls: false });
});
afterAll(() => vcenter.stop());

const vmNamed = (name: string): ManagedObject<'VirtualMachine'> => {
  const found = [...vcenter.world.objects.all('VirtualMachine')].find((vm) => vm.get('name') === name);
  if (!found) throw new Error(`there is no ${name}`);
  return found;
};

describe('the load of a VM', () => {
  it('moves with the clock within what the VM has, and is the same at the same time', () => {
    const vm = vmNamed('web-01');
    const { numCPU, memoryMB } = vm.get('config')!.hardware;
    const samples = Array.from({ length: 200 }, (_, index) => {
      now = START + index * 20_000;
      return vm.get('summary').quickStats;
    });
    now = START;
    expect(vm.get('summary').quickStats).toEqual(samples[0]);
    const usage = samples.map(({ overallCpuUsage }) => overallCpuUsage!);
    expect(new Set(usage).size).toBeGreaterThan(20);
    expect(Math.min(...usage)).toBeGreaterThan(0);
    expect(Math.max(...usage)).toBeLessThan(numCPU * 1995);
    expect(Math.max(...samples.map(({ guestMemoryUsage }) => guestMemoryUsage!))).toBeLessThan(memoryMB);
    expect(samples.at(-1)!.uptimeSeconds! - samples[0]!.uptimeSeconds!).toBe(199 * 20);
  });

  it('is nothing while it is off', () => {
    const off = [...vcenter.world.objects.all('VirtualMachine')].find(
      (vm) => vm.get('runtime').powerState === 'poweredOff',
    )!;
    expect(off.get('summary').quickStats).toMatchObject({ overallCpuUsage: 0, hostMemoryUsage: 0, uptimeSeconds: 0 });
  });

  it('is part of that of its host, of its pool and of its cluster', () => {
    const { objects } = vcenter.world;
    const vm = vmNamed('db-01');
    const host = objects.get<'HostSystem'>(vm.get('runtime').host!);
    const pool = objects.get<'ResourcePool'>(vm.get('resourcePool')!);
    const sum = (refs: readonly { type: string; value: string }[]) =>
      refs.reduce((all, ref) => all + objects.get<'VirtualMachine'>(ref).get('summary').quickStats.overallCpuUsage!, 0);
    expect(host.get('summary').quickStats.overallCpuUsage).toBe(200 + sum(host.get('vm')));
    expect(pool.get('summary').runtime.cpu.overallUsage).toBe(sum(pool.get('vm')));
  });
});

describe('the files of a VM', () => {
  it('are listed from its datastore, and add up to what it takes there', () => {
    const { objects, files } = vcenter.world;
    const vm = vmNamed('web-02');
    const [datastore] = vm.get('datastore');
    const listed = vm.get('layoutEx')!.file!;
    expect(listed.map(({ type }) => type).sort()).toEqual(
      ['config', 'diskDescriptor', 'diskExtent', 'log', 'nvram', 'snapshotList', 'swap'].sort(),
    );
    const total = listed.reduce((sum, { size }) => sum + size, 0);
    expect(vm.get('summary').storage!.committed).toBe(total);

    const free = objects.get<'Datastore'>(datastore!).get('summary').freeSpace;
    files.of(datastore!).write('web-02/vmware-1.log', { size: 1000 });
    expect(vm.get('summary').storage!.committed).toBe(total + 1000);
    expect(objects.get<'Datastore'>(datastore!).get('summary').freeSpace).toBe(free - 1000);
  });
});

describe('lists of members', () => {
  it('follow a VM to another host and another network', () => {
    const { objects } = vcenter.world;
    const vm = vmNamed('app-01');
    const before = objects.get<'HostSystem'>(vm.get('runtime').host!);
    const cluster = objects.get<'ComputeResource'>(before.get('parent')!);
    const after = objects.get<'HostSystem'>(cluster.get('host').find(({ value }) => value !== before.id)!);
    const told = new Set<string>();
    const end = objects.watch((object) => told.add(object.id));
    vm.set({ runtime: { ...vm.get('runtime'), host: after.ref } });
    end();
    expect(before.get('vm')).not.toContainEqual(vm.ref);
    expect(after.get('vm')).toContainEqual(vm.ref);
    expect([...told]).toEqual(expect.arrayContaining([vm.id, before.id, after.id, cluster.id]));

    const network = objects.get<'Network'>(vm.get('network')[0]!);
    expect(network.get('vm')).toContainEqual(vm.ref);
    const config = vm.get('config')!;
    const device = config.hardware.device!.filter((each) => !('macAddress' in each));
    vm.set({ config: { ...config, hardware: { ...config.hardware, device } } });
    expect(vm.get('network')).toEqual([]);
    expect(network.get('vm')).not.toContainEqual(vm.ref);
  });

  it('lose a VM that is removed', () => {
    const { objects } = vcenter.world;
    const vm = vmNamed('qa-win-01');
    const owners = [vm.get('runtime').host!, vm.get('resourcePool')!, ...vm.get('datastore'), ...vm.get('network')];
    const [folder, lists] = [objects.find(vm.get('parent'))!, owners.map((ref) => objects.find(ref)!)];
    objects.remove(vm);
    for (const owner of lists) expect(owner.read('vm')).not.toContainEqual(vm.ref);
    expect(folder.read('childEntity')).not.toContainEqual(vm.ref);
  });

  it('leave a host in maintenance out of what its cluster can give', () => {
    const { objects } = vcenter.world;
    const cluster = [...objects.all('ClusterComputeResource')].find((each) => each.get('name') === 'Test')!;
    const { effectiveCpu, numEffectiveHosts } = cluster.get('summary');
    const host = objects.get<'HostSystem'>(cluster.get('host')[0]!);
    host.set({ runtime: { ...host.get('runtime'), inMaintenanceMode: true } });
    expect(cluster.get('summary')).toMatchObject({
      numHosts: 2,
      numEffectiveHosts: numEffectiveHosts - 1,
      effectiveCpu: effectiveCpu / 2,
    });
  });
});

describe('the past', () => {
  it('is some hundred events of the last days, oldest first', () => {
    const times = vcenter.world.events.all().map(({ createdTime }) => Date.parse(createdTime));
    expect(times.length).toBeGreaterThan(200);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(times[0]).toBeGreaterThan(START - 40 * DAY_MS);
    expect(times.at(-1)).toBeLessThanOrEqual(START);
  });

  it('tells in words what the VMs in it are called', () => {
    for (const event of vcenter.world.events.all()) {
      if (event.vm && event.userName !== '') expect(event.fullFormattedMessage).toContain(event.vm.name);
    }
  });

  it('has tasks that succeeded and some that failed, and none that runs', () => {
    const states = vcenter.world.tasks.recent().map((task) => task.get('info').state);
    expect(states.length).toBeGreaterThan(10);
    expect(new Set(states)).toEqual(new Set(['success', 'error']));
  });
});
