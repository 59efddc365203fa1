import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ManagedObjectReference } from '../../src/vsphere/references.ts';
import { listRecentTasks } from '../../src/vsphere/task-history.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';
import { type Connected, callOf, connect, failure } from './connect.ts';
import { driveTasks, type TaskDriver } from './task-driver.ts';

describe.skipIf(!(await vcsimAvailable()))('waiting for tasks', () => {
  let vcsim: Vcsim;
  let server: Connected;
  let vm: ManagedObjectReference;
  let driver: TaskDriver;

  beforeAll(async () => {
    vcsim = await startVcsim({ dc: 1, cluster: 1, host: 1, vm: 4, autostart: false });
    server = await connect(vcsim);
    driver = await driveTasks(vcsim);
    vm = (await server.call.inventory.find('VirtualMachine', 'DC0_C0_RP0_VM0')).ref;
  });

  afterAll(async () => {
    await driver?.close();
    await server?.close();
    await vcsim?.stop();
  });

  it('resolves with what the task returned', async () => {
    const task = await server.call.call('PowerOnVM_Task', { _this: vm });
    const info = await server.call.tasks.wait(task);
    expect(info).toMatchObject({ state: 'success', entity: vm });
    const { props } = await server.call.readOne('VirtualMachine', vm, ['runtime.powerState']);
    expect(props['runtime.powerState']).toBe('poweredOn');
  });

  it('rejects with the typed fault of a task that failed', async () => {
    const task = await server.call.call('PowerOnVM_Task', { _this: vm });
    const error = await server.call.tasks.wait(task).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'TASK_FAILED', faultType: 'InvalidPowerState', taskId: task.value });
    expect((error as Error).message).not.toMatch(/<|stack/);
  });

  it('waits for many at once on one connection', async () => {
    const vms = await server.call.inventory.list('VirtualMachine');
    const off = vms.filter(({ id }) => id !== vm.value);
    const ended = await Promise.all(
      off.map(async ({ ref }) => {
        const call = callOf(server.vsphere);
        return call.tasks.wait(await call.call('PowerOnVM_Task', { _this: ref }));
      }),
    );
    expect(ended.map(({ state }) => state)).toEqual(off.map(() => 'success'));
  });

  it('reports progress as it comes, also to a wait that joins another', async () => {
    const first = await driver.open(vm);
    const second = await driver.open(vm);
    const seen: (number | undefined)[] = [];
    const waits = [
      server.call.tasks.wait(first),
      server.call.tasks.wait(second, { onProgress: (percent) => seen.push(percent) }),
    ];
    await expect.poll(() => seen.length).toBeGreaterThan(0);
    for (const percentDone of [10, 60]) {
      await driver.progress(second, percentDone);
      // Two changes at once may come as one: each is waited for before the next is made.
      await expect.poll(() => seen, { timeout: 10_000 }).toContain(percentDone);
    }
    await driver.succeed(second);
    await driver.succeed(first);
    await Promise.all(waits);
  });

  it('leaves the task going when the wait is cancelled', async () => {
    const task = await driver.open(vm);
    const giveUp = new AbortController();
    const waiting = server.call.tasks.wait(task, { signal: giveUp.signal, onProgress: () => giveUp.abort() });
    expect((await failure(waiting)).code).toBe('CANCELLED');
    expect((await server.call.tasks.info(task.value)).state).toBe('running');
    await driver.succeed(task);
    expect((await server.call.tasks.wait(task)).state).toBe('success');
  });

  it('ends only the wait whose progress handler fails', async () => {
    const [first, second] = [await driver.open(vm), await driver.open(vm)];
    const other = server.call.tasks.wait(first);
    const failing = server.call.tasks.wait(second, {
      onProgress: () => {
        throw new Error('a bug');
      },
    });
    await expect(failing).rejects.toThrow('a bug');
    await driver.succeed(first);
    expect((await other).state).toBe('success');
  });

  it('ends the waits when the connection is closed, and says that the task goes on', async () => {
    const closing = await connect(vcsim);
    const waiting = failure(closing.call.tasks.wait(await driver.open(vm)));
    await closing.close();
    expect((await waiting).code).toBe('UNAVAILABLE');
    expect((await failure(closing.call.tasks.wait(await driver.open(vm)))).code).toBe('UNAVAILABLE');
  });

  it('does not begin to wait for a call that was cancelled', async () => {
    const call = callOf(server.vsphere, AbortSignal.abort());
    expect((await failure(call.tasks.wait(await driver.open(vm)))).code).toBe('CANCELLED');
  });

  it('tells a passed deadline from a cancelled wait', async () => {
    const task = await driver.open(vm);
    const waiting = server.call.tasks.wait(task, { signal: AbortSignal.timeout(10) });
    expect((await failure(waiting)).code).toBe('DEADLINE_EXCEEDED');
  });

  it('says that the outcome is unknown when the server does not know the task', async () => {
    const waiting = server.call.tasks.wait({ type: 'Task', value: 'task-987654' });
    const error = await waiting.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'NOT_FOUND', maybeExecuted: true });
  });

  it('goes on waiting when the session is lost under it', async () => {
    const task = await driver.open(vm);
    const progress: (number | undefined)[] = [];
    let started: () => void = () => {};
    const begun = new Promise<void>((resolve) => (started = resolve));
    const waiting = server.call.tasks.wait(task, {
      onProgress: (percent) => {
        progress.push(percent);
        started();
      },
    });
    await begun;
    await terminateSessionOf(vcsim, server);
    await driver.succeed(task);
    // The next wait meets the lost session and mends it for the first one too.
    const again = await server.call.tasks.wait(task);
    expect(again.state).toBe('success');
    expect((await waiting).state).toBe('success');
  });

  it('looks a task up by its id, and refuses what is none', async () => {
    const task = await server.call.call('PowerOffVM_Task', { _this: vm });
    await server.call.tasks.wait(task);
    expect(await server.call.tasks.info(task.value)).toMatchObject({ state: 'success', key: task.value });
    for (const id of ['task-0', 'vm-1', '', '../x', 'x'.repeat(10_000), '<a/>']) {
      expect((await failure(server.call.tasks.info(id))).code).toBe('NOT_FOUND');
    }
  });

  it('lists recent tasks, newest first, with the reason of those that failed', async () => {
    const off = await server.call.call('PowerOffVM_Task', { _this: vm });
    await failure(server.call.tasks.wait(off));
    const tasks = await listRecentTasks(server.call, { maxCount: 5 });
    expect(tasks.length).toBeGreaterThan(0);
    expect(tasks.length).toBeLessThanOrEqual(5);
    const times = tasks.map(({ queuedTime }) => Date.parse(queuedTime));
    expect(times).toEqual([...times].sort((a, b) => b - a));
    const failed = tasks.find(({ id }) => id === off.value);
    expect(failed).toMatchObject({ state: 'error', entity: 'DC0_C0_RP0_VM0', entityType: 'VirtualMachine' });
    expect(failed!.error).toBeTruthy();
  });
});

describe.skipIf(!(await vcsimAvailable()))('a server that is restarted while a task is waited for', () => {
  it('has forgotten the task: the wait ends and says so', async () => {
    const vcsim = await startVcsim({ dc: 1, cluster: 1, host: 1, vm: 1, autostart: false });
    const server = await connect(vcsim);
    try {
      const vm = await server.call.inventory.find('VirtualMachine', 'DC0_C0_RP0_VM0');
      const driver = await driveTasks(vcsim);
      const task = await driver.open(vm.ref);
      await driver.close();
      let started: () => void = () => {};
      const begun = new Promise<void>((resolve) => (started = resolve));
      const waiting = server.call.tasks.wait(task, { onProgress: () => started() });
      const outcome = waiting.catch((reason: unknown) => reason);
      await begun;
      await vcsim.kill();
      await vcsim.restart();
      expect(await outcome).toMatchObject({ code: 'NOT_FOUND', maybeExecuted: true });
    } finally {
      await server.close();
      await vcsim.stop();
    }
  });
});

/** Ends the server's session from another one, as an administrator would. */
async function terminateSessionOf(vcsim: Vcsim, server: Connected): Promise<void> {
  const { sessionManager } = server.call.content;
  const { props } = await server.call.readOne('SessionManager', sessionManager!, ['currentSession']);
  const other = await connect(vcsim);
  await other.call.call('TerminateSession', { _this: sessionManager!, sessionId: [props.currentSession!.key] });
  await other.close();
}
