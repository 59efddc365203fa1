import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStage, type Stage } from './stage.ts';

const OPERATOR = { groups: ['vsphere-operators'] };

describe('power in the lab', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await openStage();
  });
  afterAll(() => stage?.close());

  it.each([
    ['power_on', 'poweredOff', 'poweredOn', ['VmStartingEvent', 'DrsVmPoweredOnEvent']],
    ['power_off', 'poweredOn', 'poweredOff', ['VmStoppingEvent', 'VmPoweredOffEvent']],
    ['reset_vm', 'poweredOn', 'poweredOn', ['VmResettingEvent']],
    ['suspend_vm', 'poweredOn', 'suspended', ['VmSuspendingEvent', 'VmSuspendedEvent']],
  ])('%s takes a VM that is %s to %s', async (tool, from, to, events) => {
    const name = `power-${tool}`;
    const vm = stage.vm(name, { on: from === 'poweredOn' });
    const result = await stage.harness.run(tool, { name }, OPERATOR);
    expect(result).toMatchObject({ power_state: to, task: { state: 'success' } });
    const read = await stage.harness.peer.properties('VirtualMachine', [
      'name',
      'runtime.powerState',
      'summary.guest.ipAddress',
    ]);
    const there = [...read.values()].find((each) => each.name === name);
    expect(there?.['runtime.powerState']).toBe(to);
    expect(Boolean(there?.['summary.guest.ipAddress'])).toBe(to === 'poweredOn');
    expect(stage.eventsOf(vm)).toEqual(events);
  });

  it('connects at power on what is to be connected, and nothing while off', async () => {
    const vm = stage.vm('plugs');
    const nic = () => vm.get('config')!.hardware.device!.find(({ key }) => key === 4000)!;
    await stage.done(await stage.client.call('PowerOnVM_Task', { _this: vm.ref }));
    expect(nic().connectable).toMatchObject({ connected: true, status: 'ok' });
    await stage.done(await stage.client.call('PowerOffVM_Task', { _this: vm.ref }));
    expect(nic().connectable).toMatchObject({ connected: false, startConnected: true });
  });

  it('takes room for the swap file of a VM as long as it runs, and runs none without that', async () => {
    const vm = stage.vm('swapping');
    const tree = stage.vcenter.world.files.of(stage.place.datastore);
    const powerOn = async () => stage.done(await stage.client.call('PowerOnVM_Task', { _this: vm.ref }));
    const foreign = tree.foreignBytes;
    tree.foreignBytes = tree.capacityBytes - tree.usedBytes() - 1024;
    await expect(powerOn()).rejects.toMatchObject({ faultType: 'NoDiskSpace' });
    tree.foreignBytes = foreign;
    expect(vm.get('runtime').powerState).toBe('poweredOff');
    expect(stage.eventsOf(vm)).toEqual(['VmStartingEvent', 'VmFailedToPowerOnEvent']);
    await powerOn();
    expect(tree.stat('swapping/swapping.vswp')?.size).toBe(2048 * 1024 ** 2);
    await stage.done(await stage.client.call('PowerOffVM_Task', { _this: vm.ref }));
    expect(tree.stat('swapping/swapping.vswp')).toBeUndefined();
  });

  it.each([
    ['PowerOnVM_Task', true, 'poweredOn'],
    ['PowerOffVM_Task', false, 'poweredOff'],
    ['ResetVM_Task', false, 'poweredOn'],
    ['SuspendVM_Task', false, 'suspended'],
  ] as const)('%s fails by the state that the VM is in', async (method, on, requestedState) => {
    const vm = stage.vm(`state-${method}`, { on });
    await expect(stage.done(await stage.client.call(method, { _this: vm.ref }))).rejects.toMatchObject({
      fault: { $type: 'InvalidPowerState', requestedState, existingState: on ? 'poweredOn' : 'poweredOff' },
    });
  });

  it.each([
    ['shutdown_guest', 'poweredOff'],
    ['standby_guest', 'suspended'],
    ['reboot_guest', 'poweredOn'],
  ])('%s is done by the guest', async (tool, to) => {
    const vm = stage.vm(`guest-${tool}`, { on: true });
    const { bootTime } = vm.get('runtime');
    await stage.harness.run(tool, { name: `guest-${tool}` }, OPERATOR);
    await expect.poll(() => vm.get('runtime').powerState).toBe(to);
    if (tool === 'reboot_guest') await expect.poll(() => vm.get('runtime').bootTime).not.toBe(bootTime);
  });

  it.each(['ShutdownGuest', 'RebootGuest', 'StandbyGuest'] as const)('%s needs running Tools', async (method) => {
    const vm = stage.vm(`no-tools-${method}`, { on: true });
    await expect(stage.client.call(method, { _this: stage.vm(`off-${method}`).ref })).rejects.toMatchObject({
      faultType: 'InvalidPowerState',
    });
    vm.set({ guest: { ...vm.get('guest')!, toolsRunningStatus: 'guestToolsNotRunning' } });
    await expect(stage.client.call(method, { _this: vm.ref })).rejects.toMatchObject({ faultType: 'ToolsUnavailable' });
  });

  it('runs no VM whose disk somebody has deleted, whose host is gone, or which is a template', async () => {
    const { world } = stage.vcenter;
    const vm = stage.vm('lost-disk');
    world.files.of(stage.place.datastore).remove('lost-disk/lost-disk.vmdk');
    await expect(stage.done(await stage.client.call('PowerOnVM_Task', { _this: vm.ref }))).rejects.toMatchObject({
      fault: { $type: 'FileNotFound', file: expect.stringContaining('lost-disk/lost-disk.vmdk') },
    });
    const template = stage.vm('a-template', { template: true });
    await expect(stage.done(await stage.client.call('PowerOnVM_Task', { _this: template.ref }))).rejects.toMatchObject({
      faultType: 'NotSupported',
    });
    const lonely = stage.vm('lonely');
    lonely.set({ runtime: { ...lonely.get('runtime'), connectionState: 'disconnected' } });
    await expect(stage.done(await stage.client.call('PowerOnVM_Task', { _this: lonely.ref }))).rejects.toMatchObject({
      faultType: 'InvalidState',
    });
  });
});

describe('power with tasks that take time', () => {
  let stage: Stage;

  beforeAll(async () => {
    const limited = {
      name: 'clerk',
      password: 'lab-password',
      may: (privilege: string) => !/Power|Suspend|Reset/.test(privilege),
    };
    stage = await openStage({ stepMs: 10, accounts: [{ name: 'root', password: 'lab-password' }, limited] });
  });
  afterAll(() => stage?.close());

  it('has Tools answer after the VM is on, and an address after that', async () => {
    const vm = stage.vm('slow');
    const states: string[] = [];
    const stop = stage.vcenter.world.objects.watch((object) => {
      if (object !== vm) return;
      const guest = vm.get('guest');
      const seen = `${vm.get('runtime').powerState} ${guest?.toolsRunningStatus} ${guest?.ipAddress !== undefined}`;
      if (states.at(-1) !== seen) states.push(seen);
    });
    await stage.client.call('PowerOnVM_Task', { _this: vm.ref });
    await expect.poll(() => states.at(-1), { timeout: 5000 }).toBe('poweredOn guestToolsRunning true');
    stop();
    expect(states.slice(-3)).toEqual([
      'poweredOn guestToolsNotRunning false',
      'poweredOn guestToolsRunning false',
      'poweredOn guestToolsRunning true',
    ]);
  });

  it('changes a VM by one task at a time', async () => {
    const vm = stage.vm('busy');
    const task = await stage.client.call('PowerOnVM_Task', { _this: vm.ref });
    await expect(stage.client.call('PowerOffVM_Task', { _this: vm.ref })).rejects.toMatchObject({
      faultType: 'TaskInProgress',
    });
    await expect(stage.client.call('UnregisterVM', { _this: stage.vm('free').ref })).resolves.toBeUndefined();
    await stage.done(task);
  });

  it('refuses those without the privilege', async () => {
    const vm = stage.vm('guarded', { on: true });
    const { connectTo } = await import('../../../vim25/connect.ts');
    const clerk = await connectTo({ ...stage.vcenter, user: 'clerk' });
    for (const method of ['PowerOffVM_Task', 'ResetVM_Task', 'SuspendVM_Task', 'ShutdownGuest'] as const) {
      await expect(clerk.call(method, { _this: vm.ref })).rejects.toMatchObject({ faultType: 'NoPermission' });
    }
    await clerk.close();
    expect(vm.get('runtime').powerState).toBe('poweredOn');
  });
});
