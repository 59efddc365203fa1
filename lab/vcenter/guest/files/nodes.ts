/** What the file system of a guest is made of. */

interface Attributes {
  /** Permission bits: `0o644`. */
  mode: number;
  uid: number;
  gid: number;
  /** Milliseconds since the epoch, as the others. */
  modified: number;
  accessed: number;
  readonly created: number;
  /** Of Windows. */
  hidden?: boolean;
}

export interface FileNode extends Attributes {
  readonly kind: 'file';
  /** What it holds, in the pieces in which it was written. */
  chunks: Uint8Array[];
  size: number;
  /** It is a program of the guest: the name under which the guest knows what it does. */
  readonly program?: string;
  /** Swallows what is written to it: `/dev/null`. */
  readonly device?: boolean;
}

export interface FolderNode extends Attributes {
  readonly kind: 'directory';
  readonly entries: Map<string, Entry>;
}

export interface LinkNode extends Attributes {
  readonly kind: 'symlink';
  readonly target: string;
}

export type FileSystemNode = FileNode | FolderNode | LinkNode;

export interface Entry {
  /** As it was given: Windows finds it whatever its case. */
  readonly name: string;
  readonly node: FileSystemNode;
}

/** Who asks. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
  /** What it may do is not asked. */
  readonly superuser: boolean;
}

export const READ = 4;
export const WRITE = 2;
export const EXECUTE = 1;

/** POSIX.1-2017, 4.5: the class of the owner, of the group or of others decides, and no other. */
export function allows(node: FileSystemNode, { uid, gid, superuser }: Identity, access: number): boolean {
  if (superuser) {
    return access !== EXECUTE || node.kind === 'directory' || (node.mode & 0o111) !== 0;
  }
  const shift = node.uid === uid ? 6 : node.gid === gid ? 3 : 0;
  return ((node.mode >> shift) & access) === access;
}
