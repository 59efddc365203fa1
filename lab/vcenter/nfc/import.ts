/** ResourcePool.ImportVApp: makes a VM of an import spec, and a lease to send its disks. */
import type { VirtualMachineConfigSpec, VirtualMachineImportSpec } from '../../../src/vim25/generated/types.ts';
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import { invalidArgument, notSupported, objectNotFound } from '../core/faults.ts';
import type { AnyObject, ManagedObject } from '../core/managed-object.ts';
import type { Call, Method } from '../core/method.ts';
import type { World } from '../core/world.ts';
import { invalidDatastore } from '../files/faults.ts';
import { parseDatastorePath } from '../files/locate.ts';
import { ancestorsOf } from '../inventory/ancestry.ts';
import { datastoreNamed } from '../inventory/datastore-names.ts';
import { keptName, requireFreeName } from '../inventory/names.ts';
import { buildVm, removeVm } from '../vm/build.ts';
import { reconfigure } from '../vm/reconfigure.ts';
import { splitDatastorePath } from '../vm/vm-files.ts';
import { leasedDisks } from './devices.ts';
import { openLease } from './lease.ts';

type Vm = ManagedObject<'VirtualMachine'>;

/** Errors: DuplicateName, InvalidName, InvalidDatastore, InvalidArgument; what else is wrong is the lease's error. */
export const importVm: Method<'ImportVApp'> = (call) => {
  const { world, self, request } = call;
  if (request.spec.$type !== 'VirtualMachineImportSpec') throw notSupported('a package of several VMs');
  const { configSpec } = request.spec as VirtualMachineImportSpec;
  const place = placeOf(call, configSpec);
  let made: Vm | undefined;
  return openLease(call, {
    mode: 'import',
    taskName: 'ImportVAppLRO',
    descriptionId: 'ResourcePool.ImportVAppLRO',
    entity: self,
    locks: [],
    prepare: () => {
      made = create(call, configSpec, place);
      return { vm: made, devices: leasedDisks(world, made) };
    },
    finish: () => made?.ref,
    undo: () => {
      if (made) remove(world, made);
    },
  });
};

interface Place {
  readonly name: string;
  readonly folder: ManagedObjectReference;
  readonly pool: ManagedObjectReference;
  readonly host: ManagedObjectReference;
  readonly datastore: ManagedObject<'Datastore'>;
}

function placeOf(
  { world, self, request }: Call<{ folder?: ManagedObjectReference; host?: ManagedObjectReference }>,
  spec: VirtualMachineConfigSpec,
): Place {
  const { objects } = world;
  const pool = self.as('ResourcePool');
  if (!pool) throw objectNotFound(self.ref);
  const folder = request.folder ? objects.get<'Folder'>(request.folder).ref : defaultFolder(world, self);
  if (!folder) throw invalidArgument('folder');
  const name = keptName(spec.name ?? '');
  requireFreeName(objects, folder, name);
  const path = parseDatastorePath(spec.files?.vmPathName ?? '');
  const hosts = request.host ? [objects.get<'HostSystem'>(request.host).ref] : hostsOf(world, pool);
  for (const host of hosts) {
    const datastore = datastoreNamed(objects, host, path.datastore);
    if (datastore) return { name, folder, pool: self.ref, host, datastore };
  }
  throw invalidDatastore(path.datastore);
}

/** Those that can take a VM, nearest to idle or not. */
function hostsOf({ objects }: World, pool: ManagedObject<'ResourcePool'>): ManagedObjectReference[] {
  const owner = objects.find(pool.get('owner'))?.as('ComputeResource');
  return (owner?.get('host') ?? []).filter((ref) => {
    const runtime = objects.find(ref)?.as('HostSystem')?.get('runtime');
    return runtime?.connectionState === 'connected' && !runtime.inMaintenanceMode;
  });
}

function defaultFolder({ objects }: World, pool: AnyObject): ManagedObjectReference | undefined {
  for (const above of ancestorsOf(pool, objects)) {
    const datacenter = above.as('Datacenter');
    if (datacenter) return datacenter.get('vmFolder');
  }
  return undefined;
}

function create(call: Call, spec: VirtualMachineConfigSpec, place: Place): Vm {
  const { guestId, numCPUs, numCoresPerSocket, memoryMB, version, firmware, annotation } = spec;
  const vm = buildVm(call.world, {
    ...place,
    ...(guestId !== undefined && { guestId }),
    ...(numCPUs !== undefined && { numCpu: numCPUs }),
    ...(numCoresPerSocket !== undefined && { coresPerSocket: numCoresPerSocket }),
    ...(memoryMB !== undefined && { memoryMb: memoryMB }),
    ...(version !== undefined && { version }),
    ...(firmware !== undefined && { firmware }),
    ...(annotation !== undefined && { annotation }),
  });
  try {
    const { extraConfig, bootOptions, deviceChange } = spec;
    reconfigure(call, vm, {
      ...(extraConfig && { extraConfig }),
      ...(bootOptions && { bootOptions }),
      ...(deviceChange && { deviceChange }),
    });
  } catch (error) {
    remove(call.world, vm);
    throw error;
  }
  return vm;
}

/** The VM and the folder that was made for it. */
function remove(world: World, vm: Vm): void {
  const path = splitDatastorePath(vm.get('config')?.files.vmPathName ?? '');
  const datastore = path && datastoreNamed(world.objects, vm.get('runtime').host, path.datastore);
  removeVm(world, vm);
  const files = datastore && world.files.of(datastore);
  if (path && path.folder !== '' && files?.stat(path.folder)) files.remove(path.folder);
}
