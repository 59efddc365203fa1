/** Adding, changing and removing disks. */
import type { VirtualDisk } from '../../../src/vim25/generated/types.ts';
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import { fileAlreadyExists, fileNotFound, invalidDatastorePath, noDiskSpace } from '../files/faults.ts';
import { datastoreNamed } from '../inventory/datastore-names.ts';
import { placeDevice } from './device-places.ts';
import { is } from './devices.ts';
import { backingOf, chainOf, type DiskBacking, type FilePlace, placeOf } from './vm-disks.ts';
import { splitDatastorePath } from './vm-files.ts';
import {
  type DeviceChange,
  invalidBacking,
  invalidDevice,
  invalidOperation,
  mustBeOff,
  type Workbench,
} from './workbench.ts';

const KIB = 1024;
/** 62 TB */
const MAX_KB = 62 * 1024 ** 3;
const MODES = [
  'persistent',
  'independent_persistent',
  'independent_nonpersistent',
  'append',
  'undoable',
  'nonpersistent',
];

function sizeAsked({ capacityInKB, capacityInBytes }: Partial<VirtualDisk>): number {
  return capacityInBytes !== undefined && capacityInBytes > 0 ? Math.floor(capacityInBytes / KIB) : (capacityInKB ?? 0);
}

function diskSummary(capacityKb: number): string {
  return `${capacityKb.toLocaleString('en-US')} KB`;
}

/** Errors: those of places and files, InvalidDeviceBacking, InvalidDeviceOperation. */
export function addDisk(bench: Workbench, change: DeviceChange): VirtualDisk {
  const { index, spec } = change;
  const device = change.device as VirtualDisk;
  const { backing } = device;
  if (!is(backing, 'VirtualDiskFlatVer2BackingInfo')) throw invalidBacking(index);
  if (!MODES.includes(backing.diskMode)) throw invalidDevice(index, 'virtualDeviceSpec.device.backing.diskMode');
  const creates = spec.fileOperation === 'create' || spec.fileOperation === 'replace';
  if (spec.fileOperation !== undefined && !creates) throw invalidOperation(change);
  const place = placeDevice(bench, change);
  const { fileName, datastore } = fileFor(bench, backing, creates);
  const at = placeOf(bench.world, bench.host, fileName);
  const there = at.tree.stat(at.path);
  const capacityInKB = creates ? sizeAsked(device) : (there?.disk?.capacityKb ?? 0);
  if (creates) {
    if (!Number.isSafeInteger(capacityInKB) || capacityInKB < 1024 || capacityInKB > MAX_KB) {
      throw invalidDevice(index, 'virtualDeviceSpec.device.capacityInKB');
    }
    if (there && spec.fileOperation === 'create') throw fileAlreadyExists(fileName);
  } else if (!there?.disk) throw fileNotFound(fileName);
  const held = bench.devices.some((each) => is(each, 'VirtualDisk') && backingOf(each)?.fileName === fileName);
  if (held) throw invalidBacking(index);
  const { unitNumber, controllerKey, key, label } = place;
  const uuid = there?.disk?.uuid ?? backing.uuid ?? `6000c29${bench.world.random.uuid().slice(7)}`;
  const thinProvisioned = creates ? backing.thinProvisioned === true : (there?.disk?.thin ?? false);
  if (creates) {
    const size = thinProvisioned ? 0 : capacityInKB * KIB;
    const eager = backing.eagerlyScrub === true;
    bench.effects.push(writing(at, { size, disk: { capacityKb: capacityInKB, thin: thinProvisioned, eager, uuid } }));
  }
  const full: DiskBacking = {
    $type: 'VirtualDiskFlatVer2BackingInfo',
    fileName,
    datastore,
    diskMode: backing.diskMode,
    split: false,
    writeThrough: false,
    thinProvisioned,
    ...(backing.eagerlyScrub !== undefined && { eagerlyScrub: backing.eagerlyScrub }),
    uuid,
    contentId: uuid.replaceAll('-', ''),
    digestEnabled: false,
    sharing: backing.sharing ?? 'sharingNone',
  };
  return {
    ...device,
    key,
    deviceInfo: { label, summary: diskSummary(capacityInKB) },
    backing: full,
    controllerKey,
    unitNumber,
    capacityInKB,
    capacityInBytes: capacityInKB * KIB,
    shares: device.shares ?? { shares: 1000, level: 'normal' },
    storageIOAllocation: device.storageIOAllocation ?? {
      limit: -1,
      shares: { shares: 1000, level: 'normal' },
      reservation: 0,
    },
  };
}

/** Where the disk's file is, or is to be. `[ds]` and `` leave the file's name to the server. */
function fileFor(
  bench: Workbench,
  { fileName, datastore }: DiskBacking,
  creates: boolean,
): { fileName: string; datastore: ManagedObjectReference } {
  const home = splitDatastorePath(bench.base)!;
  const asked = fileName.trim() === '' ? undefined : splitDatastorePath(`${fileName.trim()}`.replace(/\]$/, '] '));
  if (fileName.trim() !== '' && !asked) throw invalidDatastorePath(fileName);
  const given = datastore && bench.world.objects.find(datastore)?.as('Datastore');
  const name = asked?.datastore ?? given?.get('name') ?? home.datastore;
  const found = datastoreNamed(bench.world.objects, bench.host, name);
  if (!found) throw invalidDatastorePath(fileName);
  if (asked && asked.file !== '') return { fileName: fileName.trim(), datastore: found.ref };
  if (!creates) throw invalidDatastorePath(fileName);
  const base = `[${name}] ${home.folder}/${home.file}`;
  const taken = new Set(bench.devices.map((device) => backingOf(device)?.fileName));
  for (let number = 0; ; number++) {
    const free = number === 0 ? `${base}.vmdk` : `${base}_${number}.vmdk`;
    const { tree, path } = placeOf(bench.world, bench.host, free);
    if (!tree.stat(path) && !taken.has(free)) return { fileName: free, datastore: found.ref };
  }
}

function writing(at: FilePlace, content: Parameters<FilePlace['tree']['write']>[1]) {
  const { tree, path } = at;
  const before = tree.stat(path);
  return {
    apply: () => {
      const folder = path.slice(0, Math.max(0, path.lastIndexOf('/')));
      if (folder !== '' && !tree.stat(folder)) tree.makeFolder(folder, { parents: true });
      // A thin disk takes no space, and yet none is made on a datastore that has none left.
      if (content.size === 0 && tree.freeBytes() === 0) throw noDiskSpace(tree.pathOf(path), tree.datastoreName);
      tree.write(path, content);
    },
    undo: () => {
      if (before) tree.write(path, before);
      else tree.remove(path);
    },
  };
}

/** Errors: InvalidDeviceOperation for a smaller size, or a larger one below snapshots; NoDiskSpace. */
export function editDisk(bench: Workbench, change: DeviceChange, present: VirtualDisk): VirtualDisk {
  const { index, spec } = change;
  const device = change.device as VirtualDisk;
  if (spec.fileOperation !== undefined) throw invalidOperation(change);
  const backing = backingOf(present);
  if (device.backing !== undefined && !is(device.backing, 'VirtualDiskFlatVer2BackingInfo'))
    throw invalidBacking(index);
  const asked = device.backing as DiskBacking | undefined;
  if (!backing) throw invalidBacking(index);
  if (asked && asked.fileName !== '' && asked.fileName !== backing.fileName) throw invalidBacking(index);
  const capacityInKB = newSize(device, present);
  if (capacityInKB < present.capacityInKB) throw invalidOperation(change);
  const grows = capacityInKB > present.capacityInKB;
  if (grows && (bench.hasSnapshots || backing.parent)) throw invalidOperation(change);
  if (capacityInKB > MAX_KB) throw invalidDevice(index, 'virtualDeviceSpec.device.capacityInKB');
  const onIde = bench.devices.some((each) => each.key === present.controllerKey && is(each, 'VirtualIDEController'));
  if (grows && bench.running && onIde) throw mustBeOff();
  const diskMode = asked?.diskMode ?? backing.diskMode;
  if (!MODES.includes(diskMode)) throw invalidDevice(index, 'virtualDeviceSpec.device.backing.diskMode');
  if (diskMode !== backing.diskMode) {
    if (bench.hasSnapshots) throw invalidOperation(change);
    if (bench.running) throw mustBeOff();
  }
  if (grows) {
    const at = placeOf(bench.world, bench.host, backing.fileName);
    const file = at.tree.stat(at.path);
    if (!file?.disk) throw fileNotFound(backing.fileName);
    const size = file.disk.thin ? file.size : capacityInKB * KIB;
    bench.effects.push(writing(at, { size, disk: { ...file.disk, capacityKb: capacityInKB } }));
  }
  return {
    ...present,
    capacityInKB,
    capacityInBytes: capacityInKB * KIB,
    deviceInfo: { label: present.deviceInfo?.label ?? '', summary: diskSummary(capacityInKB) },
    backing: { ...backing, diskMode } as DiskBacking,
    ...(device.shares && { shares: device.shares }),
    ...(device.storageIOAllocation && { storageIOAllocation: device.storageIOAllocation }),
  };
}

/** Of the two sizes in a request the one that was changed counts. */
function newSize(device: VirtualDisk, present: VirtualDisk): number {
  const { capacityInKB, capacityInBytes } = device;
  const fromBytes = capacityInBytes === undefined ? undefined : Math.floor(capacityInBytes / KIB);
  if (fromBytes !== undefined && fromBytes !== present.capacityInKB && fromBytes > 0) return fromBytes;
  return capacityInKB ?? present.capacityInKB;
}

/** Errors: InvalidDeviceOperation. */
export function removeDisk(bench: Workbench, change: DeviceChange, present: VirtualDisk): void {
  const { fileOperation } = change.spec;
  if (fileOperation !== undefined && fileOperation !== 'destroy') throw invalidOperation(change);
  if (fileOperation === 'destroy') bench.unwanted.push(...[...chainOf(present)].map(({ fileName }) => fileName));
}
