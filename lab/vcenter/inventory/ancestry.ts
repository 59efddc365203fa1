/** Who lies in whom. */
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import type { AnyObject } from '../core/managed-object.ts';
import type { ObjectStore } from '../core/object-store.ts';

/** The objects above, nearest first. A VM in a vApp has no folder: its vApp is above it. */
export function* ancestorsOf(object: AnyObject, objects: ObjectStore): Iterable<AnyObject> {
  const parentOf = (of: AnyObject) =>
    objects.find((of.read('parent') ?? of.read('parentVApp')) as ManagedObjectReference | undefined);
  for (let at = parentOf(object); at; at = parentOf(at)) yield at;
}

/** `/DC0/vm/prod/web01`, names as they are kept: with `%2f` for a slash. */
export function inventoryPath(object: AnyObject, objects: ObjectStore): string {
  const names = [object, ...ancestorsOf(object, objects)].map((each) => String(each.read('name')));
  // The root folder is not in the path.
  return `/${names.reverse().slice(1).join('/')}`;
}

/** The name of the datacenter that an object lies in; an ESXi's own where it lies in none. */
export function datacenterName(object: AnyObject, objects: ObjectStore): string {
  const datacenter = [object, ...ancestorsOf(object, objects)].find(({ ref }) => ref.type === 'Datacenter');
  return String(datacenter?.read('name') ?? 'ha-datacenter');
}
