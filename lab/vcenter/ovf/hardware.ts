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
  VirtualDiskFlatVer2BackingInfo,
  VirtualEthernetCard,
} from '../../../src/vim25/generated/types.ts';
import type { VimFault } from '../core/faults.ts';
import type { AnyObject } from '../core/managed-object.ts';
import type { ObjectStore } from '../core/object-store.ts';
import { nicBacking } from '../vm/hardware.ts';
import type { Descriptor, OvfDisk } from './descriptor.ts';
import { invalidValue, missingElement, unsupportedType } from './faults.ts';
import { controllerClass, isController, isDeviceless, nicClass, RESOURCE } from './resources.ts';
import type { Item } from './system.ts';
import { bytesOf } from './units.ts';

export interface HardwareChoice {
  readonly entityName: string;
  readonly provisioning: { readonly thin: boolean; readonly eager: boolean };
  /** By the names that the package has for them. */
  readonly networks: ReadonlyMap<string, AnyObject>;
  readonly objects: ObjectStore;
  /** For capacities that are a property. */
  readonly propertyValue: (property: string) => string | undefined;
}

export interface Hardware {
  readonly devices: readonly VirtualDeviceConfigSpec[];
  readonly fileItems: readonly OvfFileItem[];
  readonly numCPUs: number;
  readonly numCoresPerSocket: number | undefined;
  readonly memoryMB: number;
  readonly errors: readonly VimFault[];
}

interface Bus {
  readonly key: number;
  /** `ParaVirtualSCSIController0` */
  readonly name: string;
  /** The first unit that no item has taken yet. */
  nextUnit: number;
}

interface Slot {
  readonly bus: Bus;
  readonly unit: number;
}

interface Assembly {
  readonly descriptor: Descriptor;
  readonly choice: HardwareChoice;
  readonly devices: VirtualDeviceConfigSpec[];
  readonly fileItems: OvfFileItem[];
  readonly errors: VimFault[];
  /** By the items' instance ids. */
  readonly buses: Map<string, Bus>;
  /** How many controllers of a resource type there are. */
  readonly counts: Map<number, number>;
  lastKey: number;
}

/** VMs have two of these whatever is asked for. */
const FIRST_IDE_KEY = 200;
const MIB = 2 ** 20;
const ISO: VirtualCdromIsoBackingInfo = { $type: 'VirtualCdromIsoBackingInfo', fileName: '' };
const NO_MEDIUM: VirtualCdromRemotePassthroughBackingInfo = {
  $type: 'VirtualCdromRemotePassthroughBackingInfo',
  deviceName: '',
  exclusive: false,
};

export function readHardware(items: readonly Item[], descriptor: Descriptor, choice: HardwareChoice): Hardware {
  const assembly: Assembly = {
    descriptor,
    choice,
    devices: [],
    fileItems: [],
    errors: [],
    buses: new Map(),
    counts: new Map(),
    lastKey: -100,
  };
  for (const item of items) if (isController(item.resourceType)) addController(assembly, item);
  for (const item of items) addDevice(assembly, item);
  const { devices, fileItems, errors } = assembly;
  return { devices, fileItems, errors, ...processorAndMemory(items, errors) };
}

function processorAndMemory(items: readonly Item[], errors: VimFault[]) {
  const cpu = items.find(({ resourceType }) => resourceType === RESOURCE.cpu);
  const memory = items.find(({ resourceType }) => resourceType === RESOURCE.memory);
  const bytes = memory && bytesOf(memory.quantity ?? '', memory.units ?? 'byte * 2^20');
  const numCPUs = Number(cpu?.quantity ?? 1);
  if (!cpu || !memory) errors.push(missingElement('Item'));
  if (memory && bytes === undefined) errors.push(invalidValue('Item', 'VirtualQuantity', memory.quantity ?? ''));
  if (!Number.isInteger(numCPUs) || numCPUs < 1) {
    errors.push(invalidValue('Item', 'VirtualQuantity', cpu?.quantity ?? ''));
  }
  return { numCPUs, numCoresPerSocket: cpu?.coresPerSocket, memoryMB: Math.max(4, Math.round((bytes ?? 0) / MIB)) };
}

function addController(assembly: Assembly, item: Item): void {
  const { buses, counts, errors } = assembly;
  const { instanceId, resourceType, subType, address = 0 } = item;
  if (resourceType === RESOURCE.ide) {
    buses.set(instanceId, { key: FIRST_IDE_KEY + address, name: `VirtualIDEController${address}`, nextUnit: 0 });
    return;
  }
  const $type = controllerClass(resourceType, subType);
  if ($type === undefined) {
    if (item.required) errors.push(invalidValue('Item', 'ResourceSubType', subType));
    return;
  }
  const busNumber = counts.get(resourceType) ?? 0;
  counts.set(resourceType, busNumber + 1);
  const key = assembly.lastKey--;
  buses.set(instanceId, { key, name: `${$type}${busNumber}`, nextUnit: 0 });
  const shared = resourceType === RESOURCE.scsi && { sharedBus: 'noSharing' };
  const controller: VirtualController = { $type, key, busNumber, ...shared };
  add(assembly, controller);
}

function addDevice(assembly: Assembly, item: Item): void {
  const { resourceType, name, instanceId, required } = item;
  if (resourceType === RESOURCE.disk) addDisk(assembly, item);
  else if (resourceType === RESOURCE.cdrom || resourceType === RESOURCE.dvd) addDrive(assembly, item);
  else if (resourceType === RESOURCE.ethernet) addNic(assembly, item);
  else if (!isController(resourceType) && !isDeviceless(resourceType) && required) {
    assembly.errors.push(unsupportedType(name, instanceId, resourceType));
  }
}

function addDisk(assembly: Assembly, item: Item): void {
  const { descriptor, choice, errors } = assembly;
  const { hostResource = '' } = item;
  const disk = descriptor.disks.get(/^(?:ovf:)?\/disk\/(.+)$/.exec(hostResource)?.[1] ?? '');
  if (!disk) {
    errors.push(invalidValue('Item', 'HostResource', hostResource));
    return;
  }
  const capacity = capacityOf(disk, choice);
  if (capacity === undefined) {
    errors.push(invalidValue('Disk', 'capacity', String(disk.capacity)));
    return;
  }
  const slot = slotOf(assembly, item);
  if (!slot) return;
  send(assembly, item, { fileRef: disk.fileRef, slot, create: false });
  const { thin, eager } = choice.provisioning;
  const backing: VirtualDiskFlatVer2BackingInfo = {
    $type: 'VirtualDiskFlatVer2BackingInfo',
    fileName: '',
    diskMode: 'persistent',
    thinProvisioned: thin,
    ...(eager && { eagerlyScrub: true }),
  };
  const device: VirtualDisk = {
    $type: 'VirtualDisk',
    key: assembly.lastKey--,
    controllerKey: slot.bus.key,
    unitNumber: slot.unit,
    capacityInKB: Math.ceil(capacity / 1024),
    backing,
  };
  add(assembly, device, 'create');
}

function addDrive(assembly: Assembly, item: Item): void {
  const slot = slotOf(assembly, item);
  if (!slot) return;
  const fileRef = /^(?:ovf:)?\/file\/(.+)$/.exec(item.hostResource ?? '')?.[1];
  const holdsImage = fileRef !== undefined && assembly.descriptor.files.has(fileRef);
  send(assembly, item, { fileRef, slot, create: true });
  const drive: VirtualCdrom = {
    $type: 'VirtualCdrom',
    key: assembly.lastKey--,
    controllerKey: slot.bus.key,
    unitNumber: slot.unit,
    backing: holdsImage ? ISO : NO_MEDIUM,
    connectable: { startConnected: holdsImage, allowGuestControl: true, connected: false },
  };
  add(assembly, drive);
}

function addNic(assembly: Assembly, { connections, subType, automatic }: Item): void {
  const { descriptor, choice, errors } = assembly;
  const name = connections[0] ?? '';
  const network = choice.networks.get(name);
  if (!network) {
    // Of a network that the package names it was said already that none is mapped to it.
    if (!descriptor.networks.some((each) => each.name === name)) errors.push(invalidValue('Item', 'Connection', name));
    return;
  }
  const nic: VirtualEthernetCard = {
    $type: nicClass(subType),
    key: assembly.lastKey--,
    backing: nicBacking(network, choice.objects),
    addressType: 'generated',
    connectable: { startConnected: automatic, allowGuestControl: true, connected: automatic },
  };
  add(assembly, nic);
}

function add({ devices }: Assembly, device: VirtualDevice, fileOperation?: 'create'): void {
  devices.push({ operation: 'add', ...(fileOperation && { fileOperation }), device });
}

function slotOf({ buses, errors }: Assembly, { parent = '', addressOnParent }: Item): Slot | undefined {
  const bus = buses.get(parent);
  if (!bus) {
    errors.push(invalidValue('Item', 'Parent', parent));
    return undefined;
  }
  const unit = addressOnParent ?? bus.nextUnit;
  bus.nextUnit = Math.max(bus.nextUnit, unit + 1);
  return { bus, unit };
}

interface Sending {
  readonly fileRef: string | undefined;
  readonly slot: Slot;
  /** The file is to be made, not one that the VM is made with. */
  readonly create: boolean;
}

function send({ descriptor, choice, fileItems }: Assembly, item: Item, { fileRef, slot, create }: Sending): void {
  const file = descriptor.files.get(fileRef ?? '');
  if (!file) return;
  const { href, size, chunkSize, compression } = file;
  fileItems.push({
    deviceId: `/${choice.entityName}/${slot.bus.name}:${slot.unit}`,
    path: href,
    ...(compression !== undefined && { compressionMethod: compression }),
    ...(chunkSize !== undefined && { chunkSize }),
    ...(size !== undefined && { size }),
    cimType: item.resourceType,
    create,
  });
}

/** Bytes; undefined where it is a property without a value. */
function capacityOf({ capacity, units }: OvfDisk, { propertyValue }: HardwareChoice): number | undefined {
  return typeof capacity === 'number' ? capacity : bytesOf(propertyValue(capacity) ?? '', units);
}
