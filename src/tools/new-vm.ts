/** What the tools that make VMs have in common. */
import { z } from 'zod';
import type { InventoryObject } from '../vsphere/inventory.ts';
import { requireFreeName } from '../vsphere/name-taken.ts';
import { encodeName } from '../vsphere/names.ts';
import type { ManagedObjectReference } from '../vsphere/references.ts';
import { cloneLocation } from '../vsphere/vm-clone-location.ts';
import { readPowerState } from '../vsphere/vm-state.ts';
import { objectRef, toObjectRef } from './fields.ts';
import type { ServerContext } from './tool.ts';

/** Absent while the task still runs: then there is no VM yet. */
export const madeVm = {
  vm: objectRef.optional(),
  power_state: z.string().optional(),
  datastore: z.string().optional(),
};

/** The audit's last word on a call that makes a VM is about the VM; before, it was about the folder. */
export async function made(result: unknown, { vsphere, reading }: ServerContext) {
  if (result === undefined) return {};
  const vm = await vsphere.inventory.describe(result as ManagedObjectReference);
  reading(vm);
  return { vm: toObjectRef(vm), power_state: await readPowerState(vsphere, vm) };
}

interface CloneWish {
  readonly name: string;
  /** Unset: where the source's files are. */
  readonly datastore: InventoryObject | undefined;
  readonly powerOn: boolean;
}

/** Copies a VM or template to a new VM beside it. */
export async function cloneBeside(source: InventoryObject, wish: CloneWish, context: ServerContext) {
  const { vsphere } = context;
  const { datastore } = wish;
  const { location, folder } = await cloneLocation(vsphere, source, datastore?.ref);
  const into = folder ? await vsphere.inventory.describe(folder) : await vsphere.defaults.vmFolder();
  await requireFreeName(vsphere, into.ref, wish.name);
  await context.acting(into);
  const started = await vsphere.call('CloneVM_Task', {
    _this: source.ref,
    folder: into.ref,
    name: encodeName(wish.name),
    spec: { location, powerOn: wish.powerOn, template: false },
  });
  const { task, result } = await context.follow(started, { on: source });
  return { ...(await made(result, context)), ...(datastore ? { datastore: datastore.name } : {}), task };
}
