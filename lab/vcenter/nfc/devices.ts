/** The disks of a VM, and the images that its CD drives wait for, as a lease names them. */
import type {
  VirtualController,
  VirtualDevice,
  VirtualDeviceFileBackingInfo,
  VirtualDisk,
} from '../../../src/vim25/generated/types.ts';
import type { ManagedObject } from '../core/managed-object.ts';
import type { World } from '../core/world.ts';
import { type Located, located, parseDatastorePath } from '../files/locate.ts';
import { datastoreNamed } from '../inventory/datastore-names.ts';
import { diskBacking, disksOf } from '../vm/vm-files.ts';
import type { LeasedDevice } from './lease.ts';

type Vm = ManagedObject<'VirtualMachine'>;

/** Each disk of the VM, in the order of its devices. */
export function leasedDisks(world: World, vm: Vm): LeasedDevice[] {
  return disksOf(devicesOf(vm)).map((disk, index) => ({
    ...keysOf(vm, disk),
    fileName: `disk-${index}.vmdk`,
    target: fileOf(world, disk),
    capacityKb: disk.capacityInKB,
  }));
}

/** Each CD drive that is to hold an image and has none yet. */
export function leasedImages(world: World, vm: Vm): LeasedDevice[] {
  return emptyDrives(vm).map((drive, index) => ({
    ...keysOf(vm, drive),
    fileName: `file-${index}.iso`,
    target: imageOf(world, vm, index),
  }));
}

/** Puts the images that have come into their drives. */
export function insertImages(world: World, vm: Vm): void {
  const config = vm.get('config')!;
  const images = new Map(emptyDrives(vm).map((drive, index) => [drive.key, imageOf(world, vm, index)]));
  const device = devicesOf(vm).map((each) => {
    const image = images.get(each.key);
    if (!image?.files.stat(image.path)) return each;
    const backing = { ...each.backing, fileName: image.text, datastore: image.datastore.ref };
    return { ...each, backing, deviceInfo: { label: each.deviceInfo?.label ?? '', summary: `ISO ${image.text}` } };
  });
  if (images.size > 0) vm.set({ config: { ...config, hardware: { ...config.hardware, device } } });
}

function devicesOf(vm: Vm): readonly VirtualDevice[] {
  return vm.get('config')?.hardware.device ?? [];
}

function emptyDrives(vm: Vm): VirtualDevice[] {
  return devicesOf(vm).filter(
    ({ backing }) =>
      backing?.$type === 'VirtualCdromIsoBackingInfo' && (backing as VirtualDeviceFileBackingInfo).fileName === '',
  );
}

function keysOf(vm: Vm, device: VirtualDevice): Pick<LeasedDevice, 'key' | 'importKey'> {
  const place = placeOf(devicesOf(vm), device);
  return { key: `/${vm.id}/${place}`, importKey: `/${vm.get('name')}/${place}` };
}

/** `ParaVirtualSCSIController0:0`: what an OVF and a lease know a device by. */
export function placeOf(devices: readonly VirtualDevice[], { controllerKey, unitNumber = 0 }: VirtualDevice): string {
  const controller = devices.find(({ key }) => key === controllerKey);
  const { $type = 'VirtualController', busNumber = 0 } = (controller ?? {}) as Partial<VirtualController>;
  return `${$type}${busNumber}:${unitNumber}`;
}

/** The file that the disk writes to. Errors: InaccessibleDatastore. */
function fileOf(world: World, disk: VirtualDisk): Located {
  const { fileName, datastore } = diskBacking(disk);
  return located(world, world.objects.get<'Datastore'>(datastore!), parseDatastorePath(fileName).path);
}

function imageOf(world: World, vm: Vm, index: number): Located {
  const home = parseDatastorePath(vm.get('config')?.files.vmPathName ?? '');
  const datastore = datastoreNamed(world.objects, vm.get('runtime').host, home.datastore)!;
  return located(world, datastore, `${home.path.slice(0, home.path.lastIndexOf('/'))}/file-${index}.iso`);
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
