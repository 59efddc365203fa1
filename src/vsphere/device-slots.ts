/** Where a new drive goes in a VM: a controller with a unit that is free, or a new controller for it. */
import type {
  ParaVirtualSCSIController,
  VirtualController,
  VirtualDevice,
  VirtualDeviceConfigSpec,
} from '../vim25/generated/types.ts';
import { isSubtype } from '../vim25/schema.ts';
import { InvalidStateError } from './errors.ts';

export interface Slot {
  readonly controllerKey: number;
  readonly unitNumber: number;
  /** Adds the controller, where there was none with room. */
  readonly changes: readonly VirtualDeviceConfigSpec[];
}

interface Bus {
  readonly base: string;
  /** As many as every hardware version has. */
  readonly units: number;
  /** The unit that the controller itself takes. */
  readonly reserved?: number;
  /** Drives come and go while the VM runs. */
  readonly hot: boolean;
}

const SCSI: Bus = { base: 'VirtualSCSIController', units: 16, reserved: 7, hot: true };
const NVME: Bus = { base: 'VirtualNVMEController', units: 15, hot: true };
const SATA: Bus = { base: 'VirtualSATAController', units: 30, hot: true };
const IDE: Bus = { base: 'VirtualIDEController', units: 2, hot: false };

/** vSphere configuration maximums: four of each kind. */
const MOST_CONTROLLERS = 4;
/** Devices that do not exist yet have negative keys, by which one refers to another within a request. */
const NEW_CONTROLLER_KEY = -101;

type Typed = VirtualDevice & { readonly $type?: string };

/**
 * For a disk: beside the first disk, else on the next controller with room, else on a new one of the kind that the VM has.
 *
 * Errors: INVALID_STATE where all are full.
 */
export function diskSlot(devices: readonly VirtualDevice[], running: boolean): Slot {
  const first = (devices as readonly Typed[]).find(({ $type }) => $type === 'VirtualDisk')?.controllerKey;
  const found = freeSlot(devices, [SCSI, NVME, SATA, IDE], running, first);
  if (found) return found;
  const present = controllersOn(SCSI, devices)[0]?.$type ?? 'ParaVirtualSCSIController';
  const added: Omit<ParaVirtualSCSIController, '$type'> & { $type: string } = {
    ...newController(devices, SCSI, present, 'disk'),
    sharedBus: 'noSharing',
  };
  return onNew(added);
}

/** For a CD drive: IDE, which every guest knows, while the VM is off; SATA where it runs. Errors: as for a disk. */
export function cdromSlot(devices: readonly VirtualDevice[], running: boolean): Slot {
  return (
    freeSlot(devices, [IDE, SATA], running) ?? onNew(newController(devices, SATA, 'VirtualAHCIController', 'CD drive'))
  );
}

/** Whether a device can be taken out of a running VM, or put in. */
export function isHotPluggable(devices: readonly VirtualDevice[], device: VirtualDevice): boolean {
  const controller = (devices as readonly Typed[]).find(({ key }) => key === device.controllerKey);
  return [SCSI, NVME, SATA].some((bus) => controller !== undefined && isOn(bus, controller));
}

function freeSlot(
  devices: readonly VirtualDevice[],
  buses: readonly Bus[],
  running: boolean,
  preferred?: number,
): Slot | undefined {
  const usable = buses.filter(({ hot }) => hot || !running);
  const controllers = usable.flatMap((bus) => controllersOn(bus, devices).map((controller) => ({ bus, controller })));
  // The sort is stable: apart from the preferred one, they keep their order.
  controllers.sort((a, b) => Number(b.controller.key === preferred) - Number(a.controller.key === preferred));
  for (const { bus, controller } of controllers) {
    const unitNumber = freeUnit(bus, controller, devices);
    if (unitNumber !== undefined) return { controllerKey: controller.key, unitNumber, changes: [] };
  }
  return undefined;
}

function freeUnit(bus: Bus, { key }: VirtualDevice, devices: readonly VirtualDevice[]): number | undefined {
  const taken = new Set(devices.filter(({ controllerKey }) => controllerKey === key).map((each) => each.unitNumber));
  for (let unit = 0; unit < bus.units; unit++) if (unit !== bus.reserved && !taken.has(unit)) return unit;
  return undefined;
}

function controllersOn(bus: Bus, devices: readonly VirtualDevice[]): (VirtualController & Typed)[] {
  const fitting = (devices as readonly Typed[]).filter((device) => isOn(bus, device));
  return (fitting as (VirtualController & Typed)[]).sort((a, b) => a.key - b.key);
}

function isOn({ base }: Bus, { $type }: Typed): boolean {
  return $type !== undefined && isSubtype($type, base);
}

function newController(devices: readonly VirtualDevice[], bus: Bus, $type: string, noun: string) {
  const taken = new Set(controllersOn(bus, devices).map(({ busNumber }) => busNumber));
  for (let busNumber = 0; busNumber < MOST_CONTROLLERS; busNumber++) {
    if (!taken.has(busNumber)) return { $type, key: NEW_CONTROLLER_KEY, busNumber };
  }
  throw new InvalidStateError(`The VM has no place for another ${noun}: all its controllers are full.`);
}

function onNew(controller: VirtualController & Typed): Slot {
  return {
    controllerKey: controller.key,
    unitNumber: 0,
    changes: [{ operation: 'add', device: controller }],
  };
}
