/** What the tools about the devices of a VM share. */
import { z } from 'zod';
import { readDevices } from '../vsphere/devices.ts';
import { toObjectRef } from './fields.ts';
import { ascending } from './page.ts';
import type { ServerContext } from './tool.ts';

export const label = z.string().min(1).max(255);

/** A VM for a reading tool, and what devices it has. */
export async function devicesOf(name: string, { vsphere, reading }: ServerContext) {
  const vm = await vsphere.inventory.find('VirtualMachine', name);
  reading(vm);
  return { vm: toObjectRef(vm), devices: await readDevices(vsphere, vm.ref) };
}

/** As the VM's own list has them: a device keeps its key for as long as it is there. */
export function byDeviceKey({ key }: { readonly key: number }): string {
  return ascending(key);
}
