/** Where a new drive goes in a VM: a controller with a unit that is free, or a new controller for it. */
import type { VirtualController, VirtualDevice, VirtualDeviceConfigSpec } from '../vim25/generated/types.ts';
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
  /** What is added where the VM has none of the kind; IDE controllers are there from the start. */
  readonly added?: { readonly $type: string; readonly sharedBus?: string };
}

const SCSI: Bus = {
  base: 'VirtualSCSIController',
  units: 16,
  reserved: 7,
  hot: true,
  added: { $type: 'ParaVirtualSCSIController', sharedBus: 'noSharing' },
};
const NVME: Bus = { base: 'VirtualNVMEController', units: 15, hot: true, added: { $type: 'VirtualNVMEController' } };
const SATA: Bus = { base: 'VirtualSATAController', units: 30, hot: true, added: { $type: 'VirtualAHCIController' } };
const IDE: Bus = { base: 'VirtualIDEController', units: 2, hot: false };

/** vSphere configuration maximums: four of each kind. */
const MOST_CONTROLLERS = 4;
/** Devices that do not exist yet have negative keys, by which one refers to another within a request. */
const NEW_CONTROLLER_KEY = -101;

type Typed = VirtualDevice & { readonly $type?: string };

/**
 * For a disk: beside the first disk, on another controller of that kind, or on a new one of it; on another kind only
 * where the VM can have no more of that one. Guests start from what they have a driver for.
 *
 * Errors: INVALID_STATE where all are full.
 */
export function diskSlot(devices: readonly VirtualDevice[], running: boolean): Slot {
  const first = (devices as readonly Typed[]).find(({ $type }) => $type === 'VirtualDisk')?.controllerKey;
  const buses = [SCSI, NVME, SATA, IDE];
  const home = buses.find((bus) => controllersOn(bus, devices).some(({ key }) => key === first)) ?? SCSI;
  const slot =
    freeSlot(devices, [home], running, first) ??
    newSlot(devices, home) ??
    freeSlot(devices, buses, running) ??
    newSlot(devices, SCSI);
  return slot ?? full('disk');
}

/** For a CD drive: IDE, which every guest knows, while the VM is off; SATA where it runs. Errors: as for a disk. */
export function cdromSlot(devices: readonly VirtualDevice[], running: boolean): Slot {
  return freeSlot(devices, [IDE, SATA], running) ?? newSlot(devices, SATA) ?? full('CD drive');
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

function controllersOn(bus: Pick<Bus, 'base'>, devices: readonly VirtualDevice[]): (VirtualController & Typed)[] {
  const fitting = (devices as readonly Typed[]).filter((device) => isOn(bus, device));
  return (fitting as (VirtualController & Typed)[]).sort((a, b) => a.key - b.key);
}

function isOn({ base }: Pick<Bus, 'base'>, { $type }: Typed): boolean {
  return $type !== undefined && isSubtype($type, base);
}

/** On a new controller: like the first of its kind; undefined where there are as many as there can be. */
function newSlot(devices: readonly VirtualDevice[], { base, added }: Bus): Slot | undefined {
  if (added === undefined) return undefined;
  const present = controllersOn({ base }, devices);
  const taken = new Set(present.map(({ busNumber }) => busNumber));
  const busNumber = [...Array(MOST_CONTROLLERS).keys()].find((number) => !taken.has(number));
  if (busNumber === undefined) return undefined;
  const controller: VirtualController & Typed = {
    ...added,
    $type: present[0]?.$type ?? added.$type,
    key: NEW_CONTROLLER_KEY,
    busNumber,
  };
  return { controllerKey: NEW_CONTROLLER_KEY, unitNumber: 0, changes: [{ operation: 'add', device: controller }] };
}

function full(noun: string): never {
  throw new InvalidStateError(`The VM has no place for another ${noun}: all its controllers are full.`);
}
