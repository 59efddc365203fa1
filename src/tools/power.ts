/** Switching VMs on and off: hard, by vSphere itself, and soft, by the guest's operating system. */
import type { InventoryObject } from '../vsphere/inventory.ts';
import {
  type PowerState,
  readPowerState,
  readVmState,
  requireNotTemplate,
  requirePowerState,
  requireRunningTools,
} from '../vsphere/vm-state.ts';
import { objectRef, powerState, toObjectRef, vmName } from './fields.ts';
import { defineTool, type ServerContext } from './tool.ts';

const input = { name: vmName };
const output = { vm: objectRef, power_state: powerState };

type PowerMethod = 'PowerOnVM_Task' | 'PowerOffVM_Task' | 'ResetVM_Task' | 'SuspendVM_Task';
type GuestMethod = 'ShutdownGuest' | 'RebootGuest' | 'StandbyGuest';

export const powerOn = defineTool({
  name: 'power_on',
  aliases: ['power_on_vm'],
  title: 'Power on VM',
  description: 'Start a VM that is powered off, or resume one that is suspended. Templates cannot be started.',
  permission: 'POWER_OPS',
  effect: 'update',
  idempotent: true,
  task: true,
  input,
  output,
  target: ({ name }) => name,
  handler: (given, context) =>
    power(given.name, context, 'PowerOnVM_Task', ['poweredOff', 'suspended'], 'there is nothing to start.'),
});

export const powerOff = defineTool({
  name: 'power_off',
  aliases: ['power_off_vm'],
  title: 'Power off VM',
  description:
    'Cut the power of a VM that hangs, at once, like pulling the plug: unsaved data is lost. For a clean stop use shutdown_guest, which needs VMware Tools.',
  permission: 'POWER_OPS',
  effect: 'update',
  destructive: true,
  idempotent: true,
  task: true,
  input,
  output,
  target: ({ name }) => name,
  handler: (given, context) =>
    power(given.name, context, 'PowerOffVM_Task', ['poweredOn', 'suspended'], 'there is nothing to switch off.'),
});

export const resetVm = defineTool({
  name: 'reset_vm',
  title: 'Reset VM',
  description:
    'Restart a running VM hard, like its reset button: unsaved data is lost. For a clean restart use reboot_guest, which needs VMware Tools.',
  permission: 'POWER_OPS',
  effect: 'update',
  destructive: true,
  task: true,
  input,
  output,
  target: ({ name }) => name,
  handler: (given, context) => power(given.name, context, 'ResetVM_Task', ['poweredOn'], 'power_on starts it.'),
});

export const suspendVm = defineTool({
  name: 'suspend_vm',
  title: 'Suspend VM',
  description:
    'Freeze a running VM: its memory is written to disk, and power_on resumes it where it stopped. Its services stop answering meanwhile.',
  permission: 'POWER_OPS',
  effect: 'update',
  idempotent: true,
  task: true,
  input,
  output,
  target: ({ name }) => name,
  handler: (given, context) =>
    power(given.name, context, 'SuspendVM_Task', ['poweredOn'], 'only a running VM can be suspended.'),
});

export const shutdownGuest = defineTool({
  name: 'shutdown_guest',
  title: 'Shut down guest',
  description:
    'Ask the operating system of a running VM to shut down cleanly; needs VMware Tools. Returns at once: the VM is off when get_vm_info says so. Without Tools, power_off is the hard way.',
  permission: 'POWER_OPS',
  effect: 'update',
  destructive: true,
  idempotent: true,
  input,
  output,
  target: ({ name }) => name,
  handler: (given, context) =>
    askGuest(given.name, context, 'ShutdownGuest', 'power_off switches it off without the guest.'),
});

export const rebootGuest = defineTool({
  name: 'reboot_guest',
  title: 'Reboot guest',
  description:
    'Ask the operating system of a running VM to restart cleanly; needs VMware Tools. Returns at once, while the guest restarts. Without Tools, reset_vm is the hard way.',
  permission: 'POWER_OPS',
  effect: 'update',
  destructive: true,
  input,
  output,
  target: ({ name }) => name,
  handler: (given, context) => askGuest(given.name, context, 'RebootGuest', 'reset_vm restarts it without the guest.'),
});

export const standbyGuest = defineTool({
  name: 'standby_guest',
  title: 'Put guest in standby',
  description:
    'Ask the operating system of a running VM to go to sleep; needs VMware Tools and a guest that supports it. Returns at once. suspend_vm freezes a VM without its guest.',
  permission: 'POWER_OPS',
  effect: 'update',
  idempotent: true,
  input,
  output,
  target: ({ name }) => name,
  handler: (given, context) =>
    askGuest(given.name, context, 'StandbyGuest', 'suspend_vm freezes it without the guest.'),
});

async function power(
  name: string,
  context: ServerContext,
  method: PowerMethod,
  from: readonly PowerState[],
  advice: string,
) {
  const { vsphere } = context;
  const vm = await vsphere.inventory.find('VirtualMachine', name);
  const state = await readVmState(vsphere, vm);
  requireNotTemplate(vm, state);
  requirePowerState(vm, state, from, advice);
  await context.acting(vm);
  const { task } = await context.follow(await vsphere.call(method, { _this: vm.ref }));
  return { ...(await powerStateOf(vm, context)), task };
}

async function askGuest(name: string, context: ServerContext, method: GuestMethod, advice: string) {
  const { vsphere } = context;
  const vm = await vsphere.inventory.find('VirtualMachine', name);
  const state = await readVmState(vsphere, vm);
  requireNotTemplate(vm, state);
  requirePowerState(vm, state, ['poweredOn'], 'its guest is not running.');
  requireRunningTools(vm, state, advice);
  await context.acting(vm);
  await vsphere.call(method, { _this: vm.ref });
  context.changed();
  return powerStateOf(vm, context);
}

async function powerStateOf(vm: InventoryObject, { vsphere }: ServerContext) {
  return { vm: toObjectRef(vm), power_state: await readPowerState(vsphere, vm) };
}
