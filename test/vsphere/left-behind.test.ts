/** Nothing stays on the server that only one call needed, and no wait suffers from another's trouble. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { GatewayError } from '../../src/lib/errors.ts';
import { SoapFault } from '../../src/vim25/faults.ts';
import { listEvents } from '../../src/vsphere/events.ts';
import type { ManagedObjectReference } from '../../src/vsphere/references.ts';
import { type ConnectedVsphere, createVsphere } from '../../src/vsphere/server-connection.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';
import { type Connected, callOf, connect, failure, silent } from './connect.ts';
import { driveTasks, type TaskDriver } from './task-driver.ts';

describe.skipIf(!(await vcsimAvailable()))('on a server that calls come to and leave', () => {
  let vcsim: Vcsim;
  let server: Connected;
  let driver: TaskDriver;
  let vsphere: ConnectedVsphere;
  /** Methods that the server answered without a fault. */
  let answered: string[];
  /** Called before each request; what it throws is the answer. */
  let before: (method: string, request: unknown) => void;

  beforeAll(async () => {
    vcsim = await startVcsim({ dc: 1, cluster: 1, host: 1, vm: 2 });
    server = await connect(vcsim);
    driver = await driveTasks(vcsim);
    const client = new Proxy(server.client, {
      get(target, property) {
        const value = Reflect.get(target, property, target) as unknown;
        if (property !== 'call') return typeof value === 'function' ? value.bind(target) : value;
        return async (...args: Parameters<typeof target.call>) => {
          before(args[0], args[1]);
          const answer = await target.call(...args);
          answered.push(args[0]);
          return answer;
        };
      },
    });
    vsphere = createVsphere({ name: 'x', client, clock: systemClock, logger: silent });
  });

  afterAll(async () => {
    await driver?.close();
    await server?.close();
    await vcsim?.stop();
  });

  beforeEach(() => {
    answered = [];
    before = () => {};
  });

  const count = (method: string) => answered.filter((each) => each === method).length;

  it.each(['CreateCollectorForEvents', 'SetCollectorPageSize', 'ResetCollector', 'RetrievePropertiesEx'])(
    'an event collector goes with a caller who leaves at %s',
    async (last) => {
      const leaving = new AbortController();
      before = (method) => {
        if (method === last) leaving.abort();
      };
      const { code } = await failure(listEvents(callOf(vsphere, leaving.signal), { maxCount: 5 }));
      expect(code).toBe('CANCELLED');
      await expect.poll(() => count('DestroyCollector')).toBe(1);
      expect(count('CreateCollectorForEvents')).toBe(1);
    },
  );

  it.each(['CreateContainerView', 'RetrievePropertiesEx'])(
    'a view of a folder goes with a caller who leaves at %s',
    async (last) => {
      const { ref: within } = await callOf(vsphere).defaults.vmFolder();
      answered = [];
      const leaving = new AbortController();
      before = (method) => {
        if (method === last) leaving.abort();
      };
      const { code } = await failure(callOf(vsphere, leaving.signal).readAll('VirtualMachine', ['name'], { within }));
      expect(code).toBe('CANCELLED');
      await expect.poll(() => count('DestroyView')).toBe(1);
      expect(count('CreateContainerView')).toBe(1);
    },
  );

  it('what cannot be watched fails its own watch alone', async () => {
    const call = callOf(vsphere);
    const vm = await call.inventory.find('VirtualMachine', 'DC0_C0_RP0_VM0');
    const task = await driver.open(vm.ref);
    before = refusing('CreateFilter', vm.ref);
    const failed = new Promise<unknown>((resolve) => {
      const ended = () => resolve(new Error('ended otherwise'));
      call.watch(vm.ref, ['runtime'], { changed: ended, gone: ended, closed: ended, failed: resolve });
    });
    const waiting = call.tasks.wait(task);
    expect(await failed).toMatchObject({ code: 'VSPHERE_FAULT', faultType: 'InvalidProperty' });
    before = () => {};
    await driver.succeed(task);
    expect(await waiting).toMatchObject({ state: 'success' });
    expect((await call.tasks.wait(await driver.open(vm.ref).then(succeeded))).state).toBe('success');
  });

  it.each(['CreateFilter', 'RetrievePropertiesEx'])(
    'a wait for a task whose %s is refused again and again ends, and says that nobody knows',
    async (method) => {
      const call = callOf(vsphere);
      const vm = await call.inventory.find('VirtualMachine', 'DC0_C0_RP0_VM0');
      const task = await driver.open(vm.ref);
      before = refusing(method, task);
      await expect(call.tasks.wait(task)).rejects.toMatchObject({ code: 'VSPHERE_FAULT', maybeExecuted: true });
      if (method === 'RetrievePropertiesEx') {
        await expect.poll(() => count('DestroyPropertyFilter')).toBe(count('CreateFilter'));
      }
      await driver.succeed(task);
    },
  );

  it('a wait goes on when a refusal passes', async () => {
    const call = callOf(vsphere);
    const vm = await call.inventory.find('VirtualMachine', 'DC0_C0_RP0_VM0');
    const task = await driver.open(vm.ref);
    const refuse = refusing('CreateFilter', task);
    let asked = 0;
    before = (method, request) => {
      if (method === 'CreateFilter' && ++asked <= 2) refuse(method, request);
    };
    const waiting = call.tasks.wait(task);
    await driver.succeed(task);
    expect((await waiting).state).toBe('success');
    expect(asked).toBe(3);
  });

  it('a property collector that is given up is destroyed', async () => {
    const call = callOf(vsphere);
    const vm = await call.inventory.find('VirtualMachine', 'DC0_C0_RP0_VM0');
    const task = await driver.open(vm.ref);
    let broken = false;
    before = (method) => {
      if (method !== 'CreateFilter' || broken) return;
      broken = true;
      throw new GatewayError('UNAVAILABLE', 'the connection is gone');
    };
    const waiting = call.tasks.wait(task);
    await expect.poll(() => count('DestroyPropertyCollector')).toBe(1);
    await driver.succeed(task);
    expect((await waiting).state).toBe('success');
  });

  /** Answers what is asked about one object with a fault. */
  function refusing(wanted: string, { value }: ManagedObjectReference): typeof before {
    return (method, request) => {
      if (method !== wanted || !JSON.stringify(request).includes(`"${value}"`)) return;
      throw new SoapFault('InvalidProperty', 'it has no such property', undefined);
    };
  }

  async function succeeded(task: Awaited<ReturnType<TaskDriver['open']>>) {
    await driver.succeed(task);
    return task;
  }
});
