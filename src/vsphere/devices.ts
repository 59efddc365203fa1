/** A VM's virtual devices: its disks and its network cards. */
import type { VirtualDevice } from '../vim25/generated/types.ts';
import { AmbiguousNameError, listed, ObjectNotFoundError } from './errors.ts';
import { decodeName, quoted } from './names.ts';
import type { Reader } from './reader.ts';
import type { ManagedObjectReference } from './references.ts';
import { bytesToGb } from './units.ts';

const KIB = 1024;

export interface Disk {
  readonly key: number;
  readonly label: string;
  readonly capacityBytes: number;
  readonly capacityGb: number;
  readonly controller: string | undefined;
  readonly unitNumber: number | undefined;
  /** `[datastore1] web01/web01.vmdk` */
  readonly file: string | undefined;
  readonly datastore: string | undefined;
  readonly datastoreRef: ManagedObjectReference | undefined;
  readonly thinProvisioned: boolean | undefined;
  /** `persistent`, `independent_persistent`, … */
  readonly mode: string | undefined;
  readonly uuid: string | undefined;
}

/** Fields of device subtypes that this room reads; each is there on some subtypes only. */
interface DeviceFields extends VirtualDevice {
  readonly $type?: string;
  readonly capacityInBytes?: number;
  readonly capacityInKB?: number;
  readonly macAddress?: string;
  readonly addressType?: string;
}

interface BackingFields {
  readonly $type?: string;
  readonly fileName?: string;
  readonly datastore?: ManagedObjectReference;
  readonly thinProvisioned?: boolean;
  readonly diskMode?: string;
  readonly uuid?: string;
  readonly deviceName?: string;
  readonly network?: { readonly type: string; readonly value: string };
  readonly port?: { readonly portgroupKey?: string; readonly switchUuid?: string };
  readonly opaqueNetworkId?: string;
}

export function disksOf(devices: readonly VirtualDevice[]): Disk[] {
  const labels = new Map(devices.map((device) => [device.key, device.deviceInfo?.label]));
  return (devices as readonly DeviceFields[])
    .filter(({ $type }) => $type === 'VirtualDisk')
    .map((disk) => {
      const backing = (disk.backing ?? {}) as BackingFields;
      const bytes = disk.capacityInBytes ?? (disk.capacityInKB ?? 0) * KIB;
      return {
        key: disk.key,
        label: labelOf(disk),
        capacityBytes: bytes,
        capacityGb: bytesToGb(bytes),
        controller: disk.controllerKey === undefined ? undefined : labels.get(disk.controllerKey),
        unitNumber: disk.unitNumber,
        file: backing.fileName,
        datastore: backing.fileName === undefined ? undefined : /^\[([^\]]*)\]/.exec(backing.fileName)?.[1],
        datastoreRef: backing.datastore,
        thinProvisioned: backing.thinProvisioned,
        mode: backing.diskMode,
        uuid: backing.uuid,
      };
    });
}

export interface Nic {
  readonly key: number;
  readonly label: string;
  /** `vmxnet3`, `e1000`, … */
  readonly type: string;
  readonly macAddress: string | undefined;
  /** `generated`, `assigned` or `manual`. */
  readonly macType: string | undefined;
  readonly connected: boolean;
  readonly startConnected: boolean;
  /** Absent for a card that is plugged into nothing, or into something the account may not see. */
  readonly network: string | undefined;
  /** The id of the network, where the card knows it. */
  readonly networkId: string | undefined;
}

const NIC_TYPES: Readonly<Record<string, string>> = {
  VirtualVmxnet3: 'vmxnet3',
  VirtualVmxnet3Vrdma: 'vmxnet3vrdma',
  VirtualVmxnet2: 'vmxnet2',
  VirtualVmxnet: 'vmxnet',
  VirtualE1000: 'e1000',
  VirtualE1000e: 'e1000e',
  VirtualPCNet32: 'pcnet32',
  VirtualSriovEthernetCard: 'sriov',
};

/** The network cards; a card on a distributed port group knows its network by id only: see `nicsWithNetworks`. */
export function nicsOf(devices: readonly VirtualDevice[]): Nic[] {
  return (devices as readonly DeviceFields[])
    .filter(({ $type = '', macAddress }) => $type in NIC_TYPES || macAddress !== undefined)
    .map((nic) => {
      const backing = (nic.backing ?? {}) as BackingFields;
      return {
        key: nic.key,
        label: labelOf(nic),
        type: NIC_TYPES[nic.$type ?? ''] ?? nic.$type ?? 'unknown',
        macAddress: nic.macAddress,
        macType: nic.addressType,
        connected: nic.connectable?.connected === true,
        startConnected: nic.connectable?.startConnected === true,
        network: backing.deviceName === undefined ? undefined : decodeName(backing.deviceName),
        networkId: backing.network?.value ?? backing.port?.portgroupKey ?? backing.opaqueNetworkId,
      };
    });
}

/** The same cards with the names of their distributed port groups, in at most one round trip. */
export async function nicsWithNetworks(reader: Reader, nics: readonly Nic[]): Promise<Nic[]> {
  const keys = new Set(nics.flatMap(({ network, networkId }) => (network === undefined ? (networkId ?? []) : [])));
  if (keys.size === 0) return [...nics];
  // A port group's key is its id on every vCenter so far; where it is not, the card goes without its network's name.
  const refs = [...keys].map((value) => ({ type: 'DistributedVirtualPortgroup', value }));
  const groups = await reader.read('DistributedVirtualPortgroup', refs, ['name']).catch(() => []);
  const names = new Map(groups.map(({ ref, props }) => [ref.value, props.name]));
  return nics.map((nic) => {
    const name = nic.networkId === undefined ? undefined : names.get(nic.networkId);
    return nic.network === undefined && name !== undefined ? { ...nic, network: decodeName(name) } : nic;
  });
}

export async function readDevices(reader: Reader, vm: { readonly type: string; readonly value: string }) {
  const { props } = await reader.readOne('VirtualMachine', vm, ['config.hardware.device']);
  return props['config.hardware.device'] ?? [];
}

/** The one device with this label, ignoring case where that leaves one; else an error that lists the labels. */
export function byLabel<D extends { readonly label: string }>(devices: readonly D[], label: string, noun: string): D {
  const exact = devices.filter((device) => device.label === label);
  const fitting = exact.length > 0 ? exact : devices.filter((d) => d.label.toLowerCase() === label.toLowerCase());
  if (fitting.length === 1) return fitting[0]!;
  const labels = listed(devices.map((device) => quoted(device.label)));
  if (fitting.length > 1) throw new AmbiguousNameError(`Several ${noun}s are labelled ${quoted(label)}: ${labels}`);
  throw new ObjectNotFoundError(
    devices.length === 0 ? `The VM has no ${noun}.` : `There is no ${noun} ${quoted(label)}; there are ${labels}`,
  );
}

function labelOf(device: DeviceFields): string {
  return device.deviceInfo?.label ?? `device ${device.key}`;
}
