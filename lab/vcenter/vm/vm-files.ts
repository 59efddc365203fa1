/** The files of a VM on its datastores. */
import type { VirtualDevice, VirtualDisk, VirtualDiskFlatVer2BackingInfo } from '../../../src/vim25/generated/types.ts';
import type { ManagedObject } from '../core/managed-object.ts';
import type { World } from '../core/world.ts';
import { datastoreNamed } from '../inventory/datastore-names.ts';

/** `[datastore1] web01/web01.vmx` in its parts. Undefined for what is no such path. */
export function splitDatastorePath(text: string): { datastore: string; folder: string; file: string } | undefined {
  const match = /^\[([^\]]+)\] ?(?:(.*)\/)?([^/]*)$/.exec(text);
  return match ? { datastore: match[1]!, folder: match[2] ?? '', file: match[3]! } : undefined;
}

/** A disk's file backing: every disk of the lab has one. */
export function diskBacking(disk: VirtualDevice): VirtualDiskFlatVer2BackingInfo {
  return disk.backing as VirtualDiskFlatVer2BackingInfo;
}

export function disksOf(devices: readonly VirtualDevice[] = []): VirtualDisk[] {
  return devices.filter((device): device is VirtualDisk => device.$type === 'VirtualDisk');
}

const KIB = 1024;
const MIB = KIB * KIB;

/** Writes the configuration, the log, the disks and, of a running VM, the swap file. */
export function writeVmFiles(world: World, vm: ManagedObject<'VirtualMachine'>): void {
  const { files, hardware } = vm.get('config')!;
  const path = splitDatastorePath(files.vmPathName!)!;
  const home = datastoreNamed(world.objects, vm.get('runtime').host, path.datastore);
  if (!home) return;
  const tree = world.files.of(home);
  if (!tree.stat(path.folder)) tree.makeFolder(path.folder, { parents: true });
  const base = `${path.folder}/${path.file.replace(/\.vmt?x$/, '')}`;
  tree.write(`${path.folder}/${path.file}`, { size: 3 * KIB });
  tree.write(`${base}.vmsd`, { size: 0 });
  tree.write(`${base}.nvram`, { size: 264 * KIB });
  tree.write(`${path.folder}/vmware.log`, { size: 256 * KIB });
  if (vm.get('runtime').powerState === 'poweredOn') tree.write(`${base}.vswp`, { size: hardware.memoryMB * MIB });
  for (const disk of disksOf(hardware.device)) writeDisk(world, disk);
}

/** A disk's file, where there is none yet: a thick one takes all of its size, a thin one a part. */
function writeDisk(world: World, disk: VirtualDisk): void {
  const { fileName, datastore, thinProvisioned = false, uuid } = diskBacking(disk);
  const path = splitDatastorePath(fileName);
  if (!path || !datastore) return;
  const tree = world.files.of(datastore);
  const file = path.folder === '' ? path.file : `${path.folder}/${path.file}`;
  if (tree.stat(file)) return;
  if (path.folder !== '' && !tree.stat(path.folder)) tree.makeFolder(path.folder, { parents: true });
  const size = disk.capacityInKB * KIB;
  tree.write(file, {
    size: thinProvisioned ? Math.floor((size * (20 + (disk.capacityInKB % 41))) / 100 / MIB) * MIB : size,
    disk: { capacityKb: disk.capacityInKB, thin: thinProvisioned, ...(uuid && { uuid }) },
  });
}
