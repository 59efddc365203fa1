/**
 * Lists that follow from the other side: a folder's members from their `parent`, a host's VMs from their
 * `runtime.host`. Only the one side is ever set; the lists are kept up to date here, and their owners told.
 */
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import type { AnyObject, ManagedType } from '../core/managed-object.ts';
import type { ObjectStore } from '../core/object-store.ts';
import { isManagedSubtype } from '../core/type-tables.ts';

type References = readonly ManagedObjectReference[];

interface Link {
  /** Objects of this type are listed … */
  readonly of: ManagedType;
  /** … in this property of … */
  readonly list: string;
  /** … objects of this type, … */
  readonly on: ManagedType;
  /** … namely these. */
  readonly owners: (object: AnyObject) => References;
}

const NONE: References = [];

const LINKS: readonly Link[] = [
  { of: 'ManagedEntity', list: 'childEntity', on: 'Folder', owners: folderOf },
  { of: 'HostSystem', list: 'host', on: 'ComputeResource', owners: (host) => one(host.read('parent')) },
  { of: 'ResourcePool', list: 'resourcePool', on: 'ResourcePool', owners: (pool) => one(pool.read('parent')) },
  { of: 'VirtualMachine', list: 'vm', on: 'HostSystem', owners: (vm) => one(runtimeOf(vm)?.host) },
  { of: 'VirtualMachine', list: 'vm', on: 'ResourcePool', owners: (vm) => one(vm.read('resourcePool')) },
  { of: 'VirtualMachine', list: 'vm', on: 'Datastore', owners: (vm) => many(vm.read('datastore')) },
  { of: 'VirtualMachine', list: 'vm', on: 'Network', owners: (vm) => many(vm.read('network')) },
  { of: 'Datastore', list: 'datastore', on: 'HostSystem', owners: mountedOn },
  { of: 'Network', list: 'network', on: 'HostSystem', owners: (network) => many(network.read('host')) },
  {
    of: 'DistributedVirtualPortgroup',
    list: 'portgroup',
    on: 'DistributedVirtualSwitch',
    owners: (group) => one(group.as('DistributedVirtualPortgroup')?.get('config')?.distributedVirtualSwitch),
  },
];

/** Members of one list, and the list as it was last asked for. */
interface Members {
  readonly refs: Map<string, ManagedObjectReference>;
  list: ManagedObjectReference[] | undefined;
}

export function keepLinks(objects: ObjectStore): void {
  // One index for each link: the owner's id → the members.
  const indexes = LINKS.map(() => new Map<string, Members>());
  const known = new Map<AnyObject, References[]>();
  const linksOf = memoized((type) =>
    LINKS.map((_, index) => index).filter((i) => isManagedSubtype(type, LINKS[i]!.of)),
  );

  const change = (index: number, owner: ManagedObjectReference, edit: (refs: Members['refs']) => void) => {
    const lists = indexes[index]!;
    const members = lists.get(owner.value) ?? { refs: new Map(), list: undefined };
    edit(members.refs);
    members.list = undefined;
    if (members.refs.size > 0) lists.set(owner.value, members);
    else lists.delete(owner.value);
    objects.find(owner)?.touch();
  };

  objects.watch((object, kind) => {
    const links = linksOf(object.ref.type);
    if (links.length === 0) return;
    const before = known.get(object);
    const after = kind === 'leave' ? links.map(() => NONE) : links.map((index) => LINKS[index]!.owners(object));
    if (kind === 'leave') known.delete(object);
    else known.set(object, after);
    links.forEach((index, at) => {
      const [old, now] = [before?.[at] ?? NONE, after[at]!];
      for (const owner of old) if (!holds(now, owner)) change(index, owner, (refs) => refs.delete(object.id));
      for (const owner of now) if (!holds(old, owner)) change(index, owner, (refs) => refs.set(object.id, object.ref));
    });
  });

  LINKS.forEach(({ on, list }, index) => {
    objects.derive(on, list as never, (owner) => {
      const members = indexes[index]!.get(owner.id);
      if (!members) return NONE as never;
      members.list ??= [...members.refs.values()];
      return members.list as never;
    });
  });
}

/** A vApp lies in a pool, and is shown in a folder as well. */
function folderOf(object: AnyObject): References {
  return one(object.ref.type === 'VirtualApp' ? object.read('parentFolder') : object.read('parent'));
}

function runtimeOf(vm: AnyObject) {
  return vm.as('VirtualMachine')?.get('runtime');
}

function mountedOn(datastore: AnyObject): References {
  return (datastore.as('Datastore')?.get('host') ?? []).map(({ key }) => key);
}

function one(ref: unknown): References {
  return ref === undefined ? NONE : [ref as ManagedObjectReference];
}

function many(refs: unknown): References {
  return (refs ?? NONE) as References;
}

function holds(refs: References, { value }: ManagedObjectReference): boolean {
  return refs.some((ref) => ref.value === value);
}

function memoized<T>(work: (key: string) => T): (key: string) => T {
  const kept = new Map<string, T>();
  return (key) => {
    if (!kept.has(key)) kept.set(key, work(key));
    return kept.get(key)!;
  };
}
