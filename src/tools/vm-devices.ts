/** What the tools about the devices of a VM share. */
import { z } from 'zod';
import { readDevices } from '../vsphere/devices.ts';
import type { InventoryObject } from '../vsphere/inventory.ts';
import { readHardware, requireChangeable, type VmChange, type VmHardware } from '../vsphere/vm-hardware.ts';
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

/** A VM whose devices are to be changed. */
export interface Subject {
  readonly vm: InventoryObject;
  readonly hardware: VmHardware;
}

/** Errors: those of finding it; INVALID_STATE for templates and suspended VMs. */
export async function toBeChanged(name: string, { vsphere }: ServerContext): Promise<Subject> {
  const vm = await vsphere.inventory.find('VirtualMachine', name);
  const hardware = await readHardware(vsphere, vm);
  requireChangeable(vm, hardware);
  return { vm, hardware };
}

/** Makes the change and reads back what the VM is then. */
export async function reconfigured({ vm }: Subject, spec: VmChange, context: ServerContext) {
  const { vsphere, acting, follow } = context;
  await acting(vm);
  const { task } = await follow(await vsphere.call('ReconfigVM_Task', { _this: vm.ref, spec }));
  return { task, now: await readHardware(vsphere, vm) };
}

/** The device that was not there before; absent while the task still runs. */
export function added<D extends { readonly key: number }>({ hardware }: Subject, devices: readonly D[]): D | undefined {
  const before = new Set(hardware.devices.map(({ key }) => key));
  return devices.find(({ key }) => !before.has(key));
}
