/** Kinds of hardware: CIM's numbers and names, and vSphere's classes. */

/** CIM_ResourceAllocationSettingData.ResourceType */
export const RESOURCE = {
  other: 1,
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

/** Resource type → ResourceSubType, in small letters → class. */
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

/** What makes no device of its own: devices that every VM has, or that the lab has no use for. */
const DEVICELESS: ReadonlySet<number> = new Set([
  RESOURCE.other,
  RESOURCE.cpu,
  RESOURCE.memory,
  RESOURCE.floppy,
  RESOURCE.video,
]);

export function isController(resourceType: number): boolean {
  return resourceType === RESOURCE.ide || Object.hasOwn(CONTROLLERS, resourceType);
}

export function isDeviceless(resourceType: number): boolean {
  return DEVICELESS.has(resourceType);
}

export function controllerClass(resourceType: number, subType: string): string | undefined {
  const classes = CONTROLLERS[resourceType] ?? {};
  return Object.hasOwn(classes, subType) ? classes[subType] : undefined;
}

/** An unknown one is given the card that every system has drivers for nowadays. */
export function nicClass(subType: string): string {
  return (Object.hasOwn(NICS, subType) ? NICS[subType] : undefined) ?? 'VirtualVmxnet3';
}
