/** What lies in what: the tree that container views and searches walk. */
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import type { AnyObject } from '../core/managed-object.ts';
import type { ObjectStore } from '../core/object-store.ts';
import { isManagedSubtype } from '../core/type-tables.ts';

/** Direct members of an object. */
export function membersOf(object: AnyObject): readonly ManagedObjectReference[] {
  const refs = (property: string) => (object.read(property) ?? []) as readonly ManagedObjectReference[];
  const ref = (property: string) => {
    const value = object.read(property) as ManagedObjectReference | undefined;
    return value ? [value] : [];
  };
  const { type } = object.ref;
  if (isManagedSubtype(type, 'Folder')) return refs('childEntity');
  if (type === 'Datacenter') return ['vmFolder', 'hostFolder', 'datastoreFolder', 'networkFolder'].flatMap(ref);
  if (isManagedSubtype(type, 'ComputeResource')) return [...refs('host'), ...ref('resourcePool')];
  if (isManagedSubtype(type, 'ResourcePool')) return [...refs('resourcePool'), ...refs('vm')];
  if (type === 'HostSystem') return refs('vm');
  return [];
}

/** Everything below `container` of one of the types (none: of any), each once. */
export function membersBelow(
  container: AnyObject,
  { types, recursive }: { types: readonly string[]; recursive: boolean },
  objects: ObjectStore,
): ManagedObjectReference[] {
  const wanted = (type: string) => types.length === 0 || types.some((each) => isManagedSubtype(type, each));
  const found = new Map<string, ManagedObjectReference>();
  const seen = new Set<string>();
  const walk = (object: AnyObject) => {
    for (const ref of membersOf(object)) {
      if (wanted(ref.type)) found.set(ref.value, ref);
      if (!recursive || seen.has(ref.value)) continue;
      seen.add(ref.value);
      const member = objects.find(ref);
      if (member) walk(member);
    }
  };
  walk(container);
  return [...found.values()];
}
