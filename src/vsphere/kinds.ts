/** What is known of the kinds of inventory objects: their subtypes, what people call them, how their ids look. */
import type { InventoryKind } from './inventory.ts';
import type { ManagedObjectReference } from './references.ts';

interface Kind {
  readonly noun: string;
  readonly plural: string;
  /** The concrete types that are of this kind. */
  readonly types: readonly string[];
  /** vCenter's ids of this kind, and the type that each prefix stands for. */
  readonly prefixes: Readonly<Record<string, string>>;
}

const KINDS: Readonly<Record<InventoryKind, Kind>> = {
  VirtualMachine: { noun: 'VM', plural: 'VMs', types: ['VirtualMachine'], prefixes: { vm: 'VirtualMachine' } },
  HostSystem: { noun: 'host', plural: 'hosts', types: ['HostSystem'], prefixes: { host: 'HostSystem' } },
  Datastore: { noun: 'datastore', plural: 'datastores', types: ['Datastore'], prefixes: { datastore: 'Datastore' } },
  Network: {
    noun: 'network',
    plural: 'networks',
    types: ['Network', 'DistributedVirtualPortgroup', 'OpaqueNetwork'],
    prefixes: { network: 'Network', dvportgroup: 'DistributedVirtualPortgroup' },
  },
  Folder: {
    noun: 'folder',
    plural: 'folders',
    types: ['Folder', 'StoragePod'],
    prefixes: { group: 'Folder', folder: 'Folder' },
  },
  ResourcePool: {
    noun: 'resource pool',
    plural: 'resource pools',
    types: ['ResourcePool', 'VirtualApp'],
    prefixes: { resgroup: 'ResourcePool', resourcepool: 'ResourcePool', virtualapp: 'VirtualApp' },
  },
  ComputeResource: {
    noun: 'cluster or standalone host',
    plural: 'clusters and standalone hosts',
    types: ['ComputeResource', 'ClusterComputeResource'],
    prefixes: { domain: 'ComputeResource', computeresource: 'ComputeResource' },
  },
  ClusterComputeResource: {
    noun: 'cluster',
    plural: 'clusters',
    types: ['ClusterComputeResource'],
    prefixes: { domain: 'ClusterComputeResource', clustercomputeresource: 'ClusterComputeResource' },
  },
  Datacenter: {
    noun: 'datacenter',
    plural: 'datacenters',
    types: ['Datacenter'],
    prefixes: { datacenter: 'Datacenter' },
  },
};

export function nounOf(kind: InventoryKind): string {
  return KINDS[kind].noun;
}

export function pluralOf(kind: InventoryKind): string {
  return KINDS[kind].plural;
}

export function isOfKind(type: string, kind: InventoryKind): boolean {
  return KINDS[kind].types.includes(type);
}

/** What people call an object of a type, `folder` for a `Folder`. */
export function nounOfType(type: string): string {
  const kind = Object.values(KINDS).find(({ types }) => types[0] === type);
  return kind?.noun ?? (type === 'DistributedVirtualPortgroup' ? 'distributed port group' : type);
}

/**
 * The reference that a text may be the id of, if it has the shape of one. Whether there is such an object only
 * the server knows. An ESXi host's own ids are bare numbers, UUIDs and `ha-…` words; vCenter's are a prefix and a number,
 * before which a letter may stand (`group-v3`, `domain-c7`).
 */
export function possibleId(kind: InventoryKind, text: string, isVcenter: boolean): ManagedObjectReference | undefined {
  if (text.length > 100) return undefined;
  const prefixed = /^([a-z]+)-[a-z]{0,2}(?:[1-9]\d{0,18}|0)$/.exec(text);
  const type =
    prefixed && Object.hasOwn(KINDS[kind].prefixes, prefixed[1]!) ? KINDS[kind].prefixes[prefixed[1]!] : undefined;
  if (type !== undefined) return { type: refine(type, text), value: text };
  if (isVcenter) return undefined;
  const ofHost = /^(?:\d{1,10}|ha-[\w.-]+|[\da-f]{8}-[\da-f]{8}-[\da-f]{4}-[\da-f]{12}|HaNetwork-.+)$/;
  return ofHost.test(text) ? { type: KINDS[kind].types[0]!, value: text } : undefined;
}

/** One prefix may stand for two types, told by the letter behind it. */
function refine(type: string, id: string): string {
  if (id.startsWith('domain-c')) return 'ClusterComputeResource';
  if (id.startsWith('resgroup-v')) return 'VirtualApp';
  if (id.startsWith('group-p')) return 'StoragePod';
  return type;
}
