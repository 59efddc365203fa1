/** Where a path leads in the file system of a guest: through folders that may be searched, and through links. */
import { type FileErrorCode, GuestFileError } from './file-error.ts';
import { allows, type Entry, EXECUTE, type FileSystemNode, type FolderNode, type Identity } from './nodes.ts';
import type { PathStyle } from './path-style.ts';

/** Where a path leads. */
export interface Place {
  readonly folder: FolderNode;
  /** Empty where the path ends in the root, `.` or `..`: what is there cannot be replaced. */
  readonly name: string;
  readonly node: FileSystemNode | undefined;
  /** The folders on the way, the root first. */
  readonly way: readonly FolderNode[];
}

const MAX_LINKS = 8;
const MAX_NAME = 255;
const MAX_PATH = 4096;

/** Errors: `GuestFileError`. */
export function walkTo(
  root: FolderNode,
  style: PathStyle,
  path: string,
  who: Identity,
  { follow = true }: { readonly follow?: boolean },
): Place {
  const fail = (code: FileErrorCode) => new GuestFileError(code, path);
  if (path === '') throw fail('ENOENT');
  if (path.length > MAX_PATH) throw fail('ENAMETOOLONG');
  const ahead = style.segments(path);
  const asFolder = path.endsWith('/') || path.endsWith(style.separator);
  let way: FolderNode[] = [root];
  let links = 0;
  for (let name = ahead.shift(); name !== undefined; name = ahead.shift()) {
    const folder = way.at(-1)!;
    if (name === '.' || name === '..') {
      if (name === '..' && way.length > 1) way.pop();
      continue;
    }
    if (Buffer.byteLength(name) > MAX_NAME) throw fail('ENAMETOOLONG');
    if (!style.isName(name)) throw fail('EINVAL');
    if (!allows(folder, who, EXECUTE)) throw fail('EACCES');
    const last = ahead.length === 0;
    const entry: Entry | undefined = folder.entries.get(style.key(name));
    if (!entry) {
      if (!last) throw fail('ENOENT');
      return { folder, name, node: undefined, way };
    }
    const { node } = entry;
    if (node.kind === 'symlink' && (!last || follow)) {
      if (++links > MAX_LINKS) throw fail('ELOOP');
      if (style.isAbsolute(node.target)) way = [root];
      ahead.unshift(...style.segments(node.target));
      continue;
    }
    if (last) {
      if (asFolder && node.kind === 'file') throw fail('ENOTDIR');
      return { folder, name: entry.name, node, way };
    }
    if (node.kind !== 'directory') throw fail('ENOTDIR');
    way.push(node);
  }
  return { folder: way.at(-2) ?? root, name: '', node: way.at(-1)!, way: way.slice(0, -1) };
}
