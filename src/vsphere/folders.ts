/** Folders of the inventory: what each holds. */
import { readContainers, toInventoryObject } from './ancestry.ts';
import type { InventoryObject } from './inventory.ts';
import type { Reader } from './reader.ts';

export interface FolderSummary extends InventoryObject {
  /** What may be in it: `VirtualMachine`, `HostSystem`, `Datastore`, `Network`, `Datacenter`. */
  readonly holds: readonly string[];
  /** How many objects are in it, folders included, those in its subfolders not. */
  readonly children: number;
}

/** All folders, the root left out, in two round trips. */
export async function listFolders(reader: Reader): Promise<FolderSummary[]> {
  const folders = await reader.readAll('Folder', ['childType', 'childEntity']);
  const entities = await readContainers(reader);
  return folders.flatMap(({ ref, props }) => {
    const object = toInventoryObject(entities, ref, reader.content.rootFolder);
    if (object === undefined) return [];
    const holds = (props.childType ?? []).filter((type) => type !== 'Folder' && !type.includes('.'));
    return [{ ...object, holds, children: props.childEntity?.length ?? 0 }];
  });
}
