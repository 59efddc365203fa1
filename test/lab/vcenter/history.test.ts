import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ManagedObject } from '../../../lab/vcenter/core/managed-object.ts';
import { startVCenter, type VCenter } from '../../../lab/vcenter/vcenter.ts';
import type { VimClient } from '../../../src/vim25/client.ts';
import type { EventFilterSpec, TaskFilterSpec } from '../../../src/vim25/generated/types.ts';
import { startToolHarness, type ToolHarness } from '../../support/tool-harness.ts';
import { connectTo } from '../../vim25/connect.ts';

let vcenter: VCenter;
let client: VimClient;
let denied: VimClient;
let harness: ToolHarness;

beforeAll(async () => {
  vcenter = await startVCenter({
    accounts: [
      { name: 'administrator@vsphere.local', password: 'lab-password' },
      { name: 'reader@vsphere.local', password: 'lab-password', may: (privilege) => privilege.startsWith('System.') },
    ],
  });
  client = await connectTo(vcenter);
  denied = await connectTo({ ...vcenter, user: 'reader@vsphere.local' });
  harness = await startToolHarness([{ vcsim: vcenter }]);
});
afterAll(async () => {
  await Promise.all([client?.close(), denied?.close(), harness?.close()]);
  await vcenter?.stop();
});

const NOTHING = { type: 'VirtualMachine', value: 'vm-999999' };
const events = () => client.serviceContent.eventManager!;
const tasks = () => client.serviceContent.taskManager!;
const query = (filter: EventFilterSpec) => client.call('QueryEvents', { _this: events(), filter });
const aVm = (powerState: string): ManagedObject<'VirtualMachine'> =>
  [...vcenter.world.objects.all('VirtualMachine')].find(
    (vm) =>
      vm.get('runtime').powerState === powerState &&
      vm.get('runtime').connectionState === 'connected' &&
      vm.get('config')?.template === false,
  )!;

async function powerCycle(): Promise<{ vm: ManagedObject<'VirtualMachine'>; chain: number }> {
  const vm = aVm('poweredOn');
  const task = await client.call('PowerOffVM_Task', { _this: vm.ref });
  await vcenter.world.tasks.idle();
  await client.call('PowerOnVM_Task', { _this: vm.ref });
  await vcenter.world.tasks.idle();
  return { vm, chain: vcenter.world.objects.get<'Task'>(task).get('info').eventChainId };
}

describe('events', () => {
  it('are in the order of their times, and the past is there at the start', async () => {
    const all = await query({ maxCount: 1000 });
    expect(all.length).toBeGreaterThan(100);
    const times = all.map(({ createdTime }) => Date.parse(createdTime));
    expect(times).toEqual([...times].sort((a, b) => a - b));
    const keys = all.map(({ key }) => key);
    expect(keys).toEqual([...keys].sort((a, b) => a - b));
  });

  it('of a task share its chain, and begin with the task', async () => {
    const { vm, chain } = await powerCycle();
    const found = await query({ eventChainId: chain });
    expect(found.map(({ $type }) => $type)).toEqual(['TaskEvent', 'VmStoppingEvent', 'VmPoweredOffEvent']);
    expect(found[0]).toMatchObject({ info: { descriptionId: 'VirtualMachine.powerOff', entity: vm.ref } });
    expect(found[0]?.fullFormattedMessage).toBe('Task: Power Off virtual machine');
  });

  it('are found by object and what is below it, by class, person, time and category', async () => {
    const { vm } = await powerCycle();
    const { objects, content } = vcenter.world;
    const host = vm.get('runtime').host!;
    const cluster = objects.get<'HostSystem'>(host).get('parent')!;
    const eventTypeId = ['DrsVmPoweredOnEvent', 'vim.event.VmPoweredOnEvent'];
    const of = async (entity: typeof host, recursion: string) =>
      (await query({ entity: { entity, recursion }, eventTypeId })).map((event) => event.vm?.vm.value);
    expect(await of(vm.ref, 'self')).toContain(vm.id);
    for (const above of [host, cluster, vm.get('parent') ?? content.rootFolder, vm.get('resourcePool')!]) {
      expect(await of(above, 'self')).not.toContain(vm.id);
      expect(await of(above, 'all')).toContain(vm.id);
    }
    expect(await of(host, 'children')).toContain(vm.id);
    expect(await of(content.rootFolder, 'children')).not.toContain(vm.id);

    const mine = await query({ userName: { systemUser: false, userList: [vcenter.user.toUpperCase()] } });
    expect(mine.length).toBeGreaterThan(2);
    expect(new Set(mine.map(({ userName }) => userName))).toEqual(new Set([vcenter.user]));
    const beginTime = new Date(Date.now() - 3_600_000).toISOString();
    const recent = await query({ time: { beginTime } });
    expect(recent.length).toBeGreaterThan(2);
    expect(recent.every(({ createdTime }) => createdTime >= beginTime)).toBe(true);
    expect(await query({ time: { endTime: '2001-01-01T00:00:00Z' } })).toEqual([]);
    await expect(connectTo({ ...vcenter, password: 'wrong' })).rejects.toThrow();
    expect((await query({ category: ['error'] })).at(-1)).toMatchObject({ $type: 'BadUsernameSessionEvent' });
  });

  it('show in the tool newest first, with those that people leave on an object', async () => {
    const vm = aVm('poweredOff');
    const msg = 'alice@example.com asked for <this> & that';
    await client.call('LogUserEvent', { _this: events(), entity: vm.ref, msg });
    const { events: found } = await harness.run('list_recent_events', {
      event_types: ['GeneralUserEvent'],
      hours_back: 1,
    });
    expect(found[0]).toMatchObject({ type: 'GeneralUserEvent', user: vcenter.user, vm: vm.get('name') });
    expect(found[0].message).toContain(msg);
  });

  it('are refused from those who may not, of objects that are not there, and in no end of words', async () => {
    const vm = aVm('poweredOff');
    const _this = events();
    await expect(denied.call('LogUserEvent', { _this, entity: vm.ref, msg: 'x' })).rejects.toMatchObject({
      faultType: 'NoPermission',
    });
    await expect(client.call('LogUserEvent', { _this, entity: NOTHING, msg: 'x' })).rejects.toMatchObject({
      faultType: 'ManagedObjectNotFound',
    });
    await expect(client.call('LogUserEvent', { _this, entity: vm.ref, msg: 'x'.repeat(1e6) })).rejects.toMatchObject({
      faultType: 'InvalidArgument',
    });
  });

  it.each([
    ['no events at all', { maxCount: 0 }, 'InvalidArgument'],
    ['an object that is not there', { entity: { entity: NOTHING, recursion: 'all' } }, 'ManagedObjectNotFound'],
  ])('are not found by %s', async (_, filter, faultType) => {
    await expect(query(filter)).rejects.toMatchObject({ faultType });
  });

  it('can be posted by extensions, under their ids', async () => {
    const vm = aVm('poweredOff');
    await client.call('PostEvent', {
      _this: events(),
      eventToPost: {
        $type: 'EventEx',
        key: 77,
        chainId: 77,
        createdTime: '2001-01-01T00:00:00Z',
        userName: '',
        eventTypeId: 'com.example.backup.failed',
        severity: 'error',
        message: 'the backup failed',
        objectId: vm.id,
        objectType: 'VirtualMachine',
      } as never,
    });
    const [found] = await query({ eventTypeId: ['com.example.backup.failed'], category: ['error'] });
    expect(found).toMatchObject({
      vm: { vm: vm.ref },
      userName: vcenter.user,
      fullFormattedMessage: 'the backup failed',
    });
    expect(Date.parse(found!.createdTime)).toBeGreaterThan(Date.now() - 600_000);
  });
});

describe('a collector of events', () => {
  it('reads on from the oldest, and back from before the latest page', async () => {
    const _this = await client.call('CreateCollectorForEvents', { _this: events(), filter: {} });
    const all = (await query({ maxCount: 100_000 })).map(({ key }) => key);
    const next = async (maxCount: number) =>
      (await client.call('ReadNextEvents', { _this, maxCount })).map(({ key }) => key);
    const previous = async (maxCount: number) =>
      (await client.call('ReadPreviousEvents', { _this, maxCount })).map(({ key }) => key);
    expect(await next(5)).toEqual(all.slice(0, 5));
    expect(await next(5)).toEqual(all.slice(5, 10));
    await client.call('RewindCollector', { _this });
    expect(await previous(5)).toEqual([]);
    expect(await next(3)).toEqual(all.slice(0, 3));
    await client.call('SetCollectorPageSize', { _this, maxCount: 4 });
    await client.call('ResetCollector', { _this });
    expect(await next(1000)).toEqual(all.slice(-4));
    expect(await next(1000)).toEqual([]);
    await client.call('ResetCollector', { _this });
    expect(await previous(3)).toEqual(all.slice(-7, -4).reverse());
    expect(await previous(2)).toEqual(all.slice(-9, -7).reverse());
    await client.call('DestroyCollector', { _this });
    await expect(next(1)).rejects.toMatchObject({ faultType: 'ManagedObjectNotFound' });
  });

  it('tells a client that waits of each new event that fits', async () => {
    const vm = aVm('poweredOff');
    const filter = { entity: { entity: vm.ref, recursion: 'self' }, eventTypeId: ['GeneralUserEvent'] };
    const collector = await client.call('CreateCollectorForEvents', { _this: events(), filter });
    const _this = await client.call('CreatePropertyCollector', { _this: client.serviceContent.propertyCollector });
    const spec = {
      propSet: [{ type: 'EventHistoryCollector', pathSet: ['latestPage'] }],
      objectSet: [{ obj: collector }],
    };
    await client.call('CreateFilter', { _this, spec, partialUpdates: false });
    const first = await client.call('WaitForUpdatesEx', { _this, version: '', options: { maxWaitSeconds: 0 } });
    const waiting = client.call('WaitForUpdatesEx', { _this, version: first!.version }, { longPoll: true });
    await client.call('LogUserEvent', { _this: events(), entity: aVm('poweredOn').ref, msg: 'elsewhere' });
    await client.call('LogUserEvent', { _this: events(), entity: vm.ref, msg: 'seen at once' });
    const update = JSON.stringify(await waiting);
    expect(update).toContain('seen at once');
    expect(update).not.toContain('elsewhere');
  });

  it('is one of few, and its pages are not without end', async () => {
    const other = await connectTo(vcenter);
    try {
      const create = () => other.call('CreateCollectorForEvents', { _this: events(), filter: {} });
      const made = [];
      for (let count = 0; count < 32; count++) made.push(await create());
      await expect(create()).rejects.toMatchObject({ faultType: 'InvalidState' });
      await other.call('DestroyCollector', { _this: made[0]! });
      const _this = await create();
      for (const maxCount of [0, -1, 1001, 2 ** 31 - 1]) {
        await expect(other.call('ReadNextEvents', { _this, maxCount })).rejects.toMatchObject({
          faultType: 'InvalidArgument',
        });
        await expect(other.call('SetCollectorPageSize', { _this, maxCount })).rejects.toMatchObject({
          faultType: 'InvalidArgument',
        });
      }
      await expect(client.call('ReadNextEvents', { _this, maxCount: 1 })).rejects.toMatchObject({
        faultType: 'ManagedObjectNotFound',
      });
    } finally {
      await other.close();
    }
  });
});

describe('tasks', () => {
  const collect = async (filter: TaskFilterSpec) => {
    const _this = await client.call('CreateCollectorForTasks', { _this: tasks(), filter });
    const found = await client.call('ReadNextTasks', { _this, maxCount: 1000 });
    await client.call('DestroyCollector', { _this });
    return found;
  };

  it('are found by object, state, person and time, and have a name for people', async () => {
    const { vm } = await powerCycle();
    const ofVm = await collect({ entity: { entity: vm.ref, recursion: 'self' }, state: ['success'] });
    expect(ofVm.slice(-2).map(({ descriptionId }) => descriptionId)).toEqual([
      'VirtualMachine.powerOff',
      'VirtualMachine.powerOn',
    ]);
    const cluster = vcenter.world.objects.get<'HostSystem'>(vm.get('runtime').host!).get('parent')!;
    const below = await collect({ entity: { entity: cluster, recursion: 'all' } });
    expect(below.map(({ key }) => key)).toEqual(expect.arrayContaining(ofVm.map(({ key }) => key)));
    const mine = await collect({ userName: { systemUser: false, userList: [vcenter.user] } });
    expect(mine.map(({ key }) => key)).toEqual(expect.arrayContaining(ofVm.slice(-2).map(({ key }) => key)));
    expect(await collect({ state: ['running'] })).toEqual([]);
    expect(await collect({ time: { timeType: 'queuedTime', endTime: '2001-01-01T00:00:00Z' } })).toEqual([]);
    await expect(collect({ time: { timeType: 'toString' } })).rejects.toMatchObject({ faultType: 'InvalidArgument' });
    const described = vcenter.world.objects.find(tasks())!.read('description') as {
      methodInfo: { key: string; label: string }[];
    };
    const labels = new Map(described.methodInfo.map(({ key, label }) => [key, label]));
    for (const { descriptionId } of await collect({})) expect(labels.get(descriptionId), descriptionId).toBeDefined();
  });

  it('show on their object and in the tool', async () => {
    const { vm } = await powerCycle();
    const { tasks: recent } = await harness.run('list_recent_tasks', { entity_name: vm.get('name'), max_count: 2 });
    expect(recent.map(({ name }: { name: string }) => name)).toEqual([
      'VirtualMachine.powerOn',
      'VirtualMachine.powerOff',
    ]);
    expect(
      vm
        .get('recentTask')
        .slice(-2)
        .map(({ value }) => value),
    ).toEqual(recent.map(({ key }: { key: string }) => key).reverse());
  });
});
