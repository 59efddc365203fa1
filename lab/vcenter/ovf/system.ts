/** A VirtualSystem of an OVF: one VM's name, products, and hardware items. */
import type { VAppProductInfo, VAppPropertyInfo } from '../../../src/vim25/generated/types.ts';
import { child, children, type Element, textOf } from '../../../src/vim25/xml-tree.ts';

export interface VirtualSystem {
  readonly id: string;
  readonly name: string;
  readonly annotation: string;
  /** VMware's name of the operating system: `ubuntu64Guest`. */
  readonly osType?: string;
  /** CIM_OperatingSystem.OSType */
  readonly osId?: number;
  readonly osDescription: string;
  /** `vmx-15` … */
  readonly hardwareFamilies: readonly string[];
  readonly transports: readonly string[];
  readonly products: readonly ProductSection[];
  readonly eulas: readonly string[];
  readonly items: readonly Item[];
  /** `vmw:Config` of the whole VM by key: `firmware`, `bootOptions.efiSecureBootEnabled`. */
  readonly config: ReadonlyMap<string, string>;
  readonly extraConfig: ReadonlyMap<string, string>;
}

export interface ProductSection {
  readonly product: VAppProductInfo;
  readonly properties: readonly VAppPropertyInfo[];
}

/** A hardware item; what a deployment option adds or replaces says so. */
export interface Item {
  readonly instanceId: string;
  readonly resourceType: number;
  readonly subType: string;
  readonly name: string;
  readonly parent?: string;
  readonly addressOnParent?: number;
  readonly address?: number;
  readonly quantity?: string;
  readonly units?: string;
  readonly connections: readonly string[];
  readonly hostResource?: string;
  readonly automatic: boolean;
  readonly required: boolean;
  /** Deployment options that it is for; none: for all. */
  readonly configurations: readonly string[];
  readonly coresPerSocket?: number;
}

export function readSystem(system: Element): VirtualSystem {
  const hardware = child(system, 'VirtualHardwareSection');
  const os = child(system, 'OperatingSystemSection');
  const osType = os?.attributes.get('osType');
  const osId = Number(os?.attributes.get('id'));
  const id = system.attributes.get('id') ?? '';
  const keyed = (name: string) =>
    new Map(
      children(hardware, name).map(({ attributes }) => [attributes.get('key') ?? '', attributes.get('value') ?? '']),
    );
  let key = 0;
  return {
    id,
    name: textOf(system, 'Name') ?? id,
    annotation: textOf(child(system, 'AnnotationSection'), 'Annotation') ?? '',
    ...(osType && { osType }),
    ...(os && Number.isInteger(osId) && { osId }),
    osDescription: textOf(os, 'Description') ?? '',
    hardwareFamilies: (textOf(child(hardware, 'System'), 'VirtualSystemType') ?? '').split(/[\s,]+/).filter(Boolean),
    transports: (hardware?.attributes.get('transport') ?? '').split(/\s+/).filter(Boolean),
    products: children(system, 'ProductSection').map((section, index) => readProduct(section, index, () => key++)),
    eulas: children(system, 'EulaSection').map((section) => textOf(section, 'License') ?? ''),
    items: children(hardware, 'Item', 'StorageItem', 'EthernetPortItem').map(readItem),
    config: keyed('Config'),
    extraConfig: keyed('ExtraConfig'),
  };
}

function readItem(item: Element): Item {
  const whole = (name: string) => {
    const text = textOf(item, name);
    return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
  };
  const optional = {
    parent: textOf(item, 'Parent'),
    addressOnParent: whole('AddressOnParent'),
    address: whole('Address'),
    quantity: textOf(item, 'VirtualQuantity'),
    units: textOf(item, 'AllocationUnits'),
    hostResource: textOf(item, 'HostResource'),
    coresPerSocket: whole('CoresPerSocket'),
  };
  return {
    instanceId: textOf(item, 'InstanceID') ?? '',
    resourceType: whole('ResourceType') ?? 0,
    subType: (textOf(item, 'ResourceSubType') ?? '').toLowerCase(),
    name: textOf(item, 'ElementName') ?? '',
    connections: children(item, 'Connection').map(({ text }) => text.trim()),
    automatic: textOf(item, 'AutomaticAllocation') !== 'false',
    required: item.attributes.get('required') !== 'false',
    configurations: (item.attributes.get('configuration') ?? '').split(/\s+/).filter(Boolean),
    ...(Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)) as Partial<Item>),
  };
}

function readProduct(section: Element, key: number, nextKey: () => number): ProductSection {
  const classId = section.attributes.get('class');
  const instanceId = section.attributes.get('instance');
  const place = { ...(classId && { classId }), ...(instanceId && { instanceId }) };
  const named = (name: string, field: string) => {
    const text = textOf(section, name);
    return text === undefined ? {} : { [field]: text };
  };
  let category: string | undefined;
  const properties: VAppPropertyInfo[] = [];
  for (const each of section.children) {
    if (each.name === 'Category') category = each.text.trim();
    if (each.name !== 'Property') continue;
    const { attributes } = each;
    const description = textOf(each, 'Description');
    properties.push({
      key: nextKey(),
      ...place,
      id: attributes.get('key') ?? '',
      ...(category !== undefined && { category }),
      label: textOf(each, 'Label') ?? attributes.get('key') ?? '',
      type: attributes.get('password') === 'true' ? 'password' : (attributes.get('type') ?? 'string'),
      userConfigurable: attributes.get('userConfigurable') === 'true',
      defaultValue: attributes.get('value') ?? '',
      ...(description !== undefined && { description }),
    });
  }
  return {
    product: {
      key,
      ...place,
      ...named('Product', 'name'),
      ...named('Vendor', 'vendor'),
      ...named('Version', 'version'),
      ...named('FullVersion', 'fullVersion'),
      ...named('VendorUrl', 'vendorUrl'),
      ...named('ProductUrl', 'productUrl'),
      ...named('AppUrl', 'appUrl'),
    },
    properties,
  };
}

/** `class.key.instance`, as a mapping of properties names one. */
export function propertyKey({ classId, id, instanceId }: VAppPropertyInfo): string {
  return [classId, id, instanceId].filter((part) => part !== undefined && part !== '').join('.');
}

/** The items of a deployment option: one for it takes the place of the general one. */
export function itemsFor({ items }: VirtualSystem, option: string): Item[] {
  const chosen = new Map<string, Item>();
  for (const item of items) if (item.configurations.length === 0) chosen.set(item.instanceId, item);
  for (const item of items) if (item.configurations.includes(option)) chosen.set(item.instanceId, item);
  return [...chosen.values()];
}
