/** What a host can give VMs, as EnvironmentBrowser tells it: guests, sizes, devices that a VM gets by default. */
import type { GuestOsDescriptor, IntOption, VirtualMachineConfigOption } from '../../../src/vim25/generated/types.ts';
import type { World } from '../core/world.ts';
import { CAPABILITY } from './derived.ts';
import { type GuestSystem, guestSystems } from './guest-systems.ts';
import { standardDevices } from './hardware.ts';

/** Only numbers of hardware versions that hosts of this version run. */
export const HARDWARE_VERSIONS = [10, 11, 12, 13, 14, 15, 17, 18, 19, 20, 21] as const;
const DEFAULT_VERSION = 21;

const between = (min: number, max: number, defaultValue: number): IntOption => ({ min, max, defaultValue });
const exactly = (number: number): IntOption => between(number, number, number);

/** @param guestIds only these guests; all where it is left out */
export function configOption(
  world: World,
  hardwareVersion: number = DEFAULT_VERSION,
  guestIds: readonly string[] = [],
): VirtualMachineConfigOption {
  const systems = guestSystems().filter(({ id }) => guestIds.length === 0 || guestIds.includes(id));
  return {
    version: `vmx-${hardwareVersion}`,
    description: `ESXi virtual machine, hardware version ${hardwareVersion}`,
    guestOSDescriptor: systems.map(descriptorOf),
    guestOSDefaultIndex: 0,
    hardwareOptions: {
      hwVersion: hardwareVersion,
      virtualDeviceOption: [],
      deviceListReadonly: false,
      numCPU: Array.from({ length: 128 }, (_, index) => index + 1),
      numCoresPerSocket: between(1, 128, 1),
      numCpuReadonly: false,
      memoryMB: { $type: 'LongOption', min: 4, max: 25_165_824, defaultValue: 1024 },
      numPCIControllers: exactly(1),
      numIDEControllers: exactly(2),
      numUSBControllers: between(0, 1, 0),
      numUSBXHCIControllers: between(0, 1, 0),
      numSIOControllers: exactly(1),
      numPS2Controllers: exactly(1),
      resourceConfigOption: {
        cpuAllocationOption: { sharesOption: { sharesOption: between(0, 1_000_000, 4000), defaultLevel: 'normal' } },
        memoryAllocationOption: {
          sharesOption: { sharesOption: between(0, 1_000_000, 163_840), defaultLevel: 'normal' },
        },
      },
    },
    capabilities: CAPABILITY,
    datastore: {},
    defaultDevice: standardDevices(world),
    supportedMonitorType: ['release', 'stats'],
    supportedOvfEnvironmentTransport: ['iso', 'com.vmware.guestInfo'],
    supportedOvfInstallTransport: ['iso'],
  };
}

function descriptorOf({ id, fullName, family, firmware }: GuestSystem): GuestOsDescriptor {
  const windows = family === 'windowsGuest';
  const controller = windows ? 'VirtualLsiLogicSASController' : 'ParaVirtualSCSIController';
  return {
    id,
    family,
    fullName,
    supportedMaxCPUs: 768,
    numSupportedPhysicalSockets: 128,
    numSupportedCoresPerSocket: 128,
    supportedMinMemMB: windows ? 1024 : 32,
    supportedMaxMemMB: 25_165_824,
    recommendedMemMB: windows ? 4096 : 2048,
    recommendedColorDepth: 32,
    supportedDiskControllerList: [
      'ParaVirtualSCSIController',
      'VirtualLsiLogicController',
      'VirtualLsiLogicSASController',
      'VirtualIDEController',
      'VirtualAHCIController',
      'VirtualNVMEController',
    ],
    recommendedSCSIController: controller,
    recommendedDiskController: controller,
    supportedNumDisks: 64,
    recommendedDiskSizeMB: windows ? 49_152 : 16_384,
    recommendedCdromController: 'VirtualAHCIController',
    supportedEthernetCard: ['VirtualVmxnet3', 'VirtualE1000e', 'VirtualE1000'],
    recommendedEthernetCard: 'VirtualVmxnet3',
    supportsSlaveDisk: true,
    smcRequired: false,
    supportsWakeOnLan: true,
    supportsVMI: false,
    supportsMemoryHotAdd: true,
    supportsCpuHotAdd: true,
    supportsCpuHotRemove: false,
    supportedFirmware: ['bios', 'efi'],
    recommendedFirmware: firmware,
    supports3D: true,
    recommended3D: false,
    smcRecommended: false,
    ich7mRecommended: false,
    usbRecommended: windows,
    supportLevel: 'supported',
    supportedForCreate: true,
    vRAMSizeInKB: between(4096, 262_144, 4096),
    numSupportedFloppyDevices: 2,
    supportsPvscsiControllerForBoot: true,
    diskUuidEnabled: true,
    supportsHotPlugPCI: true,
    supportsSecureBoot: firmware === 'efi',
    supportsTPM20: true,
  };
}
