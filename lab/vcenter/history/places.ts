/** Whether something happened on an object, on what is directly in it, or anywhere below it. */
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import { objectNotFound } from '../core/faults.ts';
import type { AnyObject } from '../core/managed-object.ts';
import type { ObjectStore } from '../core/object-store.ts';
import { ancestorsOf } from '../inventory/ancestry.ts';

export interface ByEntity {
  readonly entity: ManagedObjectReference;
  /** `self`, `children` or `all`. */
  readonly recursion: string;
}

/** What something is of: the object itself, and the others that it names (the host of a VM). */
export interface Place {
  readonly own: ManagedObjectReference;
  readonly around: readonly ManagedObjectReference[];
}

/** Errors: the fault ManagedObjectNotFound. */
export function placeFilter({ entity, recursion }: ByEntity, objects: ObjectStore): (place: Place) => boolean {
  if (!objects.find(entity)) throw objectNotFound(entity);
  const same = (ref: ManagedObjectReference | undefined) => ref?.value === entity.value;
  return ({ own, around }) => {
    if (recursion === 'self') return same(own);
    const object = objects.find(own);
    const directly = object ? directlyAbove(object, objects) : [];
    if (recursion === 'children') return directly.some(({ ref }) => same(ref));
    return same(own) || around.some(same) || (object !== undefined && isBelow(object, entity, objects));
  };
}

/** Everything that an object lies in: its folders, its host, its cluster, its pools. Each once. */
export function everythingAbove(object: AnyObject, objects: ObjectStore): readonly AnyObject[] {
  const found = new Map<string, AnyObject>();
  for (const above of directlyAbove(object, objects)) {
    for (const each of [above, ...ancestorsOf(above, objects)]) found.set(each.id, each);
  }
  return [...found.values()];
}

function isBelow(object: AnyObject, entity: ManagedObjectReference, objects: ObjectStore): boolean {
  return everythingAbove(object, objects).some(({ ref }) => ref.value === entity.value);
}

function directlyAbove(object: AnyObject, objects: ObjectStore): AnyObject[] {
  const vm = object.as('VirtualMachine');
  const above = [
    object.read('parent') ?? object.read('parentVApp'),
    vm?.get('runtime')?.host,
    vm?.get('resourcePool'),
  ] as (ManagedObjectReference | undefined)[];
  return above.flatMap((ref) => objects.find(ref) ?? []);
}
