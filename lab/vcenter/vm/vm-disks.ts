/** The files of a VM's disks: where they lie, making and removing them. */
import type { VirtualDevice, VirtualDisk, VirtualDiskFlatVer2BackingInfo } from '../../../src/vim25/generated/types.ts';
import type { World } from '../core/world.ts';
import { invalidDatastorePath } from '../files/faults.ts';
import type { FileTree } from '../files/tree.ts';
import { datastoreNamed } from '../inventory/datastore-names.ts';
import { is } from './devices.ts';
import type { Vm } from './subject.ts';
import { splitDatastorePath } from './vm-files.ts';

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

/** Where a datastore path leads from a VM's host. Undefined where that host has no such datastore. */
export function findPlace(world: World, vm: Pick<Vm, 'get'>, datastorePath: string): FilePlace | undefined {
  const parts = splitDatastorePath(datastorePath);
  const datastore = parts && datastoreNamed(world.objects, vm.get('runtime').host, parts.datastore);
  if (!parts || !datastore) return undefined;
  return { tree: world.files.of(datastore), path: parts.folder === '' ? parts.file : `${parts.folder}/${parts.file}` };
}

/** Errors: InvalidDatastorePath. */
export function placeOf(world: World, vm: Pick<Vm, 'get'>, datastorePath: string): FilePlace {
  const place = findPlace(world, vm, datastorePath);
  if (!place) throw invalidDatastorePath(datastorePath);
  return place;
}

export function removeFile(world: World, vm: Vm, datastorePath: string): void {
  const place = findPlace(world, vm, datastorePath);
  if (place?.tree.stat(place.path)) place.tree.remove(place.path);
}

/** A name beside `file` that nothing has: `web01-000001.vmdk`, the first of them free. */
export function freeDeltaName(world: World, vm: Vm, file: string): string {
  const base = file.replace(/(?:-\d{6})?\.vmdk$/, '');
  for (let number = 1; ; number++) {
    const name = `${base}-${String(number).padStart(6, '0')}.vmdk`;
    const place = placeOf(world, vm, name);
    if (!place.tree.stat(place.path)) return name;
  }
}

const MIB = 1024 * 1024;

/** The disk, writing from now on to a new file over the present one. An independent disk stays as it is. */
export function withDelta(world: World, vm: Vm, disk: VirtualDisk): VirtualDisk {
  const parent = backingOf(disk);
  if (!parent || parent.diskMode.startsWith('independent')) return disk;
  const fileName = freeDeltaName(world, vm, parent.fileName);
  const { tree, path } = placeOf(world, vm, fileName);
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
