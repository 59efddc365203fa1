/** ManagedEntity.Rename_Task: what else says the name of an object changes with it. */
import type { VirtualDevice, VirtualDeviceBackingInfo } from '../../../src/vim25/generated/types.ts';
import { notSupported } from '../core/faults.ts';
import type { AnyObject, ManagedObject } from '../core/managed-object.ts';
import { type Call, type MethodTable, requires } from '../core/method.ts';
import type { World } from '../core/world.ts';
import { datacenterName } from './ancestry.ts';
import { keptName, requireFreeName } from './names.ts';
import { isRootPool, requireFreePoolName } from './pools.ts';

/** The method, for a type of objects that needs this privilege for it. */
export function renaming(privilege: string): MethodTable {
  return {
    Rename_Task: requires(privilege, (call) => {
      const { world, self, request } = call;
      const entity = self.as('ManagedEntity');
      if (!entity || cannotBeRenamed(self)) throw notSupported('it keeps its name');
      return world.tasks.start(call, {
        descriptionId: `${self.ref.type === 'VirtualMachine' ? 'VirtualMachine' : 'ManagedEntity'}.rename`,
        name: 'Rename_Task',
        entity: self,
        run: () => rename(call, self, request.newName),
      });
    }),
  };
}

/** The root folder, root pools, hosts and their compute resources are called as they are. */
function cannotBeRenamed(object: AnyObject): boolean {
  const pool = object.as('ResourcePool');
  if (pool) return isRootPool(pool);
  const { type } = object.ref;
  return (
    type === 'HostSystem' || type === 'ComputeResource' || (type === 'Folder' && object.read('parent') === undefined)
  );
}

function rename(call: Pick<Call, 'world' | 'session'>, object: AnyObject, wanted: string): void {
  const { world } = call;
  const name = keptName(wanted);
  const entity = object.as('ManagedEntity')!;
  const oldName = entity.get('name');
  requireFreeSibling(world, object, name);
  entity.set({ name });
  const vm = object.as('VirtualMachine');
  const config = vm?.get('config');
  if (vm && config) vm.set({ config: { ...config, name, changeVersion: new Date(world.clock.now()).toISOString() } });
  const datastore = object.as('Datastore');
  if (datastore) renameDatastore(world, datastore, oldName);
  const network = object.as('Network');
  if (network) renameNetwork(world, network);
  const dvs = object.as('DistributedVirtualSwitch');
  if (dvs) dvs.set({ config: { ...dvs.get('config'), name } });
  tell(call, object, { oldName, newName: name });
}

/** Names are unique in a folder; those of pools in the pool above. */
function requireFreeSibling(world: World, object: AnyObject, name: string): void {
  const parent = world.objects.find(object.as('ManagedEntity')?.get('parent'));
  const above = parent?.as('ResourcePool');
  if (above) requireFreePoolName(world, above, name, object);
  requireFreeName(world.objects, object.as('VirtualApp')?.get('parentFolder') ?? parent?.ref, name, object);
}

/** Paths begin with the datastore's name, wherever they are kept. */
function renameDatastore(world: World, datastore: ManagedObject<'Datastore'>, oldName: string): void {
  const name = datastore.get('name');
  const moved = (path: string) =>
    path.startsWith(`[${oldName}]`) ? `[${name}]${path.slice(oldName.length + 2)}` : path;
  datastore.set({ info: { ...datastore.get('info'), name } });
  for (const ref of datastore.get('vm')) {
    const vm = world.objects.find(ref)?.as('VirtualMachine');
    const config = vm?.get('config');
    if (!vm || !config) continue;
    const files = Object.fromEntries(
      Object.entries(config.files).map(([field, path]) => [field, typeof path === 'string' ? moved(path) : path]),
    );
    const device = config.hardware.device?.map((each): VirtualDevice => {
      const backing = each.backing as { fileName?: string; datastore?: { value: string } } | undefined;
      if (backing?.fileName === undefined || backing.datastore?.value !== datastore.id) return each;
      return { ...each, backing: movedChain(backing as FileBacking, moved) };
    });
    vm.set({ config: { ...config, files, hardware: { ...config.hardware, ...(device && { device }) } } });
  }
}

interface FileBacking extends VirtualDeviceBackingInfo {
  readonly fileName: string;
  readonly parent?: FileBacking;
}

function movedChain(backing: FileBacking, moved: (path: string) => string): FileBacking {
  const { parent } = backing;
  return { ...backing, fileName: moved(backing.fileName), ...(parent && { parent: movedChain(parent, moved) }) };
}

/** A card on a standard network says its name; a distributed port group's own configuration does. */
function renameNetwork(world: World, network: ManagedObject<'Network'>): void {
  const name = network.get('name');
  const group = network.as('DistributedVirtualPortgroup');
  if (group) {
    group.set({ config: { ...group.get('config'), name } });
    return;
  }
  for (const ref of network.get('vm')) {
    const vm = world.objects.find(ref)?.as('VirtualMachine');
    const config = vm?.get('config');
    if (!vm || !config) continue;
    const device = config.hardware.device?.map((each): VirtualDevice => {
      const backing = each.backing as { network?: { value: string } } | undefined;
      return backing?.network?.value === network.id
        ? { ...each, backing: { ...backing, deviceName: name } as VirtualDevice['backing'] & object }
        : each;
    });
    vm.set({ config: { ...config, hardware: { ...config.hardware, ...(device && { device }) } } });
  }
}

function tell(
  { world, session }: Pick<Call, 'world' | 'session'>,
  entity: AnyObject,
  fields: { oldName: string; newName: string },
): void {
  const { oldName, newName } = fields;
  const user = session.account?.name ?? '';
  const where = datacenterName(entity, world.objects);
  if (entity.ref.type === 'VirtualMachine') {
    const host = world.objects.find(entity.as('VirtualMachine')?.get('runtime').host)?.read('name');
    world.events.post('VmRenamedEvent', {
      user,
      entity,
      fields: { ...fields, template: entity.as('VirtualMachine')?.get('config')?.template ?? false },
      message: `Renamed ${newName} on ${host} from ${oldName} to ${newName} in ${where}`,
    });
  } else if (entity.ref.type === 'Datacenter') {
    world.events.post('DatacenterRenamedEvent', {
      user,
      entity,
      fields,
      message: `Renamed datacenter from ${oldName} to ${newName}`,
    });
  } else if (entity.ref.type === 'Datastore') {
    world.events.post('DatastoreRenamedEvent', {
      user,
      entity,
      fields,
      message: `Renamed datastore from ${oldName} to ${newName} in ${where}`,
    });
  }
}
