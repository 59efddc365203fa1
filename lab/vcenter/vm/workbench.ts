/** Where devices are changed: the VM's present ones, what they belong to, and what is to be done to files. */
import type { VirtualDevice, VirtualDeviceConfigSpec } from '../../../src/vim25/generated/types.ts';
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import { fault, type VimFault } from '../core/faults.ts';
import type { World } from '../core/world.ts';

/** Done once all changes are known to be right; what was done is undone where a later one fails. */
export interface Effect {
  readonly apply: () => void;
  readonly undo?: () => void;
}

export interface Workbench {
  readonly world: World;
  /** Where the VM is registered: what it sees of datastores and networks counts. */
  readonly host: ManagedObjectReference;
  /** What its files are called: `[datastore1] web01/web01`. */
  readonly base: string;
  readonly running: boolean;
  readonly hasSnapshots: boolean;
  devices: VirtualDevice[];
  readonly effects: Effect[];
  /** Keys that the request uses for devices that it adds → their real ones. */
  readonly keys: Map<number, number>;
  /** Files that the VM may keep no use for. */
  readonly unwanted: string[];
}

/** One entry of a request's `deviceChange`. */
export interface DeviceChange {
  readonly index: number;
  readonly spec: VirtualDeviceConfigSpec;
  readonly device: VirtualDevice;
}

const PROPERTY = 'virtualDeviceSpec.device';

export function invalidDevice(deviceIndex: number, property = PROPERTY): VimFault {
  return fault('InvalidDeviceSpec', { deviceIndex, property }, `Invalid configuration for device '${deviceIndex}'.`);
}

export function invalidOperation({ index, spec }: DeviceChange): VimFault {
  return fault(
    'InvalidDeviceOperation',
    {
      deviceIndex: index,
      property: 'virtualDeviceSpec.operation',
      ...(spec.operation !== undefined && { badOp: spec.operation }),
      ...(spec.fileOperation !== undefined && { badFileOp: spec.fileOperation }),
    },
    `Invalid operation for device '${index}'.`,
  );
}

export function invalidBacking(deviceIndex: number): VimFault {
  return fault(
    'InvalidDeviceBacking',
    { deviceIndex, property: `${PROPERTY}.backing` },
    `Incompatible device backing specified for device '${deviceIndex}'.`,
  );
}

export function invalidController(deviceIndex: number, controllerKey: number): VimFault {
  return fault(
    'InvalidController',
    { deviceIndex, controllerKey, property: `${PROPERTY}.controllerKey` },
    `The device '${deviceIndex}' is referring to a nonexisting controller '${controllerKey}'.`,
  );
}

export function deviceNotFound(deviceIndex: number, key: number): VimFault {
  return fault('DeviceNotFound', { deviceIndex, property: `${PROPERTY}.key` }, `Device '${key}' not found.`);
}

/** A change of what a VM must be off for. */
export function mustBeOff(): VimFault {
  return fault(
    'InvalidPowerState',
    { requestedState: 'poweredOff', existingState: 'poweredOn' },
    'The attempted operation cannot be performed in the current state (Powered on).',
  );
}

/** Errors: those of the effects, after what was done before them is undone. */
export function carryOut(effects: readonly Effect[]): void {
  const done: Effect[] = [];
  try {
    for (const effect of effects) {
      effect.apply();
      done.push(effect);
    }
  } catch (error) {
    for (const { undo } of done.reverse()) undo?.();
    throw error;
  }
}
