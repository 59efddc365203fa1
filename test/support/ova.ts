/** Packages as other products make them, for tests: a descriptor, its disks, its manifest, and a tar of them. */
import { createHash } from 'node:crypto';
import { encodeVmdk } from '../../lab/vcenter/nfc/vmdk.ts';

export interface TarEntry {
  readonly name: string;
  readonly data: Uint8Array;
  /** ustar's letter; `0` is a plain file. */
  readonly type?: string;
  /** What the header says, where it lies. */
  readonly size?: number;
}

export function tar(entries: readonly TarEntry[]): Buffer {
  return Buffer.concat([...entries.flatMap(blocks), Buffer.alloc(1024)]);
}

function blocks({ name, data, type = '0', size = data.length }: TarEntry): Buffer[] {
  const header = Buffer.alloc(512);
  header.write(name, 0, 100, 'utf8');
  header.write('0000644\0', 100, 'latin1');
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
  header.write(' '.repeat(8), 148, 'latin1');
  header.write(type, 156, 'latin1');
  header.write('ustar\x0000', 257, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return [header, Buffer.from(data), Buffer.alloc((512 - (data.length % 512)) % 512)];
}

/** What a disk of the package holds, where a test looks for it again. */
export const DISK_CONTENT = Buffer.from('what the disk of the package holds'.repeat(1000));
const CAPACITY = 1024 * 1024 * 64;

export interface Package {
  readonly ovf: Buffer;
  readonly disk: Buffer;
  readonly manifest: Buffer;
}

export interface PackageShape {
  readonly networks?: readonly string[];
  readonly fileAttributes?: string;
  readonly size?: number;
}

export async function ovfPackage({
  networks = ['inside'],
  fileAttributes = '',
  size,
}: PackageShape = {}): Promise<Package> {
  const pieces: Buffer[] = [];
  for await (const piece of encodeVmdk('disk.vmdk', CAPACITY, DISK_CONTENT)) pieces.push(piece);
  const disk = Buffer.concat(pieces);
  const ovf = Buffer.from(descriptor(networks, `ovf:size="${size ?? disk.length}" ${fileAttributes}`));
  return { ovf, disk, manifest: Buffer.from(`SHA256(app.ovf)= ${sha256(ovf)}\nSHA256(disk.vmdk)= ${sha256(disk)}\n`) };
}

export function ova({ ovf, disk, manifest }: Package): Buffer {
  return tar([
    { name: 'app.ovf', data: ovf },
    { name: 'app.mf', data: manifest },
    { name: 'disk.vmdk', data: disk },
  ]);
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function descriptor(networks: readonly string[], file: string): string {
  const items = [
    { ElementName: 'cpu', InstanceID: 1, ResourceType: 3, VirtualQuantity: 2 },
    { AllocationUnits: 'byte * 2^20', ElementName: 'memory', InstanceID: 2, ResourceType: 4, VirtualQuantity: 512 },
    { ElementName: 'scsi', InstanceID: 3, ResourceSubType: 'VirtualSCSI', ResourceType: 6 },
    {
      AddressOnParent: 0,
      ElementName: 'disk',
      HostResource: 'ovf:/disk/d1',
      InstanceID: 4,
      Parent: 3,
      ResourceType: 17,
    },
    ...networks.map((name, index) => ({
      AddressOnParent: 7 + index,
      AutomaticAllocation: 'true',
      Connection: name,
      ElementName: `nic ${index}`,
      InstanceID: 5 + index,
      ResourceSubType: 'VmxNet3',
      ResourceType: 10,
    })),
  ];
  return `<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1" xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData" xmlns:vmw="http://www.vmware.com/schema/ovf" xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData">
<References><File ovf:id="f1" ovf:href="disk.vmdk" ${file}/></References>
<DiskSection><Info/><Disk ovf:diskId="d1" ovf:fileRef="f1" ovf:capacity="64" ovf:capacityAllocationUnits="byte * 2^20" ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"/></DiskSection>
<NetworkSection><Info/>${networks.map((name) => `<Network ovf:name="${name}"><Description>${name} things</Description></Network>`).join('')}</NetworkSection>
<DeploymentOptionSection><Info/><Configuration ovf:id="small" ovf:default="true"><Label>Small</Label><Description/></Configuration><Configuration ovf:id="large"><Label>Large</Label><Description/></Configuration></DeploymentOptionSection>
<VirtualSystem ovf:id="app"><Info/><Name>App</Name>
<OperatingSystemSection ovf:id="94" vmw:osType="ubuntu64Guest"><Info/></OperatingSystemSection>
<ProductSection><Info/><Product>Appliance</Product><Vendor>Example</Vendor><Version>1.2</Version></ProductSection>
<VirtualHardwareSection><Info/><System><vssd:ElementName>x</vssd:ElementName><vssd:InstanceID>0</vssd:InstanceID><vssd:VirtualSystemType>vmx-15</vssd:VirtualSystemType></System>
${items
  .map(
    (item) =>
      `<Item>${Object.entries(item)
        .map(([name, value]) => `<rasd:${name}>${value}</rasd:${name}>`)
        .join('')}</Item>`,
  )
  .join('\n')}
</VirtualHardwareSection></VirtualSystem></Envelope>
`;
}
