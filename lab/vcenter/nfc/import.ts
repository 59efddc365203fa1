/** ResourcePool.ImportVApp: makes a VM of an import spec, and a lease to send its disks and images. */
import type { VirtualMachineImportSpec, VmConfigInfo, VmConfigSpec } from '../../../src/vim25/generated/types.ts';
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import { invalidArgument, notSupported, objectNotFound } from '../core/faults.ts';
import type { AnyObject, ManagedObject } from '../core/managed-object.ts';
import type { Method } from '../core/method.ts';
import type { World } from '../core/world.ts';
import { ancestorsOf } from '../inventory/ancestry.ts';
import { datastoreNamed } from '../inventory/datastore-names.ts';
import { keptName, requireFreeName } from '../inventory/names.ts';
import { removeVm } from '../vm/build.ts';
import { createVm } from '../vm/create.ts';
import { vmFolderOf } from '../vm/placement.ts';
import { splitDatastorePath } from '../vm/vm-files.ts';
import { insertImages, leasedDisks, leasedImages } from './devices.ts';
import { openLease } from './lease.ts';

type Vm = ManagedObject<'VirtualMachine'>;

/** Errors: DuplicateName, InvalidName, InvalidArgument, NotSupported; what else is wrong is the lease's error. */
export const importVm: Method<'ImportVApp'> = (call) => {
  const { world, self, request } = call;
  if (!self.as('ResourcePool')) throw objectNotFound(self.ref);
  if (request.spec.$type !== 'VirtualMachineImportSpec') throw notSupported('a package of several VMs');
  const { configSpec } = request.spec as VirtualMachineImportSpec;
  const place = placeOf(world, self, request.folder);
  if (configSpec.name === undefined) throw invalidArgument('spec.configSpec.name');
  requireFreeName(world.objects, place.folder, keptName(configSpec.name));
  let made: Vm | undefined;
  return openLease(call, {
    mode: 'import',
    taskName: 'ImportVAppLRO',
    descriptionId: 'ResourcePool.ImportVAppLRO',
    entity: self,
    locks: [],
    prepare: () => {
      made = createVm(call, configSpec, { ...place, pool: self.ref, host: request.host });
      const { vAppConfig } = configSpec;
      if (vAppConfig) made.set({ config: { ...made.get('config')!, vAppConfig: vAppInfo(vAppConfig) } });
      return { vm: made, devices: [...leasedDisks(world, made), ...leasedImages(world, made)] };
    },
    finish: () => {
      if (made) insertImages(world, made);
      return made?.ref;
    },
    undo: () => {
      if (made) remove(world, made);
    },
  });
};

interface Place {
  readonly folder?: ManagedObjectReference;
  readonly vApp?: ManagedObjectReference;
}

/** In a vApp a VM needs no folder; elsewhere it is the datacenter's own where none is named. */
function placeOf(world: World, pool: AnyObject, folder: ManagedObjectReference | undefined): Place {
  if (folder) return { folder: vmFolderOf(world, folder, 'folder').ref };
  if (pool.as('VirtualApp')) return { vApp: pool.ref };
  for (const above of ancestorsOf(pool, world.objects)) {
    const datacenter = above.as('Datacenter');
    if (datacenter) return { folder: datacenter.get('vmFolder') };
  }
  throw invalidArgument('folder');
}

/** What an OVF said of the product and its properties, as the VM's configuration keeps it. */
function vAppInfo({ product, property, eula, ovfEnvironmentTransport, ...spec }: VmConfigSpec): VmConfigInfo {
  return {
    product: product?.flatMap(({ info }) => info ?? []) ?? [],
    property: property?.flatMap(({ info }) => info ?? []) ?? [],
    ipAssignment: spec.ipAssignment ?? {},
    eula: eula ?? [],
    ovfEnvironmentTransport: ovfEnvironmentTransport ?? [],
    installBootRequired: spec.installBootRequired ?? false,
    installBootStopDelay: spec.installBootStopDelay ?? 0,
  };
}

/** The VM and the folder that was made for it. */
function remove(world: World, vm: Vm): void {
  const path = splitDatastorePath(vm.get('config')?.files.vmPathName ?? '');
  const datastore = path && datastoreNamed(world.objects, vm.get('runtime').host, path.datastore);
  removeVm(world, vm);
  const files = datastore && world.files.of(datastore);
  if (path && path.folder !== '' && files?.stat(path.folder)) files.remove(path.folder);
}
