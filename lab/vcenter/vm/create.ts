/** Folder.CreateVM_Task. */
import type { VirtualMachineConfigSpec } from '../../../src/vim25/generated/types.ts';
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import { invalidArgument } from '../core/faults.ts';
import { type Call, type MethodTable, requires } from '../core/method.ts';
import { fileAlreadyExists, invalidDatastorePath } from '../files/faults.ts';
import { datastoreNamed } from '../inventory/datastore-names.ts';
import { keptName, requireFreeName } from '../inventory/names.ts';
import { buildVm, fileName, freeDirectory, removeVm } from './build.ts';
import { editBootOptions, editHardware, editSettings } from './config-edits.ts';
import { changeDevices } from './device-changes.ts';
import { standardDevices } from './hardware.ts';
import { knownSpec } from './known-spec.ts';
import { chooseHost, type Datastore, poolOf, requireAccessible, vmFolderOf } from './placement.ts';
import type { Vm } from './subject.ts';
import { postVmEvent } from './vm-events.ts';
import { splitDatastorePath } from './vm-files.ts';
import { carryOut, type Workbench } from './workbench.ts';

export interface NewVmPlace {
  /** Undefined in a vApp. */
  readonly folder?: ManagedObjectReference | undefined;
  readonly vApp?: ManagedObjectReference | undefined;
  readonly pool: ManagedObjectReference;
  readonly host?: ManagedObjectReference | undefined;
}

export const createMethods: MethodTable = {
  CreateVM_Task: requires('VirtualMachine.Inventory.Create', (call) => {
    const { world, self, request } = call;
    const folder = vmFolderOf(world, self.ref, '_this');
    const { pool, host } = request;
    const config = knownSpec(request.config);
    if (config.name === undefined) throw invalidArgument('configSpec.name');
    poolOf(world, pool, 'pool');
    requireFreeName(world.objects, folder.ref, keptName(config.name));
    return world.tasks.start(call, {
      descriptionId: 'Folder.createVm',
      name: 'CreateVM_Task',
      entity: folder,
      // Many may be made in one folder at a time.
      locks: [],
      run: () => createVm(call, config, { folder: folder.ref, pool, host }).ref,
    });
  }),
};

/** Errors: of names, places, devices and files. Nothing is left behind by a failure. */
export function createVm(call: Pick<Call, 'world' | 'session'>, spec: VirtualMachineConfigSpec, place: NewVmPlace): Vm {
  const { world } = call;
  if (spec.name === undefined) throw invalidArgument('configSpec.name');
  const name = keptName(spec.name);
  requireFreeName(world.objects, place.folder, name);
  const pool = poolOf(world, place.pool, 'pool');
  const path = spec.files?.vmPathName;
  if (path === undefined || path === '') throw invalidArgument('configSpec.files.vmPathName');
  const asked = splitDatastorePath(path.trim().replace(/\]$/, '] '));
  if (!asked || /(?:^|\/)\.\.(?:\/|$)/.test(path)) throw invalidDatastorePath(path);
  const datastore = datastoreIn(call, asked.datastore, pool.get('owner'), path);
  requireAccessible(datastore);
  const host = chooseHost(world, { pool, host: place.host, datastore, property: 'host' });
  const directory = asked.folder || freeDirectory(world, datastore, name);
  const file = asked.file.replace(/\.vmx$/, '') || fileName(name);
  const tree = world.files.of(datastore);
  if (asked.file !== '' && tree.stat(`${directory}/${file}.vmx`)) throw fileAlreadyExists(path);
  const bench: Workbench = {
    world,
    host: host.ref,
    base: `[${datastore.get('name')}] ${directory}/${file}`,
    running: false,
    hasSnapshots: false,
    devices: standardDevices(world),
    effects: [],
    keys: new Map(),
    unwanted: [],
  };
  changeDevices(bench, spec.deviceChange ?? []);
  const isNewFolder = tree.stat(directory) === undefined;
  carryOut(bench.effects);
  const vm = buildVm(world, {
    name,
    ...(place.folder && { folder: place.folder }),
    ...(place.vApp && { vApp: place.vApp }),
    pool: place.pool,
    host: host.ref,
    datastore,
    directory,
    guestId: spec.guestId ?? 'otherGuest',
    devices: bench.devices,
    ...(spec.version !== undefined && { version: spec.version }),
    ...(spec.firmware !== undefined && { firmware: spec.firmware }),
  });
  try {
    const config = editSettings(editHardware(vm.get('config')!, spec, false), spec, false);
    const order = spec.bootOptions && editBootOptions(config.bootOptions, spec.bootOptions, bench.devices);
    vm.set({ config: { ...config, ...(order && { bootOptions: order }) } });
  } catch (error) {
    removeVm(world, vm);
    for (const { undo } of bench.effects) undo?.();
    if (isNewFolder && tree.stat(directory)) tree.remove(directory);
    throw error;
  }
  tellOfBirth(call, vm);
  return vm;
}

function datastoreIn(
  { world }: Pick<Call, 'world'>,
  name: string,
  owner: ManagedObjectReference,
  path: string,
): Datastore {
  const { objects } = world;
  const hosts = objects.get(owner).as('ComputeResource')?.get('host') ?? [];
  for (const host of hosts) {
    const datastore = datastoreNamed(objects, host, name);
    if (datastore) return datastore;
  }
  throw invalidDatastorePath(path);
}

function tellOfBirth(call: Pick<Call, 'world' | 'session'>, vm: Vm): void {
  const config = vm.get('config')!;
  const { uuid, instanceUuid = '' } = config;
  postVmEvent(call, 'VmBeingCreatedEvent', vm, 'Creating {vm}', { configSpec: {} });
  postVmEvent(call, 'VmInstanceUuidAssignedEvent', vm, `Assign a new instance UUID (${instanceUuid}) to {vm}`, {
    instanceUuid,
  });
  postVmEvent(call, 'VmUuidAssignedEvent', vm, `Assigned new BIOS UUID (${uuid}) to {vm}`, { uuid });
  postVmEvent(call, 'VmCreatedEvent', vm, 'New virtual machine {vm} created');
}
