/** Finding objects by what they are called: one step down, or a whole inventory path. */
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import type { AnyObject } from '../core/managed-object.ts';
import type { ObjectStore } from '../core/object-store.ts';
import { membersOf } from '../views/members.ts';

/** A child of that name, as clients write it: escaped or not, in either case. */
export function findChild(objects: ObjectStore, parent: AnyObject, name: string): AnyObject | undefined {
  const wanted = comparable(name);
  for (const ref of membersOf(parent)) {
    const child = objects.find(ref);
    if (child && comparable(String(child.read('name'))) === wanted) return child;
  }
  return undefined;
}

/** `DC0/vm/prod/web-01`; the root folder, whose own name is in no path, for an empty one. */
export function findByPath(objects: ObjectStore, root: ManagedObjectReference, path: string): AnyObject | undefined {
  let at = objects.find(root);
  for (const segment of path.split('/').filter((each) => each !== '')) {
    if (!at) return undefined;
    at = findChild(objects, at, segment);
  }
  return at;
}

function comparable(name: string): string {
  return name.replace(/%(25|2f|5c)/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))).toLowerCase();
}
