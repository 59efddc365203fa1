/** The virtual disks of a VM. */
import { z } from 'zod';
import { byLabel, type Disk, disksOf } from '../vsphere/devices.ts';
import { cursor, limit, objectRef, vmName } from './fields.ts';
import { page, pageFields } from './page.ts';
import { defineTool } from './tool.ts';
import { byDeviceKey, devicesOf, label } from './vm-devices.ts';

const text = z.string().optional();

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
  input: { vm_name: vmName, disk_label: label.describe('Label, such as "Hard disk 1".') },
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

function toDisk({ label, capacityGb, unitNumber, file, thinProvisioned, mode }: Disk) {
  return { label, size_gb: capacityGb, unit_number: unitNumber, file, thin_provisioned: thinProvisioned, mode };
}
