/** Virtual devices as vCenter makes them: keys, labels, places on their controllers. */
import type {
  Description,
  ParaVirtualSCSIController,
  VirtualAHCIController,
  VirtualCdrom,
  VirtualCdromIsoBackingInfo,
  VirtualCdromRemotePassthroughBackingInfo,
  VirtualController,
  VirtualDevice,
  VirtualDeviceConnectInfo,
  VirtualDisk,
  VirtualDiskFlatVer2BackingInfo,
  VirtualEthernetCard,
  VirtualEthernetCardDistributedVirtualPortBackingInfo,
  VirtualEthernetCardNetworkBackingInfo,
  VirtualMachineVideoCard,
  VirtualMachineVMCIDevice,
  VirtualPointingDeviceDeviceBackingInfo,
  VirtualSerialPort,
  VirtualSerialPortURIBackingInfo,
} from '../../../src/vim25/generated/types.ts';
import type { AnyObject } from '../core/managed-object.ts';
import type { ObjectStore } from '../core/object-store.ts';
import type { World } from '../core/world.ts';

const described = (label: string, summary = label): Description => ({ label, summary });
const controller = (
  $type: string,
  key: number,
  label: string,
  busNumber: number,
  place: { controllerKey?: number; unitNumber?: number } = {},
): VirtualController & VirtualDevice => ({ $type, key, deviceInfo: described(label), busNumber, ...place });

export const PCI_KEY = 100;
const SCSI_KEY = 1000;
const SATA_KEY = 15000;

/** What every VM has and nobody changes: one set for all of them. */
const IDE_0 = controller('VirtualIDEController', 200, 'IDE 0', 0);
const IDE_1 = controller('VirtualIDEController', 201, 'IDE 1', 1);
const PS2 = { ...controller('VirtualPS2Controller', 300, 'PS2 controller 0', 0), device: [600, 700] };
const PCI = controller('VirtualPCIController', PCI_KEY, 'PCI controller 0', 0);
const SIO = controller('VirtualSIOController', 400, 'SIO controller 0', 0);
const KEYBOARD: VirtualDevice = {
  $type: 'VirtualKeyboard',
  key: 600,
  deviceInfo: described('Keyboard'),
  controllerKey: 300,
  unitNumber: 0,
};
const POINTING_BACKING: VirtualPointingDeviceDeviceBackingInfo = {
  $type: 'VirtualPointingDeviceDeviceBackingInfo',
  deviceName: '',
  useAutoDetect: false,
  hostPointingDevice: 'autodetect',
};
const POINTING_DEVICE: VirtualDevice = {
  $type: 'VirtualPointingDevice',
  key: 700,
  deviceInfo: described('Pointing device', 'Pointing device; Device'),
  backing: POINTING_BACKING,
  controllerKey: 300,
  unitNumber: 1,
};
const VIDEO_CARD: VirtualMachineVideoCard = {
  $type: 'VirtualMachineVideoCard',
  key: 500,
  deviceInfo: described('Video card '),
  controllerKey: PCI_KEY,
  unitNumber: 0,
  videoRamSizeInKB: 4096,
  numDisplays: 1,
  useAutoDetect: false,
  enable3DSupport: false,
  use3dRenderer: 'automatic',
  graphicsMemorySizeInKB: 262144,
};
const SCSI: ParaVirtualSCSIController = {
  ...controller('ParaVirtualSCSIController', SCSI_KEY, 'SCSI controller 0', 0, {
    controllerKey: PCI_KEY,
    unitNumber: 3,
  }),
  deviceInfo: described('SCSI controller 0', 'VMware paravirtual SCSI'),
  hotAddRemove: true,
  sharedBus: 'noSharing',
  scsiCtlrUnitNumber: 7,
};
const SATA: VirtualAHCIController = {
  ...controller('VirtualAHCIController', SATA_KEY, 'SATA controller 0', 0, { controllerKey: PCI_KEY, unitNumber: 24 }),
  deviceInfo: described('SATA controller 0', 'AHCI'),
};

/** The devices that a VM has whatever is asked for: controllers, keyboard, mouse, video card, VMCI. */
export function standardDevices(world: World): VirtualDevice[] {
  const vmci: VirtualMachineVMCIDevice = {
    $type: 'VirtualMachineVMCIDevice',
    key: 12000,
    deviceInfo: described(
      'VMCI device',
      'Device on the virtual machine PCI bus that provides support for the virtual machine communication interface',
    ),
    controllerKey: PCI_KEY,
    unitNumber: 17,
    id: world.random.between(-(2 ** 31), 2 ** 31 - 1),
    allowUnrestrictedCommunication: false,
    filterEnable: true,
  };
  return [IDE_0, IDE_1, PS2, PCI, SIO, KEYBOARD, POINTING_DEVICE, VIDEO_CARD, vmci];
}

export function scsiController(): VirtualDevice {
  return SCSI;
}

export function sataController(): VirtualDevice {
  return SATA;
}

export interface DiskPlan {
  /** 0, 1, …: its place among the VM's disks. */
  readonly index: number;
  readonly capacityKb: number;
  /** `[datastore1] web01/web01.vmdk` */
  readonly fileName: string;
  readonly datastore: AnyObject;
  /** Default true. */
  readonly thin?: boolean;
  readonly uuid: string;
}

export function diskDevice({ index, capacityKb, fileName, datastore, thin = true, uuid }: DiskPlan): VirtualDisk {
  // Unit 7 of a SCSI bus is the controller itself.
  const unitNumber = index < 7 ? index : index + 1;
  const backing: VirtualDiskFlatVer2BackingInfo = {
    $type: 'VirtualDiskFlatVer2BackingInfo',
    fileName,
    datastore: datastore.ref,
    diskMode: 'persistent',
    split: false,
    writeThrough: false,
    thinProvisioned: thin,
    uuid,
    contentId: uuid.replaceAll('-', ''),
    digestEnabled: false,
    sharing: 'sharingNone',
  };
  return {
    $type: 'VirtualDisk',
    key: 2000 + unitNumber,
    deviceInfo: described(`Hard disk ${index + 1}`, `${capacityKb.toLocaleString('en-US')} KB`),
    backing,
    controllerKey: SCSI_KEY,
    unitNumber,
    capacityInKB: capacityKb,
    capacityInBytes: capacityKb * 1024,
    shares: DISK_SHARES,
    storageIOAllocation: DISK_ALLOCATION,
  };
}

const DISK_SHARES = { shares: 1000, level: 'normal' } as const;
const DISK_ALLOCATION = { limit: -1, shares: DISK_SHARES, reservation: 0 } as const;

export interface NicPlan {
  readonly index: number;
  /** `VirtualVmxnet3`, `VirtualE1000e` */
  readonly type?: string;
  readonly network: AnyObject;
  readonly mac: string;
  readonly connected: boolean;
}

export function nicDevice(
  { index, type = 'VirtualVmxnet3', network, mac, connected }: NicPlan,
  objects: ObjectStore,
): VirtualEthernetCard {
  const backing = nicBacking(network, objects);
  return {
    $type: type,
    key: 4000 + index,
    deviceInfo: described(`Network adapter ${index + 1}`, nicSummary(network)),
    backing,
    connectable: connected ? CONNECTED : NOT_CONNECTED,
    controllerKey: PCI_KEY,
    unitNumber: 7 + index,
    addressType: mac.startsWith('00:50:56') ? 'assigned' : 'generated',
    macAddress: mac,
    wakeOnLanEnabled: true,
    resourceAllocation: NIC_ALLOCATION,
    uptCompatibilityEnabled: type === 'VirtualVmxnet3',
  };
}

const NIC_ALLOCATION = { reservation: 0, share: { shares: 50, level: 'normal' }, limit: -1 } as const;
const CONNECTED: VirtualDeviceConnectInfo = {
  migrateConnect: 'unset',
  startConnected: true,
  allowGuestControl: true,
  connected: true,
  status: 'ok',
};
const NOT_CONNECTED: VirtualDeviceConnectInfo = { ...CONNECTED, connected: false, status: 'untried' };
const NOT_AT_START: VirtualDeviceConnectInfo = { ...NOT_CONNECTED, startConnected: false };

/** A card's backing for a network or a distributed port group. */
export function nicBacking(
  network: AnyObject,
  objects: ObjectStore,
): VirtualEthernetCardNetworkBackingInfo | VirtualEthernetCardDistributedVirtualPortBackingInfo {
  const group = network.as('DistributedVirtualPortgroup');
  if (!group) {
    return {
      $type: 'VirtualEthernetCardNetworkBackingInfo',
      deviceName: String(network.read('name')),
      useAutoDetect: false,
      network: network.ref,
    };
  }
  const owner = objects.find(group.get('config').distributedVirtualSwitch)?.as('DistributedVirtualSwitch');
  return {
    $type: 'VirtualEthernetCardDistributedVirtualPortBackingInfo',
    port: { switchUuid: owner?.get('uuid') ?? '', portgroupKey: group.get('key'), portKey: '0', connectionCookie: 0 },
  };
}

export function nicSummary(network: AnyObject): string {
  return network.as('DistributedVirtualPortgroup') ? `DVSwitch: ${network.id}` : String(network.read('name'));
}

/** An ISO image, or the client's own drive where none is given. */
export function cdromDevice({
  index = 0,
  iso,
  sata,
  connected = false,
}: {
  index?: number;
  iso?: { readonly fileName: string; readonly datastore: AnyObject } | undefined;
  sata: boolean;
  connected?: boolean;
}): VirtualCdrom {
  const backing: VirtualCdromIsoBackingInfo | VirtualCdromRemotePassthroughBackingInfo = iso
    ? { $type: 'VirtualCdromIsoBackingInfo', fileName: iso.fileName, datastore: iso.datastore.ref }
    : { $type: 'VirtualCdromRemotePassthroughBackingInfo', deviceName: '', useAutoDetect: false, exclusive: false };
  return {
    $type: 'VirtualCdrom',
    key: sata ? 16000 + index : 3000 + index,
    deviceInfo: described(`CD/DVD drive ${index + 1}`, iso ? `ISO ${iso.fileName}` : 'Remote device'),
    backing,
    connectable: connected ? CONNECTED : iso ? NOT_CONNECTED : NOT_AT_START,
    controllerKey: sata ? SATA_KEY : 200 + Math.floor(index / 2),
    unitNumber: sata ? index : index % 2,
  };
}

/** A serial port that the VM listens on (`telnet://:2001`). */
export function serialPortDevice(index: number, serviceURI: string, connected: boolean): VirtualSerialPort {
  const backing: VirtualSerialPortURIBackingInfo = {
    $type: 'VirtualSerialPortURIBackingInfo',
    serviceURI,
    direction: 'server',
  };
  return {
    $type: 'VirtualSerialPort',
    key: 9000 + index,
    deviceInfo: described(`Serial port ${index + 1}`, `Remote ${serviceURI}`),
    backing,
    connectable: connected ? CONNECTED : NOT_CONNECTED,
    controllerKey: 400,
    unitNumber: index,
    yieldOnPoll: true,
  };
}

/** The same devices, each controller listing what hangs on it. Call it after any change of the list. */
export function withControllerLists(devices: readonly VirtualDevice[]): VirtualDevice[] {
  const hanging = new Map<number, number[]>();
  for (const { key, controllerKey } of devices) {
    if (controllerKey === undefined) continue;
    const keys = hanging.get(controllerKey);
    if (keys) keys.push(key);
    else hanging.set(controllerKey, [key]);
  }
  return devices.map((device) => {
    if (!('busNumber' in device)) return device;
    const keys = hanging.get(device.key);
    const { device: before, ...rest } = device as VirtualController;
    if (before?.join() === keys?.join()) return device;
    return keys ? { ...rest, device: keys } : rest;
  });
}
