/** Folders before they are changed: which may hold what, what is in them, and which must stay. */
import { InvalidStateError } from './errors.ts';
import type { InventoryObject } from './inventory.ts';
import { encodeName, quoted } from './names.ts';
import type { Reader } from './reader.ts';
import type { ManagedObjectReference } from './references.ts';

export interface FolderContents {
  /** Templates included, those in subfolders too. */
  readonly vms: number;
  readonly runningVms: number;
  readonly folders: number;
  /** vApps, hosts, clusters, datastores, networks, switches, datacenters. */
  readonly others: number;
}

/** Errors: INVALID_STATE for the root, the four folders of a datacenter, and what is no plain folder. */
export async function requireOwnFolder(reader: Reader, folder: InventoryObject): Promise<void> {
  requirePlainFolder(folder);
  const { props } = await reader.readOne('Folder', folder.ref, ['parent']);
  if (props.parent === undefined || props.parent.type === 'Datacenter') {
    throw new InvalidStateError(`${quoted(folder.path)} belongs to its datacenter or vCenter and stays.`);
  }
}

/** Errors: INVALID_STATE for a datastore cluster, which vSphere keeps as a kind of folder. */
export function requirePlainFolder(folder: InventoryObject): void {
  if (folder.type !== 'Folder')
    throw new InvalidStateError(`${quoted(folder.path)} is a datastore cluster, not a folder.`);
}

/** Errors: INVALID_STATE, with what the folder is for, where no VM may be in it. */
export async function requireVmFolder(reader: Reader, folder: InventoryObject): Promise<void> {
  if (!(await holdsVms(reader, folder.ref))) {
    throw new InvalidStateError(
      `${quoted(folder.path)} is no folder for VMs: choose one below a datacenter's vm folder.`,
    );
  }
}

export async function holdsVms(reader: Reader, folder: ManagedObjectReference): Promise<boolean> {
  const { props } = await reader.readOne('Folder', folder, ['childType']);
  return props.childType?.includes('VirtualMachine') === true;
}

/**
 * The name of a new folder as the request has it. `Folder.CreateFolder` escapes slash, backslash and percent by itself,
 * unlike the calls that `encodeName` is for; only what looks escaped already is not left to it.
 */
export function newFolderName(name: string): string {
  return /%(?:25|2f|5c)/i.test(name) ? encodeName(name) : name;
}

/** Everything below a folder that the account may see. Errors: INVALID_STATE where it may not see what is in it. */
export async function readFolderContents(reader: Reader, folder: InventoryObject): Promise<FolderContents> {
  const [own, below] = await Promise.all([
    reader.read('Folder', [folder.ref], ['childEntity']),
    reader.readAll('Folder', ['childEntity'], { within: folder.ref }),
  ]);
  const folders = [...own, ...below];
  if (own.length === 0 || folders.some(({ missing }) => missing.size > 0)) {
    throw new InvalidStateError(`What is in ${quoted(folder.path)} cannot be read.`);
  }
  const children = folders.flatMap(({ props }) => props.childEntity ?? []);
  const vms = children.filter(({ type }) => type === 'VirtualMachine');
  const states = await reader.read('VirtualMachine', vms, ['runtime.powerState']);
  const folderCount = children.filter(({ type }) => type === 'Folder').length;
  return {
    vms: vms.length,
    runningVms: states.filter(({ props }) => props['runtime.powerState'] !== 'poweredOff').length,
    folders: folderCount,
    others: children.length - vms.length - folderCount,
  };
}
