/**
 * The files of one datastore, in memory.
 *
 * What a file holds may be left out: it then reads as zeros, so that a disk of 40 GB costs nothing. A virtual disk is
 * one entry that appears as two files, the descriptor (`web01.vmdk`) and its extent (`web01-flat.vmdk`).
 */
import { cannotDeleteFile, fileAlreadyExists, fileNotFound, invalidDatastorePath, noDiskSpace } from './faults.ts';

export interface Content {
  /** Bytes; of a virtual disk what it takes on the datastore. */
  readonly size: number;
  /** From its start; what is missing up to its size reads as zeros. */
  readonly bytes?: Buffer;
  /** Lower-case hexadecimal, of what was not kept. */
  readonly sha256?: string;
  /** It is a virtual disk. */
  readonly disk?: VirtualDiskFile;
}

export interface VirtualDiskFile {
  readonly capacityKb: number;
  readonly thin: boolean;
  /** Thick and zeroed at once. */
  readonly eager?: boolean;
  /** Default: `flat`. */
  readonly extent?: 'flat' | 'delta' | 'sesparse';
  /** As VirtualDiskManager tells it: 16 bytes as `60 00 C2 9f …`. */
  readonly uuid?: string;
  /** Default: `lsiLogic`. */
  readonly adapterType?: string;
}

export interface FileEntry extends Content {
  readonly kind: 'folder' | 'file';
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly modified: number;
  /** It is the extent of this virtual disk. */
  readonly extentOf?: VirtualDiskFile;
}

export interface FileTree {
  /** What lies at a path, the root for ''; undefined where nothing does. */
  stat(path: string): FileEntry | undefined;
  /** What lies in a folder, not in its subfolders, in the order it was made. Errors: FileNotFound. */
  list(folder: string): FileEntry[];
  /** Makes a file or replaces it. Its folder has to be there. Errors: FileNotFound, FileAlreadyExists (it is a folder), NoDiskSpace. */
  write(path: string, content: Content, at?: number): void;
  /** Errors: FileAlreadyExists; FileNotFound for a folder above without `parents`. */
  makeFolder(path: string, options?: { readonly parents?: boolean }): void;
  /** A folder goes with all that is in it. Errors: FileNotFound; CannotDeleteFile for the root and for an extent. */
  remove(path: string): void;
  /** Errors: FileNotFound, FileAlreadyExists (without `force`), NoDiskSpace on the other datastore. */
  move(from: string, to: string, options?: TransferOptions): void;
  copy(from: string, to: string, options?: TransferOptions): void;
  /** Bytes that its files take. */
  usedBytes(): number;
  /** Bytes of content that are in memory. */
  keptBytes(): number;
  /** Bytes that its thin disks may still grow by. */
  uncommittedBytes(): number;
  readonly datastoreName: string;
  readonly capacityBytes: number;
  freeBytes(): number;
  /** Bytes taken by what is not listed. A test fills a datastore by it. */
  foreignBytes: number;
  /** A datastore path for a path: `[nfs] iso/a.iso`. */
  pathOf(path: string): string;
}

export interface TransferOptions {
  /** Where the target lies. Default: here. */
  readonly into?: FileTree;
  /** Replaces a file that is there. */
  readonly force?: boolean;
}

export interface FileTreeOptions {
  readonly name: () => string;
  readonly capacityBytes: number;
  readonly foreignBytes: number;
  readonly now: () => number;
  readonly changed: () => void;
}

interface File {
  readonly content: Content;
  readonly modified: number;
}

interface Folder {
  readonly entries: Map<string, File | Folder>;
  modified: number;
}

const DESCRIPTOR_BYTES = 540;
const EXTENT = /^(.+)-(flat|delta|sesparse)\.vmdk$/;

export function createFileTree({ name, capacityBytes, now, changed, ...options }: FileTreeOptions): FileTree {
  const root: Folder = { entries: new Map(), modified: now() };
  let used = 0;
  let uncommitted = 0;
  let kept = 0;
  let foreign = options.foreignBytes;

  const pathOf = (path: string) => `[${name()}] ${path}`;
  const segmentsOf = (path: string): string[] => {
    const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.');
    if (segments.some((segment) => segment === '..' || segment.length > 255 || /\p{Cc}/u.test(segment))) {
      throw invalidDatastorePath(pathOf(path));
    }
    return segments;
  };
  const at = (segments: readonly string[]): File | Folder | undefined => {
    let node: File | Folder | undefined = root;
    for (const segment of segments) {
      if (!node || !isFolder(node)) return undefined;
      node = node.entries.get(segment);
    }
    return node;
  };
  /** The disk whose extent lies there. */
  const ownerOf = (segments: readonly string[]): File | undefined => {
    const own = segments.at(-1);
    const disk = own?.replace(EXTENT, '$1.vmdk');
    if (own === undefined || disk === undefined || disk === own) return undefined;
    const node = at([...segments.slice(0, -1), disk]);
    return node && !isFolder(node) && extentName(disk, node.content.disk) === own ? node : undefined;
  };
  const folderAt = (segments: readonly string[], path: string): Folder => {
    const node = at(segments);
    if (!node || !isFolder(node)) throw fileNotFound(pathOf(path));
    return node;
  };
  const count = (node: File | Folder, sign: 1 | -1): void => {
    if (isFolder(node)) {
      for (const each of node.entries.values()) count(each, sign);
      return;
    }
    const { size, disk, bytes } = node.content;
    used += sign * size;
    kept += sign * (bytes?.length ?? 0);
    if (disk?.thin) uncommitted += sign * Math.max(0, disk.capacityKb * 1024 - size);
  };
  const put = (segments: readonly string[], node: File | Folder, path: string): void => {
    const folder = folderAt(segments.slice(0, -1), segments.slice(0, -1).join('/'));
    const own = segments.at(-1)!;
    const before = folder.entries.get(own);
    const growth = sizeOf(node) - (before ? sizeOf(before) : 0);
    if (growth > 0 && growth > tree.freeBytes()) throw noDiskSpace(pathOf(path), name());
    if (before) count(before, -1);
    folder.entries.set(own, node);
    folder.modified = now();
    count(node, 1);
    changed();
  };
  const take = (segments: readonly string[], path: string): File | Folder => {
    const node = at(segments);
    if (!node) throw ownerOf(segments) ? cannotDeleteFile(pathOf(path)) : fileNotFound(pathOf(path));
    if (segments.length === 0) throw cannotDeleteFile(pathOf(path));
    return node;
  };
  const drop = (segments: readonly string[], node: File | Folder): void => {
    const folder = at(segments.slice(0, -1)) as Folder;
    folder.entries.delete(segments.at(-1)!);
    folder.modified = now();
    count(node, -1);
    changed();
  };
  const transfer = (from: string, to: string, { into = tree, force = false }: TransferOptions, keep: boolean): void => {
    const source = segmentsOf(from);
    const node = take(source, from);
    const target = segmentsOf(to);
    if (into === tree && target.join('/') === source.join('/')) throw fileAlreadyExists(pathOf(to));
    if (into === tree && isFolder(node) && `${target.join('/')}/`.startsWith(`${source.join('/')}/`)) {
      throw invalidDatastorePath(pathOf(to));
    }
    const there = into.stat(to);
    if (there && (!force || there.kind === 'folder')) throw fileAlreadyExists(into.pathOf(to));
    if (into === tree && !keep) {
      folderAt(target.slice(0, -1), target.slice(0, -1).join('/'));
      drop(source, node);
      put(target, node, to);
      return;
    }
    // All or nothing: what does not fit is not begun.
    if (sizeOf(node) - (there?.size ?? 0) > into.freeBytes()) {
      throw noDiskSpace(into.pathOf(to), into.datastoreName);
    }
    copyInto(node, to, into);
    if (!keep) drop(source, node);
  };

  const tree: FileTree = {
    get datastoreName() {
      return name();
    },
    capacityBytes,
    pathOf,
    stat(path) {
      const segments = segmentsOf(path);
      const own = segments.at(-1) ?? '';
      const node = at(segments);
      if (node) return entryOf(own, node);
      const owner = ownerOf(segments);
      return owner && extentEntry(own, owner);
    },
    list(folder) {
      return [...folderAt(segmentsOf(folder), folder).entries].flatMap(([own, node]) => {
        const extent = isFolder(node) ? undefined : extentName(own, node.content.disk);
        return extent === undefined ? [entryOf(own, node)] : [entryOf(own, node), extentEntry(extent, node as File)];
      });
    },
    write(path, content, modified = now()) {
      const segments = segmentsOf(path);
      const before = at(segments);
      if (segments.length === 0 || (before && isFolder(before))) throw fileAlreadyExists(pathOf(path));
      put(segments, { content, modified }, path);
    },
    makeFolder(path, { parents = false } = {}) {
      const segments = segmentsOf(path);
      if (at(segments)) throw fileAlreadyExists(pathOf(path));
      for (let length = 1; length < segments.length; length++) {
        const above = segments.slice(0, length);
        if (!at(above) && parents) put(above, { entries: new Map(), modified: now() }, above.join('/'));
      }
      put(segments, { entries: new Map(), modified: now() }, path);
    },
    remove(path) {
      const segments = segmentsOf(path);
      drop(segments, take(segments, path));
    },
    move: (from, to, transferOptions = {}) => transfer(from, to, transferOptions, false),
    copy: (from, to, transferOptions = {}) => transfer(from, to, transferOptions, true),
    usedBytes: () => used,
    keptBytes: () => kept,
    uncommittedBytes: () => uncommitted,
    freeBytes: () => Math.max(0, capacityBytes - foreign - used),
    get foreignBytes() {
      return foreign;
    },
    set foreignBytes(bytes) {
      foreign = bytes;
      changed();
    },
  };
  return tree;
}

/** The extent's name beside a virtual disk: `web01-flat.vmdk` beside `web01.vmdk`. */
function extentName(name: string, disk: VirtualDiskFile | undefined): string | undefined {
  return disk && name.endsWith('.vmdk') ? `${name.slice(0, -5)}-${disk.extent ?? 'flat'}.vmdk` : undefined;
}

function copyInto(node: File | Folder, to: string, into: FileTree): void {
  if (!isFolder(node)) {
    into.write(to, node.content);
    return;
  }
  into.makeFolder(to);
  for (const [own, each] of node.entries) copyInto(each, `${to}/${own}`, into);
}

function isFolder(node: File | Folder): node is Folder {
  return 'entries' in node;
}

function sizeOf(node: File | Folder): number {
  if (!isFolder(node)) return node.content.size;
  let size = 0;
  for (const each of node.entries.values()) size += sizeOf(each);
  return size;
}

function entryOf(name: string, node: File | Folder): FileEntry {
  if (isFolder(node)) return { kind: 'folder', name, size: 0, modified: node.modified };
  return { kind: 'file', name, modified: node.modified, ...node.content };
}

function extentEntry(name: string, { content: { size, bytes, disk }, modified }: File): FileEntry {
  return { kind: 'file', name, modified, size, ...(bytes && { bytes }), extentOf: disk! };
}

/** What a virtual disk's descriptor file holds. */
export function descriptorOf(name: string, { capacityKb, thin, extent = 'flat', uuid, adapterType }: VirtualDiskFile) {
  const sectors = capacityKb * 2;
  const text = [
    '# Disk DescriptorFile',
    'version=1',
    'encoding="UTF-8"',
    'CID=fffffffe',
    'parentCID=ffffffff',
    'createType="vmfs"',
    '',
    '# Extent description',
    `RW ${sectors} VMFS${extent === 'flat' ? '' : 'SPARSE'} "${name.replace(/\.vmdk$/, `-${extent}.vmdk`)}"`,
    '',
    '# The Disk Data Base',
    '#DDB',
    '',
    `ddb.adapterType = "${(adapterType ?? 'lsiLogic').toLowerCase()}"`,
    `ddb.geometry.cylinders = "${Math.min(65535, Math.floor(sectors / (255 * 63)))}"`,
    'ddb.geometry.heads = "255"',
    'ddb.geometry.sectors = "63"',
    ...(thin ? ['ddb.thinProvisioned = "1"'] : []),
    ...(uuid ? [`ddb.uuid = "${uuid}"`] : []),
    'ddb.virtualHWVersion = "19"',
    '',
  ].join('\n');
  return Buffer.from(text.padEnd(DESCRIPTOR_BYTES, ' '));
}
