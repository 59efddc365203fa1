import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
});
