import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startVCenter, type VCenter } from '../../../../lab/vcenter/vcenter.ts';
import type { VimClient } from '../../../../src/vim25/client.ts';
import type { TaskInfo } from '../../../../src/vim25/generated/types.ts';
import type { ManagedObjectReference } from '../../../../src/vim25/managed-object-reference.ts';
import { connectTo } from '../../../vim25/connect.ts';

const READER = { name: 'reader@vsphere.local', password: 'lab-reader', may: (id: string) => id.startsWith('System.') };

let vcenter: VCenter;
let client: VimClient;
let reader: VimClient;

beforeAll(async () => {
  vcenter = await startVCenter({
    accounts: [{ name: 'administrator@vsphere.local', password: 'lab-password' }, READER],
  });
  client = await connectTo(vcenter);
  reader = await connectTo({ url: vcenter.url, user: READER.name, password: READER.password });
});
afterAll(async () => {
  await Promise.all([client?.close(), reader?.close()]);
  await vcenter?.stop();
});

const search = () => client.serviceContent.searchIndex!;
const at = async (inventoryPath: string): Promise<ManagedObjectReference> => {
  const found = await client.call('FindByInventoryPath', { _this: search(), inventoryPath });
  if (!found) throw new Error(`there is nothing at ${inventoryPath}`);
  return found;
};
const nothingAt = async (inventoryPath: string) =>
  expect(await client.call('FindByInventoryPath', { _this: search(), inventoryPath })).toBeUndefined();
const held = (ref: ManagedObjectReference) => vcenter.world.objects.find(ref);
const nameOf = (ref: ManagedObjectReference) => held(ref)?.read('name');
const lastEvent = () => vcenter.world.events.all().at(-1)!;

async function ended(task: ManagedObjectReference): Promise<TaskInfo> {
  await vcenter.world.tasks.idle();
  return vcenter.world.objects.get<'Task'>(task).get('info');
}

async function failure(task: ManagedObjectReference): Promise<unknown> {
  const { state, error } = await ended(task);
  expect(state).toBe('error');
  return error!.fault;
}

const folderIn = async (parent: string, name: string) => client.call('CreateFolder', { _this: await at(parent), name });

describe('folders', () => {
  it('are made in folders of their kind and found by the path', async () => {
    const folder = await folderIn('/DC0/vm/prod', 'new');
    expect(folder.value).toMatch(/^group-v\d+$/);
    expect(await at('/DC0/vm/prod/new')).toEqual(folder);
    expect(held(folder)?.read('childType')).toContain('VirtualMachine');
  });

  it('keep a slash, a backslash and a percent sign of a name escaped, however they came', async () => {
    const parent = await at('/DC0/vm/dev');
    for (const [name, kept] of [
      ['a/b', 'a%2fb'],
      ['c%2Fd', 'c%2Fd'],
      ['50% \\x', '50%25 %5cx'],
    ] as const) {
      const folder = await client.call('CreateFolder', { _this: parent, name });
      expect(nameOf(folder)).toBe(kept);
      expect(await client.call('FindChild', { _this: search(), entity: parent, name: kept })).toEqual(folder);
    }
    expect(await at('DC0/vm/dev/c%2fd')).toBeDefined();
  });

  it.each([
    ['that is empty', '', 'InvalidName'],
    ['of blanks', '   ', 'InvalidName'],
    ['that is too long by one', 'x'.repeat(81), 'InvalidName'],
    ['that is too long by far', 'x'.repeat(100_000), 'InvalidName'],
    ['of two lines', 'two\nlines', 'InvalidName'],
    ['that is taken but for its case', 'PROD', 'DuplicateName'],
  ])('refuse a name %s', async (_, name, faultType) => {
    await expect(folderIn('/DC0/vm', name)).rejects.toMatchObject({ faultType });
  });

  it('say what has the name already', async () => {
    const there = await at('/DC0/vm/prod');
    await expect(folderIn('/DC0/vm', 'prod')).rejects.toMatchObject({
      faultType: 'DuplicateName',
      detail: { name: 'prod', object: there },
    });
  });

  it('are not made by who may not', async () => {
    const _this = await at('/DC0/vm');
    await expect(reader.call('CreateFolder', { _this, name: 'mine' })).rejects.toMatchObject({
      faultType: 'NoPermission',
      detail: { object: _this, privilegeId: 'Folder.Create' },
    });
    await nothingAt('/DC0/vm/mine');
  });

  it('take VMs and folders in, which waiting collectors are told', async () => {
    const [folder, vm] = [await folderIn('/DC0/vm', 'moved'), await at('/DC0/vm/dev/dev-01')];
    const _this = await client.call('CreatePropertyCollector', { _this: client.serviceContent.propertyCollector });
    await client.call('CreateFilter', {
      _this,
      spec: { propSet: [{ type: 'Folder', pathSet: ['childEntity'] }], objectSet: [{ obj: folder }] },
      partialUpdates: false,
    });
    const first = await client.call('WaitForUpdatesEx', { _this, version: '', options: { maxWaitSeconds: 0 } });
    const waiting = client.call('WaitForUpdatesEx', { _this, version: first!.version }, { longPoll: true });
    const task = await client.call('MoveIntoFolder_Task', { _this: folder, list: [vm] });
    expect(await ended(task)).toMatchObject({ state: 'success', descriptionId: 'Folder.moveInto' });
    const update = (await waiting)?.filterSet?.[0]?.objectSet?.[0];
    expect(update).toMatchObject({ obj: folder, changeSet: [{ name: 'childEntity', val: [vm] }] });
    expect(await at('/DC0/vm/moved/dev-01')).toEqual(vm);
    await nothingAt('/DC0/vm/dev/dev-01');
  });

  it('are not moved into themselves, into another datacenter, or among what they cannot hold', async () => {
    const outer = await folderIn('/DC0/vm', 'outer');
    const inner = await client.call('CreateFolder', { _this: outer, name: 'inner' });
    for (const [target, moved] of [
      [inner, outer],
      [await at('/DC1/vm'), outer],
      [await at('/DC0/host'), outer],
      [outer, await at('/DC0/host/Racks/Test')],
    ] as const) {
      const task = await client.call('MoveIntoFolder_Task', { _this: target, list: [moved] });
      expect(await failure(task)).toMatchObject({ $type: 'InvalidFolder', target });
    }
    expect(await at('/DC0/vm/outer/inner')).toEqual(inner);
  });

  it('move all that was asked for, or nothing', async () => {
    const [target, first] = [await folderIn('/DC0/vm', 'all-or-nothing'), await folderIn('/DC0/vm', 'first')];
    const list = [first, await at('/DC1/vm/branch')];
    await ended(await client.call('MoveIntoFolder_Task', { _this: target, list }));
    expect(await at('/DC0/vm/first')).toEqual(first);
  });

  it('go with the VMs in them, and the files of these', async () => {
    const folder = await folderIn('/DC0/vm', 'doomed');
    const vm = await at('/DC0/vm/legacy/legacy-fax');
    const object = vcenter.world.objects.get<'VirtualMachine'>(vm);
    const datastore = object.get('datastore')[0]!;
    await ended(await client.call('MoveIntoFolder_Task', { _this: folder, list: [vm] }));
    expect(vcenter.world.files.of(datastore).stat('legacy-fax')).toBeDefined();
    expect((await ended(await client.call('Destroy_Task', { _this: folder }))).state).toBe('success');
    expect(held(folder)).toBeUndefined();
    expect(held(vm)).toBeUndefined();
    expect(vcenter.world.objects.get<'Datastore'>(datastore).get('vm')).not.toContainEqual(vm);
    expect(vcenter.world.files.of(datastore).stat('legacy-fax')).toBeUndefined();
  });

  it('stay while a VM in them runs', async () => {
    const folder = await at('/DC0/vm/prod/web');
    const task = await client.call('Destroy_Task', { _this: folder });
    expect(await failure(task)).toMatchObject({ $type: 'InvalidPowerState', existingState: 'poweredOn' });
    expect(held(folder)).toBeDefined();
  });

  it('of a datacenter stay whoever asks', async () => {
    await expect(client.call('Destroy_Task', { _this: await at('/DC0/vm') })).rejects.toMatchObject({
      faultType: 'NotSupported',
    });
  });

  it('give up their VMs and keep the files, where they are unregistered', async () => {
    const folder = await at('/DC0/vm/templates');
    const vms = held(folder)!.as('Folder')!.get('childEntity');
    const datastore = vcenter.world.objects.get<'VirtualMachine'>(vms[0]!).get('datastore')[0]!;
    const name = String(nameOf(vms[0]!));
    expect((await ended(await client.call('UnregisterAndDestroy_Task', { _this: folder }))).state).toBe('success');
    expect(vms.map(held)).toEqual(vms.map(() => undefined));
    expect(held(folder)).toBeUndefined();
    expect(vcenter.world.files.of(datastore).stat(`${name}/${name}.vmtx`)).toBeDefined();
  });
});

describe('datacenters', () => {
  it('come with their four folders, and go again when they are empty', async () => {
    const root = client.serviceContent.rootFolder;
    const datacenter = await client.call('CreateDatacenter', { _this: root, name: 'DC9' });
    expect(lastEvent()).toMatchObject({ $type: 'DatacenterCreatedEvent', datacenter: { name: 'DC9', datacenter } });
    for (const folder of ['vm', 'host', 'datastore', 'network']) expect(await at(`DC9/${folder}`)).toBeDefined();
    expect((await ended(await client.call('Destroy_Task', { _this: datacenter }))).state).toBe('success');
    await nothingAt('/DC9');
    await nothingAt('/DC9/vm');
  });

  it('stay while something is in them', async () => {
    const task = await client.call('Destroy_Task', { _this: await at('/DC1') });
    expect(await failure(task)).toMatchObject({ $type: 'ResourceInUse' });
    expect(await at('/DC1/host/Branch')).toBeDefined();
  });

  it('lie in no folder of VMs', async () => {
    const _this = await at('/DC0/vm');
    await expect(client.call('CreateDatacenter', { _this, name: 'DC8' })).rejects.toMatchObject({
      faultType: 'NotSupported',
    });
  });
});

describe('a new name', () => {
  const rename = async (path: string, newName: string) =>
    client.call('Rename_Task', { _this: await at(path), newName });

  it('of a VM is in its configuration and its summary as well, and in the log', async () => {
    const vm = await at('/DC0/vm/infra/mon-01');
    expect((await ended(await rename('/DC0/vm/infra/mon-01', 'watch/er'))).state).toBe('success');
    const object = vcenter.world.objects.get<'VirtualMachine'>(vm);
    expect([object.get('name'), object.get('config')?.name, object.get('summary').config.name]).toEqual(
      Array(3).fill('watch%2fer'),
    );
    expect(lastEvent()).toMatchObject({ $type: 'VmRenamedEvent', oldName: 'mon-01', newName: 'watch%2fer' });
    await ended(await rename('/DC0/vm/infra/watch%2fer', 'mon-01'));
  });

  it('of a datastore is in the paths of the files of its VMs', async () => {
    const before = await at('/DC0/datastore/test-vmfs-01');
    expect((await ended(await rename('/DC0/datastore/test-vmfs-01', 'renamed'))).state).toBe('success');
    const datastore = vcenter.world.objects.get<'Datastore'>(before);
    const vms = datastore.get('vm').map((ref) => vcenter.world.objects.get<'VirtualMachine'>(ref));
    expect(vms.length).toBeGreaterThan(3);
    expect(JSON.stringify(vms.map((vm) => vm.get('config')))).not.toContain('test-vmfs-01');
    expect(datastore.get('summary').name).toBe('renamed');
    await ended(await rename('/DC0/datastore/renamed', 'test-vmfs-01'));
  });

  it('may differ from the old one in its case only', async () => {
    expect((await ended(await rename('/DC0/vm/staging', 'Staging'))).state).toBe('success');
    expect((await ended(await rename('/DC0/vm/staging', 'staging'))).state).toBe('success');
  });

  it.each([
    ['is taken', 'web', 'DuplicateName'],
    ['is empty', '', 'InvalidName'],
    ['is too long', 'y'.repeat(500), 'InvalidName'],
  ])('is refused where it %s', async (_, newName, $type) => {
    expect(await failure(await rename('/DC0/vm/prod/db', newName))).toMatchObject({ $type });
    expect(await at('/DC0/vm/prod/db')).toBeDefined();
  });

  it('is refused to hosts and root pools', async () => {
    for (const path of ['/DC1/host/esx-08.corp.example', '/DC0/host/Racks/Test/Resources']) {
      await expect(rename(path, 'other')).rejects.toMatchObject({ faultType: 'NotSupported' });
    }
  });

  it('is not given by who may not', async () => {
    const _this = await at('/DC0/vm/prod/web/web-01');
    await expect(reader.call('Rename_Task', { _this, newName: 'mine' })).rejects.toMatchObject({
      faultType: 'NoPermission',
      detail: { privilegeId: 'VirtualMachine.Config.Rename' },
    });
  });
});

describe('resource pools', () => {
  const ROOT = '/DC0/host/Racks/Test/Resources';
  const allocation = {
    reservation: 1000,
    expandableReservation: true,
    limit: -1,
    shares: { level: 'high', shares: 0 },
  };
  const create = async (parent: string, name: string, over: object = {}) =>
    client.call('CreateResourcePool', {
      _this: await at(parent),
      name,
      spec: { cpuAllocation: { ...allocation, ...over }, memoryAllocation: allocation },
    });

  it('are made with the shares of their level, and take from what is free above', async () => {
    const root = vcenter.world.objects.get<'ResourcePool'>(await at(ROOT));
    const before = root.get('runtime').cpu.unreservedForPool;
    const pool = await create(ROOT, 'made');
    const { config, owner } = { config: held(pool)!.read('config'), owner: held(pool)!.read('owner') };
    expect(config).toMatchObject({ cpuAllocation: { reservation: 1000, shares: { level: 'high', shares: 8000 } } });
    expect(owner).toEqual(await at('/DC0/host/Racks/Test'));
    expect(root.get('runtime').cpu.unreservedForPool).toBe(before - 1000);
  });

  it.each([
    [{ reservation: -5 }, 'InvalidArgument'],
    [{ limit: -7 }, 'InvalidArgument'],
    [{ reservation: 100, limit: 50 }, 'InvalidArgument'],
    [{ shares: { level: 'enormous', shares: 1 } }, 'InvalidArgument'],
    [{ reservation: 2 ** 40 }, 'InsufficientCpuResourcesFault'],
  ])('refuse %j', async (over, faultType) => {
    await expect(create(ROOT, 'refused', over)).rejects.toMatchObject({ faultType });
    await nothingAt(`${ROOT}/refused`);
  });

  it('refuse a name that another pool beside it has', async () => {
    await expect(create(ROOT, 'STAGING')).rejects.toMatchObject({ faultType: 'DuplicateName' });
  });

  it('change what they are told to, and keep the rest', async () => {
    const _this = await create(ROOT, 'changed');
    await client.call('UpdateConfig', {
      _this,
      name: 'renamed-pool',
      config: { cpuAllocation: { limit: 5000 }, memoryAllocation: {} },
    });
    expect(await at(`${ROOT}/renamed-pool`)).toEqual(_this);
    expect(held(_this)!.read('config')).toMatchObject({
      cpuAllocation: { limit: 5000, reservation: 1000, shares: { level: 'high' } },
      memoryAllocation: { limit: -1, reservation: 1000 },
    });
  });

  it('take VMs in from the same cluster, and from no other', async () => {
    const [pool, vm, other] = [
      await create(ROOT, 'taker'),
      await at('/DC0/vm/dev/dev-02'),
      await at('/DC0/vm/infra/fs-01'),
    ];
    await client.call('MoveIntoResourcePool', { _this: pool, list: [vm] });
    expect(held(pool)!.read('vm')).toEqual([vm]);
    expect(lastEvent()).toMatchObject({ $type: 'VmResourcePoolMovedEvent', newParent: { name: 'taker' } });
    await expect(client.call('MoveIntoResourcePool', { _this: pool, list: [other] })).rejects.toMatchObject({
      faultType: 'InvalidArgument',
    });
  });

  it('leave what is in them to the pool above when they go', async () => {
    const outer = await create(ROOT, 'outer');
    const inner = await client.call('CreateResourcePool', {
      _this: outer,
      name: 'inner',
      spec: { cpuAllocation: {}, memoryAllocation: {} },
    });
    const vm = await at('/DC0/vm/dev/qa-win-01');
    await client.call('MoveIntoResourcePool', { _this: outer, list: [vm] });
    expect((await ended(await client.call('Destroy_Task', { _this: outer }))).state).toBe('success');
    expect(held(inner)!.read('parent')).toEqual(await at(ROOT));
    expect(held(vm)!.read('resourcePool')).toEqual(await at(ROOT));
  });

  it('are not moved into one of their own', async () => {
    const outer = await create(ROOT, 'ring');
    const inner = await client.call('CreateResourcePool', {
      _this: outer,
      name: 'inner',
      spec: { cpuAllocation: {}, memoryAllocation: {} },
    });
    await expect(client.call('MoveIntoResourcePool', { _this: inner, list: [outer] })).rejects.toMatchObject({
      faultType: 'InvalidArgument',
    });
  });

  it('of a cluster stay', async () => {
    await expect(client.call('Destroy_Task', { _this: await at(ROOT) })).rejects.toMatchObject({
      faultType: 'NotSupported',
    });
  });

  it('lose all below them at once', async () => {
    const _this = await at('/DC0/host/Racks/Production/Resources/prod');
    const vms = held(await at('/DC0/host/Racks/Production/Resources/prod/databases'))!.read('vm') as unknown[];
    await client.call('DestroyChildren', { _this });
    expect(held(_this)!.read('resourcePool')).toEqual([]);
    expect(held(_this)!.read('vm')).toEqual(expect.arrayContaining(vms));
  });

  it('are not made by who may not', async () => {
    const _this = await at(ROOT);
    await expect(
      reader.call('CreateResourcePool', { _this, name: 'mine', spec: { cpuAllocation: {}, memoryAllocation: {} } }),
    ).rejects.toMatchObject({ faultType: 'NoPermission', detail: { privilegeId: 'Resource.CreatePool' } });
  });
});

describe('a vApp', () => {
  it('gives its VMs back to the folder that shows it, and goes with those that are left', async () => {
    const [lb, app] = [await at('/DC0/vm/shop/shop-lb'), await at('/DC0/vm/shop/shop-app')];
    await client.call('MoveIntoResourcePool', { _this: await at('/DC0/host/Racks/Production/Resources'), list: [lb] });
    expect(await at('/DC0/vm/shop-lb')).toEqual(lb);
    const vApp = await at('/DC0/vm/shop');
    expect(await failure(await client.call('Destroy_Task', { _this: vApp }))).toMatchObject({
      $type: 'InvalidPowerState',
    });
    for (const ref of [app, await at('/DC0/vm/shop/shop-db')]) {
      const vm = vcenter.world.objects.get<'VirtualMachine'>(ref);
      vm.set({ runtime: { ...vm.get('runtime'), powerState: 'poweredOff' } });
    }
    expect((await ended(await client.call('Destroy_Task', { _this: vApp }))).state).toBe('success');
    expect(held(app)).toBeUndefined();
    await nothingAt('/DC0/vm/shop');
  });
});
