/** A VM's CD drives, and what vSphere is told to add one, or to put an image in or out. */
import type {
  VirtualCdrom,
  VirtualCdromIsoBackingInfo,
  VirtualCdromRemotePassthroughBackingInfo,
  VirtualDevice,
  VirtualDeviceBackingInfo,
  VirtualDeviceConfigSpec,
} from '../vim25/generated/types.ts';
import { cdromSlot } from './device-slots.ts';
import { isRunning, type VmHardware } from './vm-hardware.ts';

export interface CdDrive {
  readonly key: number;
  readonly label: string;
  /** `[nfs] iso/debian.iso`; absent where it holds no image. */
  readonly iso: string | undefined;
  readonly connected: boolean;
  readonly startConnected: boolean;
  /** As it is on the wire. */
  readonly device: VirtualCdrom;
}

const NEW_DRIVE_KEY = -103;

/** In the order of their keys. */
export function cdDrivesOf(devices: readonly VirtualDevice[]): CdDrive[] {
  return (devices as readonly (VirtualDevice & { readonly $type?: string })[])
    .filter(({ $type }) => $type === 'VirtualCdrom')
    .map((device) => ({
      key: device.key,
      label: device.deviceInfo?.label ?? `CD/DVD drive ${device.key}`,
      iso: imageIn(device.backing),
      connected: device.connectable?.connected === true,
      startConnected: device.connectable?.startConnected === true,
      device: device as VirtualCdrom,
    }))
    .sort((a, b) => a.key - b.key);
}

function imageIn(backing: VirtualDeviceBackingInfo | undefined): string | undefined {
  const { $type, fileName } = (backing ?? {}) as { $type?: string; fileName?: string };
  return $type === 'VirtualCdromIsoBackingInfo' && fileName !== '' ? fileName : undefined;
}

/** @param iso full path of an image; without one the drive is empty */
export function cdDriveAdded(hardware: VmHardware, iso: string | undefined): VirtualDeviceConfigSpec[] {
  const { changes, ...place } = cdromSlot(hardware.devices, isRunning(hardware));
  const drive: VirtualCdrom = { $type: 'VirtualCdrom', key: NEW_DRIVE_KEY, ...place, ...contents(iso) };
  return [...changes, { operation: 'add', device: drive }];
}

export function imageChanged(drives: readonly CdDrive[], iso: string | undefined): VirtualDeviceConfigSpec[] {
  return drives.map(({ device }) => ({ operation: 'edit', device: { ...device, ...contents(iso) } }));
}

function contents(iso: string | undefined): Pick<VirtualDevice, 'backing' | 'connectable'> {
  const inserted = iso !== undefined;
  return {
    backing: inserted ? image(iso) : emptied(),
    connectable: { startConnected: inserted, connected: inserted, allowGuestControl: true },
  };
}

function image(fileName: string): VirtualCdromIsoBackingInfo {
  return { $type: 'VirtualCdromIsoBackingInfo', fileName };
}

/** Nothing, until somebody's client lends its own drive. */
function emptied(): VirtualCdromRemotePassthroughBackingInfo {
  return { $type: 'VirtualCdromRemotePassthroughBackingInfo', deviceName: '', exclusive: false };
}
