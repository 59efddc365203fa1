/** OvfManager.CreateDescriptor: a VM as an OVF descriptor. */
import type {
  OvfCreateDescriptorParams,
  OvfCreateDescriptorResult,
  OvfFile,
  VirtualController,
  VirtualDevice,
  VirtualDisk,
} from '../../../src/vim25/generated/types.ts';
import { escapeXml } from '../../../src/vim25/xml-text.ts';
import { localized, type VimFault } from '../core/faults.ts';
import type { ManagedObject } from '../core/managed-object.ts';
import type { World } from '../core/world.ts';
import { placeOf } from '../nfc/devices.ts';
import { devicesOf, is } from '../vm/devices.ts';
import { networkNameOf, nicsOf } from '../vm/nics.ts';
import { invalidValue } from './faults.ts';
import { RESOURCE } from './resources.ts';

type Vm = ManagedObject<'VirtualMachine'>;

const CONTROLLERS: Readonly<Record<string, readonly [resource: number, subType: string | undefined]>> = {
  VirtualIDEController: [RESOURCE.ide, undefined],
  VirtualLsiLogicController: [RESOURCE.scsi, 'lsilogic'],
  VirtualLsiLogicSASController: [RESOURCE.scsi, 'lsilogicsas'],
  VirtualBusLogicController: [RESOURCE.scsi, 'buslogic'],
  ParaVirtualSCSIController: [RESOURCE.scsi, 'VirtualSCSI'],
  VirtualAHCIController: [RESOURCE.storage, 'vmware.sata.ahci'],
  VirtualNVMEController: [RESOURCE.storage, 'vmware.nvme.controller'],
};

interface DiskRow {
  readonly disk: VirtualDisk;
  readonly id: string;
  readonly file: OvfFile | undefined;
}

export function writeDescriptor(world: World, vm: Vm, params: OvfCreateDescriptorParams): OvfCreateDescriptorResult {
  const { ovfFiles = [], name = vm.get('name'), description = vm.get('config')?.annotation ?? '' } = params;
  const devices = devicesOf(vm);
  const errors: VimFault[] = [];
  const disks: DiskRow[] = devices
    .filter((device) => is(device, 'VirtualDisk'))
    .map((disk, index) => {
      const place = `/${vm.id}/${placeOf(devices, disk)}`;
      return { disk, id: `vmdisk${index + 1}`, file: ovfFiles.find(({ deviceId }) => deviceId === place) };
    });
  for (const file of ovfFiles) {
    if (!disks.some((row) => row.file === file)) errors.push(invalidValue('File', 'deviceId', file.deviceId));
  }
  const networks = new Set(nicsOf(vm).map((nic) => networkNameOf(world, vm, nic) ?? 'VM Network'));
  const ovfDescriptor = `<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:cim="http://schemas.dmtf.org/wbem/wscim/1/common" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1" xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData" xmlns:vmw="http://www.vmware.com/schema/ovf" xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <References>
${disks.flatMap(fileLine).join('\n')}
  </References>
  <DiskSection>
    <Info>Virtual disk information</Info>
${disks.map(diskLine).join('\n')}
  </DiskSection>
  <NetworkSection>
    <Info>The list of logical networks</Info>
${[...networks].map(networkLines).join('\n')}
  </NetworkSection>
  <VirtualSystem ovf:id="${escapeXml(name)}">
    <Info>A virtual machine</Info>
    <Name>${escapeXml(name)}</Name>
${description === '' ? '' : annotationLines(description)}${systemLines(world, vm, disks)}
  </VirtualSystem>
</Envelope>
`;
  return { ovfDescriptor, ...(errors.length > 0 && { error: errors.map(localized) }), includeImageFiles: false };
}

function fileLine({ id, file }: DiskRow): string[] {
  if (!file) return [];
  const chunk = file.chunkSize ? ` ovf:chunkSize="${file.chunkSize}"` : '';
  const compression = file.compressionMethod ? ` ovf:compression="${escapeXml(file.compressionMethod)}"` : '';
  return [
    `    <File ovf:href="${escapeXml(file.path)}" ovf:id="file-${id}" ovf:size="${file.size}"${chunk}${compression}/>`,
  ];
}

function diskLine({ disk, id, file }: DiskRow): string {
  const populated = file?.populatedSize === undefined ? '' : ` ovf:populatedSize="${file.populatedSize}"`;
  const reference = file ? ` ovf:fileRef="file-${id}"` : '';
  return (
    `    <Disk ovf:capacity="${disk.capacityInKB}" ovf:capacityAllocationUnits="byte * 2^10" ovf:diskId="${id}"${reference} ` +
    `ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"${populated}/>`
  );
}

function networkLines(name: string): string {
  const text = escapeXml(name);
  return `    <Network ovf:name="${text}">\n      <Description>The ${text} network</Description>\n    </Network>`;
}

function annotationLines(text: string): string {
  return `    <AnnotationSection>
      <Info>A human-readable annotation</Info>
      <Annotation>${escapeXml(text)}</Annotation>
    </AnnotationSection>
`;
}

function systemLines(world: World, vm: Vm, disks: readonly DiskRow[]): string {
  const { guestId, guestFullName, version, firmware } = vm.get('config')!;
  return `    <OperatingSystemSection ovf:id="102" vmw:osType="${escapeXml(guestId)}">
      <Info>The kind of installed guest operating system</Info>
      <Description>${escapeXml(guestFullName)}</Description>
    </OperatingSystemSection>
    <VirtualHardwareSection>
      <Info>Virtual hardware requirements</Info>
      <System>
        <vssd:ElementName>Virtual Hardware Family</vssd:ElementName>
        <vssd:InstanceID>0</vssd:InstanceID>
        <vssd:VirtualSystemIdentifier>${escapeXml(vm.get('name'))}</vssd:VirtualSystemIdentifier>
        <vssd:VirtualSystemType>${escapeXml(version)}</vssd:VirtualSystemType>
      </System>
${itemsOf(world, vm, disks).map(itemLines).join('\n')}
      <vmw:Config ovf:required="false" vmw:key="firmware" vmw:value="${escapeXml(firmware ?? 'bios')}"/>
    </VirtualHardwareSection>`;
}

type Fields = Readonly<Record<string, string | number | undefined>>;

/** The fields of an item come in the order of their names. */
function itemLines(fields: Fields): string {
  const lines = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `        <rasd:${name}>${escapeXml(String(value))}</rasd:${name}>`);
  return `      <Item>\n${lines.join('\n')}\n      </Item>`;
}

function itemsOf(world: World, vm: Vm, disks: readonly DiskRow[]): Fields[] {
  const { numCPU, memoryMB } = vm.get('config')!.hardware;
  const devices = devicesOf(vm);
  const items: Fields[] = [
    {
      AllocationUnits: 'hertz * 10^6',
      Description: 'Number of Virtual CPUs',
      ElementName: `${numCPU} virtual CPU(s)`,
      InstanceID: 1,
      ResourceType: RESOURCE.cpu,
      VirtualQuantity: numCPU,
    },
    {
      AllocationUnits: 'byte * 2^20',
      Description: 'Memory Size',
      ElementName: `${memoryMB}MB of memory`,
      InstanceID: 2,
      ResourceType: RESOURCE.memory,
      VirtualQuantity: memoryMB,
    },
  ];
  const instances = new Map<number, number>();
  const next = (device: VirtualDevice): number => {
    const instance = items.length + 1;
    instances.set(device.key, instance);
    return instance;
  };
  const hanging = ({ controllerKey = 0, unitNumber = 0 }: VirtualDevice) => ({
    AddressOnParent: unitNumber,
    Parent: instances.get(controllerKey),
  });
  for (const device of devices) {
    const [resource, subType] = CONTROLLERS[device.$type ?? ''] ?? [];
    if (resource === undefined) continue;
    const { busNumber } = device as VirtualController;
    items.push({
      Address: busNumber,
      ElementName: labelOf(device),
      InstanceID: next(device),
      ResourceSubType: subType,
      ResourceType: resource,
    });
  }
  for (const { disk, id } of disks) {
    items.push({
      ...hanging(disk),
      ElementName: labelOf(disk),
      HostResource: `ovf:/disk/${id}`,
      InstanceID: next(disk),
      ResourceType: RESOURCE.disk,
    });
  }
  for (const device of devices) {
    if (device.$type !== 'VirtualCdrom') continue;
    items.push({
      ...hanging(device),
      AutomaticAllocation: 'false',
      ElementName: labelOf(device),
      InstanceID: next(device),
      ResourceSubType: 'vmware.cdrom.remotepassthrough',
      ResourceType: RESOURCE.cdrom,
    });
  }
  for (const nic of nicsOf(vm)) {
    items.push({
      AddressOnParent: nic.unitNumber,
      AutomaticAllocation: String(nic.connectable?.startConnected ?? true),
      Connection: networkNameOf(world, vm, nic) ?? 'VM Network',
      ElementName: labelOf(nic),
      InstanceID: next(nic),
      ResourceSubType: (nic.$type ?? '').replace(/^Virtual/, '').replace(/^Vmxnet3$/, 'VmxNet3'),
      ResourceType: RESOURCE.ethernet,
    });
  }
  return items;
}

function labelOf({ deviceInfo, key }: VirtualDevice): string {
  return deviceInfo?.label ?? `device ${key}`;
}
