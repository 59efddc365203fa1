/** The disks of a VM as a lease names them. */
import type { VirtualController, VirtualDisk } from '../../../src/vim25/generated/types.ts';
import type { ManagedObject } from '../core/managed-object.ts';
import type { World } from '../core/world.ts';
import { type Located, located, parseDatastorePath } from '../files/locate.ts';
import { diskBacking, disksOf } from '../vm/vm-files.ts';
import type { LeasedDevice } from './lease.ts';

type Vm = ManagedObject<'VirtualMachine'>;

/** Each disk of the VM, in the order of its devices. */
export function leasedDisks(world: World, vm: Vm): LeasedDevice[] {
  return disksOf(vm.get('config')?.hardware.device).map((disk, index) => {
    const place = placeOf(vm, disk);
    return {
      key: `/${vm.id}/${place}`,
      importKey: `/${vm.get('name')}/${place}`,
      fileName: `disk-${index}.vmdk`,
      target: fileOf(world, disk),
      capacityKb: disk.capacityInKB,
    };
  });
}

/** `ParaVirtualSCSIController0:0` */
function placeOf(vm: Vm, { controllerKey, unitNumber = 0 }: VirtualDisk): string {
  const controller = vm.get('config')?.hardware.device?.find(({ key }) => key === controllerKey);
  const { $type = 'VirtualController', busNumber = 0 } = (controller ?? {}) as Partial<VirtualController>;
  return `${$type}${busNumber}:${unitNumber}`;
}

/** The file that the disk writes to. Errors: InaccessibleDatastore. */
function fileOf(world: World, disk: VirtualDisk): Located {
  const { fileName, datastore } = diskBacking(disk);
  return located(world, world.objects.get<'Datastore'>(datastore!), parseDatastorePath(fileName).path);
}

/** What a disk holds: its own file, or where a snapshot's file has nothing yet that of the disk below. */
export function contentOf(world: World, disk: VirtualDisk): Buffer | undefined {
  for (let at: ReturnType<typeof diskBacking> | undefined = diskBacking(disk); at; at = at.parent) {
    const { path } = parseDatastorePath(at.fileName);
    const bytes = at.datastore && world.files.of(at.datastore).stat(path)?.bytes;
    if (bytes) return bytes;
  }
  return undefined;
}
