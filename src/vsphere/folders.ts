/** Folders of the inventory: what each holds. */
import { readContainers, toInventoryObject } from './ancestry.ts';
import type { InventoryObject } from './inventory.ts';
import type { Reader } from './reader.ts';
import { isUnreadable } from './unreadable.ts';

export interface FolderSummary extends InventoryObject {
  /** What may be in it: `VirtualMachine`, `HostSystem`, `Datastore`, `Network`, `Datacenter`. */
  readonly holds: readonly string[] | undefined;
  /** How many objects are in it, folders included, those in its subfolders not. */
  readonly children: number | undefined;
  /** The account may not read it: what it holds and how many are absent. */
  readonly unreadable: boolean;
}

/** All folders, the root left out, in two round trips. */
export async function listFolders(reader: Reader): Promise<FolderSummary[]> {
  const folders = await reader.readAll('Folder', ['childType', 'childEntity']);
  const entities = await readContainers(reader);
  return folders.flatMap((folder): FolderSummary[] => {
    const { ref, props } = folder;
    const object = toInventoryObject(entities, ref, reader.content.rootFolder);
    if (object === undefined) return [];
    if (isUnreadable(folder)) return [{ ...object, holds: undefined, children: undefined, unreadable: true }];
    const holds = (props.childType ?? []).filter((type) => type !== 'Folder' && !type.includes('.'));
    return [{ ...object, holds, children: props.childEntity?.length ?? 0, unreadable: false }];
  });
}
