/** The files of one guest, in memory: folders, files and symbolic links with owners, modes and times. */
import { GuestFileError } from './file-error.ts';
import {
  allows,
  EXECUTE,
  type FileNode,
  type FileSystemNode,
  type FolderNode,
  type Identity,
  READ,
  WRITE,
} from './nodes.ts';
import type { PathStyle } from './path-style.ts';
import { type Place, walkTo } from './walk.ts';

export interface FileStatus {
  readonly name: string;
  readonly kind: FileSystemNode['kind'];
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly modified: number;
  readonly accessed: number;
  readonly created: number;
  readonly hidden: boolean;
  /** Of a symbolic link. */
  readonly target?: string;
  readonly program?: string;
}

export interface NewAttributes {
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly modified?: number;
  readonly accessed?: number;
  readonly hidden?: boolean;
}

export interface WriteOptions {
  readonly append?: boolean;
  /** Of a new file. Default `0o644`. */
  readonly mode?: number;
}

/** The files as one user has them. Every method throws a `GuestFileError`. */
export interface GuestFiles {
  readonly style: PathStyle;
  /** Follows a link at the end, if not told otherwise. Undefined where nothing is there. */
  find(path: string, options?: { readonly follow?: boolean }): FileStatus | undefined;
  stat(path: string, options?: { readonly follow?: boolean }): FileStatus;
  /** In the order in which they came there, without `.` and `..`. */
  list(path: string): FileStatus[];
  read(path: string): Buffer;
  write(path: string, bytes: Uint8Array, options?: WriteOptions): void;
  makeFolder(path: string, options?: { readonly parents?: boolean; readonly mode?: number }): void;
  makeLink(path: string, target: string): void;
  /** A file or a link. */
  remove(path: string): void;
  removeFolder(path: string, options?: { readonly recursive?: boolean }): void;
  /** Replaces a file that is there, never a folder. */
  move(from: string, to: string): void;
  change(path: string, attributes: NewAttributes): void;
  may(path: string, access: 'read' | 'write' | 'execute'): boolean;
}

export interface FileSystemOptions {
  readonly style: PathStyle;
  readonly now: () => number;
  /** Bytes. */
  readonly maxFileSize?: number;
  readonly capacity?: number;
  readonly maxNodes?: number;
}

export interface FileSystem {
  readonly style: PathStyle;
  readonly capacity: number;
  readonly usedBytes: () => number;
  as(identity: Identity): GuestFiles;
  /** Puts a program, a device or a file there as the system was installed. */
  install(path: string, file: InstalledFile): void;
  /** Everything as it is now, for another time or another guest. What files hold is not copied. */
  image(): FileSystemImage;
  restore(image: FileSystemImage): void;
}

export interface FileSystemImage {
  readonly root: FolderNode;
  readonly used: number;
  readonly nodes: number;
}

export interface InstalledFile extends NewAttributes {
  readonly text?: string;
  readonly program?: string;
  readonly device?: boolean;
}

const MEBIBYTE = 1024 * 1024;
/** Folders in folders. */
const MAX_DEPTH = 500;
const STICKY = 0o1000;
const ROOT: Identity = { uid: 0, gid: 0, superuser: true };

export function createFileSystem(options: FileSystemOptions): FileSystem {
  const { style, now, maxFileSize = 16 * MEBIBYTE, capacity = 64 * MEBIBYTE, maxNodes = 20_000 } = options;
  const attributes = ({ uid, gid }: Identity, mode: number) => {
    const at = now();
    return { mode, uid, gid, modified: at, accessed: at, created: at };
  };
  let root: FolderNode = { kind: 'directory', entries: new Map(), ...attributes(ROOT, 0o755) };
  let used = 0;
  let nodes = 1;

  const walk = (path: string, who: Identity, options: { readonly follow?: boolean } = {}) =>
    walkTo(root, style, path, who, options);

  const existing = (path: string, who: Identity, walkOptions = {}): Place & { readonly node: FileSystemNode } => {
    const place = walk(path, who, walkOptions);
    if (!place.node) throw new GuestFileError('ENOENT', path);
    return place as Place & { readonly node: FileSystemNode };
  };
  /** That an entry of the folder may be made, or this one be taken away. */
  const requireChange = (path: string, { folder, node }: Place, who: Identity): void => {
    if (!allows(folder, who, WRITE | EXECUTE)) throw new GuestFileError('EACCES', path);
    if (!node || who.superuser || !(folder.mode & STICKY)) return;
    if (node.uid !== who.uid && folder.uid !== who.uid) throw new GuestFileError('EPERM', path);
  };
  const put = (path: string, { folder, name }: Place, node: FileSystemNode): void => {
    if (name === '') throw new GuestFileError('EEXIST', path);
    folder.entries.set(style.key(name), { name, node });
    folder.modified = now();
  };
  const add = (path: string, place: Place, node: FileSystemNode): void => {
    if (nodes >= maxNodes) throw new GuestFileError('ENOSPC', path);
    if (place.way.length > MAX_DEPTH) throw new GuestFileError('ENAMETOOLONG', path);
    put(path, place, node);
    nodes++;
  };
  const drop = (path: string, { folder, name }: Place): void => {
    if (name === '') throw new GuestFileError('EBUSY', path);
    folder.entries.delete(style.key(name));
    folder.modified = now();
  };
  const forget = (node: FileSystemNode): void => {
    nodes--;
    if (node.kind === 'file') used -= node.size;
    if (node.kind === 'directory') for (const entry of node.entries.values()) forget(entry.node);
  };
  /** All or nothing: a folder in which something may not be removed stays as it was. */
  const requireRemovable = (path: string, folder: FolderNode, who: Identity): void => {
    if (folder.entries.size > 0 && !allows(folder, who, READ | WRITE | EXECUTE)) {
      throw new GuestFileError('EACCES', path);
    }
    for (const { name, node } of folder.entries.values()) {
      requireChange(style.join(path, name), { folder, name, node, way: [] }, who);
      if (node.kind === 'directory') requireRemovable(style.join(path, name), node, who);
    }
  };
  const fill = (path: string, file: FileNode, bytes: Uint8Array, append: boolean): void => {
    file.modified = now();
    if (file.device) return;
    const size = (append ? file.size : 0) + bytes.length;
    if (size > maxFileSize) throw new GuestFileError('EFBIG', path);
    if (used + size - file.size > capacity) throw new GuestFileError('ENOSPC', path);
    used += size - file.size;
    // A copy: what came in may be a piece of something much larger.
    file.chunks = append ? [...gathered(file), Uint8Array.from(bytes)] : [Uint8Array.from(bytes)];
    file.size = size;
  };

  const as = (who: Identity): GuestFiles => {
    const files: GuestFiles = {
      style,
      find(path, findOptions) {
        try {
          const { name, node } = walk(path, who, findOptions);
          return node && statusOf(name, node);
        } catch (error) {
          if (error instanceof GuestFileError && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
            return undefined;
          throw error;
        }
      },
      stat(path, statOptions) {
        const { name, node } = existing(path, who, statOptions);
        return statusOf(name, node);
      },
      list(path) {
        const { node } = existing(path, who);
        if (node.kind !== 'directory') throw new GuestFileError('ENOTDIR', path);
        if (!allows(node, who, READ)) throw new GuestFileError('EACCES', path);
        return [...node.entries.values()].map((entry) => statusOf(entry.name, entry.node));
      },
      read(path) {
        const { node } = existing(path, who);
        if (node.kind !== 'file') throw new GuestFileError('EISDIR', path);
        if (!allows(node, who, READ)) throw new GuestFileError('EACCES', path);
        node.accessed = now();
        return Buffer.concat(node.chunks);
      },
      write(path, bytes, { append = false, mode = 0o644 } = {}) {
        const place = walk(path, who);
        if (place.node) {
          if (place.node.kind !== 'file') throw new GuestFileError('EISDIR', path);
          if (!allows(place.node, who, WRITE)) throw new GuestFileError('EACCES', path);
          fill(path, place.node, bytes, append);
          return;
        }
        if (path.endsWith('/') || path.endsWith(style.separator)) throw new GuestFileError('EISDIR', path);
        requireChange(path, place, who);
        const file: FileNode = { kind: 'file', chunks: [], size: 0, ...attributes(who, mode & 0o7777) };
        add(path, place, file);
        fill(path, file, bytes, false);
      },
      makeFolder(path, { parents = false, mode = 0o755 } = {}) {
        if (parents) {
          for (const above of foldersAbove(path)) if (!files.find(above)) files.makeFolder(above, { mode });
        }
        const place = walk(path, who);
        if (place.node) throw new GuestFileError('EEXIST', path);
        requireChange(path, place, who);
        add(path, place, { kind: 'directory', entries: new Map(), ...attributes(who, mode) });
      },
      makeLink(path, target) {
        const place = walk(path, who, { follow: false });
        if (place.node) throw new GuestFileError('EEXIST', path);
        requireChange(path, place, who);
        add(path, place, { kind: 'symlink', target, ...attributes(who, 0o777) });
      },
      remove(path) {
        const place = existing(path, who, { follow: false });
        if (place.node.kind === 'directory') throw new GuestFileError('EISDIR', path);
        requireChange(path, place, who);
        drop(path, place);
        forget(place.node);
      },
      removeFolder(path, { recursive = false } = {}) {
        const place = existing(path, who, { follow: false });
        if (place.node.kind !== 'directory') throw new GuestFileError('ENOTDIR', path);
        if (!recursive && place.node.entries.size > 0) throw new GuestFileError('ENOTEMPTY', path);
        requireChange(path, place, who);
        requireRemovable(path, place.node, who);
        drop(path, place);
        forget(place.node);
      },
      move(from, to) {
        const source = existing(from, who, { follow: false });
        const target = walk(to, who, { follow: false });
        if (target.node === source.node) return;
        if (target.node?.kind === 'directory') throw new GuestFileError('EEXIST', to);
        if (target.node && source.node.kind === 'directory') throw new GuestFileError('ENOTDIR', to);
        // Into itself it would be lost.
        if (target.way.includes(source.node as FolderNode)) throw new GuestFileError('EINVAL', to);
        if (target.way.length + depthOf(source.node) > MAX_DEPTH) throw new GuestFileError('ENAMETOOLONG', to);
        requireChange(from, source, who);
        requireChange(to, target, who);
        drop(from, source);
        if (target.node) forget(target.node);
        put(to, target, source.node);
      },
      change(path, changes) {
        const { node } = existing(path, who);
        const owns = who.superuser || node.uid === who.uid;
        const chown = (changes.uid ?? node.uid) !== node.uid || (changes.gid ?? node.gid) !== node.gid;
        if (!owns || (chown && !who.superuser)) throw new GuestFileError('EPERM', path);
        Object.assign(node, { ...changes, mode: (changes.mode ?? node.mode) & 0o7777 });
      },
      may(path, access) {
        const node = files.find(path) && walk(path, who).node;
        if (node === undefined) return false;
        // Windows has no such bit: what may be read may be run.
        const run = node.kind === 'file' && style.separator === '\\' ? READ : EXECUTE;
        return allows(node, who, { read: READ, write: WRITE, execute: run }[access]);
      },
    };
    return files;
  };

  /** `/a/b/c`: `/a`, then `/a/b`. */
  const foldersAbove = (path: string): string[] => {
    const names = style.segments(path).slice(0, -1);
    if (names.length > maxNodes) throw new GuestFileError('ENAMETOOLONG', path);
    const first = style.isAbsolute(path) && style.separator === '/' ? '/' : '';
    return names.map((_, index) => first + names.slice(0, index + 1).join(style.separator));
  };

  const rootFiles = as(ROOT);
  return {
    style,
    capacity,
    usedBytes: () => used,
    as,
    install(path, { text = '', program, device, mode, ...rest }) {
      const place = walk(path, ROOT);
      const bytes = Buffer.from(text);
      const attributesOf = attributes(ROOT, mode ?? (program ? 0o755 : 0o644));
      const file: FileNode = {
        kind: 'file',
        chunks: [bytes],
        size: bytes.length,
        ...attributesOf,
        ...(program !== undefined && { program }),
        ...(device && { device }),
      };
      add(path, place, file);
      used += bytes.length;
      rootFiles.change(path, rest);
    },
    image: () => ({ root: copied(root), used, nodes }),
    restore(image) {
      root = copied(image.root);
      ({ used, nodes } = image);
    },
  };
}

function depthOf(node: FileSystemNode): number {
  if (node.kind !== 'directory') return 0;
  let depth = 0;
  for (const entry of node.entries.values()) depth = Math.max(depth, depthOf(entry.node));
  return depth + 1;
}

/** Chunks are never written over, so that copies share them. */
function copied<T extends FileSystemNode>(node: T): T {
  if (node.kind !== 'directory') return { ...node };
  const entries = [...node.entries].map(([key, entry]) => [key, { ...entry, node: copied(entry.node) }] as const);
  return { ...node, entries: new Map(entries) };
}

/** Appending byte by byte makes a chunk a byte: past some, they are one. */
function gathered({ chunks }: FileNode): Uint8Array[] {
  return chunks.length < 256 ? chunks : [Buffer.concat(chunks)];
}

function statusOf(name: string, node: FileSystemNode): FileStatus {
  const { kind, mode, uid, gid, modified, accessed, created, hidden = false } = node;
  const size = kind === 'file' ? node.size : kind === 'symlink' ? node.target.length : 4096;
  return {
    name,
    kind,
    size,
    mode,
    uid,
    gid,
    modified,
    accessed,
    created,
    hidden,
    ...(kind === 'symlink' && { target: node.target }),
    ...(kind === 'file' && node.program !== undefined && { program: node.program }),
  };
}
