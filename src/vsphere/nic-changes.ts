/** What vSphere is told to add, change or remove a VM's network card, and what must be so before. */
import { GatewayError } from '../lib/errors.ts';
import type {
  VirtualDevice,
  VirtualDeviceBackingInfo,
  VirtualDeviceConfigSpec,
  VirtualEthernetCard,
} from '../vim25/generated/types.ts';
import { byLabel, type Nic, nicsOf, nicsWithNetworks } from './devices.ts';
import { InvalidStateError } from './errors.ts';
import type { InventoryObject } from './inventory.ts';
import { quoted } from './names.ts';
import type { Reader } from './reader.ts';
import type { VmHardware } from './vm-hardware.ts';

export const NIC_CLASSES = {
  vmxnet3: 'VirtualVmxnet3',
  vmxnet2: 'VirtualVmxnet2',
  e1000: 'VirtualE1000',
  e1000e: 'VirtualE1000e',
} as const;

export type NicType = keyof typeof NIC_CLASSES;

/** vSphere configuration maximums. */
const MOST_NICS = 10;
const NEW_NIC_KEY = -104;

/** Errors: INVALID_STATE where the VM has as many as it can have. */
export function nicAdded(
  vm: InventoryObject,
  { devices }: VmHardware,
  type: NicType,
  backing: VirtualDeviceBackingInfo,
  startConnected: boolean,
): VirtualDeviceConfigSpec[] {
  if (nicsOf(devices).length >= MOST_NICS) {
    throw new InvalidStateError(`${quoted(vm.name)} has ${MOST_NICS} network cards, the most there can be.`);
  }
  const card: VirtualEthernetCard & { readonly $type: string } = {
    $type: NIC_CLASSES[type],
    key: NEW_NIC_KEY,
    addressType: 'generated',
    wakeOnLanEnabled: true,
    backing,
    connectable: { startConnected, connected: startConnected, allowGuestControl: true },
  };
  return [{ operation: 'add', device: card }];
}

export interface LabelledNic {
  /** With the name of its network. */
  readonly nic: Nic;
  /** As it is on the wire. */
  readonly device: VirtualEthernetCard;
}

/** The network card with this label. Errors: NOT_FOUND and AMBIGUOUS with the labels. */
export async function nicLabelled(reader: Reader, { devices }: VmHardware, label: string): Promise<LabelledNic> {
  const chosen = byLabel(nicsOf(devices), label, 'network card');
  const [nic = chosen] = await nicsWithNetworks(reader, [chosen]);
  return { nic, device: devices.find(({ key }) => key === nic.key) as VirtualEthernetCard };
}

export function nicRemoved(device: VirtualDevice): VirtualDeviceConfigSpec[] {
  return [{ operation: 'remove', device }];
}

export function nicReplugged(
  device: VirtualEthernetCard,
  backing: VirtualDeviceBackingInfo,
): VirtualDeviceConfigSpec[] {
  return [{ operation: 'edit', device: { ...device, backing } }];
}

export function nicReaddressed(device: VirtualEthernetCard, macAddress: string): VirtualDeviceConfigSpec[] {
  const edited: VirtualEthernetCard = { ...device, addressType: 'manual', macAddress };
  return [{ operation: 'edit', device: edited }];
}

/**
 * A MAC address as vSphere writes it: `00:50:56:1a:2b:3c`.
 *
 * Errors: INVALID_INPUT for what no single card can have, and for what vSphere keeps to give out itself: 00:0c:29,
 * and 00:50:56 from 40 on (VMware: "Static MAC addresses", 00:50:56:00:00:00 to 00:50:56:3f:ff:ff).
 */
export function manualMac(text: string): string {
  const mac = text.replaceAll('-', ':').toLowerCase();
  if (!/^[\da-f]{2}(?::[\da-f]{2}){5}$/.test(mac)) throw refusedMac('write it as 00:50:56:1a:2b:3c.');
  const [first = 0, , , fourth = 0] = mac.split(':').map((octet) => Number.parseInt(octet, 16));
  if ((first & 1) === 1 || mac === '00:00:00:00:00:00') throw refusedMac('it must be the address of one card.');
  const reserved = mac.startsWith('00:0c:29:') || (mac.startsWith('00:50:56:') && fourth > 0x3f);
  if (reserved)
    throw refusedMac('vSphere gives out this range itself; 00:50:56:00:00:00 to 00:50:56:3f:ff:ff is free.');
  return mac;
}

function refusedMac(why: string): GatewayError {
  return new GatewayError('INVALID_INPUT', `mac_address: ${why}`);
}
