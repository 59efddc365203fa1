/** Adding and changing CD drives, serial ports and what else a VM may have. */
import type { VirtualDevice, VirtualDeviceBackingInfo, VirtualSerialPort } from '../../../src/vim25/generated/types.ts';
import { fileNotFound, invalidDatastorePath } from '../files/faults.ts';
import { datastoreNamed } from '../inventory/datastore-names.ts';
import { connectInfo } from './connection.ts';
import { placeDevice } from './device-places.ts';
import { is } from './devices.ts';
import { findPlace } from './vm-disks.ts';
import { splitDatastorePath } from './vm-files.ts';
import { type DeviceChange, invalidBacking, invalidDevice, type Workbench } from './workbench.ts';

/** Errors: those of places; FileNotFound for an image that is not there; InvalidDeviceBacking. */
export function addOther(bench: Workbench, change: DeviceChange): VirtualDevice {
  const { device, index } = change;
  const place = placeDevice(bench, change);
  const backing = checkedBacking(bench, index, device);
  const { label, key, controllerKey, unitNumber } = place;
  return {
    ...device,
    key,
    controllerKey,
    unitNumber,
    ...(backing && { backing }),
    deviceInfo: { label, summary: summaryOf(device, backing) },
    ...(canDisconnect(device) && { connectable: connectInfo(device.connectable, undefined, bench.running) }),
    ...(is(device, 'VirtualSerialPort') && { yieldOnPoll: (device as VirtualSerialPort).yieldOnPoll ?? false }),
  };
}

export function editOther(bench: Workbench, change: DeviceChange, present: VirtualDevice): VirtualDevice {
  const { device, index } = change;
  const backing = device.backing ? checkedBacking(bench, index, device) : present.backing;
  const { key, deviceInfo, controllerKey, unitNumber } = present;
  return {
    ...present,
    ...definedOf(device),
    key,
    ...(controllerKey !== undefined && { controllerKey }),
    ...(unitNumber !== undefined && { unitNumber }),
    ...(backing && { backing }),
    deviceInfo: { label: deviceInfo?.label ?? '', summary: summaryOf(present, backing) },
    ...(present.connectable && {
      connectable: connectInfo(device.connectable, present.connectable, bench.running),
    }),
  };
}

function definedOf(device: VirtualDevice): object {
  return Object.fromEntries(Object.entries(device).filter(([, value]) => value !== undefined));
}

function canDisconnect(device: VirtualDevice): boolean {
  return ['VirtualCdrom', 'VirtualSerialPort', 'VirtualParallelPort', 'VirtualFloppy'].includes(device.$type ?? '');
}

function checkedBacking(bench: Workbench, index: number, device: VirtualDevice): VirtualDeviceBackingInfo | undefined {
  const { backing } = device;
  if (is(device, 'VirtualCdrom') && is(backing, 'VirtualCdromIsoBackingInfo')) return isoBacking(bench, backing);
  if (is(device, 'VirtualCdrom') && !backing?.$type?.startsWith('VirtualCdrom')) throw invalidBacking(index);
  if (is(device, 'VirtualSerialPort')) {
    if (!backing?.$type?.startsWith('VirtualSerialPort')) throw invalidBacking(index);
    if (is(backing, 'VirtualDeviceURIBackingInfo')) checkUri(index, backing.serviceURI, backing.direction);
  }
  return backing;
}

/** Errors: InvalidDatastorePath, FileNotFound. */
function isoBacking(bench: Workbench, backing: VirtualDeviceBackingInfo & { fileName: string }) {
  const { fileName } = backing;
  // A drive may hold nothing.
  if (fileName === '') return backing;
  const parts = splitDatastorePath(fileName);
  const datastore = parts && datastoreNamed(bench.world.objects, bench.host, parts.datastore);
  if (!datastore) throw invalidDatastorePath(fileName);
  const at = findPlace(bench.world, bench.host, fileName);
  if (at?.tree.stat(at.path)?.kind !== 'file') throw fileNotFound(fileName);
  return { ...backing, datastore: datastore.ref };
}

function checkUri(index: number, uri: string, direction: string): void {
  const valid = /^(?:telnets?|tcp|tcp\+ssl|tcp4|tcp6|udp):\/\/[\w.:[\]-]*:\d{1,5}$/.test(uri);
  if (!valid) throw invalidDevice(index, 'virtualDeviceSpec.device.backing.serviceURI');
  if (direction !== 'server' && direction !== 'client') {
    throw invalidDevice(index, 'virtualDeviceSpec.device.backing.direction');
  }
}

function summaryOf(device: VirtualDevice, backing: VirtualDeviceBackingInfo | undefined): string {
  if (is(backing, 'VirtualDeviceFileBackingInfo')) return `ISO ${backing.fileName}`;
  if (is(backing, 'VirtualDeviceURIBackingInfo')) return `Remote ${backing.serviceURI}`;
  if (device.$type === 'VirtualCdrom') return 'Remote device';
  return device.deviceInfo?.summary ?? device.deviceInfo?.label ?? '';
}
