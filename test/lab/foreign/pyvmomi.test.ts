import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startVCenter, type VCenter } from '../../../lab/vcenter/vcenter.ts';
import { pyvmomiAvailable, runPyvmomi } from './pyvmomi.ts';
import { newVm, pathOf, runningVm, vmNamed } from './subjects.ts';

const available = await pyvmomiAvailable();

/** What govmomi's types, and so the lab, lack of pyVmomi's: newer than the first 8.0, and asked for by nobody. */
const UNKNOWN = /^vim\.(ClusterComputeResource\.summaryEx|(Cluster)?ComputeResource\.configManagerEnabled):/;

describe.skipIf(!available)('pyVmomi', () => {
  let vcenter: VCenter;

  beforeAll(async () => {
    vcenter = await startVCenter({ vms: 40 });
  });
  afterAll(() => vcenter?.stop());

  it('logs in, and is told who it is and what the server is', async () => {
    const { about } = vcenter.world.content;
    const said = await runPyvmomi(vcenter, 'session');
    expect(said).toMatchObject({
      api_type: about.apiType,
      api_version: about.apiVersion,
      instance_uuid: about.instanceUuid,
      full_name: about.fullName,
      user: vcenter.user,
      user_agent: expect.stringMatching(/^pyvmomi/i),
      wrong_password: expect.stringMatching(/incorrect user name or password/),
    });
    expect(Date.parse(said.time)).toBeGreaterThan(Date.now() - 60_000);
    expect(vcenter.world.sessions.list()).toEqual([]);
  });

  it('reads every property of every object', async () => {
    const { read, troubles } = await runPyvmomi(vcenter, 'everything');
    expect(read['vim.VirtualMachine']).toBe([...vcenter.world.objects.all('VirtualMachine')].length);
    expect(Object.keys(troubles).filter((trouble) => !UNKNOWN.test(trouble))).toEqual([]);
  });

  it('lists VMs in pages, and finds one in every way', async () => {
    const vm = runningVm(vcenter.world);
    const config = vm.get('config')!;
    const guest = vm.get('guest')!;
    const { vms, found } = await runPyvmomi(vcenter, 'inventory', {
      wanted: {
        path: pathOf(vcenter.world, vm),
        uuid: config.uuid,
        instance_uuid: config.instanceUuid,
        ip: guest.ipAddress,
        dns: guest.hostName,
      },
    });
    expect(found).toEqual({ path: vm.id, uuid: vm.id, instance_uuid: vm.id, ip: vm.id, dns: vm.id, nowhere: null });
    const there = [...vcenter.world.objects.all('VirtualMachine')].filter((each) => each.get('config'));
    const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
    expect(vms.sort(byId)).toEqual(
      there
        .map((each) => ({
          id: each.id,
          name: each.get('name'),
          power: each.get('runtime').powerState,
          cpu: each.get('config')?.hardware.numCPU,
          labels: each.get('config')?.hardware.device?.map(({ deviceInfo }) => deviceInfo?.label),
          ip: each.get('guest')?.ipAddress ?? null,
        }))
        .sort(byId),
    );
  });

  it('changes a VM, waits for the tasks, and is told the faults by their classes', async () => {
    const vm = newVm(vcenter.world, 'pyvmomi-changes');
    const said = await runPyvmomi(vcenter, 'changes', { vm: vm.id });
    expect(said).toMatchObject({
      on: 'poweredOn',
      on_again: 'vim.fault.InvalidPowerState',
      off: 'poweredOff',
      snapshot: expect.stringMatching(/^snapshot-/),
      snapshot_task: {
        state: 'success',
        description: 'VirtualMachine.createSnapshot',
        entity: 'pyvmomi-changes',
        user: expect.stringContaining('administrator'),
      },
      changed: [4, 'changed'],
      tree: ['first', ['second']],
      reverted: [1, ''],
      no_tree: true,
      too_many: expect.stringMatching(/^(vmodl|vim)\.fault\./),
      clone: [expect.stringMatching(/^vm-/), 1],
      same_name: 'vim.fault.DuplicateName',
      renamed: 'pyvmomi-renamed',
      gone: 'vmodl.fault.ManagedObjectNotFound',
    });
    expect(vm.get('snapshot')).toBeUndefined();
    expect(vmNamed(vcenter.world, 'pyvmomi-renamed')).toBeUndefined();
  });

  it('waits for changes, and is told only what changed', async () => {
    const vm = newVm(vcenter.world, 'pyvmomi-updates');
    expect(await runPyvmomi(vcenter, 'updates', { vm: vm.id })).toEqual({
      first: [['enter', expect.arrayContaining(['name', 'runtime.powerState'])]],
      second: [['modify', ['name']]],
      values: { name: 'pyvmomi-told' },
      nothing: null,
    });
  });

  it('runs a program in a guest, and moves files in and out', async () => {
    const vm = runningVm(vcenter.world);
    expect(await runPyvmomi(vcenter, 'guest', { vm: vm.id })).toEqual({
      exit_code: 3,
      owner: 'root',
      got: 'from outside\n',
      size: 13,
      listed: ['pyvmomi', 'pyvmomi.out'],
      wrong_password: 'vim.fault.InvalidGuestLogin',
      no_file: 'vim.fault.FileNotFound',
    });
  });

  it('reads events, tasks, counters and alarms', async () => {
    const vm = newVm(vcenter.world, 'pyvmomi-history');
    const said = await runPyvmomi(vcenter, 'history', { vm: vm.id, running: runningVm(vcenter.world).id });
    const posted = vcenter.world.events.all().filter((event) => event.vm?.vm.value === vm.id);
    expect(said.keys.sort()).toEqual(posted.map(({ key }) => key).sort());
    expect(said.page.sort()).toEqual(posted.map(({ key }) => key).sort());
    expect(said.events).toContainEqual(expect.stringMatching(/^vim\.event\.(Drs)?VmPoweredOnEvent$/));
    expect(said.tasks).toContainEqual(['VirtualMachine.powerOn', 'success']);
    expect(said.counters).toBeGreaterThan(20);
    expect(said.samples).toHaveLength(1);
    expect(said.samples[0]).toHaveLength(3);
    expect(said.alarms.length).toBeGreaterThan(5);
    expect(said.triggered.length).toBeGreaterThan(0);
  });
});

describe.skipIf(!available)('pyVmomi on a standalone ESXi', () => {
  let esxi: VCenter;

  beforeAll(async () => {
    esxi = await startVCenter({ kind: 'esxi', vms: 8 });
  });
  afterAll(() => esxi?.stop());

  it('reads every property of every object', async () => {
    const { read, troubles } = await runPyvmomi(esxi, 'everything');
    expect(read).toMatchObject({ 'vim.VirtualMachine': 8, 'vim.HostSystem': 1 });
    expect(Object.keys(troubles).filter((trouble) => !UNKNOWN.test(trouble))).toEqual([]);
  });
});
