/** An OVF descriptor (DSP0243, versions 1 and 2) as what OvfManager needs of it. */

import { child, children, type Element, parseXml, textOf } from '../../../src/vim25/xml-tree.ts';
import type { VimFault } from '../core/faults.ts';
import { invalidValue, missingAttribute, missingElement, unsupportedPackage, xmlFormat } from './faults.ts';
import { readSystem, type VirtualSystem } from './system.ts';
import { bytesOf } from './units.ts';

export interface OvfFileRef {
  readonly href: string;
  readonly size?: number;
  readonly chunkSize?: number;
  readonly compression?: string;
}

export interface OvfDisk {
  readonly fileRef?: string;
  /** Bytes; a property's name where it is `${name}`. */
  readonly capacity: number | string;
  readonly populatedBytes?: number;
  readonly units: string;
}

export interface DeploymentOption {
  readonly key: string;
  readonly label: string;
  readonly description: string;
  readonly isDefault: boolean;
}

export interface Descriptor {
  readonly files: ReadonlyMap<string, OvfFileRef>;
  readonly disks: ReadonlyMap<string, OvfDisk>;
  readonly networks: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly DeploymentOption[];
  readonly systems: readonly VirtualSystem[];
  /** It is a collection of VMs. */
  readonly isVApp: boolean;
  readonly errors: readonly VimFault[];
}

const NOTHING = { files: new Map(), disks: new Map(), networks: [], options: [], systems: [], isVApp: false };

/** Never throws for what a descriptor holds: what is wrong with it is in `errors`. */
export function readDescriptor(text: string): Descriptor {
  let envelope: Element;
  try {
    envelope = parseXml(text);
  } catch (error) {
    return { ...NOTHING, errors: [xmlFormat(error instanceof Error ? error.message : String(error))] };
  }
  if (envelope.name !== 'Envelope') return { ...NOTHING, errors: [missingElement('Envelope')] };
  const errors: VimFault[] = [];
  const files = readFiles(envelope, errors);
  const disks = readDisks(envelope, files, errors);
  const collection = child(envelope, 'VirtualSystemCollection');
  const systems = children(collection ?? envelope, 'VirtualSystem');
  if (systems.length === 0) errors.push(missingElement('VirtualSystem'));
  for (const { name, attributes } of envelope.children) {
    if (!KNOWN_SECTIONS.has(name) && attributes.get('required') !== 'false') {
      errors.push(unsupportedPackage(`Unsupported element '${name}'.`));
    }
  }
  return {
    files,
    disks,
    networks: children(child(envelope, 'NetworkSection'), 'Network').map((network) => ({
      name: network.attributes.get('name') ?? '',
      description: textOf(network, 'Description') ?? '',
    })),
    options: children(child(envelope, 'DeploymentOptionSection'), 'Configuration').map((option, index, all) => ({
      key: option.attributes.get('id') ?? '',
      label: textOf(option, 'Label') ?? '',
      description: textOf(option, 'Description') ?? '',
      isDefault:
        isTrue(option.attributes.get('default')) ||
        (index === 0 && !all.some(({ attributes }) => isTrue(attributes.get('default')))),
    })),
    systems: systems.map(readSystem),
    isVApp: collection !== undefined,
    errors,
  };
}

const KNOWN_SECTIONS: ReadonlySet<string> = new Set([
  'References',
  'DiskSection',
  'NetworkSection',
  'DeploymentOptionSection',
  'VirtualSystem',
  'VirtualSystemCollection',
  'Strings',
]);

function isTrue(text: string | undefined): boolean {
  return text === 'true' || text === '1';
}

function readFiles(envelope: Element, errors: VimFault[]): Map<string, OvfFileRef> {
  const files = new Map<string, OvfFileRef>();
  for (const { attributes } of children(child(envelope, 'References'), 'File')) {
    const [id, href] = [attributes.get('id'), attributes.get('href')];
    if (id === undefined || href === undefined) {
      errors.push(missingAttribute('File', id === undefined ? 'id' : 'href'));
      continue;
    }
    const compression = attributes.get('compression');
    files.set(id, {
      href,
      ...sized('size', attributes.get('size')),
      ...sized('chunkSize', attributes.get('chunkSize')),
      ...(compression && { compression }),
    });
  }
  return files;
}

function readDisks(envelope: Element, files: Map<string, OvfFileRef>, errors: VimFault[]): Map<string, OvfDisk> {
  const disks = new Map<string, OvfDisk>();
  for (const { attributes } of children(child(envelope, 'DiskSection'), 'Disk')) {
    const id = attributes.get('diskId');
    const capacity = attributes.get('capacity');
    if (id === undefined || capacity === undefined) {
      errors.push(missingAttribute('Disk', id === undefined ? 'diskId' : 'capacity'));
      continue;
    }
    const units = attributes.get('capacityAllocationUnits') ?? 'byte';
    const fileRef = attributes.get('fileRef');
    if (fileRef !== undefined && !files.has(fileRef)) errors.push(invalidValue('Disk', 'fileRef', fileRef));
    const parameter = /^\$\{(.+)\}$/.exec(capacity)?.[1];
    const bytes = bytesOf(capacity, units);
    if (bytes === undefined && parameter === undefined) errors.push(invalidValue('Disk', 'capacity', capacity));
    const populated = sized('populatedBytes', attributes.get('populatedSize'));
    disks.set(id, {
      capacity: bytes ?? parameter ?? 0,
      units,
      ...(fileRef !== undefined && { fileRef }),
      ...populated,
    });
  }
  return disks;
}

function sized<K extends string>(name: K, text: string | undefined): { [P in K]?: number } {
  const size = Number(text);
  return (text !== undefined && Number.isSafeInteger(size) && size >= 0 ? { [name]: size } : {}) as {
    [P in K]?: number;
  };
}
