/** Adding and changing network cards. */
import type { VirtualDeviceBackingInfo, VirtualEthernetCard } from '../../../src/vim25/generated/types.ts';
import type { ManagedObject } from '../core/managed-object.ts';
import { newMac } from './addresses.ts';
import { connectInfo } from './connection.ts';
import { placeDevice } from './device-places.ts';
import { is } from './devices.ts';
import { nicBacking, nicSummary } from './hardware.ts';
import { networkOf } from './nics.ts';
import { type DeviceChange, invalidBacking, invalidDevice, type Workbench } from './workbench.ts';

/** Errors: InvalidDeviceBacking for a network that the host has not, InvalidDeviceSpec for a MAC address. */
export function addNic(bench: Workbench, change: DeviceChange): VirtualEthernetCard {
  const device = change.device as VirtualEthernetCard;
  const plugged = pluggedInto(bench, change.index, device.backing);
  const { key, controllerKey, unitNumber, label } = placeDevice(bench, change);
  return {
    ...device,
    key,
    controllerKey,
    unitNumber,
    deviceInfo: { label, summary: plugged.summary },
    backing: plugged.backing,
    connectable: connectInfo(device.connectable, undefined, bench.running),
    ...addressOf(bench, change.index, device),
    wakeOnLanEnabled: device.wakeOnLanEnabled ?? true,
    resourceAllocation: device.resourceAllocation ?? {
      reservation: 0,
      share: { shares: 50, level: 'normal' },
      limit: -1,
    },
    uptCompatibilityEnabled: device.uptCompatibilityEnabled ?? device.$type === 'VirtualVmxnet3',
  };
}

export function editNic(bench: Workbench, change: DeviceChange, present: VirtualEthernetCard): VirtualEthernetCard {
  const device = change.device as VirtualEthernetCard;
  const plugged = device.backing && pluggedInto(bench, change.index, device.backing, present);
  const changesAddress =
    device.macAddress !== undefined && device.macAddress !== '' && device.macAddress !== present.macAddress;
  return {
    ...present,
    ...(plugged && {
      backing: plugged.backing,
      deviceInfo: { label: present.deviceInfo?.label ?? '', summary: plugged.summary },
    }),
    connectable: connectInfo(device.connectable, present.connectable, bench.running),
    ...(changesAddress && addressOf(bench, change.index, device)),
    ...(device.wakeOnLanEnabled !== undefined && { wakeOnLanEnabled: device.wakeOnLanEnabled }),
    ...(device.resourceAllocation && { resourceAllocation: device.resourceAllocation }),
  };
}

/** Numbers of ports, given by each port group from 0. */
const lastPorts = new WeakMap<ManagedObject<'Network'>, number>();

function pluggedInto(
  { world, host }: Workbench,
  index: number,
  backing: VirtualDeviceBackingInfo | undefined,
  present?: VirtualEthernetCard,
): { backing: VirtualDeviceBackingInfo; summary: string } {
  const network = networkOf(world, backing, host);
  if (!network || isUplink(network)) throw invalidBacking(index);
  const full = nicBacking(network, world.objects);
  if (!is(full, 'VirtualEthernetCardDistributedVirtualPortBackingInfo'))
    return { backing: full, summary: nicSummary(network) };
  const before = present?.backing;
  if (is(before, 'VirtualEthernetCardDistributedVirtualPortBackingInfo')) {
    if (before.port.portgroupKey === full.port.portgroupKey) return { backing: before, summary: nicSummary(network) };
  }
  const port = (lastPorts.get(network) ?? 99) + 1;
  lastPorts.set(network, port);
  const connected: typeof full = {
    ...full,
    port: { ...full.port, portKey: String(port), connectionCookie: world.random.between(1, 2 ** 31 - 1) },
  };
  return { backing: connected, summary: nicSummary(network) };
}

function isUplink(network: ManagedObject<'Network'>): boolean {
  return network.as('DistributedVirtualPortgroup')?.get('config').uplink === true;
}

const MAC = /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/;

/** Errors: InvalidDeviceSpec for what is no address of one card, or VMware's but not for people to give. */
function addressOf(bench: Workbench, index: number, { addressType, macAddress = '' }: VirtualEthernetCard) {
  if (macAddress === '' && addressType?.toLowerCase() !== 'manual') {
    return { addressType: bench.world.kind === 'vcenter' ? 'assigned' : 'generated', macAddress: newMac(bench.world) };
  }
  const mac = macAddress.replaceAll('-', ':').toLowerCase();
  const multicast = (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1;
  const reserved =
    mac.startsWith('00:50:56:') && Number.parseInt(mac.slice(9, 11), 16) > 0x3f && addressType === 'manual';
  if (!MAC.test(mac) || multicast || reserved || mac === '00:00:00:00:00:00') {
    throw invalidDevice(index, 'virtualDeviceSpec.device.macAddress');
  }
  return { addressType: addressType?.toLowerCase() ?? 'manual', macAddress: mac };
}
