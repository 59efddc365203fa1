/** Where a datastore path leads: `[nfs] iso/a.iso`, or the URL of the same file under `/folder`. */
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import { fault, invalidArgument } from '../core/faults.ts';
import type { AnyObject, ManagedObject } from '../core/managed-object.ts';
import type { World } from '../core/world.ts';
import { inventoryPath } from '../inventory/ancestry.ts';
import { datastoreNamed } from '../inventory/datastore-names.ts';
import { fileNotFound, invalidDatastore, invalidDatastorePath } from './faults.ts';
import type { FileEntry, FileTree } from './tree.ts';

export interface Located {
  readonly datastore: ManagedObject<'Datastore'>;
  readonly files: FileTree;
  /** On the datastore, without slashes around it. */
  readonly path: string;
  /** The datastore path, as vSphere writes it. */
  readonly text: string;
}

export interface DatastorePath {
  readonly datastore: string;
  readonly path: string;
}

const BRACKETED = /^\[([^\]]+)\]\s*(.*)$/su;

/** Errors: the fault InvalidDatastorePath. */
export function parseDatastorePath(text: string): DatastorePath {
  const match = BRACKETED.exec(text);
  if (!match) throw invalidDatastorePath(text);
  const path = match[2]!.split('/').filter((segment) => segment !== '');
  if (path.includes('..')) throw invalidDatastorePath(text);
  return { datastore: match[1]!, path: path.join('/') };
}

/**
 * What a method means by a file's name and, where the name has none in it, a datacenter.
 *
 * @param parameter what the datacenter's argument is called
 * Errors: InvalidDatastorePath, InvalidDatastore, InaccessibleDatastore, InvalidArgument without a datacenter.
 */
export function locate(
  world: World,
  name: string,
  datacenter: ManagedObjectReference | undefined,
  parameter = 'datacenter',
): Located {
  if (/^https?:\/\//i.test(name)) return locateUrl(world, name);
  const { datastore, path } = parseDatastorePath(name);
  const place = datacenter ? world.objects.get<'Datacenter'>(datacenter) : onlyDatacenter(world);
  if (!place) throw invalidArgument(parameter);
  const found = datastoreNamed(world.objects, place.ref, datastore);
  if (!found) throw invalidDatastore(datastore);
  return located(world, found, path);
}

/** Errors: InaccessibleDatastore. */
export function located(world: World, datastore: ManagedObject<'Datastore'>, path: string): Located {
  const files = world.files.of(datastore);
  if (datastore.get('summary')?.accessible === false) {
    const { datastoreName: name } = files;
    throw fault(
      'InaccessibleDatastore',
      { datastore: datastore.ref, name },
      `Unable to access the datastore '${name}'.`,
    );
  }
  return { datastore, files, path, text: files.pathOf(path) };
}

/** Errors: FileNotFound. */
export function existing({ files, path, text }: Located): FileEntry {
  const entry = files.stat(path);
  if (!entry) throw fileNotFound(text);
  return entry;
}

/** Every host that mounts it does so read-only. */
export function isReadOnly(datastore: ManagedObject<'Datastore'>): boolean {
  const mounts = datastore.get('host') ?? [];
  return mounts.length > 0 && mounts.every(({ mountInfo }) => mountInfo.accessMode === 'readOnly');
}

/** The datacenter of that path: `DC0`, `/DC0` or `/folder/DC0`. */
export function datacenterAt({ objects }: World, path: string): ManagedObject<'Datacenter'> | undefined {
  const wanted = `/${path.replace(/^\/+|\/+$/g, '')}`;
  for (const datacenter of objects.all('Datacenter'))
    if (inventoryPath(datacenter, objects) === wanted) return datacenter;
  return undefined;
}

/** An ESXi host needs none to be named; a vCenter has several. */
function onlyDatacenter({ kind, objects }: World): AnyObject | undefined {
  if (kind === 'vcenter') return undefined;
  const [datacenter] = objects.all('Datacenter');
  return datacenter;
}

function locateUrl(world: World, text: string): Located {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const datacenter = url && datacenterAt(world, url.searchParams.get('dcPath') ?? '');
  if (!datacenter || !url.pathname.startsWith('/folder/')) throw invalidDatastorePath(text);
  const name = url.searchParams.get('dsName') ?? '';
  const datastore = datastoreNamed(world.objects, datacenter.ref, name);
  if (!datastore) throw invalidDatastore(name);
  const { path } = parseDatastorePath(`[${name}] ${decodePath(url.pathname.slice('/folder/'.length), text)}`);
  return located(world, datastore, path);
}

function decodePath(path: string, text: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw invalidDatastorePath(text);
  }
}
