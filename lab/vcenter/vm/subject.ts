/** The VM that a call is about, and what has to be so before anything is done to it. */
import type { VirtualMachinePowerState } from '../../../src/vim25/generated/types.ts';
import { fault, notSupported, objectNotFound, type VimFault } from '../core/faults.ts';
import type { AnyObject, ManagedObject } from '../core/managed-object.ts';
import type { World } from '../core/world.ts';

export type Vm = ManagedObject<'VirtualMachine'>;

/** Errors: ManagedObjectNotFound for what is no VM. */
export function asVm(object: AnyObject): Vm {
  const vm = object.as('VirtualMachine');
  if (!vm) throw objectNotFound(object.ref);
  return vm;
}

export function isTemplate(vm: Vm): boolean {
  return vm.get('config')?.template === true;
}

export function powerStateOf(vm: Vm): VirtualMachinePowerState {
  return vm.get('runtime').powerState;
}

const STATE_NAMES: Readonly<Record<VirtualMachinePowerState, string>> = {
  poweredOn: 'Powered on',
  poweredOff: 'Powered off',
  suspended: 'Suspended',
};

/** @param requestedState what the VM would have to be in, or would come to */
export function invalidPowerState(vm: Vm, requestedState: VirtualMachinePowerState): VimFault {
  const existingState = powerStateOf(vm);
  return fault(
    'InvalidPowerState',
    { requestedState, existingState },
    `The attempted operation cannot be performed in the current state (${STATE_NAMES[existingState]}).`,
  );
}

/** Errors: InvalidState while its host cannot be reached or its files cannot be read. */
export function requireReachable(vm: Vm): void {
  const { connectionState } = vm.get('runtime');
  if (connectionState === 'connected') return;
  throw fault('InvalidState', {}, `The operation is not allowed in the current connection state (${connectionState}).`);
}

/** Errors: NotSupported for a template. */
export function requireNoTemplate(vm: Vm): void {
  if (isTemplate(vm)) throw notSupported('it is a template');
}

/** Errors: NotSupported on an ESXi host, which knows no such operation. */
export function requireVCenter({ kind }: World): void {
  if (kind === 'esxi') throw notSupported('it needs a vCenter Server');
}
