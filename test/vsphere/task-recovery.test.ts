/** What a later start may say about a task, and of which task it must say nothing. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTaskRecovery } from '../../src/vsphere/task-recovery.ts';
import { startToolHarness, type ToolHarness } from '../support/tool-harness.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';
import { type Connected, connect } from './connect.ts';
import { driveTasks, type TaskDriver } from './task-driver.ts';

const HOUR = 3_600_000;

describe.skipIf(!(await vcsimAvailable()))('the recovery of a task', () => {
  let vcsim: Vcsim;
  let server: Connected;
  let driver: TaskDriver;
  let tools: ToolHarness;
  let vm: { type: string; value: string };
  let recover: ReturnType<typeof createTaskRecovery>;

  beforeAll(async () => {
    vcsim = await startVcsim({ dc: 1, cluster: 1, host: 1, vm: 2 });
    server = await connect(vcsim);
    driver = await driveTasks(vcsim);
    tools = await startToolHarness([{ vcsim }]);
    vm = (await server.call.inventory.find('VirtualMachine', 'DC0_C0_RP0_VM0')).ref;
    recover = createTaskRecovery({ get: async () => server.vsphere });
  });
  afterAll(async () => {
    await tools?.close();
    await driver?.close();
    await server?.close();
    await vcsim?.stop();
  });

  const asked = (id: string, more: { target?: string | undefined; intendedAt?: number } = {}) =>
    recover({ server: 'test', id, target: vm.value, intendedAt: Date.now(), ...more });

  it('tells its end once it has one, and nothing before', async () => {
    const task = await driver.open(vm as never);
    expect(await asked(task.value)).toBeUndefined();
    await driver.succeed(task);
    expect(await asked(task.value)).toEqual({ state: 'success' });
    expect(await asked(task.value, { target: undefined })).toEqual({ state: 'success' });
  });

  it('tells its failure in words that are safe to show', async () => {
    const task = await server.call.call('PowerOnVM_Task', { _this: vm as never });
    await server.call.tasks.wait(task).catch(() => {});
    expect(await asked(task.value)).toEqual({ state: 'error', error: expect.stringMatching(/^[^<]+$/) });
  });

  it('says nothing of a task on another object that has the same id', async () => {
    const task = await driver.open(vm as never);
    await driver.succeed(task);
    expect(await asked(task.value, { target: 'vm-1' })).toEqual({ state: 'unknown' });
  });

  it('says nothing of a task that is older than the call, but for a clock that is a little behind', async () => {
    const task = await driver.open(vm as never);
    await driver.succeed(task);
    expect(await asked(task.value, { intendedAt: Date.now() + HOUR })).toEqual({ state: 'unknown' });
    expect(await asked(task.value, { intendedAt: Number.NaN })).toEqual({ state: 'unknown' });
    expect(await asked(task.value, { intendedAt: Date.now() + 4 * 60_000 })).toEqual({ state: 'success' });
  });

  it('knows nothing of a task that vSphere does not know', async () => {
    expect(await asked('task-999999')).toEqual({ state: 'unknown' });
  });

  it('is asked again where the server cannot be reached', async () => {
    const down = createTaskRecovery({ get: () => Promise.reject(new Error('down')) });
    await expect(down({ server: 'x', id: 'task-1', target: undefined, intendedAt: 0 })).rejects.toThrow('down');
  });

  it('finds the task of every tool that starts one by the object on record', async () => {
    await tools.run('create_vm', { name: 'made' });
    await tools.run('clone_vm', { template_name: 'made', new_name: 'copied' });
    await tools.run('rename_vm', { name: 'copied', new_name: 'renamed' });
    await tools.run('reconfigure_vm', { name: 'renamed', cpu: 2 });
    await tools.run('create_snapshot', { name: 'renamed', snapshot_name: 's' });
    await tools.run('revert_to_snapshot', { name: 'renamed', snapshot_name: 's' });
    await tools.run('delete_snapshot', { name: 'renamed', snapshot_name: 's' });
    await tools.run('power_on', { name: 'renamed' });
    const started = tools.records().filter(({ event }) => event === 'TASK_STARTED');
    expect(started).toHaveLength(8);
    for (const { tool, vcenter_task, target, timestamp } of started) {
      const lost = { target: (target as { id: string }).id, intendedAt: Date.parse(String(timestamp)) };
      expect(await asked(String(vcenter_task), lost), String(tool)).toEqual({ state: 'success' });
    }
  });
});
