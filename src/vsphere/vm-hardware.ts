/** A VM's devices with what decides whether they can be changed now. */
import type {
  VirtualDevice,
  VirtualMachineBootOptionsBootableDevice,
  VirtualMachineConfigSpec,
} from '../vim25/generated/types.ts';
import { InvalidStateError } from './errors.ts';
import type { InventoryObject } from './inventory.ts';
import { quoted } from './names.ts';
import type { Reader } from './reader.ts';
import type { ManagedObjectReference } from './references.ts';
import { type PowerState, requireNotTemplate } from './vm-state.ts';

/** What of a VM is to be different. */
export type VmChange = Pick<VirtualMachineConfigSpec, 'deviceChange' | 'bootOptions'>;

export interface VmHardware {
  readonly powerState: PowerState;
  readonly isTemplate: boolean;
  readonly devices: readonly VirtualDevice[];
  readonly hasSnapshots: boolean;
  readonly bootOrder: readonly VirtualMachineBootOptionsBootableDevice[];
  readonly host: ManagedObjectReference | undefined;
  /** Its configuration file: `[datastore1] web01/web01.vmx` */
  readonly file: string | undefined;
}

export async function readHardware(reader: Reader, vm: InventoryObject): Promise<VmHardware> {
  const { props } = await reader.readOne('VirtualMachine', vm.ref, [
    'runtime.powerState',
    'runtime.host',
    'config.template',
    'config.hardware.device',
    'config.bootOptions',
    'config.files.vmPathName',
    'snapshot',
  ]);
  return {
    powerState: props['runtime.powerState'] ?? 'unknown',
    isTemplate: props['config.template'] === true,
    devices: props['config.hardware.device'] ?? [],
    hasSnapshots: props.snapshot !== undefined,
    bootOrder: props['config.bootOptions']?.bootOrder ?? [],
    host: props['runtime.host'],
    file: props['config.files.vmPathName'],
  };
}

export function isRunning({ powerState }: VmHardware): boolean {
  return powerState === 'poweredOn';
}

/** Errors: INVALID_STATE for templates and suspended VMs, whose devices vSphere does not change. */
export function requireChangeable(vm: InventoryObject, hardware: VmHardware): void {
  requireNotTemplate(vm, hardware);
  if (hardware.powerState === 'suspended') {
    throw new InvalidStateError(`${quoted(vm.name)} is suspended: power_on resumes it, and then it can be changed.`);
  }
}

/** @param what cannot be done to a running VM, as the subject of a sentence */
export function requireOff(vm: InventoryObject, hardware: VmHardware, what: string): void {
  if (hardware.powerState !== 'poweredOff') {
    const advice = 'shut it down first with shutdown_guest or power_off.';
    throw new InvalidStateError(`${quoted(vm.name)} is ${hardware.powerState}, and ${what}: ${advice}`);
  }
}
