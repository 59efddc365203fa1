/**
 * Searching one server's inventory by what a person remembers: a part of a name, an address, a tag. One bulk read
 * through a kept view, whatever the size; addresses are read only where the words could be one. Tags are read
 * meanwhile, by the other API: where that fails, the rest is found all the same.
 */
import { GatewayError } from '../lib/errors.ts';
import type { VirtualDevice } from '../vim25/generated/types.ts';
import { type Entities, toEntities, toInventoryObject } from './ancestry.ts';
import { throughView } from './connection.ts';
import { nicsOf } from './devices.ts';
import type { InventoryObject } from './inventory.ts';
import { shown } from './names.ts';
import type { ObjectProperties, Reader } from './reader.ts';
import { refKey } from './references.ts';
import { type Tags, tagLabel } from './tags.ts';

type MatchedBy = 'name' | 'id' | 'hostname' | 'ip_address' | 'mac_address' | 'tag';

export interface SearchMatch extends InventoryObject {
  readonly matchedBy: MatchedBy;
  /** The name, id, address or tag (`category/name`) that fits, in full. */
  readonly matched: string;
}

const TYPES = [
  'VirtualMachine',
  'HostSystem',
  'Datastore',
  'Network',
  'Folder',
  'Datacenter',
  'ComputeResource',
  'ResourcePool',
  'DistributedVirtualSwitch',
];

/** What may be the beginning, the middle or the end of an address. */
interface Words {
  readonly text: string;
  readonly ip: string | undefined;
  /** Hexadecimal digits without separators. */
  readonly mac: string | undefined;
}

export function parseWords(query: string): Words {
  const text = query.trim().toLowerCase();
  const digits = text.replace(/[:.-]/g, '');
  const isMac = /^[\da-f]{2}([:-][\da-f]{2})+[:-]?$|^([\da-f]{4}\.){1,2}[\da-f]{0,4}$|^[\da-f]{12}$/.test(text);
  const isIp = /^[\d.]*\d\.[\d.]*$/.test(text) || (/^[\da-f:.]+$/.test(text) && text.includes(':'));
  return { text, ip: isIp ? text : undefined, mac: isMac ? digits : undefined };
}

export interface SearchResult {
  /** In any order. */
  readonly matches: SearchMatch[];
  /** Why tags could not be searched. */
  readonly tagsError?: GatewayError;
}

/** Every object whose name, id, guest host name, IP or MAC address fits, or one of whose tags does. */
export async function searchInventory(vsphere: Reader & Searched, query: string): Promise<SearchResult> {
  const words = parseWords(query);
  if (words.text === '') return { matches: [] };
  const [objects, { labels, tagsError }] = await Promise.all([
    readSearched(vsphere, words),
    searchTags(vsphere.tags, words.text),
  ]);
  const matches = matchesIn(objects, { words, labels }, toEntities(objects), vsphere);
  return { matches, ...(tagsError === undefined ? {} : { tagsError }) };
}

interface Searched {
  readonly tags: Pick<Tags, 'search'>;
}

/** The first fitting tag of each object, by `refKey`. */
type TagLabels = ReadonlyMap<string, string>;

async function searchTags(
  tags: Pick<Tags, 'search'>,
  text: string,
): Promise<{ readonly labels: TagLabels; readonly tagsError?: GatewayError }> {
  const labels = new Map<string, string>();
  try {
    for (const { tag, objects } of await tags.search(text)) {
      for (const ref of objects) if (!labels.has(refKey(ref))) labels.set(refKey(ref), tagLabel(tag));
    }
    return { labels };
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return { labels, tagsError: error };
  }
}

function readSearched(reader: Reader, words: Words): Promise<ObjectProperties[]> {
  return reader.withView(TYPES, (view) =>
    reader.retrieve([
      throughView(view, [
        { type: 'ManagedEntity', pathSet: ['name', 'parent'] },
        { type: 'VirtualMachine', pathSet: ['parentVApp', ...vmPaths(words)] },
        { type: 'VirtualApp', pathSet: ['parentFolder', 'parentVApp'] },
        ...(hostPaths(words).length === 0 ? [] : [{ type: 'HostSystem', pathSet: hostPaths(words) }]),
      ]),
    ]),
  );
}

function vmPaths({ ip, mac }: Words): string[] {
  return [
    'guest.hostName',
    ...(ip === undefined ? [] : ['guest.ipAddress']),
    ...(ip === undefined && mac === undefined ? [] : ['guest.net']),
    ...(mac === undefined ? [] : ['config.hardware.device']),
  ];
}

function hostPaths({ ip, mac }: Words): string[] {
  return [
    ...(ip === undefined && mac === undefined ? [] : ['config.network.vnic']),
    ...(mac === undefined ? [] : ['config.network.pnic']),
  ];
}

function matchesIn(
  objects: readonly ObjectProperties[],
  { words, labels }: { readonly words: Words; readonly labels: TagLabels },
  entities: Entities,
  { content: { rootFolder } }: Reader,
): SearchMatch[] {
  return objects.flatMap(({ ref, props }) => {
    const object = toInventoryObject(entities, ref, rootFolder);
    const match = object && (matchOf(object, props as AddressFields, words) ?? matchOfTag(labels.get(refKey(ref))));
    return match === undefined ? [] : [{ ...object!, ...match }];
  });
}

/** The properties that hold addresses, of VMs and hosts. */
export interface AddressFields {
  readonly 'guest.hostName'?: string;
  readonly 'guest.ipAddress'?: string;
  readonly 'guest.net'?: readonly { readonly ipAddress?: readonly string[]; readonly macAddress?: string }[];
  readonly 'config.hardware.device'?: readonly VirtualDevice[];
  readonly 'config.network.vnic'?: readonly {
    readonly spec?: { readonly ip?: { readonly ipAddress?: string }; readonly mac?: string };
  }[];
  readonly 'config.network.pnic'?: readonly { readonly mac?: string }[];
}

export function matchOf(
  { name, id }: Pick<InventoryObject, 'name' | 'id'>,
  fields: AddressFields,
  { text, ip, mac }: Words,
): Pick<SearchMatch, 'matchedBy' | 'matched'> | undefined {
  if (name.toLowerCase().includes(text)) return { matchedBy: 'name', matched: name };
  if (id.toLowerCase() === text) return { matchedBy: 'id', matched: id };
  const hostname = fields['guest.hostName'];
  if (hostname?.toLowerCase().includes(text)) return { matchedBy: 'hostname', matched: hostname };
  const byIp = ip === undefined ? undefined : ipsOf(fields).find((each) => each.toLowerCase().includes(ip));
  if (byIp !== undefined) return { matchedBy: 'ip_address', matched: byIp };
  const byMac = mac === undefined ? undefined : macsOf(fields).find((each) => bare(each).includes(mac));
  return byMac === undefined ? undefined : { matchedBy: 'mac_address', matched: byMac };
}

function matchOfTag(label: string | undefined): Pick<SearchMatch, 'matchedBy' | 'matched'> | undefined {
  return label === undefined ? undefined : { matchedBy: 'tag', matched: shown(label, 600) };
}

function ipsOf(fields: AddressFields): string[] {
  return present([
    fields['guest.ipAddress'],
    ...(fields['guest.net'] ?? []).flatMap(({ ipAddress }) => ipAddress ?? []),
    ...(fields['config.network.vnic'] ?? []).map(({ spec }) => spec?.ip?.ipAddress),
  ]);
}

function macsOf(fields: AddressFields): string[] {
  return present([
    ...nicsOf(fields['config.hardware.device'] ?? []).map(({ macAddress }) => macAddress),
    ...(fields['guest.net'] ?? []).map(({ macAddress }) => macAddress),
    ...(fields['config.network.vnic'] ?? []).map(({ spec }) => spec?.mac),
    ...(fields['config.network.pnic'] ?? []).map(({ mac }) => mac),
  ]);
}

function bare(mac: string): string {
  return mac.toLowerCase().replace(/[:.-]/g, '');
}

function present(values: readonly (string | undefined)[]): string[] {
  return values.filter((value) => value !== undefined && value !== '') as string[];
}
