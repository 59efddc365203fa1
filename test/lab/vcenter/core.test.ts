import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeField } from '../../../lab/vcenter/core/encode.ts';
import { startVCenter, type VCenter } from '../../../lab/vcenter/vcenter.ts';
import type { VimClient } from '../../../src/vim25/client.ts';
import { connectTo, viewOfVms } from '../../vim25/connect.ts';

let vcenter: VCenter;
let client: VimClient;

beforeAll(async () => {
  vcenter = await startVCenter({ vms: 25 });
  client = await connectTo(vcenter);
});
afterAll(async () => {
  await client?.close();
  await vcenter?.stop();
});

const vmNames = (view: { type: string; value: string }, pathSet = ['name']) => ({
  propSet: [{ type: 'VirtualMachine', pathSet }],
  objectSet: [
    {
      obj: view,
      skip: true,
      selectSet: [{ $type: 'TraversalSpec' as const, type: 'ContainerView', path: 'view', skip: false }],
    },
  ],
});

describe('the lab vCenter', () => {
  it('gives every object of a view once, through pages', async () => {
    const view = await viewOfVms(client);
    const ids: string[] = [];
    await client.retrieveProperties([vmNames(view)], ({ obj }) => ids.push(obj.value), { maxObjects: 10 });
    expect(new Set(ids).size).toBe(25);
    expect(ids).toHaveLength(25);
  });

  it('tells only what changed since the version that a client knows', async () => {
    const view = await viewOfVms(client);
    const _this = await client.call('CreatePropertyCollector', { _this: client.serviceContent.propertyCollector });
    await client.call('CreateFilter', { _this, spec: vmNames(view), partialUpdates: false });
    const first = await client.call('WaitForUpdatesEx', { _this, version: '', options: { maxWaitSeconds: 0 } });
    expect(first?.filterSet?.[0]?.objectSet).toHaveLength(25);

    const waiting = client.call('WaitForUpdatesEx', { _this, version: first!.version }, { longPoll: true });
    const [vm] = vcenter.world.objects.all('VirtualMachine');
    vm!.set({ name: 'renamed' });
    const second = await waiting;
    expect(second?.filterSet).toEqual([
      expect.objectContaining({
        objectSet: [
          expect.objectContaining({
            kind: 'modify',
            obj: vm!.ref,
            changeSet: [expect.objectContaining({ name: 'name', op: 'assign', val: 'renamed' })],
          }),
        ],
      }),
    ]);
  });

  it('answers with the fault of a property that is not there', async () => {
    const view = await viewOfVms(client);
    await expect(client.retrieveProperties([vmNames(view, ['nonsense'])], () => {})).rejects.toMatchObject({
      faultType: 'InvalidProperty',
    });
  });

  it('logs in again after every session was ended', async () => {
    vcenter.world.sessions.endAll();
    const view = await viewOfVms(client);
    expect(view.type).toBe('ContainerView');
  });

  it('shows an account without System.Read the name of an entity, and nothing else', async () => {
    const [name, password] = ['viewer', 'lab-password'];
    const may = (privilege: string) => privilege !== 'System.Read';
    const own = await startVCenter({ vms: 3, accounts: [{ name, password, may }] });
    const viewer = await connectTo(own);
    try {
      const [vm] = own.world.objects.all('VirtualMachine');
      const read: unknown[] = [];
      const propSet = [{ type: 'VirtualMachine', pathSet: ['name', 'config.annotation'] }];
      await viewer.retrieveProperties([{ propSet, objectSet: [{ obj: vm!.ref }] }], (object) => read.push(object));
      expect(read).toEqual([
        expect.objectContaining({
          propSet: [expect.objectContaining({ name: 'name', val: vm!.get('name') })],
          missingSet: [
            expect.objectContaining({
              path: 'config.annotation',
              fault: expect.objectContaining({
                fault: expect.objectContaining({ $type: 'NoPermission', privilegeId: 'System.Read', object: vm!.ref }),
              }),
            }),
          ],
        }),
      ]);
    } finally {
      await viewer.close();
      await own.stop();
    }
  });

  it('tells of the members of a list view that is set anew, and which of them are not there', async () => {
    const vms = [...vcenter.world.objects.all('VirtualMachine')].slice(0, 3).map(({ ref }) => ref);
    const view = await client.call('CreateListView', { _this: client.serviceContent.viewManager!, obj: [vms[0]!] });
    const gone = { type: 'VirtualMachine', value: 'vm-999999' };
    const lost = await client.call('ResetListView', { _this: view, obj: [vms[1]!, gone, vms[2]!] });
    expect(lost).toEqual([gone]);
    const read: unknown[] = [];
    const selectSet = [{ $type: 'TraversalSpec' as const, type: 'ListView', path: 'view', skip: false }];
    const spec = {
      propSet: [{ type: 'VirtualMachine', pathSet: ['name'] }],
      objectSet: [{ obj: view, skip: true, selectSet }],
    };
    await client.retrieveProperties([spec], ({ obj }) => read.push(obj));
    expect(read).toEqual([vms[1], vms[2]]);
  });

  it('answers a method that it never heard of by a fault', async () => {
    const body = '<Nonsense xmlns="urn:vim25"><_this type="Folder">group-d1</_this><how>strangely</how></Nonsense>';
    const plain = await startVCenter({ vms: 1, tls: false, accounts: [{ name: 'a', password: 'b' }] });
    try {
      const answer = await fetch(plain.url, {
        method: 'POST',
        body: `<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body>${body}</Body></Envelope>`,
      });
      expect(answer.status).toBe(500);
      expect(await answer.text()).toContain('NotAuthenticated');
    } finally {
      await plain.stop();
    }
  });

  it('never says a fraction where a whole number is declared', () => {
    expect(encodeField({ name: 'freeSpace', type: 'long' }, 7)).toBe('<freeSpace>7</freeSpace>');
    for (const wrong of [1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => encodeField({ name: 'freeSpace', type: 'long' }, wrong)).toThrow(TypeError);
    }
  });
});
