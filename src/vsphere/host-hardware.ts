/** What an ESXi host is made of. */
import type { HostHardwareInfo, PhysicalNic } from '../vim25/generated/types.ts';
import { InvalidStateError } from './errors.ts';
import type { InventoryObject } from './inventory.ts';
import { quoted } from './names.ts';
import type { Reader } from './reader.ts';

export interface HostHardware {
  readonly uuid: string | undefined;
  readonly bios: {
    readonly vendor: string | undefined;
    readonly version: string | undefined;
    /** ISO 8601 */
    readonly releaseDate: string | undefined;
  };
  readonly cpu: {
    readonly packages: number;
    readonly cores: number;
    readonly threads: number;
    readonly hz: number;
  };
  readonly memoryBytes: number;
  readonly pciDevices: readonly PciDevice[];
  readonly networkAdapters: readonly NetworkAdapter[];
}

interface PciDevice {
  readonly id: string;
  readonly vendorName: string;
  readonly deviceName: string;
  /** The PCI class as hexadecimal digits: `0x200` is a network card. */
  readonly classId: string;
}

interface NetworkAdapter {
  readonly device: string;
  readonly driver: string | undefined;
  readonly mac: string;
  /** Mbit/s; absent for a link that is down. */
  readonly linkSpeedMb: number | undefined;
}

/** In one round trip. INVALID_STATE for a host that tells no hardware. */
export async function readHostHardware(reader: Reader, host: InventoryObject): Promise<HostHardware> {
  const { props } = await reader.readOne('HostSystem', host.ref, ['hardware', 'config.network.pnic']);
  if (props.hardware === undefined) {
    throw new InvalidStateError(
      `The hardware of ${quoted(host.name)} cannot be read: it is disconnected, or the account may not see it.`,
    );
  }
  return toHardware(props.hardware, props['config.network.pnic'] ?? []);
}

export function toHardware(hardware: HostHardwareInfo, pnics: readonly PhysicalNic[]): HostHardware {
  const { systemInfo, biosInfo, cpuInfo, memorySize, pciDevice = [] } = hardware;
  return {
    uuid: systemInfo?.uuid,
    bios: { vendor: biosInfo?.vendor, version: biosInfo?.biosVersion, releaseDate: biosInfo?.releaseDate },
    cpu: {
      packages: cpuInfo.numCpuPackages,
      cores: cpuInfo.numCpuCores,
      threads: cpuInfo.numCpuThreads,
      hz: cpuInfo.hz,
    },
    memoryBytes: memorySize,
    pciDevices: pciDevice.map(({ id, vendorName, deviceName, classId }) => ({
      id,
      vendorName,
      deviceName,
      classId: pciClass(classId),
    })),
    networkAdapters: pnics.map(({ device, driver, mac, linkSpeed }) => ({
      device,
      driver,
      mac,
      linkSpeedMb: linkSpeed?.speedMb,
    })),
  };
}

/** The API's type is a signed 16-bit number (HostPciDevice.classId). */
function pciClass(id: number): string {
  return `0x${(id & 0xffff).toString(16)}`;
}
