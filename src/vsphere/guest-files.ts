/** Files and directories inside a VM. Paths are full ones of the guest, checked by `guestPath`. */

import { GatewayError } from '../lib/errors.ts';
import type { GuestFileAttributes, GuestFileInfo, GuestPosixFileAttributes } from '../vim25/generated/types.ts';
import type { HttpResponse } from '../vim25/transport.ts';
import { InvalidStateError } from './errors.ts';
import { isFault } from './faults.ts';
import type { Guest } from './guest.ts';
import { quoted } from './names.ts';

export interface GuestFile {
  /** The last name of its path. */
  readonly name: string;
  readonly type: 'file' | 'directory' | 'symlink' | (string & {});
  readonly size: number;
  /** ISO 8601 */
  readonly modified: string | undefined;
  /** Id of the user; guests other than Windows. */
  readonly owner: number | undefined;
  /** As chmod takes them; guests other than Windows. */
  readonly permissions: number | undefined;
  readonly group: number | undefined;
}

/** What a guest is asked for at once. */
const PAGE = 1_000;
const MOST_ENTRIES = 10_000;
const PLAIN: GuestFileAttributes = { $type: 'GuestFileAttributes' };
const TRANSFER_REFUSED = 'The ESXi host did not carry out the file transfer';

/** Errors: NOT_FOUND; PERMISSION_DENIED. */
export async function readGuestFileInfo(guest: Guest, path: string): Promise<GuestFile> {
  const { files } = await listPage(guest, path, 0, 1);
  const [found] = files;
  if (found === undefined) throw new GatewayError('NOT_FOUND', `There is no ${quoted(path)} in the guest.`);
  return toGuestFile(found);
}

/** The same, undefined where nothing is there. */
export async function findGuestFile(guest: Guest, path: string): Promise<GuestFile | undefined> {
  try {
    return await readGuestFileInfo(guest, path);
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}

/** All that is in a directory, without `.` and `..`. Errors: INVALID_INPUT for what is none; INVALID_STATE for too much. */
export async function listGuestDirectory(guest: Guest, path: string): Promise<GuestFile[]> {
  const all: GuestFileInfo[] = [];
  for (;;) {
    const { files, remaining } = await listPage(guest, path, all.length, PAGE);
    all.push(...files);
    if (all[0] !== undefined && !isDirectoryItself(all[0])) throw notADirectory(path, all[0].type);
    if (all.length + remaining > MOST_ENTRIES) {
      const advice = 'run_command_in_guest can list a part of it.';
      throw new InvalidStateError(`${quoted(path)} holds more than ${MOST_ENTRIES} entries: ${advice}`);
    }
    if (remaining <= 0 || files.length === 0) break;
  }
  return all.filter((entry) => !isDirectoryItself(entry) && entry.path !== '..').map(toGuestFile);
}

/** How many entries there are, without `.` and `..`. */
export async function countGuestDirectory(guest: Guest, path: string): Promise<number> {
  const { files, remaining } = await listPage(guest, path, 0, 1);
  return Math.max(0, files.length + remaining - 2);
}

async function listPage(guest: Guest, filePath: string, index: number, maxResults: number) {
  const { files = [], remaining } = await guest.about(filePath, () =>
    guest.call('ListFilesInGuest', { _this: guest.files, ...guest.user(), filePath, index, maxResults }),
  );
  return { files, remaining };
}

/** A directory lists itself first (ListFilesInGuest). */
function isDirectoryItself({ path }: GuestFileInfo): boolean {
  return path === '.';
}

function notADirectory(path: string, type: string): GatewayError {
  return new GatewayError('INVALID_INPUT', `${quoted(path)} is a ${quoted(type)} and no directory.`);
}

function toGuestFile({ path, type, size, attributes }: GuestFileInfo): GuestFile {
  const { ownerId, groupId, permissions } = attributes as { ownerId?: number; groupId?: number; permissions?: number };
  return {
    name: path.split(/[\\/]/).at(-1) || path,
    type,
    size: Number(size),
    modified: attributes.modificationTime,
    owner: ownerId,
    group: groupId,
    permissions: permissions === undefined ? undefined : permissions & 0o7777,
  };
}

export async function makeGuestDirectory(guest: Guest, path: string, createParents: boolean): Promise<void> {
  await guest.about(path, () =>
    guest.call('MakeDirectoryInGuest', {
      _this: guest.files,
      ...guest.user(),
      directoryPath: path,
      createParentDirectories: createParents,
    }),
  );
}

/** A file, a link or an empty directory. */
export async function deleteGuestFile(guest: Guest, path: string, type: GuestFile['type']): Promise<void> {
  const { files: _this } = guest;
  await guest.about(path, async () => {
    if (type === 'directory') {
      const request = { _this, ...guest.user(), directoryPath: path, recursive: false };
      await guest.call('DeleteDirectoryInGuest', request);
    } else {
      await guest.call('DeleteFileInGuest', { _this, ...guest.user(), filePath: path });
    }
  });
}

export interface ReadBytes {
  readonly bytes: Buffer;
  /** Of the whole file. */
  readonly size: number;
}

/**
 * The first bytes of a file. What says to be empty is read all the same, as those of `/proc` do.
 *
 * Errors: NOT_FOUND; PERMISSION_DENIED; UNAVAILABLE where the ESXi host cannot be reached.
 */
export async function readGuestFile(guest: Guest, path: string, most: number): Promise<ReadBytes> {
  const { url, size } = await guest.about(path, () =>
    guest.call('InitiateFileTransferFromGuest', { _this: guest.files, ...guest.user(), guestFilePath: path }),
  );
  return guest.transfer(url, { method: 'GET' }, async (response) => {
    await requireSuccess(response);
    const { bytes, all } = await readAtMost(response, most);
    return { bytes, size: all ? bytes.length : Math.max(Number(size), bytes.length + 1) };
  });
}

async function readAtMost({ body }: HttpResponse, most: number): Promise<{ bytes: Buffer; all: boolean }> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > most) break;
  }
  const bytes = Buffer.concat(chunks, length);
  return length > most ? { bytes: bytes.subarray(0, most), all: false } : { bytes, all: true };
}

export interface WriteOptions {
  readonly overwrite: boolean;
  /** Of a file that is replaced: what it had. */
  readonly attributes?: GuestFileAttributes | undefined;
}

/** Errors: INVALID_INPUT for a file that is there and shall not be overwritten; as `readGuestFile`. */
export async function writeGuestFile(
  guest: Guest,
  path: string,
  bytes: Uint8Array,
  { overwrite, attributes = PLAIN }: WriteOptions,
): Promise<void> {
  const url = await guest.about(path, () =>
    guest.call('InitiateFileTransferToGuest', {
      _this: guest.files,
      ...guest.user(),
      guestFilePath: path,
      fileAttributes: attributes,
      fileSize: bytes.length,
      overwrite,
    }),
  );
  const headers = { 'content-type': 'application/octet-stream', 'content-length': String(bytes.length) };
  await guest.transfer(url, { method: 'PUT', headers, body: bytes }, async (response) => {
    await requireSuccess(response);
    await response.body.dump();
  });
}

/** What a file that is replaced had. Only root gives files away: everyone else keeps the mode alone. */
export function keptAttributes(guest: Guest, { permissions, owner, group }: GuestFile): GuestFileAttributes {
  if (guest.family === 'windows' || permissions === undefined) return PLAIN;
  const attributes: GuestPosixFileAttributes = {
    $type: 'GuestPosixFileAttributes',
    permissions,
    ...(guest.username === 'root' && owner !== undefined ? { ownerId: owner } : {}),
    ...(guest.username === 'root' && group !== undefined ? { groupId: group } : {}),
  };
  return attributes;
}

/** Whether a guest says that nothing is there. */
export function isGone(error: unknown): boolean {
  return isFault(error, 'FileNotFound');
}

async function requireSuccess({ statusCode, body }: HttpResponse): Promise<void> {
  if (statusCode >= 200 && statusCode < 300) return;
  await body.dump({ limit: 64 * 1024 });
  throw new GatewayError('UNAVAILABLE', `${TRANSFER_REFUSED} (HTTP ${statusCode}).`);
}
