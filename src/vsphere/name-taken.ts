import { InvalidStateError } from './errors.ts';
import { encodeName, quoted } from './names.ts';
import type { Reader } from './reader.ts';
import type { ManagedObjectReference } from './references.ts';

/**
 * Refuses a name that something in the folder has already, before anything is made. vSphere has the last word:
 * another may take the name in between.
 *
 * @param name as a person writes it
 */
export async function requireFreeName(reader: Reader, folder: ManagedObjectReference, name: string): Promise<void> {
  const { searchIndex } = reader.content;
  if (searchIndex === undefined) return;
  const found = await reader.call('FindChild', { _this: searchIndex, entity: folder, name: encodeName(name) });
  if (found !== undefined) {
    throw new InvalidStateError(`${quoted(name)} is taken by ${found.value} in the same folder: choose another name.`);
  }
}
