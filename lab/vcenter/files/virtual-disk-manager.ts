/** VirtualDiskManager: virtual disks that belong to no VM, or to one that is off. */
import { createHash } from 'node:crypto';
import type { FileBackedVirtualDiskSpec, VirtualDiskSpec } from '../../../src/vim25/generated/types.ts';
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import { fault, invalidArgument } from '../core/faults.ts';
import type { Call, MethodTable } from '../core/method.ts';
import type { TaskPlan } from '../core/tasks.ts';
import { cannotAccessFile, fileAlreadyExists, fileNotFound, noDiskSpace } from './faults.ts';
import { managed } from './file-manager.ts';
import { refuseInUse } from './in-use.ts';
import type { Located } from './locate.ts';
import type { Content, FileEntry, VirtualDiskFile } from './tree.ts';

/** 62 TB: the largest that VMFS 5 and later hold. */
const MAX_CAPACITY_KB = 62 * 1024 ** 3;
const DISK_TYPES: ReadonlySet<string> = new Set([
  'thin',
  'preallocated',
  'thick',
  'eagerZeroedThick',
  'sparse2Gb',
  'flatMonolithic',
  'seSparse',
]);

export const virtualDiskManagerMethods: MethodTable = {
  CreateVirtualDisk_Task: (call) => {
    const { name, datacenter, spec } = call.request;
    const target = managed(call, name, datacenter);
    const { capacityKb } = spec as FileBackedVirtualDiskSpec;
    const kind = diskKind(spec);
    if (!name.endsWith('.vmdk')) throw invalidArgument('name');
    if (!Number.isSafeInteger(capacityKb) || capacityKb <= 0) throw invalidArgument('spec.capacityKb');
    if (capacityKb > MAX_CAPACITY_KB) throw invalidArgument('spec.capacityKb');
    return start(call, 'CreateVirtualDisk_Task', 'createVirtualDisk', target, () => {
      if (target.files.stat(target.path)) throw fileAlreadyExists(target.text);
      const uuid = uuidOf(call.world.random.hex(32));
      target.files.write(target.path, emptyDisk({ capacityKb, ...kind, uuid }));
      return target.text;
    });
  },
  DeleteVirtualDisk_Task: (call) => {
    const target = managed(call, call.request.name, call.request.datacenter);
    return start(call, 'DeleteVirtualDisk_Task', 'deleteVirtualDisk', target, () => {
      diskAt(target);
      refuseInUse(call.world, target);
      target.files.remove(target.path);
    });
  },
  MoveVirtualDisk_Task: (call) =>
    transfer(call, 'MoveVirtualDisk_Task', 'moveVirtualDisk', (source, target, force) => {
      refuseInUse(call.world, source);
      source.files.move(source.path, target.path, { into: target.files, force });
    }),
  CopyVirtualDisk_Task: (call) => {
    const { destSpec } = call.request;
    const kind = destSpec && diskKind(destSpec);
    return transfer(call, 'CopyVirtualDisk_Task', 'copyVirtualDisk', (source, target, force) => {
      const entry = diskAt(source);
      if (target.files.stat(target.path) && !force) throw fileAlreadyExists(target.text);
      const disk = { ...entry.disk!, ...kind, uuid: uuidOf(call.world.random.hex(32)) };
      target.files.write(target.path, resized(entry, disk));
    });
  },
  ExtendVirtualDisk_Task: (call) => {
    const { name, datacenter, newCapacityKb, eagerZero } = call.request;
    const target = managed(call, name, datacenter);
    return start(call, 'ExtendVirtualDisk_Task', 'extendVirtualDisk', target, () => {
      const entry = diskAt(target);
      refuseInUse(call.world, target);
      const { capacityKb } = entry.disk!;
      if (!Number.isSafeInteger(newCapacityKb) || newCapacityKb <= capacityKb || newCapacityKb > MAX_CAPACITY_KB) {
        throw invalidArgument('newCapacityKb');
      }
      const disk = { ...entry.disk!, capacityKb: newCapacityKb, ...(eagerZero && { thin: false, eager: true }) };
      const content = resized(entry, disk);
      if (content.size - entry.size > target.files.freeBytes()) {
        throw noDiskSpace(target.text, target.files.datastoreName);
      }
      target.files.write(target.path, content);
    });
  },
  QueryVirtualDiskUuid: (call) => {
    const target = managed(call, call.request.name, call.request.datacenter);
    return diskAt(target).disk!.uuid ?? uuidOf(createHash('md5').update(target.text).digest('hex'));
  },
};

/** An empty disk of a spec. */
function emptyDisk(disk: VirtualDiskFile): Content {
  return { size: disk.thin ? 0 : disk.capacityKb * 1024, disk };
}

function resized({ size, bytes }: FileEntry, disk: VirtualDiskFile): Content {
  return { size: disk.thin ? size : disk.capacityKb * 1024, ...(bytes && { bytes }), disk };
}

function diskKind({ diskType, adapterType }: VirtualDiskSpec): Pick<VirtualDiskFile, 'thin' | 'eager' | 'adapterType'> {
  if (!DISK_TYPES.has(diskType)) {
    throw fault('InvalidDiskFormat', {}, `The disk format ${diskType} is not supported.`);
  }
  return { thin: diskType === 'thin' || diskType === 'seSparse', eager: diskType === 'eagerZeroedThick', adapterType };
}

/** Errors: FileNotFound; CannotAccessFile for what is no disk. */
function diskAt({ files, path, text }: Located): FileEntry {
  const entry = files.stat(path);
  if (!entry) throw fileNotFound(text);
  if (!entry.disk) throw cannotAccessFile(text);
  return entry;
}

interface Transfer {
  readonly sourceName: string;
  readonly sourceDatacenter?: ManagedObjectReference;
  readonly destName: string;
  readonly destDatacenter?: ManagedObjectReference;
  readonly force?: boolean;
}

function transfer(
  call: Call<Transfer>,
  name: string,
  id: string,
  run: (source: Located, target: Located, force: boolean) => void,
): ManagedObjectReference {
  const { sourceName, sourceDatacenter, destName, destDatacenter, force = false } = call.request;
  const source = managed(call, sourceName, sourceDatacenter, 'sourceDatacenter');
  const target = managed(call, destName, destDatacenter ?? sourceDatacenter, 'destDatacenter');
  return start(call, name, id, target, () => {
    diskAt(source);
    if (force && target.files.stat(target.path)) refuseInUse(call.world, target);
    run(source, target, force);
  });
}

function start(call: Call, name: string, id: string, { datastore }: Located, run: TaskPlan['run']) {
  return call.world.tasks.start(call, {
    name,
    descriptionId: `VirtualDiskManager.${id}`,
    entity: datastore,
    locks: [],
    run,
  });
}

/** 32 hexadecimal digits as `60 00 C2 93 7b a0 3a 03-9f 22 56 c5 29 93 b7 27`; the first three bytes are VMware's. */
function uuidOf(hex: string): string {
  const bytes = `6000c29${hex}`.slice(0, 32).match(/../g)!;
  return `${bytes.slice(0, 8).join(' ')}-${bytes.slice(8).join(' ')}`;
}
