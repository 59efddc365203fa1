/** Where a new device goes: its controller, its unit there, its key and its label. */
import type { VirtualDevice } from '../../../src/vim25/generated/types.ts';
import { fault } from '../core/faults.ts';
import { controllerKind, freeUnit, is, isController } from './devices.ts';
import { PCI_KEY } from './hardware.ts';
import { type DeviceChange, invalidController, invalidDevice, type Workbench } from './workbench.ts';

export interface Place {
  readonly key: number;
  readonly controllerKey: number;
  readonly unitNumber: number;
  /** `Hard disk 2` */
  readonly label: string;
}

interface Family {
  readonly type: Parameters<typeof is>[1];
  readonly label: string;
  /** Key of the first one, where it does not follow from the controller. */
  readonly firstKey: number;
  readonly most: number;
  /** The controller that it goes to where none is said. */
  readonly home?: number;
}

/** First match counts. */
const FAMILIES: readonly Family[] = [
  { type: 'VirtualDisk', label: 'Hard disk', firstKey: 2000, most: 256 },
  { type: 'VirtualCdrom', label: 'CD/DVD drive', firstKey: 3000, most: 124 },
  { type: 'VirtualEthernetCard', label: 'Network adapter', firstKey: 4000, most: 10, home: PCI_KEY },
  { type: 'VirtualSerialPort', label: 'Serial port', firstKey: 9000, most: 32, home: 400 },
  { type: 'VirtualParallelPort', label: 'Parallel port', firstKey: 10000, most: 3, home: 400 },
  { type: 'VirtualFloppy', label: 'Floppy drive', firstKey: 8000, most: 2, home: 400 },
  { type: 'VirtualSoundCard', label: 'Sound card', firstKey: 5000, most: 1, home: PCI_KEY },
  { type: 'VirtualTPM', label: 'Virtual TPM', firstKey: 11000, most: 1, home: PCI_KEY },
  { type: 'VirtualUSB', label: 'USB', firstKey: 7500, most: 20, home: 7000 },
  { type: 'VirtualPCIPassthrough', label: 'PCI device', firstKey: 13000, most: 16, home: PCI_KEY },
];

function familyOf(device: VirtualDevice): Family | undefined {
  return FAMILIES.find(({ type }) => is(device, type));
}

/** Errors: InvalidController, MissingController, TooManyDevices, InvalidDeviceSpec for a unit that is taken. */
export function placeDevice(bench: Workbench, { index, device }: DeviceChange): Place {
  const family = familyOf(device);
  if (!family) throw invalidDevice(index);
  const peers = bench.devices.filter((each) => is(each, family.type));
  if (peers.length >= family.most) throw tooMany(`the limit of ${family.label} devices is reached`);
  const controller = controllerFor(bench, index, device, family);
  const kind = controllerKind(controller);
  const taken = new Set(
    bench.devices.filter((each) => each.controllerKey === controller.key).map(({ unitNumber }) => unitNumber),
  );
  const wanted = device.unitNumber;
  // On the PCI bus and on the SIO controller the server gives the units itself.
  const ownChoice = wanted === undefined || wanted < 0 || family.home !== undefined;
  const unitNumber = ownChoice ? freeUnit(controller, bench.devices) : wanted;
  if (unitNumber === undefined) throw tooMany('the controller is full');
  if (taken.has(unitNumber) || unitNumber >= (kind?.units ?? 64) || unitNumber === kind?.reserved) {
    throw invalidDevice(index, 'virtualDeviceSpec.device.unitNumber');
  }
  return {
    controllerKey: controller.key,
    unitNumber,
    key: newKey(bench, family, controller, unitNumber),
    label: newLabel(family, peers),
  };
}

function controllerFor(bench: Workbench, index: number, device: VirtualDevice, family: Family): VirtualDevice {
  const { controllerKey } = device;
  const real = controllerKey === undefined ? undefined : (bench.keys.get(controllerKey) ?? controllerKey);
  const controllers = bench.devices.filter(isController);
  const named = controllers.find(({ key }) => key === real);
  if (named && sits(device, named)) return named;
  if (named || (controllerKey !== undefined && family.home === undefined && controllerKey !== 0)) {
    throw invalidController(index, controllerKey ?? 0);
  }
  const fallback =
    family.home === undefined && !is(device, 'VirtualDisk')
      ? controllers.find((each) => sits(device, each) && freeUnit(each, bench.devices) !== undefined)
      : controllers.find(({ key }) => key === family.home);
  if (fallback) return fallback;
  throw fault(
    'MissingController',
    { deviceIndex: index, property: 'virtualDeviceSpec.device.controllerKey' },
    `The device '${index}' has no controller.`,
  );
}

/** Whether such a device can be on such a controller. */
function sits(device: VirtualDevice, controller: VirtualDevice): boolean {
  const onDrives = [
    'VirtualIDEController',
    'VirtualSATAController',
    'VirtualSCSIController',
    'VirtualNVMEController',
  ] as const;
  if (is(device, 'VirtualDisk')) return onDrives.some((type) => is(controller, type));
  if (is(device, 'VirtualCdrom')) return onDrives.slice(0, 2).some((type) => is(controller, type));
  if (is(device, 'VirtualEthernetCard')) return is(controller, 'VirtualPCIController');
  return true;
}

function newKey(bench: Workbench, { firstKey }: Family, controller: VirtualDevice, unit: number): number {
  const bus = isController(controller) ? controller.busNumber : 0;
  let key = firstKey;
  if (is(controller, 'VirtualSCSIController')) key = 2000 + 16 * bus + unit;
  else if (is(controller, 'VirtualIDEController')) key = 3000 + 2 * bus + unit;
  else if (is(controller, 'VirtualSATAController')) key = 16000 + 30 * bus + unit;
  else if (is(controller, 'VirtualNVMEController')) key = 32000 + 15 * bus + unit;
  const taken = new Set(bench.devices.map((device) => device.key));
  while (taken.has(key)) key++;
  return key;
}

function newLabel({ label }: Family, peers: readonly VirtualDevice[]): string {
  const taken = new Set(peers.map(({ deviceInfo }) => deviceInfo?.label));
  let number = 1;
  while (taken.has(`${label} ${number}`)) number++;
  return `${label} ${number}`;
}

function tooMany(why: string) {
  return fault(
    'TooManyDevices',
    { property: 'virtualDeviceSpec.device' },
    `The virtual machine has too many devices: ${why}.`,
  );
}

/** A new controller, on the PCI bus. Errors: InvalidDeviceSpec for a bus number that is taken, TooManyDevices. */
export function placeController(bench: Workbench, { index, device }: DeviceChange): VirtualDevice {
  const kind = controllerKind(device);
  if (!kind || !isController(device)) throw invalidDevice(index);
  const peers = bench.devices.filter((each) => controllerKind(each)?.firstKey === kind.firstKey);
  if (peers.length >= kind.most) throw tooMany(`the limit of ${kind.label} devices is reached`);
  const { busNumber } = device;
  if (!(busNumber >= 0 && busNumber < kind.most)) throw invalidDevice(index, 'virtualDeviceSpec.device.busNumber');
  const key = kind.firstKey + busNumber;
  if (bench.devices.some((each) => each.key === key)) throw invalidDevice(index, 'virtualDeviceSpec.device.busNumber');
  const { device: _, ...rest } = device;
  const unitNumber = freeUnit(bench.devices.find((each) => each.key === PCI_KEY)!, bench.devices);
  return {
    ...rest,
    key,
    deviceInfo: { label: `${kind.label} ${busNumber}`, summary: kind.summary },
    controllerKey: PCI_KEY,
    ...(unitNumber !== undefined && { unitNumber }),
    ...(kind.reserved !== undefined && { hotAddRemove: true, scsiCtlrUnitNumber: kind.reserved }),
  };
}
