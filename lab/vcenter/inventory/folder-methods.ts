/** Folder: making folders and datacenters, moving things into a folder, emptying one. */
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import { fault, invalidArgument, notSupported, objectNotFound } from '../core/faults.ts';
import type { AnyObject, ManagedObject } from '../core/managed-object.ts';
import { type Call, type MethodTable, requires } from '../core/method.ts';
import { demand } from '../core/privileges.ts';
import { isManagedSubtype } from '../core/type-tables.ts';
import type { World } from '../core/world.ts';
import { removeVm } from '../vm/build.ts';
import { invalidPowerState, powerStateOf } from '../vm/subject.ts';
import { postVmEvent } from '../vm/vm-events.ts';
import { ancestorsOf } from './ancestry.ts';
import { buildDatacenter, buildFolder, folderKind } from './folders.ts';
import { keptName, requireFreeName } from './names.ts';

type Folder = ManagedObject<'Folder'>;

export const folderMethods: MethodTable = {
  CreateFolder: requires('Folder.Create', ({ world, self, request }) => {
    const parent = asFolder(self);
    const kind = folderKind(parent);
    if (world.kind === 'esxi' || !kind) throw notSupported('no folder may lie in it');
    const name = keptName(request.name);
    requireFreeName(world.objects, parent.ref, name);
    return buildFolder(world, kind, name, parent).ref;
  }),
  CreateDatacenter: requires('Datacenter.Create', ({ world, session, self, request }) => {
    const parent = asFolder(self);
    if (world.kind === 'esxi' || folderKind(parent) !== 'datacenter') throw notSupported('no datacenter may lie in it');
    const name = keptName(request.name);
    requireFreeName(world.objects, parent.ref, name);
    const { datacenter } = buildDatacenter(world, name, parent);
    world.events.post('DatacenterCreatedEvent', {
      user: session.account?.name ?? '',
      entity: datacenter,
      message: `Created datacenter ${name} in folder ${parent.get('name')}`,
      fields: { parent: { folder: parent.ref, name: parent.get('name') } },
    });
    return datacenter.ref;
  }),
  MoveIntoFolder_Task: (call) => {
    const { world, self, request } = call;
    const target = asFolder(self);
    if (world.kind === 'esxi') throw notSupported('a host by itself has no folders');
    if (request.list.length === 0) throw invalidArgument('list');
    const moved = request.list.map((ref) => world.objects.get(ref));
    for (const object of moved) demand(call.session, movePrivilege(object), object);
    return world.tasks.start(call, {
      descriptionId: 'Folder.moveInto',
      name: 'MoveIntoFolder_Task',
      entity: target,
      locks: moved,
      // All of them are looked at before the first is moved.
      run: () => {
        for (const object of moved) checkMove(world, object, target);
        for (const object of moved) moveTo(object, target.ref);
      },
    });
  },
  UnregisterAndDestroy_Task: requires('Folder.Delete', (call) => {
    const folder = asFolder(call.self);
    if (folderKind(folder) !== 'vm' || isDatacentersOwn(folder)) throw notSupported('it is no folder of VMs');
    return call.world.tasks.start(call, {
      descriptionId: 'Folder.unregisterAndDestroy',
      name: 'UnregisterAndDestroy_Task',
      entity: folder,
      run: () => unregisterAll(call, folder),
    });
  }),
};

function asFolder(object: AnyObject): Folder {
  const folder = object.as('Folder');
  if (!folder) throw objectNotFound(object.ref);
  return folder;
}

/** One of the four that a datacenter brings, or the root: they stay. */
export function isDatacentersOwn(folder: Folder): boolean {
  const parent = folder.get('parent');
  return parent === undefined || parent.type === 'Datacenter';
}

/** vSphere API, Folder.MoveIntoFolder_Task: a privilege for each kind of object. */
function movePrivilege({ ref: { type } }: AnyObject): string {
  if (type === 'VirtualMachine') return 'VirtualMachine.Inventory.Move';
  if (type === 'VirtualApp') return 'VApp.Move';
  if (type === 'Datacenter') return 'Datacenter.Move';
  if (isManagedSubtype(type, 'ComputeResource')) return 'Host.Inventory.MoveCluster';
  if (type === 'HostSystem') return 'Host.Inventory.MoveHost';
  if (type === 'Datastore' || type === 'StoragePod') return 'Datastore.Move';
  if (isManagedSubtype(type, 'Network')) return 'Network.Move';
  if (isManagedSubtype(type, 'DistributedVirtualSwitch')) return 'DVSwitch.Move';
  return 'Folder.Move';
}

function checkMove(world: World, object: AnyObject, target: Folder): void {
  const folder = object.as('Folder');
  const fits = target.get('childType').some((type) => type !== 'Folder' && isManagedSubtype(object.ref.type, type));
  const alike = object.ref.type === 'Folder' && folderKind(folder!) === folderKind(target);
  if (!fits && !alike)
    throw fault('InvalidFolder', { target: target.ref }, 'The object cannot be moved into this folder.');
  if (folder && isDatacentersOwn(folder)) throw notSupported('it belongs to its datacenter');
  if (object.as('VirtualMachine')?.get('parentVApp')) throw notSupported('it lies in a vApp, and in no folder');
  const above = [target, ...ancestorsOf(target, world.objects)];
  if (above.includes(object)) {
    throw fault('InvalidFolder', { target: target.ref }, 'A folder cannot be moved into itself or what lies in it.');
  }
  if (object.ref.type !== 'Datacenter' && datacenterOf(world, object) !== datacenterOf(world, target)) {
    throw fault('InvalidFolder', { target: target.ref }, 'The folder belongs to another datacenter.');
  }
  requireFreeName(world.objects, target.ref, String(object.read('name')), object);
}

function datacenterOf({ objects }: World, object: AnyObject): AnyObject | undefined {
  return [object, ...ancestorsOf(object, objects)].find(({ ref }) => ref.type === 'Datacenter');
}

function moveTo(object: AnyObject, parent: ManagedObjectReference): void {
  const vApp = object.as('VirtualApp');
  if (vApp) vApp.set({ parentFolder: parent });
  else object.as('ManagedEntity')!.set({ parent });
}

/** Takes every VM below a folder out of the inventory, their files left alone, and removes the folders. */
function unregisterAll(call: Pick<Call, 'world' | 'session'>, folder: Folder): void {
  const { objects } = call.world;
  for (const ref of folder.get('childEntity')) {
    const child = objects.find(ref);
    const below = child?.as('Folder');
    if (below) unregisterAll(call, below);
    const vm = child?.as('VirtualMachine');
    if (!vm) continue;
    if (powerStateOf(vm) === 'poweredOn') throw invalidPowerState(vm, 'poweredOff');
    postVmEvent(call, 'VmRemovedEvent', vm, 'Removed {vm}');
    removeVm(call.world, vm);
  }
  objects.remove(folder);
}
