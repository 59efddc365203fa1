/**
 * What vCenter does not let the service account read. It is no fault: the answer is HTTP 200, and the property stands in
 * `missingSet` with NoPermission (PropertyCollector.ObjectContent) instead of in `propSet`. To take it for unset would be
 * to say what is not so: a VM without disks, a datastore that is not accessible.
 */
import { UnreadableObjectError } from './errors.ts';
import { nounOfType } from './kinds.ts';
import { decodeName, quoted } from './names.ts';
import type { ObjectProperties, Reader } from './reader.ts';
import type { ManagedObjectReference } from './references.ts';

export function isUnreadable({ missing }: Pick<ObjectProperties, 'missing'>): boolean {
  for (const fault of missing.values()) if (fault === 'NoPermission') return true;
  return false;
}

/** Errors: PERMISSION_DENIED where something that was asked of the object may not be read. */
export async function requireReadable(
  reader: Pick<Reader, 'retrieve'>,
  object: Pick<ObjectProperties, 'ref' | 'missing'>,
): Promise<void> {
  if (!isUnreadable(object)) return;
  const { ref } = object;
  const name = await nameOf(reader, ref);
  throw new UnreadableObjectError(
    `${nounOfType(ref.type)} ${quoted(name === undefined ? ref.value : decodeName(name))}`,
  );
}

/** System.View is enough for a name. What has none, or does not show it, goes by its id. */
async function nameOf(reader: Pick<Reader, 'retrieve'>, ref: ManagedObjectReference): Promise<string | undefined> {
  const propSet = [{ type: 'ManagedEntity', pathSet: ['name'] }];
  const found = await reader.retrieve([{ propSet, objectSet: [{ obj: ref, skip: false }] }]).catch(() => []);
  return (found[0]?.props as { name?: string } | undefined)?.name;
}
