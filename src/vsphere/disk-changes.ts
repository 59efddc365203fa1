/** What vSphere is told to add, grow or remove a VM's disk, and what must be so before. */
import type { VirtualDeviceConfigSpec, VirtualDisk, VirtualDiskFlatVer2BackingInfo } from '../vim25/generated/types.ts';
import { readDatastore } from './datastore.ts';
import { diskSlot, isHotPluggable } from './device-slots.ts';
import { byLabel, type Disk, disksOf } from './devices.ts';
import { InvalidStateError } from './errors.ts';
import type { InventoryObject } from './inventory.ts';
import { quoted } from './names.ts';
import type { Reader } from './reader.ts';
import type { ManagedObjectReference } from './references.ts';
import { humanSize } from './units.ts';
import { isRunning, requireOff, type VmHardware } from './vm-hardware.ts';

const KIB = 1024;
const NEW_DISK_KEY = -102;

export interface NewDisk {
  readonly sizeBytes: number;
  readonly thin: boolean;
  /** The name of its datastore; vSphere names the file, in the VM's folder there. */
  readonly datastore: string;
}

/** Errors: INVALID_STATE where no controller has room. */
export function diskAdded(hardware: VmHardware, { sizeBytes, thin, datastore }: NewDisk): VirtualDeviceConfigSpec[] {
  const { changes, ...place } = diskSlot(hardware.devices, isRunning(hardware));
  const backing: VirtualDiskFlatVer2BackingInfo = {
    $type: 'VirtualDiskFlatVer2BackingInfo',
    fileName: `[${datastore}]`,
    diskMode: 'persistent',
    thinProvisioned: thin,
  };
  const disk: VirtualDisk = {
    $type: 'VirtualDisk',
    key: NEW_DISK_KEY,
    ...place,
    capacityInKB: sizeBytes / KIB,
    backing,
  };
  return [...changes, { operation: 'add', fileOperation: 'create', device: disk }];
}

/** The disk with this label, as it is on the wire. Errors: NOT_FOUND and AMBIGUOUS with the labels. */
export function diskLabelled({ devices }: VmHardware, label: string): { disk: Disk; device: VirtualDisk } {
  const disk = byLabel(disksOf(devices), label, 'disk');
  return { disk, device: devices.find(({ key }) => key === disk.key) as VirtualDisk };
}

/** Errors: INVALID_STATE, with what to do, for what vSphere would refuse: a disk only grows, and only without snapshots. */
export function requireGrowable(
  vm: InventoryObject,
  hardware: VmHardware,
  { disk, device }: { readonly disk: Disk; readonly device: VirtualDisk },
  newBytes: number,
): void {
  if (newBytes <= disk.capacityBytes) {
    throw new InvalidStateError(
      `${quoted(disk.label)} has ${disk.capacityGb} GB already: a disk only grows, so new_size_gb must be more.`,
    );
  }
  if (hardware.hasSnapshots) {
    throw new InvalidStateError(
      `${quoted(vm.name)} has snapshots, under which a disk cannot grow: delete_all_snapshots first.`,
    );
  }
  if ((device.backing as VirtualDiskFlatVer2BackingInfo | undefined)?.parent !== undefined) {
    throw new InvalidStateError(
      `${quoted(disk.label)} is a linked clone's, which cannot grow: clone_vm makes a full copy.`,
    );
  }
  if (!isHotPluggable(hardware.devices, device)) requireOff(vm, hardware, 'an IDE disk only grows while it is off');
}

export function diskGrown(device: VirtualDisk, newBytes: number): VirtualDeviceConfigSpec[] {
  // Where both sizes are given, vSphere takes the one in bytes (VirtualDisk.capacityInBytes).
  const grown: VirtualDisk = { ...device, capacityInKB: newBytes / KIB, capacityInBytes: newBytes };
  return [{ operation: 'edit', device: grown }];
}

/** Errors: INVALID_STATE for a file that snapshots need, and for an IDE disk of a running VM. */
export function requireRemovable(
  vm: InventoryObject,
  hardware: VmHardware,
  device: VirtualDisk,
  deleteFile: boolean,
): void {
  if (deleteFile && hardware.hasSnapshots) {
    throw new InvalidStateError(
      `${quoted(vm.name)} has snapshots that need the file: delete_all_snapshots first, or leave delete_file out.`,
    );
  }
  if (!isHotPluggable(hardware.devices, device)) requireOff(vm, hardware, 'an IDE disk is removed while it is off');
}

export function diskRemoved(device: VirtualDisk, deleteFile: boolean): VirtualDeviceConfigSpec[] {
  return [{ operation: 'remove', ...(deleteFile ? { fileOperation: 'destroy' } : {}), device }];
}

/** Errors: INVALID_STATE where the datastore cannot be used now, or has not so much free. @param bytes 0 for thin */
export async function requireSpace(reader: Reader, datastore: ManagedObjectReference, bytes: number): Promise<void> {
  const { name, accessible, maintenanceMode = 'normal', freeBytes } = await readDatastore(reader, datastore);
  if (!accessible) throw new InvalidStateError(`The datastore ${quoted(name)} cannot be reached now.`);
  if (maintenanceMode !== 'normal') {
    throw new InvalidStateError(`The datastore ${quoted(name)} is in maintenance: name another one.`);
  }
  if (freeBytes !== undefined && freeBytes < bytes) {
    throw new InvalidStateError(
      `The datastore ${quoted(name)} has ${humanSize(freeBytes)} free, and ${humanSize(bytes)} are needed.`,
    );
  }
}
