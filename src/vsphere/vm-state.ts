/** What must be so before a virtual machine is changed, said in words that tell what to do. */
import { InvalidStateError } from './errors.ts';
import type { InventoryObject } from './inventory.ts';
import { quoted } from './names.ts';
import type { Reader } from './reader.ts';

export type PowerState = 'poweredOn' | 'poweredOff' | 'suspended' | (string & {});

export interface VmState {
  readonly powerState: PowerState;
  readonly isTemplate: boolean;
  /** VMware Tools answer. */
  readonly toolsRunning: boolean;
}

const UNKNOWN = 'unknown';

export async function readVmState(reader: Reader, vm: InventoryObject): Promise<VmState> {
  const { props } = await reader.readOne('VirtualMachine', vm.ref, [
    'runtime.powerState',
    'config.template',
    'guest.toolsRunningStatus',
  ]);
  return {
    powerState: props['runtime.powerState'] ?? UNKNOWN,
    isTemplate: props['config.template'] === true,
    toolsRunning: props['guest.toolsRunningStatus'] === 'guestToolsRunning',
  };
}

export async function readPowerState(reader: Reader, vm: InventoryObject): Promise<PowerState> {
  const { props } = await reader.readOne('VirtualMachine', vm.ref, ['runtime.powerState']);
  return props['runtime.powerState'] ?? UNKNOWN;
}

export function requireNotTemplate(vm: InventoryObject, state: Pick<VmState, 'isTemplate'>): void {
  if (state.isTemplate) {
    throw new InvalidStateError(`${quoted(vm.name)} is a template: clone_vm makes a VM of it.`);
  }
}

/** @param allowed the states from which the change starts @param advice what to do otherwise */
export function requirePowerState(
  vm: InventoryObject,
  state: VmState,
  allowed: readonly PowerState[],
  advice: string,
): void {
  if (!allowed.includes(state.powerState)) {
    throw new InvalidStateError(`${quoted(vm.name)} is ${state.powerState}: ${advice}`);
  }
}

export function requireRunningTools(vm: InventoryObject, state: VmState, advice: string): void {
  if (!state.toolsRunning) {
    throw new InvalidStateError(`VMware Tools are not running in ${quoted(vm.name)}: ${advice}`);
  }
}
