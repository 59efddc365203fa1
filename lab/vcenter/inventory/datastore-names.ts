/** Which datastore a name in a path (`[datastore1] …`) means: names are unique within a datacenter only. */
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import type { ManagedObject } from '../core/managed-object.ts';
import type { ObjectStore } from '../core/object-store.ts';

/** The datastore of that name among those that a host (or a datacenter) sees. */
export function datastoreNamed(
  objects: ObjectStore,
  seenBy: ManagedObjectReference | undefined,
  name: string,
): ManagedObject<'Datastore'> | undefined {
  const viewer = objects.find(seenBy);
  const seen = viewer?.as('HostSystem')?.get('datastore') ?? viewer?.as('Datacenter')?.get('datastore') ?? [];
  for (const ref of seen) {
    const datastore = objects.find(ref)?.as('Datastore');
    if (datastore?.get('name') === name) return datastore;
  }
  return undefined;
}
