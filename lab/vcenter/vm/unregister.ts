/** Out of the inventory and back: UnregisterVM, Folder.RegisterVM_Task, Destroy_Task. */
import type { GuestInfo, VirtualMachineConfigInfo } from '../../../src/vim25/generated/types.ts';
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import { fault, invalidArgument } from '../core/faults.ts';
import { type Call, type MethodTable, requires } from '../core/method.ts';
import type { World } from '../core/world.ts';
import { fileNotFound, invalidDatastorePath } from '../files/faults.ts';
import type { FileTree } from '../files/tree.ts';
import { ancestorsOf } from '../inventory/ancestry.ts';
import { datastoreNamed } from '../inventory/datastore-names.ts';
import { keptName, requireFreeName } from '../inventory/names.ts';
import { buildVm, removeVm } from './build.ts';
import { diskFilesOf, filesOfOthers } from './disk-chains.ts';
import { chooseHost, type Datastore, type Host, hostOf, poolOf, vmFolderOf } from './placement.ts';
import { asVm, invalidPowerState, powerStateOf, type Vm } from './subject.ts';
import { findPlace, removeFile } from './vm-disks.ts';
import { postVmEvent } from './vm-events.ts';
import { splitDatastorePath } from './vm-files.ts';

/** What the files of VMs that are not in the inventory say, by datastore and path. */
const kept = new WeakMap<World, Map<string, { config: VirtualMachineConfigInfo; guest: GuestInfo | undefined }>>();

function keptIn(world: World) {
  const known = kept.get(world) ?? new Map();
  kept.set(world, known);
  return known;
}

export const unregisterMethods: MethodTable = {
  UnregisterVM: requires('VirtualMachine.Inventory.Unregister', (call) => {
    const vm = asVm(call.self);
    const { world } = call;
    if (powerStateOf(vm) === 'poweredOn') throw invalidPowerState(vm, 'poweredOff');
    world.tasks.requireFree(vm);
    const config = vm.get('config');
    const place = config && findPlace(world, vm.get('runtime').host, config.files.vmPathName ?? '');
    if (config && place) {
      keptIn(world).set(place.tree.pathOf(place.path), { config, guest: vm.get('guest') });
    }
    postVmEvent(call, 'VmRemovedEvent', vm, 'Removed {vm}');
    removeVm(world, vm);
  }),
  Destroy_Task: requires('VirtualMachine.Inventory.Delete', (call) => {
    const vm = asVm(call.self);
    return call.world.tasks.start(call, {
      descriptionId: 'VirtualMachine.destroy',
      name: 'Destroy_Task',
      entity: vm,
      run: () => destroyVm(call, vm),
    });
  }),
};

/** The VM with its disks and files. Errors: InvalidPowerState while it is on. */
export function destroyVm(call: Pick<Call, 'world' | 'session'>, vm: Vm): void {
  const { world } = call;
  if (powerStateOf(vm) === 'poweredOn') throw invalidPowerState(vm, 'poweredOff');
  const { host } = vm.get('runtime');
  const needed = filesOfOthers(world, vm);
  for (const file of diskFilesOf(world, vm)) if (!needed.has(file)) removeFile(world, host, file);
  const home = vm.get('config')?.files.vmPathName;
  const place = home === undefined ? undefined : findPlace(world, host, home);
  if (place) removeHome(place.tree, place.path);
  postVmEvent(call, 'VmRemovedEvent', vm, 'Removed {vm}');
  removeVm(world, vm);
}

/** The VM's own files; the folder goes as well where nothing else is in it. */
function removeHome(tree: FileTree, path: string): void {
  const folder = path.slice(0, Math.max(0, path.lastIndexOf('/')));
  const base = path.slice(folder.length + (folder === '' ? 0 : 1)).replace(/\.vm(?:x|tx)$/, '');
  if (folder !== '' && tree.stat(folder)?.kind !== 'folder') return;
  const own = ({ name }: { name: string }) =>
    (name.startsWith(base) && /\.(?:vmx|vmtx|vmsd|nvram|vswp|vmss|vmsn|vmem|vmxf)$/.test(name)) ||
    /^vmware.*\.log$/.test(name);
  for (const entry of tree.list(folder))
    if (own(entry)) tree.remove(folder === '' ? entry.name : `${folder}/${entry.name}`);
  if (folder !== '' && tree.list(folder).length === 0) tree.remove(folder);
}

export const registerMethods: MethodTable = {
  RegisterVM_Task: requires('VirtualMachine.Inventory.Register', (call) => {
    const { world, self, request } = call;
    const folder = vmFolderOf(world, self.ref, '_this');
    const { pool, asTemplate } = request;
    // A template is on a host, and in no pool.
    if (asTemplate === (pool !== undefined)) throw invalidArgument('pool');
    if (asTemplate && request.host === undefined) throw invalidArgument('host');
    if (!splitDatastorePath(request.path)) throw invalidDatastorePath(request.path);
    return world.tasks.start(call, {
      descriptionId: 'Folder.registerVm',
      name: 'RegisterVM_Task',
      entity: folder,
      locks: [],
      run: () => register(call, folder.ref, request).ref,
    });
  }),
};

interface Registration {
  readonly path: string;
  readonly name?: string;
  readonly asTemplate: boolean;
  readonly pool?: ManagedObjectReference;
  readonly host?: ManagedObjectReference;
}

function register(call: Pick<Call, 'world' | 'session'>, folder: ManagedObjectReference, asked: Registration): Vm {
  const { world } = call;
  const path = splitDatastorePath(asked.path)!;
  const { host, datastore } = hostSeeing(world, folder, path.datastore, asked);
  const tree = world.files.of(datastore);
  const file = path.folder === '' ? path.file : `${path.folder}/${path.file}`;
  if (!/\.vm(?:x|tx)$/.test(path.file) || !tree.stat(file)) throw fileNotFound(asked.path);
  const text = tree.pathOf(file);
  for (const ref of datastore.get('vm')) {
    const other = world.objects.find(ref)?.as('VirtualMachine');
    if (other?.get('config')?.files.vmPathName === text) {
      throw fault('AlreadyExists', { name: text }, `The specified key, name, or identifier '${text}' already exists.`);
    }
  }
  const before = keptIn(world).get(text);
  const name = keptName(asked.name ?? before?.config.name ?? path.file.replace(/\.vm(?:x|tx)$/, ''));
  requireFreeName(world.objects, folder, name);
  const vm = buildVm(world, {
    name,
    folder,
    ...(asked.pool && { pool: asked.pool }),
    host: host.ref,
    datastore,
    directory: path.folder,
    template: asked.asTemplate,
    createFiles: false,
    devices: [],
    config: { ...before?.config, name, template: asked.asTemplate },
    ...(before?.guest && { guest: before.guest }),
  });
  const config = vm.get('config')!;
  vm.set({ config: { ...config, files: { ...config.files, vmPathName: text } } });
  postVmEvent(call, 'VmRegisteredEvent', vm, 'Registered {vm}');
  return vm;
}

function hostSeeing(
  world: World,
  folder: ManagedObjectReference,
  datastoreName: string,
  { pool, host, path }: Registration,
): { host: Host; datastore: Datastore } {
  const datacenter = [...ancestorsOf(world.objects.get(folder), world.objects)].find(
    ({ ref }) => ref.type === 'Datacenter',
  );
  const datastore = datastoreNamed(world.objects, host ?? datacenter?.ref, datastoreName);
  if (!datastore) throw invalidDatastorePath(path);
  if (!pool) return { host: hostOf(world, host!, 'host'), datastore };
  const chosen = chooseHost(world, { pool: poolOf(world, pool, 'pool'), host, datastore, property: 'host' });
  return { host: chosen, datastore };
}
