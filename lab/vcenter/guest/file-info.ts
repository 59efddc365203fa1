/** Files of a guest as vCenter describes them, and as its clients want them. */
import type { GuestFileAttributes, GuestFileInfo } from '../../../src/vim25/generated/types.ts';
import { invalidArgument } from '../core/faults.ts';
import { BadPattern, matching } from './bounded-regexp.ts';
import type { FileStatus, GuestFiles, NewAttributes } from './files/file-system.ts';

/** stat(2): the type of a file is in its mode. */
const TYPE_BITS = { file: 0o100000, directory: 0o040000, symlink: 0o120000 } as const;

/** Those of a link are its target's. */
export function attributesOf(files: GuestFiles, path: string, status: FileStatus): GuestFileAttributes {
  const { kind, mode, uid, gid, modified, accessed, created, hidden } =
    status.kind === 'symlink' ? (files.find(path) ?? status) : status;
  const times = {
    modificationTime: new Date(modified).toISOString(),
    accessTime: new Date(accessed).toISOString(),
  };
  if (files.style.separator === '\\') {
    const windows = { hidden, readOnly: (mode & 0o200) === 0, createTime: new Date(created).toISOString() };
    return { $type: 'GuestWindowsFileAttributes', ...times, ...windows } as GuestFileAttributes;
  }
  return {
    $type: 'GuestPosixFileAttributes',
    ...times,
    symlinkTarget: status.target ?? '',
    ownerId: uid,
    groupId: gid,
    permissions: TYPE_BITS[kind] | mode,
  } as GuestFileAttributes;
}

export interface Listing {
  readonly index?: number | undefined;
  readonly maxResults?: number | undefined;
  readonly matchPattern?: string | undefined;
}

const DEFAULT_RESULTS = 50;

/** Errors: InvalidArgument; `GuestFileError`. */
export function listFiles(
  files: GuestFiles,
  path: string,
  { index = 0, maxResults = DEFAULT_RESULTS, matchPattern }: Listing,
) {
  if (path === '') throw invalidArgument('filePath');
  if (index < 0) throw invalidArgument('index');
  if (maxResults < 0) throw invalidArgument('maxResults');
  const status = files.stat(path, { follow: false });
  const entries: { readonly name: string; readonly path: string; readonly status: FileStatus }[] =
    status.kind === 'directory'
      ? [
          { name: '.', path, status },
          { name: '..', path: files.style.join(path, '..'), status: files.stat(files.style.join(path, '..')) },
          ...files
            .list(path)
            .map((each) => ({ name: each.name, path: files.style.join(path, each.name), status: each })),
        ]
      : [{ name: path, path, status }];
  const fitting = matchPattern ? entries.filter(fits(entries, matchPattern)) : entries;
  const shown = fitting.slice(index, index + maxResults);
  return {
    files: shown.map(
      (entry): GuestFileInfo => ({
        path: entry.name,
        type: entry.status.kind,
        size: entry.status.kind === 'file' ? entry.status.size : 0,
        attributes: attributesOf(files, entry.path, entry.status),
      }),
    ),
    remaining: Math.max(0, fitting.length - index - shown.length),
  };
}

function fits(entries: readonly { readonly name: string }[], pattern: string): (_: unknown, index: number) => boolean {
  try {
    const matches = matching(
      pattern,
      '',
      entries.map(({ name }) => name),
    );
    return (_, index) => matches[index]!;
  } catch (error) {
    throw error instanceof BadPattern ? invalidArgument('matchPattern') : error;
  }
}

/** Errors: InvalidArgument for attributes of the other kind of guest. */
export function wantedAttributes(files: GuestFiles, given: GuestFileAttributes, before = 0o644): NewAttributes {
  const wanted = given as GuestFileAttributes & { readonly [field: string]: unknown };
  const windows = files.style.separator === '\\';
  if (given.$type === (windows ? 'GuestPosixFileAttributes' : 'GuestWindowsFileAttributes')) {
    throw invalidArgument('fileAttributes');
  }
  const { ownerId, groupId, permissions, readOnly, hidden } = wanted;
  const writable = readOnly === true ? before & ~0o222 : readOnly === false ? before | 0o200 : undefined;
  const mode = typeof permissions === 'number' && permissions !== 0 ? permissions & 0o7777 : writable;
  const modified = timeOf(given.modificationTime, 'fileAttributes.modificationTime');
  const accessed = timeOf(given.accessTime, 'fileAttributes.accessTime');
  return {
    ...(typeof ownerId === 'number' && { uid: ownerId }),
    ...(typeof groupId === 'number' && { gid: groupId }),
    ...(mode !== undefined && { mode }),
    ...(typeof hidden === 'boolean' && { hidden }),
    ...(modified !== undefined && { modified }),
    ...(accessed !== undefined && { accessed }),
  };
}

function timeOf(text: string | undefined, property: string): number | undefined {
  if (text === undefined) return undefined;
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw invalidArgument(property);
  return time;
}
