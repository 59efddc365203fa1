/** OvfManager.CreateImportSpec: an OVF descriptor as the specification of a VM. */
import type {
  OvfCreateImportSpecParams,
  OvfCreateImportSpecResult,
  VirtualMachineConfigSpec,
  VirtualMachineImportSpec,
  VmConfigSpec,
} from '../../../src/vim25/generated/types.ts';
import { invalidArgument, localized, type VimFault } from '../core/faults.ts';
import type { AnyObject, ManagedObject } from '../core/managed-object.ts';
import type { World } from '../core/world.ts';
import { guestSystem } from '../vm/guest-systems.ts';
import { type Descriptor, readDescriptor } from './descriptor.ts';
import {
  invalidValue,
  invalidVmName,
  mappedOs,
  noHardwareFamily,
  propertyValue,
  unsupportedPackage,
} from './faults.ts';
import { readHardware } from './hardware.ts';
import { itemsFor, propertyKey, type VirtualSystem } from './system.ts';

export const PROVISIONINGS: ReadonlySet<string> = new Set([
  'thin',
  'thick',
  'eagerZeroedThick',
  'flat',
  'sparse',
  'seSparse',
  'monolithicSparse',
  'monolithicFlat',
  'twoGbMaxExtentSparse',
  'twoGbMaxExtentFlat',
]);
const NEWEST_HARDWARE = 21;

export interface ImportPlace {
  readonly pool: AnyObject;
  readonly datastore: ManagedObject<'Datastore'>;
}

/** Errors: InvalidArgument for arguments; what is wrong with the package is in the result. */
export function createImportSpec(
  world: World,
  text: string,
  { pool, datastore }: ImportPlace,
  params: OvfCreateImportSpecParams,
): OvfCreateImportSpecResult {
  const { diskProvisioning = 'flat' } = params;
  if (diskProvisioning !== '' && !PROVISIONINGS.has(diskProvisioning)) throw invalidArgument('cisp.diskProvisioning');
  const descriptor = readDescriptor(text);
  const system = descriptor.systems[0];
  if (!system || descriptor.errors.length > 0) return answer({ errors: descriptor.errors });
  const errors: VimFault[] = [];
  const warnings: VimFault[] = [];
  const option = chosenOption(descriptor, params.deploymentOption, errors);
  const entityName = params.entityName || system.name;
  if (entityName === '' || entityName.length > 80) errors.push(invalidVmName(entityName));
  const networks = mapNetworks(world, descriptor, pool, params, errors);
  const values = propertyValues(system, params, errors);
  const hardware = readHardware(itemsFor(system, option), descriptor, {
    entityName,
    networks,
    objects: world.objects,
    provisioning: { thin: !/thick|flat/i.test(diskProvisioning), eager: diskProvisioning === 'eagerZeroedThick' },
    propertyValue: (property) => values.get(property),
  });
  errors.push(...hardware.errors);
  if (descriptor.isVApp) errors.push(unsupportedPackage('A collection of virtual machines is not supported.'));
  const version = hardwareVersion(system, errors);
  const { fileItems } = hardware;
  if (errors.length > 0) return answer({ errors, warnings });
  const configSpec: VirtualMachineConfigSpec = {
    name: entityName,
    guestId: guestIdOf(system, warnings),
    files: { vmPathName: `[${datastore.get('name')}]` },
    numCPUs: hardware.numCPUs,
    ...(hardware.numCoresPerSocket !== undefined && { numCoresPerSocket: hardware.numCoresPerSocket }),
    memoryMB: hardware.memoryMB,
    deviceChange: hardware.devices,
    ...(version !== undefined && { version }),
    ...(system.annotation !== '' && { annotation: system.annotation }),
    ...(system.config.get('firmware') && { firmware: system.config.get('firmware')! }),
    ...(system.extraConfig.size > 0 && {
      extraConfig: [...system.extraConfig].map(([key, value]) => ({ key, value })),
    }),
    ...(system.products.length > 0 && { vAppConfig: vAppConfig(system, values) }),
  };
  const importSpec: VirtualMachineImportSpec = { $type: 'VirtualMachineImportSpec', configSpec };
  return { ...answer({ warnings }), importSpec, ...(fileItems.length > 0 && { fileItem: fileItems }) };
}

function answer({ errors = [], warnings = [] }: { errors?: readonly VimFault[]; warnings?: readonly VimFault[] }) {
  return {
    ...(errors.length > 0 && { error: errors.map(localized) }),
    ...(warnings.length > 0 && { warning: warnings.map(localized) }),
  };
}

function chosenOption({ options }: Descriptor, asked: string, errors: VimFault[]): string {
  if (asked === '') return options.find(({ isDefault }) => isDefault)?.key ?? '';
  if (!options.some(({ key }) => key === asked)) errors.push(invalidValue('DeploymentOptionSection', 'id', asked));
  return asked;
}

/** Each network of the package: as it was mapped, or else the one of the same name. */
function mapNetworks(
  { objects }: World,
  { networks }: Descriptor,
  pool: AnyObject,
  { networkMapping = [], hostSystem }: OvfCreateImportSpecParams,
  errors: VimFault[],
): Map<string, AnyObject> {
  const owner = objects.find(hostSystem) ?? objects.find(pool.as('ResourcePool')?.get('owner'));
  const seen = owner?.as('HostSystem')?.get('network') ?? owner?.as('ComputeResource')?.get('network') ?? [];
  const mapped = new Map<string, AnyObject>();
  for (const { name } of networks) {
    const asked = networkMapping.find((each) => each.name === name)?.network;
    const ref = asked ?? seen.find((each) => objects.find(each)?.read('name') === name);
    const network = ref && objects.get<'Network'>(ref).as('Network');
    if (!network) errors.push(unsupportedPackage(`No network is given for the network '${name}' of the package.`));
    else if (!seen.some(({ value }) => value === network.id)) {
      errors.push(unsupportedPackage(`The network '${network.get('name')}' is not there on the target.`));
    } else mapped.set(name, network);
  }
  return mapped;
}

/** By the properties' keys. */
function propertyValues(
  { products }: VirtualSystem,
  { propertyMapping = [] }: OvfCreateImportSpecParams,
  errors: VimFault[],
): Map<string, string> {
  const properties = products.flatMap((section) => section.properties);
  const values = new Map(properties.map((property) => [propertyKey(property), property.defaultValue ?? '']));
  for (const { key, value } of propertyMapping) {
    const property = properties.find((each) => propertyKey(each) === key);
    if (!property) errors.push(invalidValue('Property', 'key', key));
    else if (!property.userConfigurable) errors.push(unsupportedPackage(`The property '${key}' cannot be changed.`));
    else if (!fits(property.type ?? 'string', value)) errors.push(propertyValue(property.type ?? 'string', value));
    else values.set(key, value);
  }
  return values;
}

function fits(type: string, value: string): boolean {
  if (/^u?int\d*/.test(type)) return /^-?\d+$/.test(value) && !(type.startsWith('u') && value.startsWith('-'));
  if (type === 'boolean') return /^(?:true|false)$/i.test(value);
  return true;
}

function hardwareVersion({ hardwareFamilies }: VirtualSystem, errors: VimFault[]): string | undefined {
  if (hardwareFamilies.length === 0) return undefined;
  const known = hardwareFamilies
    .map((family) => Number(/^vmx-(\d{1,3})$/.exec(family)?.[1] ?? Number.NaN))
    .filter((number) => number >= 3 && number <= NEWEST_HARDWARE);
  if (known.length === 0) errors.push(noHardwareFamily(hardwareFamilies.join(' ')));
  return known.length === 0 ? undefined : `vmx-${String(Math.max(...known)).padStart(2, '0')}`;
}

/** CIM's numbers of operating systems of which VMware has a name. */
const GUESTS: Readonly<Record<number, string>> = {
  1: 'otherGuest',
  36: 'otherLinuxGuest',
  80: 'rhel7_64Guest',
  93: 'ubuntuGuest',
  94: 'ubuntu64Guest',
  96: 'debian10_64Guest',
  100: 'otherLinuxGuest',
  101: 'otherLinux64Guest',
  102: 'otherGuest64',
  107: 'centos64Guest',
};

function guestIdOf({ osType, osId, osDescription }: VirtualSystem, warnings: VimFault[]): string {
  if (osType !== undefined && /^\w{1,64}$/.test(osType)) return osType;
  const known = osId === undefined ? undefined : GUESTS[osId];
  if (known !== undefined) return known;
  if (osId !== undefined) warnings.push(mappedOs(osId, osDescription, guestSystem('otherGuest64').fullName));
  return 'otherGuest64';
}

function vAppConfig({ products, eulas, transports }: VirtualSystem, values: ReadonlyMap<string, string>): VmConfigSpec {
  return {
    product: products.map(({ product }) => ({ operation: 'add', info: product })),
    property: products.flatMap(({ properties }) =>
      properties.map((property) => {
        const value = values.get(propertyKey(property));
        const isSet = value !== undefined && value !== property.defaultValue;
        return { operation: 'add' as const, info: { ...property, ...(isSet && { value }) } };
      }),
    ),
    ...(eulas.length > 0 && { eula: eulas }),
    ...(transports.length > 0 && { ovfEnvironmentTransport: transports }),
  };
}
