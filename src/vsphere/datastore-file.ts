/** Files and folders on datastores: where they are, what they are, and how they are changed as a whole. */
import type { FileQuery, HostDatastoreBrowserSearchResults } from '../vim25/generated/types.ts';
import { type DatastoreFile, filesOf } from './datastore.ts';
import { formatDatastorePath } from './datastore-path.ts';
import { InvalidPathError, InvalidStateError, ObjectNotFoundError, TaskFailedError } from './errors.ts';
import { isFault } from './faults.ts';
import type { InventoryObject } from './inventory.ts';
import { quoted } from './names.ts';
import type { ManagedObjectReference } from './references.ts';
import type { VsphereCall } from './vsphere.ts';

/** A datastore that can be used now. */
export interface DatastorePlace {
  readonly datastore: InventoryObject;
  readonly datacenter: InventoryObject;
  readonly browser: ManagedObjectReference;
  readonly freeBytes: number | undefined;
  /** Which have files on it. */
  readonly vms: readonly ManagedObjectReference[];
}

const LONGEST_NAME_BYTES = 255;

/**
 * The path of a file or folder on a datastore, without slashes around it.
 *
 * Errors: INVALID_INPUT for what would leave the datastore (`..`, another datastore in brackets), for the root, and
 * for names that no person could type again.
 */
export function parseFilePath(text: string, argument: string): string {
  const segments = text.split('/').filter((segment) => segment !== '' && segment !== '.');
  const hostile = segments.some(
    (segment) =>
      segment === '..' ||
      segment.trim() === '' ||
      /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\\]/u.test(segment) ||
      Buffer.byteLength(segment) > LONGEST_NAME_BYTES,
  );
  if (/^\[[^\]]*\]\s/.test(text) || segments.length === 0 || hostile) throw new InvalidPathError(argument);
  return segments.join('/');
}

/** Errors: those of `find`; INVALID_STATE for a datastore that cannot be reached. */
export async function findPlace(vsphere: VsphereCall, nameOrPathOrId: string): Promise<DatastorePlace> {
  const datastore = await vsphere.inventory.find('Datastore', nameOrPathOrId);
  const [datacenter, { props }] = await Promise.all([
    vsphere.inventory.datacenterOf(datastore.ref),
    vsphere.readOne('Datastore', datastore.ref, ['browser', 'summary', 'vm']),
  ]);
  if (props.summary?.accessible !== true || props.browser === undefined || datacenter === undefined) {
    throw new InvalidStateError(`The datastore ${quoted(datastore.name)} is not accessible at present.`);
  }
  return { datastore, datacenter, browser: props.browser, freeBytes: props.summary.freeSpace, vms: props.vm ?? [] };
}

export function datastorePathOf({ datastore }: DatastorePlace, path: string): string {
  return formatDatastorePath(datastore.name, path);
}

/** Disks are told apart, since they consist of several files; then what a search for disks does not show. */
const AS_DISK: readonly FileQuery[] = [
  { $type: 'FolderFileQuery' },
  { $type: 'VmDiskFileQuery' },
  { $type: 'FileQuery' },
];
const AS_FILE: readonly FileQuery[] = [{ $type: 'FolderFileQuery' }, { $type: 'FileQuery' }];

/** What lies there; undefined for nothing. */
export async function fileAt(
  vsphere: VsphereCall,
  place: DatastorePlace,
  path: string,
): Promise<DatastoreFile | undefined> {
  const name = path.split('/').at(-1)!;
  for (const query of [AS_DISK, AS_FILE]) {
    // In a pattern these two stand for anything: the exact name is picked out of what is found.
    const found = await search(vsphere, place, parentOf(path), query, name.replace(/[[\]]/g, '?'));
    const file = found?.find((each) => each.name === name);
    if (file !== undefined || found === undefined) return file;
  }
  return undefined;
}

/** Whether a folder holds anything. */
export async function isEmptyFolder(vsphere: VsphereCall, place: DatastorePlace, path: string): Promise<boolean> {
  return (await search(vsphere, place, path, AS_FILE, '*'))?.length === 0;
}

/** The matches in one folder; undefined where there is no such folder. */
async function search(
  vsphere: VsphereCall,
  place: DatastorePlace,
  folder: string,
  query: readonly FileQuery[],
  pattern: string,
): Promise<DatastoreFile[] | undefined> {
  try {
    const task = await vsphere.call('SearchDatastore_Task', {
      _this: place.browser,
      datastorePath: datastorePathOf(place, folder),
      searchSpec: {
        query,
        matchPattern: [pattern],
        details: { fileType: true, fileSize: true, modification: true, fileOwner: false },
      },
    });
    const { result } = await vsphere.tasks.wait(task);
    return filesOf(result as HostDatastoreBrowserSearchResults | undefined);
  } catch (error) {
    const type = error instanceof TaskFailedError ? error.faultType : undefined;
    if (type === 'FileNotFound' || isFault(error, 'FileNotFound')) return undefined;
    throw error;
  }
}

export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** Errors: NOT_FOUND. */
export async function existingFile(vsphere: VsphereCall, place: DatastorePlace, path: string): Promise<DatastoreFile> {
  const file = await fileAt(vsphere, place, path);
  if (file !== undefined) return file;
  throw new ObjectNotFoundError(
    `There is no file ${quoted(path)} on the datastore ${quoted(place.datastore.name)}: browse_datastore lists them.`,
  );
}

/** Errors: NOT_FOUND where the folder that something is to go into does not exist. */
export async function requireParentFolder(vsphere: VsphereCall, place: DatastorePlace, path: string): Promise<void> {
  const parent = parentOf(path);
  if (parent === '' || (await fileAt(vsphere, place, parent))?.type === 'folder') return;
  throw new ObjectNotFoundError(
    `There is no folder ${quoted(parent)} on the datastore ${quoted(place.datastore.name)}: create_datastore_folder makes it.`,
  );
}

/** Errors: INVALID_STATE. @param bytes how much is to be written; unknown for what vSphere does not tell */
export function requireSpace(place: DatastorePlace, bytes: number | undefined): void {
  if (bytes === undefined || place.freeBytes === undefined || bytes <= place.freeBytes) return;
  throw new InvalidStateError(
    `The datastore ${quoted(place.datastore.name)} has ${place.freeBytes} bytes free, and this takes ${bytes}.`,
  );
}

/** Starts to remove a file, a disk with all its files, or a folder with all that is in it. */
export function startDelete(
  vsphere: VsphereCall,
  place: DatastorePlace,
  path: string,
  type: DatastoreFile['type'],
): Promise<ManagedObjectReference> {
  const name = datastorePathOf(place, path);
  const datacenter = place.datacenter.ref;
  const { virtualDiskManager, fileManager } = vsphere.content;
  return type === 'disk' && virtualDiskManager !== undefined
    ? vsphere.call('DeleteVirtualDisk_Task', { _this: virtualDiskManager, name, datacenter })
    : vsphere.call('DeleteDatastoreFile_Task', { _this: fileManager!, name, datacenter });
}

export interface Relocation {
  readonly from: DatastorePlace;
  readonly path: string;
  readonly to: DatastorePlace;
  readonly newPath: string;
  /** Of what is moved or copied. */
  readonly type: DatastoreFile['type'];
  /** Replace what has the new name. */
  readonly force: boolean;
}

/** A disk consists of several files, which name each other: only VirtualDiskManager keeps them together. */
export function startMove(vsphere: VsphereCall, relocation: Relocation): Promise<ManagedObjectReference> {
  const { virtualDiskManager, fileManager } = vsphere.content;
  return relocation.type === 'disk' && virtualDiskManager !== undefined
    ? vsphere.call('MoveVirtualDisk_Task', { _this: virtualDiskManager, ...ofDisk(relocation) })
    : vsphere.call('MoveDatastoreFile_Task', { _this: fileManager!, ...ofFile(relocation) });
}

export function startCopy(vsphere: VsphereCall, relocation: Relocation): Promise<ManagedObjectReference> {
  const { virtualDiskManager, fileManager } = vsphere.content;
  return relocation.type === 'disk' && virtualDiskManager !== undefined
    ? vsphere.call('CopyVirtualDisk_Task', { _this: virtualDiskManager, ...ofDisk(relocation) })
    : vsphere.call('CopyDatastoreFile_Task', { _this: fileManager!, ...ofFile(relocation) });
}

function ofFile({ from, path, to, newPath, force }: Relocation) {
  return {
    sourceName: datastorePathOf(from, path),
    sourceDatacenter: from.datacenter.ref,
    destinationName: datastorePathOf(to, newPath),
    destinationDatacenter: to.datacenter.ref,
    force,
  };
}

function ofDisk({ from, path, to, newPath, force }: Relocation) {
  return {
    sourceName: datastorePathOf(from, path),
    sourceDatacenter: from.datacenter.ref,
    destName: datastorePathOf(to, newPath),
    destDatacenter: to.datacenter.ref,
    force,
  };
}
