/** A request's `deviceChange`, carried out on a workbench: devices out, in or different, one after the other. */
import type {
  VirtualDevice,
  VirtualDeviceConfigSpec,
  VirtualDisk,
  VirtualEthernetCard,
} from '../../../src/vim25/generated/types.ts';
import { placeController } from './device-places.ts';
import { is, isController } from './devices.ts';
import { addDisk, editDisk, removeDisk } from './disk-changes.ts';
import { withControllerLists } from './hardware.ts';
import { addOther, editOther } from './media-changes.ts';
import { addNic, editNic } from './nic-changes.ts';
import {
  type DeviceChange,
  deviceNotFound,
  invalidController,
  invalidDevice,
  invalidOperation,
  mustBeOff,
  type Workbench,
} from './workbench.ts';

/** Errors: the first that a change is wrong by. Nothing is done to files yet. */
export function changeDevices(bench: Workbench, specs: readonly VirtualDeviceConfigSpec[]): void {
  const changes = specs.map((spec, index): DeviceChange => ({ spec, index, device: spec.device }));
  // Controllers first: what goes on them may stand before them in the request.
  const isNewController = ({ spec, device }: DeviceChange) => spec.operation === 'add' && isController(device);
  for (const change of changes.filter(isNewController)) applyChange(bench, change);
  for (const change of changes) if (!isNewController(change)) applyChange(bench, change);
  const keys = new Set(bench.devices.map(({ key }) => key));
  for (const { spec, device, index } of changes) {
    if (spec.operation !== 'remove') continue;
    const orphan = bench.devices.find(({ controllerKey }) => controllerKey === device.key && !keys.has(device.key));
    if (orphan) throw invalidController(index, device.key);
  }
  bench.devices = withControllerLists(bench.devices);
}

function applyChange(bench: Workbench, change: DeviceChange): void {
  const { index, device, spec } = change;
  if (device?.$type === undefined) throw invalidDevice(index);
  if (spec.operation === 'add') {
    const added = complete(bench, change);
    if (bench.running) requireHotPlug(bench, added);
    bench.keys.set(device.key, added.key);
    bench.devices = [...bench.devices, added];
    return;
  }
  const present = bench.devices.find(({ key }) => key === (bench.keys.get(device.key) ?? device.key));
  if (!present) throw deviceNotFound(index, device.key);
  if (device.$type !== present.$type && !is(present, device.$type as 'VirtualDevice')) throw invalidDevice(index);
  if (spec.operation === 'remove') {
    remove(bench, change, present);
    return;
  }
  if (spec.operation !== 'edit') throw invalidOperation(change);
  const edited = edit(bench, change, present);
  bench.devices = bench.devices.map((each) => (each === present ? edited : each));
}

function complete(bench: Workbench, change: DeviceChange): VirtualDevice {
  const { device } = change;
  if (is(device, 'VirtualDisk')) return addDisk(bench, change);
  if (change.spec.fileOperation !== undefined) throw invalidOperation(change);
  if (isController(device)) return placeController(bench, change);
  if (is(device, 'VirtualEthernetCard')) return addNic(bench, change);
  return addOther(bench, change);
}

function edit(bench: Workbench, change: DeviceChange, present: VirtualDevice): VirtualDevice {
  if (is(present, 'VirtualDisk')) return editDisk(bench, change, present as VirtualDisk);
  if (change.spec.fileOperation !== undefined) throw invalidOperation(change);
  if (is(present, 'VirtualEthernetCard')) return editNic(bench, change, present as VirtualEthernetCard);
  return editOther(bench, change, present);
}

/** Every VM has these. */
const FIXED = [
  'VirtualPCIController',
  'VirtualPS2Controller',
  'VirtualSIOController',
  'VirtualKeyboard',
  'VirtualPointingDevice',
  'VirtualMachineVideoCard',
  'VirtualMachineVMCIDevice',
];

function remove(bench: Workbench, change: DeviceChange, present: VirtualDevice): void {
  if (FIXED.includes(present.$type ?? '')) throw invalidOperation(change);
  if (bench.running) requireHotPlug(bench, present);
  if (is(present, 'VirtualDisk')) removeDisk(bench, change, present as VirtualDisk);
  else if (change.spec.fileOperation !== undefined) throw invalidOperation(change);
  bench.devices = bench.devices.filter((each) => each !== present);
}

/** Errors: InvalidPowerState for what cannot be plugged into a running VM, or out of it. */
function requireHotPlug({ devices }: Workbench, device: VirtualDevice): void {
  const controller = devices.find(({ key }) => key === device.controllerKey);
  const hot = [
    'VirtualEthernetCard',
    'VirtualSCSIController',
    'VirtualSATAController',
    'VirtualNVMEController',
  ] as const;
  const onHotBus = controller !== undefined && hot.some((type) => is(controller, type));
  const usb = is(device, 'VirtualUSBController') || is(device, 'VirtualUSB');
  if (!usb && !onHotBus && !hot.some((type) => is(device, type))) throw mustBeOff();
}
