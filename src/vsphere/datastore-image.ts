/** Images on datastores, for CD drives: that they are there is known before a VM is changed. */
import type { HostDatastoreBrowserSearchResults } from '../vim25/generated/types.ts';
import { formatDatastorePath } from './datastore-path.ts';
import { ObjectNotFoundError, TaskFailedError } from './errors.ts';
import type { InventoryObject } from './inventory.ts';
import { quoted } from './names.ts';
import type { Reader } from './reader.ts';
import type { Tasks } from './tasks.ts';

/**
 * The full path of a file, `[nfs] iso/debian.iso`.
 *
 * Errors: NOT_FOUND where it is not on the datastore.
 */
export async function requireImage(
  vsphere: Reader & { readonly tasks: Tasks },
  datastore: InventoryObject,
  path: string,
): Promise<string> {
  if (!(await isFileOn(vsphere, datastore, path))) {
    throw new ObjectNotFoundError(
      `There is no ${quoted(path)} on the datastore ${quoted(datastore.name)}: browse_datastore lists what is.`,
    );
  }
  return formatDatastorePath(datastore.name, path);
}

export async function isFileOn(
  vsphere: Reader & { readonly tasks: Tasks },
  datastore: InventoryObject,
  path: string,
): Promise<boolean> {
  const at = path.lastIndexOf('/');
  const [folder, name] = [path.slice(0, Math.max(0, at)), path.slice(at + 1)];
  const { props } = await vsphere.readOne('Datastore', datastore.ref, ['browser']);
  const search = await vsphere.call('SearchDatastore_Task', {
    _this: props.browser!,
    datastorePath: formatDatastorePath(datastore.name, folder),
    searchSpec: { matchPattern: [name] },
  });
  try {
    const { result } = await vsphere.tasks.wait(search);
    // A name may hold the pattern's own signs, and stand for more than itself.
    const found = (result as HostDatastoreBrowserSearchResults | undefined)?.file ?? [];
    return found.some((file) => file.path === name);
  } catch (error) {
    if (error instanceof TaskFailedError && error.faultType === 'FileNotFound') return false;
    throw error;
  }
}
