/** The files of a VM's disks: where they lie, making and removing them. */
import type { VirtualDevice, VirtualDisk, VirtualDiskFlatVer2BackingInfo } from '../../../src/vim25/generated/types.ts';
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import type { World } from '../core/world.ts';
import { invalidDatastorePath } from '../files/faults.ts';
import type { FileTree } from '../files/tree.ts';
import { datastoreNamed } from '../inventory/datastore-names.ts';
import { is } from './devices.ts';
import type { Vm } from './subject.ts';
import { splitDatastorePath } from './vm-files.ts';

/** The host by whose names for datastores a path is read. */
type Host = ManagedObjectReference | undefined;

export type DiskBacking = VirtualDiskFlatVer2BackingInfo;

export interface FilePlace {
  readonly tree: FileTree;
  /** Without the datastore: `web01/web01.vmdk`. */
  readonly path: string;
}

export function backingOf(disk: VirtualDevice): DiskBacking | undefined {
  return is(disk.backing, 'VirtualDiskFlatVer2BackingInfo') ? disk.backing : undefined;
}

/** A backing and those below it, the topmost first. */
export function* chainOf(disk: VirtualDevice): Iterable<DiskBacking> {
  for (let at = backingOf(disk); at; at = at.parent) yield at;
}

/** Where a datastore path leads on a host. Undefined where the host has no such datastore. */
export function findPlace(world: World, host: Host, datastorePath: string): FilePlace | undefined {
  const parts = splitDatastorePath(datastorePath);
  const datastore = parts && datastoreNamed(world.objects, host, parts.datastore);
  if (!parts || !datastore) return undefined;
  return { tree: world.files.of(datastore), path: parts.folder === '' ? parts.file : `${parts.folder}/${parts.file}` };
}

/** Errors: InvalidDatastorePath. */
export function placeOf(world: World, host: Host, datastorePath: string): FilePlace {
  const place = findPlace(world, host, datastorePath);
  if (!place) throw invalidDatastorePath(datastorePath);
  return place;
}

export function removeFile(world: World, host: Host, datastorePath: string): void {
  const place = findPlace(world, host, datastorePath);
  if (place?.tree.stat(place.path)) place.tree.remove(place.path);
}

/** A name beside `file` that nothing has: `web01-000001.vmdk`, the first of them free. */
function freeDeltaName(world: World, host: Host, file: string): string {
  const base = file.replace(/(?:-\d{6})?\.vmdk$/, '');
  for (let number = 1; ; number++) {
    const name = `${base}-${String(number).padStart(6, '0')}.vmdk`;
    const place = placeOf(world, host, name);
    if (!place.tree.stat(place.path)) return name;
  }
}

const MIB = 1024 * 1024;

/** The disk, writing from now on to a new file over the present one. An independent disk stays as it is. */
export function withDelta(world: World, vm: Vm, disk: VirtualDisk): VirtualDisk {
  const parent = backingOf(disk);
  if (!parent || parent.diskMode.startsWith('independent')) return disk;
  const { host } = vm.get('runtime');
  const fileName = freeDeltaName(world, host, parent.fileName);
  const { tree, path } = placeOf(world, host, fileName);
  const delta = {
    capacityKb: disk.capacityInKB,
    thin: true,
    extent: 'sesparse' as const,
    ...(parent.uuid && { uuid: parent.uuid }),
  };
  tree.write(path, { size: 16 * MIB, disk: delta });
  const backing: DiskBacking = {
    ...parent,
    fileName,
    parent,
    thinProvisioned: true,
    deltaDiskFormat: 'seSparseFormat',
  };
  return { ...disk, backing };
}
