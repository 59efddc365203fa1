/** The virtual disks of a VM: what they are, adding, growing and removing them. */
import { z } from 'zod';
import { findPlace } from '../vsphere/datastore-file.ts';
import { refuseUsed, usersOf } from '../vsphere/datastore-file-users.ts';
import { isFileOn } from '../vsphere/datastore-image.ts';
import { parseDatastorePath } from '../vsphere/datastore-path.ts';
import { byLabel, type Disk, disksOf } from '../vsphere/devices.ts';
import {
  diskAdded,
  diskGrown,
  diskLabelled,
  diskRemoved,
  requireGrowable,
  requireRemovable,
  requireSpace,
} from '../vsphere/disk-changes.ts';
import type { InventoryObject } from '../vsphere/inventory.ts';
import { sameRef } from '../vsphere/references.ts';
import { homeDatastore, reachableFrom } from '../vsphere/vm-reach.ts';
import { cursor, datastoreName, limit, objectRef, toObjectRef, vmName } from './fields.ts';
import { page, pageFields } from './page.ts';
import { defineTool, type ServerContext } from './tool.ts';
import { added, byDeviceKey, devicesOf, label, reconfigured, toBeChanged } from './vm-devices.ts';

const text = z.string().optional();
const diskLabel = label.describe('Label, such as "Hard disk 1".');
/** vSphere configuration maximums: 62 TB. */
const sizeGb = z.int().min(1).max(63_488);
const GIB = 2 ** 30;

const disk = {
  label: z.string(),
  size_gb: z.number(),
  unit_number: z.int().optional(),
  file: text,
  thin_provisioned: z.boolean().optional(),
  mode: text,
};

export const listDisks = defineTool({
  name: 'list_disks',
  title: 'List disks',
  description:
    'The virtual disks of a VM or template with label, size, file and provisioning. get_disk_info takes a label and tells more of one.',
  permission: 'READ_ONLY',
  effect: 'read',
  input: { vm_name: vmName, limit, cursor },
  output: { vm: objectRef, disks: z.array(z.object(disk)), ...pageFields },
  target: ({ vm_name }) => vm_name,
  async handler({ vm_name, ...paging }, context) {
    const { vm, devices } = await devicesOf(vm_name, context);
    const { items, ...rest } = page('disks', disksOf(devices), byDeviceKey, paging);
    return { vm, disks: items.map(toDisk), ...rest };
  },
});

export const getDiskInfo = defineTool({
  name: 'get_disk_info',
  title: 'Get disk info',
  description:
    'One virtual disk of a VM: size, file, datastore, controller, mode and UUID. list_disks tells the labels.',
  permission: 'READ_ONLY',
  effect: 'read',
  input: { vm_name: vmName, disk_label: diskLabel },
  output: {
    vm: objectRef,
    ...disk,
    size_bytes: z.number(),
    datastore: text,
    controller: text,
    uuid: text,
    device_key: z.int(),
  },
  target: ({ vm_name }) => vm_name,
  async handler({ vm_name, disk_label }, context) {
    const { vm, devices } = await devicesOf(vm_name, context);
    const found = byLabel(disksOf(devices), disk_label, 'disk');
    return {
      vm,
      ...toDisk(found),
      size_bytes: found.capacityBytes,
      datastore: found.datastore,
      controller: found.controller,
      uuid: found.uuid,
      device_key: found.key,
    };
  },
});

export const addDisk = defineTool({
  name: 'add_disk',
  title: 'Add disk',
  description:
    'Add a new, empty virtual disk to a VM, running or off, on a controller with room or a new one. The guest must still partition it. To enlarge a disk use extend_disk.',
  permission: 'VM_LIFECYCLE',
  effect: 'create',
  task: true,
  input: {
    vm_name: vmName,
    size_gb: sizeGb,
    thin_provisioned: z.boolean().default(true).describe('Takes space as it is written.'),
    datastore: datastoreName.optional().describe("Default: the VM's own."),
  },
  output: {
    vm: objectRef,
    action: z.string(),
    disk_label: text,
    size_gb: z.number(),
    thin_provisioned: z.boolean(),
    datastore: z.string(),
    file: text,
    controller: text,
    unit_number: z.int().optional(),
    device_key: z.int().optional(),
  },
  target: ({ vm_name }) => vm_name,
  async handler(given, context) {
    const { vsphere } = context;
    const subject = await toBeChanged(given.vm_name, context);
    const wanted = given.datastore ?? homeDatastore(subject);
    const datastore = await reachableFrom(subject, 'Datastore', wanted, vsphere);
    const sizeBytes = given.size_gb * GIB;
    await requireSpace(vsphere, datastore.ref, given.thin_provisioned ? 0 : sizeBytes);
    const disk = { sizeBytes, thin: given.thin_provisioned, datastore: datastore.name };
    const { task, now } = await reconfigured(subject, { deviceChange: diskAdded(subject.hardware, disk) }, context);
    const made = added(subject, disksOf(now.devices));
    return {
      vm: toObjectRef(subject.vm),
      action: 'add',
      disk_label: made?.label,
      size_gb: made?.capacityGb ?? given.size_gb,
      thin_provisioned: made?.thinProvisioned ?? given.thin_provisioned,
      datastore: made?.datastore ?? datastore.name,
      file: made?.file,
      controller: made?.controller,
      unit_number: made?.unitNumber,
      device_key: made?.key,
      task,
    };
  },
});

export const removeDisk = defineTool({
  name: 'remove_disk',
  title: 'Remove disk',
  description:
    'Take a virtual disk off a VM. Its file stays on the datastore unless delete_file is true: then the data is gone for good. Unmount it in the guest first.',
  permission: 'VM_LIFECYCLE',
  effect: 'delete',
  task: true,
  input: { vm_name: vmName, disk_label: diskLabel, delete_file: z.boolean().default(false) },
  output: {
    vm: objectRef,
    action: z.string(),
    disk_label: z.string(),
    disk_path: text,
    size_gb: z.number(),
    removed: z.boolean().describe('false while the task runs'),
    file_deleted: z.boolean().optional(),
  },
  target: ({ vm_name }) => vm_name,
  async handler({ vm_name, disk_label, delete_file }, context) {
    const { vsphere } = context;
    const subject = await toBeChanged(vm_name, context);
    const { disk, device } = diskLabelled(subject.hardware, disk_label);
    requireRemovable(subject.vm, subject.hardware, device, delete_file);
    if (delete_file) await refuseShared(subject.vm, disk, vsphere);
    const change = { deviceChange: diskRemoved(device, delete_file) };
    const { task, now } = await reconfigured(subject, change, context);
    const removed = !now.devices.some(({ key }) => key === disk.key);
    return {
      vm: toObjectRef(subject.vm),
      action: 'remove',
      disk_label: disk.label,
      disk_path: disk.file,
      size_gb: disk.capacityGb,
      removed,
      file_deleted: delete_file && removed ? await isGone(disk.file) : false,
      task,
    };

    /** Unknown where the account may not look: the disk is off the VM all the same. */
    async function isGone(file: string | undefined): Promise<boolean | undefined> {
      try {
        const { datastore = '', path } = parseDatastorePath(file ?? '');
        return !(await isFileOn(vsphere, await reachableFrom(subject, 'Datastore', datastore, vsphere), path));
      } catch {
        return undefined;
      }
    }
  },
});

/** Errors: INVALID_STATE for a file that another VM has as well, or a linked clone stands on. */
async function refuseShared(
  vm: InventoryObject,
  { file, datastoreRef }: Disk,
  vsphere: ServerContext['vsphere'],
): Promise<void> {
  if (file === undefined || datastoreRef === undefined) return;
  const place = await findPlace(vsphere, datastoreRef.value);
  const users = await usersOf(vsphere, place, parseDatastorePath(file).path);
  const others = users.filter(({ ref }) => !sameRef(ref, vm.ref));
  refuseUsed(file, others, 'leave delete_file out, or detach it there first.');
}

export const extendDisk = defineTool({
  name: 'extend_disk',
  aliases: ['resize_disk'],
  title: 'Extend disk',
  description:
    'Make a virtual disk of a VM larger, running or off; disks never shrink. The VM must have no snapshots. Grow the partition and file system in the guest afterwards.',
  permission: 'VM_LIFECYCLE',
  effect: 'update',
  task: true,
  input: { vm_name: vmName, disk_label: diskLabel, new_size_gb: sizeGb.describe('The whole size, not the increase.') },
  output: {
    vm: objectRef,
    action: z.string(),
    disk_label: z.string(),
    old_size_gb: z.number(),
    new_size_gb: z.number(),
  },
  target: ({ vm_name }) => vm_name,
  async handler({ vm_name, disk_label, new_size_gb }, context) {
    const subject = await toBeChanged(vm_name, context);
    const found = diskLabelled(subject.hardware, disk_label);
    const newBytes = new_size_gb * GIB;
    requireGrowable(subject.vm, subject.hardware, found, newBytes);
    const { disk, device } = found;
    if (disk.datastoreRef !== undefined) {
      const more = disk.thinProvisioned === true ? 0 : newBytes - disk.capacityBytes;
      await requireSpace(context.vsphere, disk.datastoreRef, more);
    }
    const { task, now } = await reconfigured(subject, { deviceChange: diskGrown(device, newBytes) }, context);
    return {
      vm: toObjectRef(subject.vm),
      action: 'extend',
      disk_label: disk.label,
      old_size_gb: disk.capacityGb,
      new_size_gb: disksOf(now.devices).find(({ key }) => key === disk.key)?.capacityGb ?? new_size_gb,
      task,
    };
  },
});

function toDisk({ label, capacityGb, unitNumber, file, thinProvisioned, mode }: Disk) {
  return { label, size_gb: capacityGb, unit_number: unitNumber, file, thin_provisioned: thinProvisioned, mode };
}
