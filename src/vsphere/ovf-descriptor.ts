/** What an OVF descriptor (DMTF DSP0243, versions 1 and 2) says of a package, before vSphere is asked. */
import { ProtocolError } from '../vim25/errors.ts';
import { child, children, type Element, parseXml, textOf } from '../vim25/xml-tree.ts';
import { BadPackageError } from './ovf-errors.ts';

export interface OvfDescriptor {
  readonly name: string;
  readonly product?: string | undefined;
  readonly vendor?: string | undefined;
  readonly version?: string | undefined;
  /** VMware's name where there is one, else the description. */
  readonly osType?: string | undefined;
  readonly hardwareVersion?: string | undefined;
  readonly deploymentOptions: readonly { readonly id: string; readonly label: string; readonly isDefault: boolean }[];
  readonly networks: readonly { readonly name: string; readonly description: string }[];
  readonly disks: readonly OvfDisk[];
  readonly files: readonly OvfReference[];
}

export interface OvfDisk {
  readonly diskId: string;
  /** A number, or `${name}` of a property. */
  readonly capacity: string;
  readonly units: string;
}

export interface OvfReference {
  readonly href: string;
  /** Bytes, where it says so. */
  readonly size?: number | undefined;
  readonly compressed: boolean;
  readonly chunked: boolean;
}

/** Bytes. Descriptors with licences in many languages have a few hundred thousand. */
export const MOST_DESCRIPTOR_BYTES = 4 * 1024 * 1024;
const MOST_ITEMS = 1024;

/** Errors: INVALID_INPUT for what is no descriptor of one VM. */
export function readOvfDescriptor(xml: string): OvfDescriptor {
  const envelope = parse(xml);
  if (envelope.name !== 'Envelope') throw new BadPackageError('its descriptor is no OVF envelope');
  if (child(envelope, 'VirtualSystemCollection')) {
    throw new BadPackageError('it holds several VMs (a vApp); only packages of one VM are supported');
  }
  const systems = children(envelope, 'VirtualSystem');
  const [system] = systems;
  if (system === undefined || systems.length > 1)
    throw new BadPackageError('its descriptor describes no VM, or several');
  const section = children(system, 'ProductSection').find((each) => textOf(each, 'Product'));
  const os = child(system, 'OperatingSystemSection');
  const hardware = child(child(system, 'VirtualHardwareSection'), 'System');
  return {
    name: textOf(system, 'Name') || attribute(system, 'id'),
    product: textOf(section, 'Product') || undefined,
    vendor: textOf(section, 'Vendor') || undefined,
    version: textOf(section, 'FullVersion') || textOf(section, 'Version') || undefined,
    osType: os?.attributes.get('osType') || textOf(os, 'Description') || undefined,
    hardwareVersion: textOf(hardware, 'VirtualSystemType') || undefined,
    deploymentOptions: itemsOf(envelope, 'DeploymentOptionSection', 'Configuration').map((option) => ({
      id: attribute(option, 'id'),
      label: textOf(option, 'Label') ?? '',
      isDefault: attribute(option, 'default') === 'true',
    })),
    networks: itemsOf(envelope, 'NetworkSection', 'Network').map((network) => ({
      name: attribute(network, 'name'),
      description: textOf(network, 'Description') ?? '',
    })),
    disks: itemsOf(envelope, 'DiskSection', 'Disk').map((disk) => ({
      diskId: attribute(disk, 'diskId'),
      capacity: attribute(disk, 'capacity'),
      units: attribute(disk, 'capacityAllocationUnits') || 'byte',
    })),
    files: itemsOf(envelope, 'References', 'File').map(referenceOf),
  };
}

function parse(xml: string): Element {
  try {
    return parseXml(xml);
  } catch (error) {
    if (error instanceof ProtocolError) throw new BadPackageError(`in its descriptor, ${error.why}`, { cause: error });
    throw error;
  }
}

function itemsOf(envelope: Element, section: string, item: string): Element[] {
  const items = children(child(envelope, section), item);
  if (items.length > MOST_ITEMS) throw new BadPackageError(`its descriptor has more than ${MOST_ITEMS} of ${item}`);
  return items;
}

function referenceOf(file: Element): OvfReference {
  const size = attribute(file, 'size');
  const compression = attribute(file, 'compression');
  return {
    href: attribute(file, 'href'),
    size: /^\d{1,15}$/.test(size) ? Number(size) : undefined,
    compressed: compression !== '' && compression !== 'identity',
    chunked: /[1-9]/.test(attribute(file, 'chunkSize')),
  };
}

function attribute({ attributes }: Element, name: string): string {
  return attributes.get(name)?.trim() ?? '';
}
