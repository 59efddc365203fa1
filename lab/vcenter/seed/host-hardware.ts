/** What hosts are made of: one chassis for all, as a company buys them. */
import type {
  HostBIOSInfo,
  HostCpuPackage,
  HostHardwareInfo,
  HostPciDevice,
  PhysicalNic,
} from '../../../src/vim25/generated/types.ts';
import type { Random } from '../core/random.ts';

export interface HostModel {
  readonly vendor: string;
  readonly model: string;
  readonly cpuModel: string;
  readonly packages: number;
  readonly coresPerPackage: number;
  readonly mhz: number;
  readonly memoryGib: number;
  readonly biosVendor: string;
  readonly biosVersion: string;
}

export const RACK_SERVER: HostModel = {
  vendor: 'Dell Inc.',
  model: 'PowerEdge R750',
  cpuModel: 'Intel(R) Xeon(R) Gold 6338 CPU @ 2.00GHz',
  packages: 2,
  coresPerPackage: 32,
  mhz: 1995,
  memoryGib: 1024,
  biosVendor: 'Dell Inc.',
  biosVersion: '1.14.1',
};

export const BRANCH_SERVER: HostModel = {
  vendor: 'HPE',
  model: 'ProLiant DL325 Gen10 Plus v2',
  cpuModel: 'AMD EPYC 7313P 16-Core Processor',
  packages: 1,
  coresPerPackage: 16,
  mhz: 2994,
  memoryGib: 256,
  biosVendor: 'HPE',
  biosVersion: 'A43',
};

const GIB = 1024 ** 3;

export function hardwareOf(model: HostModel, random: Random): HostHardwareInfo {
  const { vendor, packages, coresPerPackage, mhz, memoryGib, biosVendor, biosVersion } = model;
  const cores = packages * coresPerPackage;
  const uuid = `4c4c4544-${random.uuid().slice(9)}`;
  const serial = random.hex(7).toUpperCase();
  return {
    systemInfo: {
      vendor,
      model: model.model,
      family: vendor === 'HPE' ? 'ProLiant' : 'PowerEdge',
      uuid,
      serialNumber: serial,
      otherIdentifyingInfo: [
        {
          identifierValue: serial,
          identifierType: { key: 'ServiceTag', label: 'Service tag', summary: 'Service tag of the system' },
        },
      ],
    },
    cpuPowerManagementInfo: { currentPolicy: 'Balanced', hardwareSupport: 'ACPI P-states' },
    cpuInfo: { numCpuPackages: packages, numCpuCores: cores, numCpuThreads: cores * 2, hz: mhz * 1_000_000 },
    cpuPkg: Array.from({ length: packages }, (_, index) => cpuPackage(model, index)),
    memorySize: memoryGib * GIB - 260_046_848,
    numaInfo: {
      type: 'NUMA',
      numNodes: packages,
      numaNode: Array.from({ length: packages }, (_, index) => ({
        typeId: index,
        cpuID: Array.from({ length: coresPerPackage * 2 }, (__, thread) => index * coresPerPackage * 2 + thread),
        memorySize: (memoryGib / packages) * GIB,
        memoryRangeBegin: index * (memoryGib / packages) * GIB,
        memoryRangeLength: (memoryGib / packages) * GIB,
      })),
    },
    smcPresent: false,
    pciDevice: vendor === 'HPE' ? BRANCH_PCI : RACK_PCI,
    biosInfo: biosOf(biosVendor, biosVersion),
    reliableMemoryInfo: { memorySize: 0 },
    persistentMemoryInfo: { capacityInMB: 0 },
  };
}

function biosOf(vendor: string, biosVersion: string): HostBIOSInfo {
  return {
    biosVersion,
    vendor,
    releaseDate: '2024-05-14T00:00:00Z',
    majorRelease: 1,
    minorRelease: 14,
    firmwareMajorRelease: 7,
    firmwareMinorRelease: 0,
    firmwareType: 'UEFI',
  };
}

function cpuPackage({ vendor, cpuModel, coresPerPackage, mhz }: HostModel, index: number): HostCpuPackage {
  const threads = coresPerPackage * 2;
  return {
    index,
    vendor: vendor === 'HPE' ? 'amd' : 'intel',
    hz: mhz * 1_000_000,
    busHz: 100_000_000,
    description: cpuModel,
    threadId: Array.from({ length: threads }, (_, thread) => index * threads + thread),
    family: vendor === 'HPE' ? 25 : 6,
    model: vendor === 'HPE' ? 1 : 106,
    stepping: vendor === 'HPE' ? 1 : 6,
  };
}

interface PciRow {
  readonly id: string;
  readonly classId: number;
  readonly className: string;
  readonly vendor: readonly [id: number, name: string];
  readonly device: readonly [id: number, name: string];
}

/** As a signed 16-bit number, which the API has for all of these ids. */
function signed(id: number): number {
  return id > 0x7fff ? id - 0x1_0000 : id;
}

function pciDevice({ id, classId, className, vendor, device }: PciRow): HostPciDevice {
  const [, bus = '00', slot = '00', unit = '0'] = /:(..):(..)\.(.)$/.exec(id) ?? [];
  return {
    id,
    classId,
    deviceClassName: className,
    bus: Number.parseInt(bus, 16),
    slot: Number.parseInt(slot, 16),
    function: Number.parseInt(unit, 16),
    vendorId: signed(vendor[0]),
    subVendorId: signed(vendor[0]),
    vendorName: vendor[1],
    deviceId: signed(device[0]),
    subDeviceId: signed(device[0]),
    deviceName: device[1],
  };
}

const INTEL = [0x8086, 'Intel Corporation'] as const;
const BROADCOM = [0x14e4, 'Broadcom Limited'] as const;
const AMD = [0x1022, 'AMD'] as const;
const E810 = [0x159b, 'Ethernet Controller E810-XXV for SFP'] as const;
const BCM5720 = [0x165f, 'NetXtreme BCM5720 Gigabit Ethernet'] as const;
const ETHERNET = { classId: 0x200, className: 'Ethernet controller' } as const;

const RACK_PCI: readonly HostPciDevice[] = [
  {
    id: '0000:00:00.0',
    classId: 0x600,
    className: 'Host bridge',
    vendor: INTEL,
    device: [0x09a2, 'Ice Lake Memory Map/VT-d'],
  },
  {
    id: '0000:00:17.0',
    classId: 0x106,
    className: 'SATA controller',
    vendor: INTEL,
    device: [0xa182, 'Lewisburg SATA AHCI Controller'],
  },
  {
    id: '0000:02:00.0',
    classId: 0x300,
    className: 'VGA compatible controller',
    vendor: [0x102b, 'Matrox Electronics Systems Ltd.'],
    device: [0x0536, 'Integrated Matrox G200eW3 Graphics Controller'],
  },
  { id: '0000:04:00.0', ...ETHERNET, vendor: BROADCOM, device: BCM5720 },
  { id: '0000:04:00.1', ...ETHERNET, vendor: BROADCOM, device: BCM5720 },
  { id: '0000:31:00.0', ...ETHERNET, vendor: INTEL, device: E810 },
  { id: '0000:31:00.1', ...ETHERNET, vendor: INTEL, device: E810 },
  {
    id: '0000:65:00.0',
    classId: 0x104,
    className: 'RAID bus controller',
    vendor: [0x1000, 'Broadcom / LSI'],
    device: [0x10e2, 'PERC H755 Front'],
  },
  {
    id: '0000:ca:00.0',
    classId: 0xc04,
    className: 'Fibre Channel',
    vendor: [0x10df, 'Emulex Corporation'],
    device: [0xf400, 'Emulex LightPulse LPe35002 32Gb Fibre Channel Adapter'],
  },
].map((row) => pciDevice(row as PciRow));

const BRANCH_PCI: readonly HostPciDevice[] = [
  {
    id: '0000:00:00.0',
    classId: 0x600,
    className: 'Host bridge',
    vendor: AMD,
    device: [0x1480, 'Starship/Matisse Root Complex'],
  },
  {
    id: '0000:23:00.0',
    classId: 0x106,
    className: 'SATA controller',
    vendor: AMD,
    device: [0x7901, 'FCH SATA Controller [AHCI mode]'],
  },
  { id: '0000:45:00.0', ...ETHERNET, vendor: BROADCOM, device: BCM5720 },
  { id: '0000:45:00.1', ...ETHERNET, vendor: BROADCOM, device: BCM5720 },
  { id: '0000:84:00.0', ...ETHERNET, vendor: INTEL, device: E810 },
  { id: '0000:84:00.1', ...ETHERNET, vendor: INTEL, device: E810 },
].map((row) => pciDevice(row as PciRow));

/** vmnic0 to vmnic3: two for the host's own traffic, two (25 GbE) for the VMs'. The last link of a branch is down. */
export function physicalNics(model: HostModel, random: Random): PhysicalNic[] {
  const devices = (model.vendor === 'HPE' ? BRANCH_PCI : RACK_PCI).filter(({ classId }) => classId === 0x200);
  const start = random.between(0, 0xff_fff0);
  return devices.map(({ id, deviceName }, index) => {
    const fast = deviceName === E810[1];
    const linkSpeed = { speedMb: fast ? 25_000 : 1000, duplex: true };
    const down = model.vendor === 'HPE' && index === devices.length - 1;
    const mac = ['b4:96:91', ...((start + index).toString(16).padStart(6, '0').match(/../g) ?? [])].join(':');
    return {
      key: `key-vim.host.PhysicalNic-vmnic${index}`,
      device: `vmnic${index}`,
      pci: id,
      driver: fast ? 'icen' : 'ntg3',
      driverVersion: fast ? '1.14.2.0' : '4.1.13.0',
      firmwareVersion: fast ? '4.40 0x8001ba1e 1.3534.0' : 'bc 5720-v1.39',
      ...(!down && { linkSpeed }),
      validLinkSpecification: [linkSpeed],
      spec: { ip: { dhcp: false, ipAddress: '', subnetMask: '' }, linkSpeed, enableEnhancedNetworkingStack: false },
      wakeOnLanSupported: !fast,
      mac,
      resourcePoolSchedulerAllowed: true,
      autoNegotiateSupported: true,
      enhancedNetworkingStackSupported: fast,
    };
  });
}
