/** The devices of a VM: of which kind one is, which slots a controller has, what they are backed by. */
import type { DataObjects, VirtualController, VirtualDevice, VirtualDisk } from '../../../src/vim25/generated/types.ts';
import { isSubtype } from '../../../src/vim25/schema.ts';
import type { Vm } from './subject.ts';

/** Whether a data object, which may say nothing of its type, is of a class or one derived from it. */
export function is<T extends string & keyof DataObjects>(
  value: { readonly $type?: string } | undefined,
  type: T,
): value is DataObjects[T] {
  return value?.$type !== undefined && isSubtype(value.$type, type);
}

export function devicesOf(vm: Vm): readonly VirtualDevice[] {
  return vm.get('config')?.hardware.device ?? [];
}

export function disksIn(devices: readonly VirtualDevice[]): VirtualDisk[] {
  return devices.filter((device) => is(device, 'VirtualDisk'));
}

export function isController(device: VirtualDevice): device is VirtualController {
  return is(device, 'VirtualController');
}

/** What sits on a controller, and how many. */
export interface ControllerKind {
  readonly type: keyof DataObjects;
  /** Key of the first; the next ones follow by one. */
  readonly firstKey: number;
  /** How many of them a VM can have. */
  readonly most: number;
  readonly label: string;
  readonly summary: string;
  readonly units: number;
  /** The unit that the controller itself takes. */
  readonly reserved?: number;
}

/** First match counts: the more special before the more general. */
const CONTROLLERS: readonly ControllerKind[] = [
  { type: 'VirtualIDEController', firstKey: 200, most: 2, label: 'IDE', summary: 'IDE', units: 2 },
  {
    type: 'VirtualPS2Controller',
    firstKey: 300,
    most: 1,
    label: 'PS2 controller',
    summary: 'PS2 controller',
    units: 2,
  },
  {
    type: 'VirtualPCIController',
    firstKey: 100,
    most: 1,
    label: 'PCI controller',
    summary: 'PCI controller',
    units: 32,
  },
  {
    type: 'VirtualSIOController',
    firstKey: 400,
    most: 1,
    label: 'SIO controller',
    summary: 'SIO controller',
    units: 40,
  },
  {
    type: 'ParaVirtualSCSIController',
    firstKey: 1000,
    most: 4,
    label: 'SCSI controller',
    summary: 'VMware paravirtual SCSI',
    units: 64,
    reserved: 7,
  },
  {
    type: 'VirtualLsiLogicSASController',
    firstKey: 1000,
    most: 4,
    label: 'SCSI controller',
    summary: 'LSI Logic SAS',
    units: 16,
    reserved: 7,
  },
  {
    type: 'VirtualLsiLogicController',
    firstKey: 1000,
    most: 4,
    label: 'SCSI controller',
    summary: 'LSI Logic',
    units: 16,
    reserved: 7,
  },
  {
    type: 'VirtualSCSIController',
    firstKey: 1000,
    most: 4,
    label: 'SCSI controller',
    summary: 'BusLogic',
    units: 16,
    reserved: 7,
  },
  { type: 'VirtualSATAController', firstKey: 15000, most: 4, label: 'SATA controller', summary: 'AHCI', units: 30 },
  { type: 'VirtualNVMEController', firstKey: 31000, most: 4, label: 'NVME controller', summary: 'NVME', units: 15 },
  {
    type: 'VirtualUSBXHCIController',
    firstKey: 14000,
    most: 1,
    label: 'USB xHCI controller',
    summary: 'USB xHCI',
    units: 20,
  },
  {
    type: 'VirtualUSBController',
    firstKey: 7000,
    most: 1,
    label: 'USB controller',
    summary: 'USB controller',
    units: 20,
  },
];

export function controllerKind(controller: VirtualDevice): ControllerKind | undefined {
  return CONTROLLERS.find(({ type }) => is(controller, type));
}

/** The lowest free unit of a controller; undefined where it is full. */
export function freeUnit(controller: VirtualDevice, devices: readonly VirtualDevice[]): number | undefined {
  const kind = controllerKind(controller);
  const taken = new Set(
    devices.filter(({ controllerKey }) => controllerKey === controller.key).map(({ unitNumber }) => unitNumber),
  );
  for (let unit = firstUnit(kind); unit < (kind?.units ?? 0); unit++) {
    if (unit !== kind?.reserved && !taken.has(unit)) return unit;
  }
  return undefined;
}

/** On the PCI bus the first seven units are for what a VM is born with: network cards begin at 7. */
function firstUnit(kind: ControllerKind | undefined): number {
  return kind?.type === 'VirtualPCIController' ? 7 : 0;
}
