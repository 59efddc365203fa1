import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  OvfCreateImportSpecParams,
  OvfCreateImportSpecResult,
  VirtualDevice,
  VirtualMachineImportSpec,
} from '../../../../src/vim25/generated/types.ts';
import { openStage, type Stage } from '../vm/stage.ts';
import { type LeaseClient, leaseClient } from './lease.ts';

let stage: Stage;
let leases: LeaseClient;

beforeAll(async () => {
  stage = await openStage();
  leases = leaseClient(stage);
});
afterAll(async () => {
  await leases?.close();
  await stage?.close();
});

interface Shape {
  readonly system?: string;
  readonly hardware?: string;
  readonly disk?: string;
  readonly sections?: string;
}

const item = (fields: Record<string, string | number>, attributes = '') =>
  `<Item ${attributes}>${Object.entries(fields)
    .map(([name, value]) => `<rasd:${name}>${value}</rasd:${name}>`)
    .join('')}</Item>`;

const CPU = { ElementName: 'cpu', InstanceID: 1, ResourceType: 3, VirtualQuantity: 2 };
const MEMORY = {
  AllocationUnits: 'byte * 2^20',
  ElementName: 'memory',
  InstanceID: 2,
  ResourceType: 4,
  VirtualQuantity: 2048,
};
const HARDWARE = [
  item(CPU),
  item({ ...CPU, VirtualQuantity: 8 }, 'ovf:configuration="large"'),
  item(MEMORY),
  item({ ElementName: 'ide', InstanceID: 3, ResourceType: 5, Address: 0 }),
  item({ ElementName: 'scsi', InstanceID: 4, ResourceType: 6, ResourceSubType: 'VirtualSCSI' }),
  item({
    ElementName: 'disk',
    InstanceID: 5,
    ResourceType: 17,
    HostResource: 'ovf:/disk/d1',
    Parent: 4,
    AddressOnParent: 0,
  }),
  item({
    ElementName: 'data',
    InstanceID: 6,
    ResourceType: 17,
    HostResource: 'ovf:/disk/d2',
    Parent: 4,
    AddressOnParent: 1,
  }),
  item({
    ElementName: 'cd',
    InstanceID: 7,
    ResourceType: 15,
    HostResource: 'ovf:/file/f2',
    Parent: 3,
    AddressOnParent: 0,
  }),
  item({
    ElementName: 'nic',
    InstanceID: 8,
    ResourceType: 10,
    ResourceSubType: 'VmxNet3',
    Connection: 'inside',
    AddressOnParent: 7,
  }),
  item({ ElementName: 'screen', InstanceID: 9, ResourceType: 24 }, 'ovf:required="false"'),
].join('');

const ovf = ({ system = 'vmx-15', hardware = HARDWARE, disk = '', sections = '' }: Shape = {}) => `<?xml version="1.0"?>
<ovf:Envelope xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1" xmlns:rasd="r" xmlns:vssd="v" xmlns:vmw="w">
<References><File ovf:id="f1" ovf:href="appliance-disk1.vmdk" ovf:size="1234"/><File ovf:id="f2" ovf:href="setup.iso" ovf:size="9"/></References>
<DiskSection><Info/>
<Disk ovf:diskId="d1" ovf:fileRef="f1" ovf:capacity="20" ovf:capacityAllocationUnits="byte * 2^30" ovf:populatedSize="5000"/>
<Disk ovf:diskId="d2" ovf:capacity="\${data.size}" ovf:capacityAllocationUnits="byte * 2^30"/>${disk}</DiskSection>
<NetworkSection><Info/><Network ovf:name="inside"><Description>the inner one</Description></Network></NetworkSection>
<DeploymentOptionSection><Info/>
<Configuration ovf:id="small" ovf:default="true"><Label>Small</Label><Description>for few</Description></Configuration>
<Configuration ovf:id="large"><Label>Large</Label><Description>for many</Description></Configuration></DeploymentOptionSection>${sections}
<VirtualSystem ovf:id="appliance"><Info/><Name>Appliance</Name>
<OperatingSystemSection ovf:id="94" vmw:osType="ubuntu64Guest"><Info/><Description>Ubuntu</Description></OperatingSystemSection>
<EulaSection><Info/><License>be kind</License></EulaSection>
<ProductSection ovf:class="net"><Info/><Product>Appliance</Product><Vendor>Example</Vendor><Version>1.2</Version>
<Category>Network</Category>
<Property ovf:key="hostname" ovf:type="string" ovf:userConfigurable="true" ovf:value="app"><Label>Host name</Label></Property>
<Property ovf:key="port" ovf:type="uint16" ovf:userConfigurable="true" ovf:value="443"/>
<Property ovf:key="fixed" ovf:type="string" ovf:value="x"/></ProductSection>
<ProductSection><Info/><Property ovf:key="data.size" ovf:type="uint32" ovf:userConfigurable="true" ovf:value="3"/></ProductSection>
<VirtualHardwareSection ovf:transport="com.vmware.guestInfo iso"><Info/>
<System><vssd:VirtualSystemType>${system}</vssd:VirtualSystemType></System>${hardware}
<vmw:ExtraConfig vmw:key="guestinfo.hello" vmw:value="world"/></VirtualHardwareSection></VirtualSystem></ovf:Envelope>`;

function specOf(text: string, params: Partial<OvfCreateImportSpecParams> = {}): Promise<OvfCreateImportSpecResult> {
  const { pool, datastore, network } = stage.place;
  return stage.client.call('CreateImportSpec', {
    _this: stage.client.serviceContent.ovfManager!,
    ovfDescriptor: text,
    resourcePool: pool.ref,
    datastore: datastore.ref,
    cisp: {
      locale: 'US',
      deploymentOption: '',
      entityName: 'app01',
      networkMapping: [{ name: 'inside', network: network.ref }],
      ...params,
    },
  });
}

const configOf = ({ importSpec }: OvfCreateImportSpecResult) => (importSpec as VirtualMachineImportSpec).configSpec;
const devicesOf = (result: OvfCreateImportSpecResult): VirtualDevice[] =>
  configOf(result).deviceChange!.map(({ device }) => device);
const faultsOf = ({ error = [] }: Pick<OvfCreateImportSpecResult, 'error'>) => error.map(({ fault }) => fault.$type);

describe('ParseDescriptor', () => {
  it('tells what a package holds before anything is decided', async () => {
    const parsed = await stage.client.call('ParseDescriptor', {
      _this: stage.client.serviceContent.ovfManager!,
      ovfDescriptor: ovf(),
      pdp: { locale: '', deploymentOption: '' },
    });
    expect(parsed).toMatchObject({
      network: [{ name: 'inside', description: 'the inner one' }],
      deploymentOption: [
        { key: 'small', label: 'Small', description: 'for few' },
        { key: 'large', label: 'Large', description: 'for many' },
      ],
      defaultDeploymentOption: 'small',
      defaultEntityName: 'Appliance',
      productInfo: { name: 'Appliance', vendor: 'Example', version: '1.2' },
      eula: ['be kind'],
      approximateDownloadSize: 1243,
      approximateFlatDeploymentSize: 20 * 1024 ** 3,
      approximateSparseDeploymentSize: 5000,
      virtualApp: false,
    });
    expect(parsed.property?.map(({ id, category, defaultValue }) => [id, category, defaultValue])).toEqual([
      ['hostname', 'Network', 'app'],
      ['port', 'Network', '443'],
      ['fixed', 'Network', 'x'],
      ['data.size', undefined, '3'],
    ]);
    expect(parsed.error).toBeUndefined();
  });
});

describe('CreateImportSpec', () => {
  it('makes a VM of the hardware that the package asks for', async () => {
    const result = await specOf(ovf(), { diskProvisioning: 'thin' });
    expect(result.error).toBeUndefined();
    expect(configOf(result)).toMatchObject({
      name: 'app01',
      guestId: 'ubuntu64Guest',
      version: 'vmx-15',
      numCPUs: 2,
      memoryMB: 2048,
      extraConfig: [{ key: 'guestinfo.hello', value: 'world' }],
    });
    expect(devicesOf(result).map(({ $type }) => $type)).toEqual([
      'ParaVirtualSCSIController',
      'VirtualDisk',
      'VirtualDisk',
      'VirtualCdrom',
      'VirtualVmxnet3',
    ]);
    const [, system, data] = devicesOf(result);
    expect(system).toMatchObject({ capacityInKB: 20 * 1024 ** 2, backing: { thinProvisioned: true } });
    expect(data).toMatchObject({ capacityInKB: 3 * 1024 ** 2 });
    expect(result.fileItem).toEqual([
      expect.objectContaining({
        deviceId: '/app01/ParaVirtualSCSIController0:0',
        path: 'appliance-disk1.vmdk',
        size: 1234,
        cimType: 17,
        create: false,
      }),
      expect.objectContaining({ deviceId: '/app01/VirtualIDEController0:0', path: 'setup.iso', create: true }),
    ]);
  });

  it('takes the hardware of a deployment option, and values of properties', async () => {
    const propertyMapping = [
      { key: 'net.hostname', value: 'web' },
      { key: 'data.size', value: '7' },
    ];
    const result = await specOf(ovf(), { deploymentOption: 'large', propertyMapping, diskProvisioning: 'thick' });
    expect(configOf(result).numCPUs).toBe(8);
    expect(devicesOf(result)[2]).toMatchObject({ capacityInKB: 7 * 1024 ** 2, backing: { thinProvisioned: false } });
    const values = configOf(result).vAppConfig!.property!.map(({ info }) => [info!.id, info!.value]);
    expect(values).toEqual([
      ['hostname', 'web'],
      ['port', undefined],
      ['fixed', undefined],
      ['data.size', '7'],
    ]);
  });

  it('is imported with its image in the drive and its properties on the VM', async () => {
    const { pool, folder } = stage.place;
    const { importSpec, fileItem } = await specOf(ovf(), { entityName: 'app-imported' });
    const lease = await stage.client.call('ImportVApp', { _this: pool.ref, spec: importSpec!, folder: folder.ref });
    const { deviceUrl = [] } = await leases.ready(lease);
    for (const { deviceId } of fileItem!) expect(deviceUrl.map(({ importKey }) => importKey)).toContain(deviceId);
    const image = deviceUrl.find(({ importKey }) => importKey.includes('IDE'))!;
    expect((await leases.transfer(image.url, 'PUT', Buffer.from('an image!'))).status).toBe(201);
    await stage.client.call('HttpNfcLeaseComplete', { _this: lease });
    await stage.vcenter.world.tasks.idle();
    const vm = [...stage.vcenter.world.objects.all('VirtualMachine')].find(
      (each) => each.get('name') === 'app-imported',
    );
    const drive = vm!.get('config')!.hardware.device!.find(({ $type }) => $type === 'VirtualCdrom');
    expect(drive?.backing).toMatchObject({ fileName: expect.stringMatching(/app-imported\/file-0\.iso$/) });
    expect(vm!.get('config')!.vAppConfig?.property).toHaveLength(4);
  });

  it.each([
    ['a network without a mapping', ovf(), { networkMapping: [] }, ['OvfUnsupportedPackage']],
    ['an unknown deployment option', ovf(), { deploymentOption: 'huge' }, ['OvfInvalidValue']],
    ['an unknown property', ovf(), { propertyMapping: [{ key: 'x', value: '' }] }, ['OvfInvalidValue']],
    ['a fixed property', ovf(), { propertyMapping: [{ key: 'net.fixed', value: 'y' }] }, ['OvfUnsupportedPackage']],
    ['a value of another type', ovf(), { propertyMapping: [{ key: 'net.port', value: '-1' }] }, ['OvfPropertyValue']],
    [
      'a size that is none',
      ovf(),
      { propertyMapping: [{ key: 'data.size', value: '9'.repeat(30) }] },
      ['OvfInvalidValue'],
    ],
    ['hardware of the future', ovf({ system: 'vmx-99' }), {}, ['OvfNoSupportedHardwareFamily']],
    ['hardware of another maker', ovf({ system: 'virtualbox-2.2' }), {}, ['OvfNoSupportedHardwareFamily']],
    ['a name that is too long', ovf(), { entityName: 'x'.repeat(81) }, ['OvfInvalidVmName']],
    [
      'a device of unknown kind',
      ovf({ hardware: HARDWARE + item({ ElementName: 'tape', InstanceID: 20, ResourceType: 18 }) }),
      {},
      ['OvfUnsupportedType'],
    ],
    [
      'a disk on no controller',
      ovf({
        hardware:
          item(CPU) + item(MEMORY) + item({ InstanceID: 5, ResourceType: 17, HostResource: '/disk/d1', Parent: 99 }),
      }),
      {},
      ['OvfInvalidValue'],
    ],
    ['no processor and memory', ovf({ hardware: ' ' }), {}, ['OvfMissingElement']],
    [
      'a disk of a file that is not there',
      ovf({ disk: '<Disk ovf:diskId="d3" ovf:fileRef="f9" ovf:capacity="1"/>' }),
      {},
      ['OvfInvalidValue'],
    ],
    ['a disk without a size', ovf({ disk: '<Disk ovf:diskId="d3"/>' }), {}, ['OvfMissingAttribute']],
    [
      'a section that has to be understood',
      ovf({ sections: '<MagicSection><Info/></MagicSection>' }),
      {},
      ['OvfUnsupportedPackage'],
    ],
    ['another document', '<html/>', {}, ['OvfMissingElement']],
    ['an empty text', '', {}, ['OvfXmlFormat']],
    ['what is no XML', '<Envelope>', {}, ['OvfXmlFormat']],
    ['a DOCTYPE', '<!DOCTYPE x [<!ENTITY a "b">]><Envelope>&a;</Envelope>', {}, ['OvfXmlFormat']],
    ['elements without end', `${'<a>'.repeat(5000)}${'</a>'.repeat(5000)}`, {}, ['OvfXmlFormat']],
  ])('lists what is wrong with %s', async (_, text, params, faults) => {
    const result = await specOf(text, params);
    expect(faultsOf(result)).toEqual(faults);
    expect(result.importSpec).toBeUndefined();
  });

  it('refuses an unknown provisioning, and places that are not there', async () => {
    await expect(specOf(ovf(), { diskProvisioning: 'fat' })).rejects.toMatchObject({ faultType: 'InvalidArgument' });
    const nowhere = [{ name: 'inside', network: { type: 'Network', value: 'network-0' } }];
    await expect(specOf(ovf(), { networkMapping: nowhere })).rejects.toMatchObject({
      faultType: 'ManagedObjectNotFound',
    });
  });
});
