import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startToolHarness, type ToolHarness } from '../support/tool-harness.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';

const OPERATOR = { groups: ['vsphere-operators'] };
const READER = { groups: ['vsphere-readers'] };
const VM = 'DC0_H0_VM0';
const TEMPLATE = 'DC0_H0_VM1';

describe.skipIf(!(await vcsimAvailable()))('power', () => {
  let vcsim: Vcsim;
  let harness: ToolHarness;

  beforeAll(async () => {
    vcsim = await startVcsim({ dc: 1, cluster: 0, vm: 2 });
    harness = await startToolHarness([{ vcsim }]);
    const { aside } = harness;
    const template = await aside.inventory.find('VirtualMachine', TEMPLATE);
    await aside.tasks.wait(await aside.call('PowerOffVM_Task', { _this: template.ref }));
    await aside.call('MarkAsTemplate', { _this: template.ref });
  });

  afterAll(async () => {
    await harness?.close();
    await vcsim?.stop();
  });

  beforeEach(async () => {
    if ((await stateOf(VM)) !== 'poweredOn') await bring('PowerOnVM_Task');
    await setTools('guestToolsRunning');
  });

  async function stateOf(name: string): Promise<string | undefined> {
    const vms = await harness.peer.properties('VirtualMachine', ['name', 'runtime.powerState']);
    return [...vms.values()].find((vm) => vm.name === name)?.['runtime.powerState'];
  }

  async function bring(method: 'PowerOnVM_Task' | 'PowerOffVM_Task' | 'SuspendVM_Task') {
    const { aside } = harness;
    const vm = await aside.inventory.find('VirtualMachine', VM);
    await aside.tasks.wait(await aside.call(method, { _this: vm.ref }));
  }

  async function setTools(value: string) {
    const { aside } = harness;
    const vm = await aside.inventory.find('VirtualMachine', VM);
    const extraConfig = [{ $type: 'OptionValue', key: 'SET.guest.toolsRunningStatus', value }];
    await aside.tasks.wait(await aside.call('ReconfigVM_Task', { _this: vm.ref, spec: { extraConfig } }));
  }

  it.each([
    ['power_off', 'PowerOnVM_Task', 'poweredOff'],
    ['power_off_vm', 'PowerOnVM_Task', 'poweredOff'],
    ['power_off', 'SuspendVM_Task', 'poweredOff'],
    ['power_on', 'PowerOffVM_Task', 'poweredOn'],
    ['power_on_vm', 'PowerOffVM_Task', 'poweredOn'],
    ['power_on', 'SuspendVM_Task', 'poweredOn'],
    ['reset_vm', 'PowerOnVM_Task', 'poweredOn'],
    ['suspend_vm', 'PowerOnVM_Task', 'suspended'],
  ] as const)('%s after %s leaves the VM %s', async (tool, before, after) => {
    if (before !== 'PowerOnVM_Task') await bring(before);
    const result = await harness.run(tool, { name: VM }, OPERATOR);
    expect(result).toMatchObject({
      vm: { name: VM, path: `/DC0/vm/${VM}`, id: expect.stringMatching(/^vm-/) },
      power_state: after,
      task: { id: expect.stringMatching(/^task-/), state: 'success' },
    });
    expect(await stateOf(VM)).toBe(after);
  });

  it.each([
    ['shutdown_guest', 'poweredOff'],
    ['standby_guest', 'suspended'],
    ['reboot_guest', 'poweredOn'],
  ])('%s asks the guest', async (tool, after) => {
    const result = await harness.run(tool, { name: VM }, OPERATOR);
    expect(result.vm.name).toBe(VM);
    expect(result).not.toHaveProperty('task');
    await expect.poll(() => stateOf(VM)).toBe(after);
  });

  it.each([
    ['shutdown_guest', 'ShutdownGuest', 'poweredOff'],
    ['standby_guest', 'StandbyGuest', 'suspended'],
    ['reboot_guest', 'RebootGuest', 'poweredOn'],
  ])(
    '%s is a success on the record when the guest was asked and its state cannot be read',
    async (tool, method, after) => {
      harness.interruption = { method };
      await expect(harness.run(tool, { name: VM }, OPERATOR)).rejects.toMatchObject({ code: 'RESULT_UNREAD' });
      harness.interruption = undefined;
      expect(harness.records().at(-1)).toMatchObject({ event: 'TOOL_OUTCOME', tool, result: 'success' });
      await expect.poll(() => stateOf(VM)).toBe(after);
    },
  );

  it.each(['shutdown_guest', 'standby_guest', 'reboot_guest'])(
    '%s asks nothing of a guest without running Tools',
    async (tool) => {
      await setTools('guestToolsNotRunning');
      await expect(harness.run(tool, { name: VM }, OPERATOR)).rejects.toMatchObject({
        code: 'INVALID_STATE',
        message: expect.stringMatching(/Tools are not running.*(power_off|suspend_vm|reset_vm)/),
      });
      expect(await stateOf(VM)).toBe('poweredOn');
    },
  );

  it.each(['power_off', 'reset_vm', 'suspend_vm', 'shutdown_guest', 'standby_guest', 'reboot_guest'])(
    '%s says so when the VM is off already, and asks vSphere for nothing',
    async (tool) => {
      await bring('PowerOffVM_Task');
      await expect(harness.run(tool, { name: VM }, OPERATOR)).rejects.toMatchObject({
        code: 'INVALID_STATE',
        message: expect.stringContaining('poweredOff'),
      });
      expect(harness.records().at(-1)).not.toHaveProperty('vcenter_task');
    },
  );

  it('says so when the VM is on already', async () => {
    await expect(harness.run('power_on', { name: VM }, OPERATOR)).rejects.toMatchObject({ code: 'INVALID_STATE' });
  });

  const TOOLS = ['power_on', 'power_off', 'shutdown_guest', 'reboot_guest', 'reset_vm', 'suspend_vm', 'standby_guest'];

  it.each(TOOLS)('%s leaves templates alone', async (tool) => {
    await expect(harness.run(tool, { name: TEMPLATE }, OPERATOR)).rejects.toMatchObject({
      code: 'INVALID_STATE',
      message: expect.stringContaining('template'),
    });
  });

  it.each(TOOLS)('denies a reader who calls %s, and changes nothing', async (tool) => {
    await expect(harness.run(tool, { name: VM }, READER)).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
      message: expect.stringContaining('vsphere-operators'),
    });
    expect(await stateOf(VM)).toBe('poweredOn');
  });

  it.each(TOOLS)('%s does not know a VM that is not there', async (tool) => {
    await expect(harness.run(tool, { name: 'nowhere' }, OPERATOR)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('writes the intent before the change, the task and the outcome after, about the VM itself', async () => {
    await harness.run('power_off', { name: VM }, OPERATOR);
    const records = harness.records();
    const outcome = records.at(-1)!;
    const [intent, started] = records.slice(-3);
    expect(intent).toMatchObject({ event: 'TOOL_INTENT', tool: 'power_off', target: { name: VM } });
    expect(started).toMatchObject({ event: 'TASK_STARTED', intent: intent!.id });
    expect(outcome).toMatchObject({
      event: 'TOOL_OUTCOME',
      result: 'success',
      intent: intent!.id,
      vcenter_task: expect.stringMatching(/^task-/),
      target: { type: 'VirtualMachine', name: VM, path: `/DC0/vm/${VM}` },
      decision: { level: 'POWER_OPS', group: 'vsphere-operators' },
    });
  });

  it('tells what the task said when it failed', async () => {
    const { aside } = harness;
    const host = await aside.inventory.host();
    await bring('PowerOffVM_Task');
    await aside.tasks.wait(await aside.call('EnterMaintenanceMode_Task', { _this: host.ref, timeout: 0 }));
    await expect(harness.run('power_on', { name: VM }, OPERATOR)).rejects.toMatchObject({ code: 'TASK_FAILED' });
    expect(harness.records().at(-1)).toMatchObject({ event: 'TOOL_OUTCOME', error_code: 'TASK_FAILED' });
    await aside.tasks.wait(await aside.call('ExitMaintenanceMode_Task', { _this: host.ref, timeout: 0 }));
    expect(await stateOf(VM)).toBe('poweredOff');
  });

  it('answers at once where the caller does not wait, and records the end when it comes', async () => {
    const result = await harness.run('power_off', { name: VM, wait: false }, OPERATOR);
    expect(result.task).toEqual({ id: expect.stringMatching(/^task-/), state: 'running' });
    await harness.pipeline.idle();
    expect(await stateOf(VM)).toBe('poweredOff');
    expect(harness.records().at(-1)).toMatchObject({
      event: 'TOOL_OUTCOME',
      result: 'success',
      vcenter_task: result.task.id,
    });
  });

  it('takes nothing for a VM but a name', async () => {
    for (const name of [undefined, null, 42, ['vm-1'], { type: 'VirtualMachine', value: 'vm-1' }, 'x'.repeat(3000)]) {
      await expect(harness.run('power_off', { name }, OPERATOR)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    }
    expect(await stateOf(VM)).toBe('poweredOn');
  });
});
