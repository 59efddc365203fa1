/** Hardware items of an OVF as devices to add, and the files that are to be sent for them. */
import type {
  OvfFileItem,
  VirtualCdrom,
  VirtualCdromIsoBackingInfo,
  VirtualCdromRemotePassthroughBackingInfo,
  VirtualController,
  VirtualDevice,
  VirtualDeviceConfigSpec,
  VirtualDisk,
  VirtualEthernetCard,
} from '../../../src/vim25/generated/types.ts';
import type { VimFault } from '../core/faults.ts';
import type { AnyObject } from '../core/managed-object.ts';
import type { ObjectStore } from '../core/object-store.ts';
import { nicBacking } from '../vm/hardware.ts';
import type { Descriptor, OvfDisk } from './descriptor.ts';
import { invalidValue, missingElement, unsupportedPackage, unsupportedType } from './faults.ts';
import type { Item } from './system.ts';
import { bytesOf } from './units.ts';

/** CIM_ResourceAllocationSettingData.ResourceType */
export const RESOURCE = {
  cpu: 3,
  memory: 4,
  ide: 5,
  scsi: 6,
  ethernet: 10,
  floppy: 14,
  cdrom: 15,
  dvd: 16,
  disk: 17,
  storage: 20,
  usb: 23,
  video: 24,
} as const;

const CONTROLLERS: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  [RESOURCE.scsi]: {
    '': 'VirtualLsiLogicController',
    lsilogic: 'VirtualLsiLogicController',
    lsilogicsas: 'VirtualLsiLogicSASController',
    buslogic: 'VirtualBusLogicController',
    virtualscsi: 'ParaVirtualSCSIController',
  },
  [RESOURCE.storage]: {
    '': 'VirtualAHCIController',
    ahci: 'VirtualAHCIController',
    'vmware.sata.ahci': 'VirtualAHCIController',
    'vmware.nvme.controller': 'VirtualNVMEController',
  },
  [RESOURCE.usb]: {
    '': 'VirtualUSBController',
    'vmware.usb.ehci': 'VirtualUSBController',
    'vmware.usb.xhci': 'VirtualUSBXHCIController',
  },
};
const NICS: Readonly<Record<string, string>> = {
  '': 'VirtualPCNet32',
  pcnet32: 'VirtualPCNet32',
  e1000: 'VirtualE1000',
  e1000e: 'VirtualE1000e',
  vmxnet: 'VirtualVmxnet',
  vmxnet2: 'VirtualVmxnet2',
  vmxnet3: 'VirtualVmxnet3',
};
/** VMs have these whatever is asked for: 200 is the first of them. */
const FIRST_IDE_KEY = 200;
/** Devices that every VM has, or that the lab has no use for. */
const IGNORED: ReadonlySet<number> = new Set([1, RESOURCE.floppy, RESOURCE.video]);

const ISO: VirtualCdromIsoBackingInfo = { $type: 'VirtualCdromIsoBackingInfo', fileName: '' };
const NO_MEDIUM: VirtualCdromRemotePassthroughBackingInfo = {
  $type: 'VirtualCdromRemotePassthroughBackingInfo',
  deviceName: '',
  exclusive: false,
};

export interface HardwareChoice {
  readonly entityName: string;
  readonly provisioning: { readonly thin: boolean; readonly eager: boolean };
  readonly networks: ReadonlyMap<string, AnyObject>;
  readonly objects: ObjectStore;
  /** A property's value, for capacities that are one. */
  readonly propertyValue: (property: string) => string | undefined;
}

export interface Hardware {
  readonly devices: VirtualDeviceConfigSpec[];
  readonly fileItems: OvfFileItem[];
  readonly numCPUs: number;
  readonly numCoresPerSocket: number | undefined;
  readonly memoryMB: number;
  readonly errors: VimFault[];
}

interface Attached {
  readonly key: number;
  /** `ParaVirtualSCSIController0` */
  readonly name: string;
  units: number;
}

export function readHardware(items: readonly Item[], descriptor: Descriptor, choice: HardwareChoice): Hardware {
  const errors: VimFault[] = [];
  const devices: VirtualDeviceConfigSpec[] = [];
  const fileItems: OvfFileItem[] = [];
  const controllers = new Map<string, Attached>();
  const counts = new Map<string, number>();
  let lastKey = -100;

  const add = (device: VirtualDevice, fileOperation?: 'create') =>
    devices.push({ operation: 'add', ...(fileOperation && { fileOperation }), device });
  const addController = (item: Item) => {
    const { instanceId, resourceType, subType, address = 0 } = item;
    if (resourceType === RESOURCE.ide) {
      controllers.set(instanceId, { key: FIRST_IDE_KEY + address, name: `VirtualIDEController${address}`, units: 0 });
      return;
    }
    const types = CONTROLLERS[resourceType]!;
    const $type = Object.hasOwn(types, subType) ? types[subType]! : undefined;
    if ($type === undefined) {
      if (item.required) errors.push(invalidValue('Item', 'ResourceSubType', subType));
      return;
    }
    const family = `${resourceType}`;
    const busNumber = counts.get(family) ?? 0;
    counts.set(family, busNumber + 1);
    const key = lastKey--;
    controllers.set(instanceId, { key, name: `${$type}${busNumber}`, units: 0 });
    const scsi = resourceType === RESOURCE.scsi && { sharedBus: 'noSharing' };
    add({ $type, key, busNumber, ...scsi } as VirtualController & VirtualDevice);
  };
  const place = (item: Item): { on: Attached; unit: number } | undefined => {
    const on = controllers.get(item.parent ?? '');
    if (!on) {
      errors.push(invalidValue('Item', 'Parent', item.parent ?? ''));
      return undefined;
    }
    const unit = item.addressOnParent ?? on.units;
    on.units = Math.max(on.units, unit + 1);
    return { on, unit };
  };
  const send = (item: Item, fileRef: string | undefined, at: { on: Attached; unit: number }, create: boolean) => {
    const file = fileRef === undefined ? undefined : descriptor.files.get(fileRef);
    if (!file) return;
    const { href, size, chunkSize, compression } = file;
    fileItems.push({
      deviceId: `/${choice.entityName}/${at.on.name}:${at.unit}`,
      path: href,
      ...(compression !== undefined && { compressionMethod: compression }),
      ...(chunkSize !== undefined && { chunkSize }),
      ...(size !== undefined && { size }),
      cimType: item.resourceType,
      create,
    });
  };
  const addDisk = (item: Item) => {
    const id = /^(?:ovf:)?\/disk\/(.+)$/.exec(item.hostResource ?? '')?.[1];
    const disk = descriptor.disks.get(id ?? '');
    const capacity = disk && capacityOf(disk, choice.propertyValue);
    if (!disk || capacity === undefined) {
      errors.push(
        disk
          ? invalidValue('Disk', 'capacity', String(disk.capacity))
          : invalidValue('Item', 'HostResource', item.hostResource ?? ''),
      );
      return;
    }
    const at = place(item);
    if (!at) return;
    send(item, disk.fileRef, at, false);
    const { thin, eager } = choice.provisioning;
    add(
      {
        $type: 'VirtualDisk',
        key: lastKey--,
        controllerKey: at.on.key,
        unitNumber: at.unit,
        capacityInKB: Math.ceil(capacity / 1024),
        backing: {
          $type: 'VirtualDiskFlatVer2BackingInfo',
          fileName: '',
          diskMode: 'persistent',
          thinProvisioned: thin,
          ...(eager && { eagerlyScrub: true }),
        },
      } as VirtualDisk,
      'create',
    );
  };
  const addDrive = (item: Item) => {
    const at = place(item);
    if (!at) return;
    const fileRef = /^(?:ovf:)?\/file\/(.+)$/.exec(item.hostResource ?? '')?.[1];
    if (fileRef !== undefined) send(item, fileRef, at, true);
    const holdsImage = fileRef !== undefined && descriptor.files.has(fileRef);
    add({
      $type: 'VirtualCdrom',
      key: lastKey--,
      controllerKey: at.on.key,
      unitNumber: at.unit,
      backing: holdsImage ? ISO : NO_MEDIUM,
      connectable: { startConnected: holdsImage, allowGuestControl: true, connected: false },
    } as VirtualCdrom);
  };
  const addNic = (item: Item) => {
    const $type = Object.hasOwn(NICS, item.subType) ? NICS[item.subType]! : 'VirtualVmxnet3';
    const name = item.connections[0] ?? '';
    const network = choice.networks.get(name);
    if (!network) {
      if (name === '' || !descriptor.networks.some((each) => each.name === name))
        errors.push(invalidValue('Item', 'Connection', name));
      return;
    }
    add({
      $type,
      key: lastKey--,
      backing: nicBacking(network, choice.objects),
      addressType: 'generated',
      connectable: { startConnected: item.automatic, allowGuestControl: true, connected: item.automatic },
    } as VirtualEthernetCard);
  };

  for (const item of items) {
    const { resourceType } = item;
    if (resourceType === RESOURCE.ide || Object.hasOwn(CONTROLLERS, resourceType)) addController(item);
  }
  for (const item of items) {
    const { resourceType, name, instanceId } = item;
    if (resourceType === RESOURCE.disk) addDisk(item);
    else if (resourceType === RESOURCE.cdrom || resourceType === RESOURCE.dvd) addDrive(item);
    else if (resourceType === RESOURCE.ethernet) addNic(item);
    else if (!isKnown(resourceType) && item.required) errors.push(unsupportedType(name, instanceId, resourceType));
  }
  const cpu = items.find(({ resourceType }) => resourceType === RESOURCE.cpu);
  const memory = items.find(({ resourceType }) => resourceType === RESOURCE.memory);
  const bytes = memory && bytesOf(memory.quantity ?? '', memory.units ?? 'byte * 2^20');
  if (!cpu || !memory) errors.push(missingElement('Item'));
  if (memory && bytes === undefined) errors.push(invalidValue('Item', 'VirtualQuantity', memory.quantity ?? ''));
  const numCPUs = Number(cpu?.quantity ?? 1);
  if (!Number.isInteger(numCPUs) || numCPUs < 1)
    errors.push(invalidValue('Item', 'VirtualQuantity', cpu?.quantity ?? ''));
  if (descriptor.isVApp) errors.push(unsupportedPackage('A collection of virtual machines is not supported.'));
  return {
    devices,
    fileItems,
    numCPUs,
    numCoresPerSocket: cpu?.coresPerSocket,
    memoryMB: Math.max(4, Math.round((bytes ?? 0) / 2 ** 20)),
    errors,
  };
}

function isKnown(resourceType: number): boolean {
  return (
    IGNORED.has(resourceType) ||
    Object.hasOwn(CONTROLLERS, resourceType) ||
    resourceType === RESOURCE.ide ||
    resourceType === RESOURCE.cpu ||
    resourceType === RESOURCE.memory
  );
}

/** Bytes; undefined where it is a property without a value. */
export function capacityOf(
  { capacity, units }: OvfDisk,
  propertyValue: (property: string) => string | undefined,
): number | undefined {
  return typeof capacity === 'number' ? capacity : bytesOf(propertyValue(capacity) ?? '', units);
}
