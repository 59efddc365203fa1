/** What vSphere is told when a virtual machine is made: its hardware, its first disk, its network card, its CD. */
import type {
  ParaVirtualSCSIController,
  VirtualCdrom,
  VirtualCdromIsoBackingInfo,
  VirtualDevice,
  VirtualDeviceBackingInfo,
  VirtualDeviceConfigSpec,
  VirtualDisk,
  VirtualDiskFlatVer2BackingInfo,
  VirtualMachineConfigSpec,
  VirtualVmxnet3,
} from '../vim25/generated/types.ts';
import { encodeName } from './names.ts';

export interface NewVm {
  /** As a person writes it. */
  readonly name: string;
  readonly cpu: number;
  readonly memoryMb: number;
  readonly diskGb: number;
  /** vSphere's identifier of a guest operating system: `otherGuest64`. */
  readonly guestId: string;
  /** The name of the datastore that its files and its disk go to. */
  readonly datastore: string;
  readonly nic: VirtualDeviceBackingInfo;
  /** The datastore path of an image for its CD drive: `[nfs] iso/debian.iso`. */
  readonly iso?: string | undefined;
  readonly bootFromIso?: boolean | undefined;
}

/** Devices that do not exist yet have negative keys, which only this spec uses to refer from one to another. */
const SCSI_KEY = -101;
const DISK_KEY = -102;
const NIC_KEY = -103;
const CDROM_KEY = -104;
/** Every new VM has two IDE controllers; the first has this key. */
const IDE_KEY = 200;

const KIB_PER_GIB = 1024 * 1024;

const CONNECTED_AT_START = { startConnected: true, connected: true, allowGuestControl: true };

/** A paravirtual SCSI controller with one thin disk, a vmxnet3 card, and a CD drive where there is an image for it. */
export function newVmSpec(vm: NewVm): VirtualMachineConfigSpec {
  const devices = [scsiController(), thinDisk(vm.diskGb, vm.datastore), networkCard(vm.nic)];
  if (vm.iso !== undefined) devices.push(cdrom(vm.iso));
  const bootFromIso = vm.iso !== undefined && vm.bootFromIso === true;
  return {
    name: encodeName(vm.name),
    guestId: vm.guestId,
    numCPUs: vm.cpu,
    memoryMB: vm.memoryMb,
    files: { vmPathName: `[${vm.datastore}]` },
    deviceChange: devices,
    // What is not listed is tried after the list is exhausted (VirtualMachineBootOptions.bootOrder): the disk follows.
    ...(bootFromIso ? { bootOptions: { bootOrder: [{ $type: 'VirtualMachineBootOptionsBootableCdromDevice' }] } } : {}),
  };
}

function scsiController(): VirtualDeviceConfigSpec {
  const controller: ParaVirtualSCSIController = {
    $type: 'ParaVirtualSCSIController',
    key: SCSI_KEY,
    busNumber: 0,
    sharedBus: 'noSharing',
  };
  return add(controller);
}

function thinDisk(sizeGb: number, datastore: string): VirtualDeviceConfigSpec {
  const backing: VirtualDiskFlatVer2BackingInfo = {
    $type: 'VirtualDiskFlatVer2BackingInfo',
    fileName: `[${datastore}]`,
    diskMode: 'persistent',
    thinProvisioned: true,
  };
  const disk: VirtualDisk = {
    $type: 'VirtualDisk',
    key: DISK_KEY,
    controllerKey: SCSI_KEY,
    unitNumber: 0,
    capacityInKB: sizeGb * KIB_PER_GIB,
    backing,
  };
  return { ...add(disk), fileOperation: 'create' };
}

function networkCard(backing: VirtualDeviceBackingInfo): VirtualDeviceConfigSpec {
  const card: VirtualVmxnet3 = {
    $type: 'VirtualVmxnet3',
    key: NIC_KEY,
    addressType: 'generated',
    wakeOnLanEnabled: true,
    backing,
    connectable: CONNECTED_AT_START,
  };
  return add(card);
}

function cdrom(iso: string): VirtualDeviceConfigSpec {
  const backing: VirtualCdromIsoBackingInfo = { $type: 'VirtualCdromIsoBackingInfo', fileName: iso };
  const drive: VirtualCdrom = {
    $type: 'VirtualCdrom',
    key: CDROM_KEY,
    controllerKey: IDE_KEY,
    unitNumber: 0,
    backing,
    connectable: CONNECTED_AT_START,
  };
  return add(drive);
}

function add(device: VirtualDevice): VirtualDeviceConfigSpec {
  return { operation: 'add', device };
}
