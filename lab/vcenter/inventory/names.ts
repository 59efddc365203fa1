/** Rules for names in the inventory: what may be one, how it is kept, and that each is unique in its folder. */
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import { fault } from '../core/faults.ts';
import type { AnyObject } from '../core/managed-object.ts';
import type { ObjectStore } from '../core/object-store.ts';

const MAX_LENGTH = 80;

/**
 * A name as vSphere keeps it: `/`, `\` and a lone `%` are escaped, what a client has escaped already stays.
 *
 * Errors: the fault InvalidName for an empty one, one that is too long, and control characters.
 */
export function keptName(name: string): string {
  const kept = name
    .replace(/%(?!25|2f|5c)/gi, '%25')
    .replaceAll('/', '%2f')
    .replaceAll('\\', '%5c');
  const length = kept.replace(/%(?:25|2f|5c)/gi, '.').length;
  if (name.trim() === '' || length > MAX_LENGTH || /\p{Cc}/u.test(name)) {
    throw fault('InvalidName', { name }, `The name '${name}' is not valid.`);
  }
  return kept;
}

/** A kept name as people write it. */
export function unescapeName(name: string): string {
  return name.replace(/%(25|2f|5c)/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

/** What lies in a folder by that name; upper and lower case are the same. */
function childNamed(
  objects: ObjectStore,
  folder: ManagedObjectReference | undefined,
  name: string,
): AnyObject | undefined {
  const wanted = name.toLowerCase();
  for (const ref of objects.find(folder)?.as('Folder')?.get('childEntity') ?? []) {
    const child = objects.find(ref);
    if (child && String(child.read('name')).toLowerCase() === wanted) return child;
  }
  return undefined;
}

/** Errors: the fault DuplicateName. @param except what may have it: the object itself, on a rename */
export function requireFreeName(
  objects: ObjectStore,
  folder: ManagedObjectReference | undefined,
  name: string,
  except?: AnyObject,
): void {
  const holder = childNamed(objects, folder, name);
  if (!holder || holder === except) return;
  throw fault('DuplicateName', { name, object: holder.ref }, `The name '${name}' already exists.`);
}
