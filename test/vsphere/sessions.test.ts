import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { createVsphere } from '../../src/vsphere/server-connection.ts';
import { listPlacedVms } from '../../src/vsphere/vm-list.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';
import { type Connected, callOf, connect, failure, makeVm, silent } from './connect.ts';

describe.skipIf(!(await vcsimAvailable()))('a connection over its life', () => {
  let vcsim: Vcsim;
  let server: Connected;
  let other: Connected;

  beforeAll(async () => {
    vcsim = await startVcsim({ dc: 1, cluster: 1, host: 1, vm: 20, autostart: false });
    [server, other] = await Promise.all([connect(vcsim, { pageSize: 3 }), connect(vcsim)]);
  });

  afterAll(async () => {
    await server?.close();
    await other?.close();
    await vcsim?.stop();
  });

  async function endSession(): Promise<void> {
    const { sessionManager } = server.call.content;
    const { props } = await server.call.readOne('SessionManager', sessionManager!, ['currentSession']);
    await other.call.call('TerminateSession', { _this: sessionManager!, sessionId: [props.currentSession!.key] });
  }

  it('makes its kept views anew when the session was ended between two calls', async () => {
    const before = await listPlacedVms(server.call);
    await endSession();
    expect(await listPlacedVms(server.call)).toEqual(before);
    expect((await server.call.inventory.find('VirtualMachine', before[0]!.name)).id).toBe(before[0]!.id);
  });

  it('serves all calls at once after the session was ended', async () => {
    const generation = server.client.generation;
    await endSession();
    const lists = await Promise.all(Array.from({ length: 6 }, () => listPlacedVms(callOf(server.vsphere))));
    expect(lists.map((list) => list.length)).toEqual(lists.map(() => lists[0]!.length));
    expect(server.client.generation).toBe(generation + 1);
  });

  it('starts a read over when the session is lost between two of its pages', async () => {
    const total = (await listPlacedVms(server.call)).length;
    let pages = 0;
    const client = new Proxy(server.client, {
      get(target, property) {
        const value = Reflect.get(target, property, target) as unknown;
        if (property !== 'call') return typeof value === 'function' ? value.bind(target) : value;
        return async (...args: Parameters<typeof target.call>) => {
          if (args[0] === 'ContinueRetrievePropertiesEx' && ++pages === 3) {
            // What a server answers to a token of a session that is no more.
            args[1] = { ...args[1], token: 'lost' } as never;
          }
          return target.call(...args);
        };
      },
    });
    const interrupted = createVsphere({ name: 'x', client, clock: systemClock, logger: silent, pageSize: 3 });
    const vms = await listPlacedVms(callOf(interrupted));
    expect(vms).toHaveLength(total);
    expect(new Set(vms.map(({ id }) => id)).size).toBe(total);
    // Three pages were asked for in vain before all of them were.
    expect(pages).toBeGreaterThan(2 + total / 3);
  });

  it('fails whole on a fault that stays with its second page, and asks for that twice at most', async () => {
    const asked: string[] = [];
    const client = new Proxy(server.client, {
      get(target, property) {
        const value = Reflect.get(target, property, target) as unknown;
        if (property !== 'call') return typeof value === 'function' ? value.bind(target) : value;
        return async (...args: Parameters<typeof target.call>) => {
          asked.push(args[0]);
          // A fault of vSphere's own, which a session that is well and new answers all the same.
          if (args[0] === 'ContinueRetrievePropertiesEx') args[1] = { ...args[1], token: 'lost' } as never;
          return target.call(...args);
        };
      },
    });
    const faulty = createVsphere({ name: 'x', client, clock: systemClock, logger: silent, pageSize: 3 });
    const error = await failure(callOf(faulty).readAll('VirtualMachine', ['name']));
    expect(error.code).toBe('VSPHERE_FAULT');
    expect(error.message).not.toMatch(/<|page|token/);
    expect(asked.filter((method) => /Retrieve/.test(method))).toEqual([
      'RetrievePropertiesEx',
      'ContinueRetrievePropertiesEx',
      'RetrievePropertiesEx',
      'ContinueRetrievePropertiesEx',
    ]);
    // The connection is as good as before.
    expect((await server.call.readAll('VirtualMachine', ['name'])).length).toBeGreaterThan(3);
  });

  it('leaves out what is deleted between the list and the read', async () => {
    const doomed = await makeVm(server.call, 'doomed');
    const kept = await makeVm(server.call, 'kept');
    const task = await other.call.call('Destroy_Task', { _this: doomed });
    await other.call.tasks.wait(task);
    const read = await server.call.read('VirtualMachine', [doomed, kept], ['name']);
    expect(read.map(({ props }) => props.name)).toEqual(['kept']);
    expect((await failure(server.call.readOne('VirtualMachine', doomed, ['name']))).code).toBe('NOT_FOUND');
  });

  it('makes no request for a call that was cancelled', async () => {
    const call = callOf(server.vsphere, AbortSignal.abort());
    expect((await failure(listPlacedVms(call))).code).toBe('CANCELLED');
  });

  it('reads nothing when nothing is asked for', async () => {
    const before = server.requests();
    expect(await server.call.read('VirtualMachine', [], ['name'])).toEqual([]);
    expect(server.requests()).toBe(before);
  });

  it('goes on when the user event is refused', async () => {
    // A vCenter refuses it to an account without Global.LogEvent, and for an object that is gone.
    const vm = await server.call.inventory.find('VirtualMachine', 'kept');
    const cancelled = callOf(server.vsphere, AbortSignal.abort());
    expect(await cancelled.logUserEvent(vm.ref, 'x')).toBe('refused');
  });
});
