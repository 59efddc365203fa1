/**
 * The one folder of this machine that callers may read files from and write files to (MCP_FILES_DIR).
 *
 * A path is hostile: it is walked segment by segment, `..` is refused, and no symbolic link is followed, neither on
 * the way nor at the end. On Linux each step starts from the directory that the last one opened (through
 * /proc/self/fd), so that nobody who can write in the folder changes the way while it is walked. Elsewhere the way is
 * checked before and after: good against what lies there, not against somebody who changes it at that very moment.
 *
 * A new file has a temporary name until all of it is there, and never takes the name of one that exists.
 */
import { randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, realpath, rename, unlink } from 'node:fs/promises';
import { basename, join, sep } from 'node:path';
import { GatewayError } from './errors.ts';

export interface FilesFolder {
  /**
   * A file to read.
   *
   * Errors: INVALID_INPUT for a path that is not inside, NOT_FOUND, INVALID_STATE for what is no plain file.
   */
  open(path: string): Promise<LocalFile>;
  /** A file to write. Errors: as `open`; INVALID_STATE where there is one of that name already. */
  create(path: string): Promise<NewLocalFile>;
}

export interface LocalFile {
  /** Relative to the folder, with `/` between its parts. */
  readonly path: string;
  readonly size: number;
  /** Its bytes from `start` (default 0) up to `end` (excluded, default `size`). INVALID_STATE when it has shrunk. */
  read(options?: {
    readonly start?: number;
    readonly end?: number;
    readonly chunkSize?: number;
  }): AsyncIterable<Buffer>;
  close(): Promise<void>;
}

export interface NewLocalFile {
  readonly path: string;
  /** Appends. Errors: INVALID_STATE when the disk is full. */
  write(chunk: Uint8Array): Promise<void>;
  /** Gives the file its name, with all that was written safely on the disk. */
  commit(): Promise<void>;
  /** Removes what was written unless it was committed. Never rejects. */
  discard(): Promise<void>;
}

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL } = constants;
/** Windows has none of these: `lstat` alone stands guard there. */
const O_NOFOLLOW = constants.O_NOFOLLOW ?? 0;
const O_DIRECTORY = constants.O_DIRECTORY ?? 0;
/** Opening a named pipe must not wait for its other end. */
const O_NONBLOCK = constants.O_NONBLOCK ?? 0;
const DEEPEST = 32;
const LONGEST_NAME_BYTES = 255;
const CHUNK_BYTES = 1024 * 1024;

/** @param folder an existing directory. Errors: CONFIGURATION. */
export async function openFilesFolder(folder: string): Promise<FilesFolder> {
  const root = await realpath(folder).catch(unusable(folder));
  const status = await lstat(root).catch(unusable(folder));
  if (!status.isDirectory()) throw new GatewayError('CONFIGURATION', `MCP_FILES_DIR ${folder} is not a directory.`);
  const spellings = [folder.replace(/[/\\]+$/, ''), root];

  return {
    async open(text) {
      const segments = segmentsOf(text, spellings);
      const parent = await walk(root, segments.slice(0, -1));
      try {
        const name = segments.at(-1)!;
        await parent.refuseLink(name);
        const handle = await open(parent.child(name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch(explain);
        return await reading(handle, segments.join('/'));
      } finally {
        await parent.close();
      }
    },
    async create(text) {
      const segments = segmentsOf(text, spellings);
      const parent = await walk(root, segments.slice(0, -1));
      try {
        return await writing(parent, segments);
      } catch (error) {
        await parent.close();
        throw error;
      }
    },
  };
}

function unusable(folder: string): (cause: NodeJS.ErrnoException) => never {
  return (cause) => {
    throw new GatewayError('CONFIGURATION', `MCP_FILES_DIR ${folder} cannot be used (${cause.code}).`, { cause });
  };
}

/** The parts of a path that is relative to the folder, or absolute and inside it. */
function segmentsOf(text: string, spellings: readonly string[]): string[] {
  const inside = spellings.find((folder) => text.startsWith(folder + sep));
  const relative = inside === undefined ? text : text.slice(inside.length + 1);
  const absolute = inside === undefined && /^(?:[/\\]|[a-z]:)/i.test(text);
  const segments = relative.split('/').filter((segment) => segment !== '' && segment !== '.');
  const hostile = segments.some(
    (segment) =>
      segment === '..' ||
      /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\\:]/u.test(segment) ||
      Buffer.byteLength(segment) > LONGEST_NAME_BYTES,
  );
  if (absolute || hostile || segments.length === 0 || segments.length > DEEPEST || relative.endsWith('/')) {
    throw new GatewayError(
      'INVALID_INPUT',
      'A file of the gateway is written as "folder/file", relative to its MCP_FILES_DIR and inside it.',
    );
  }
  return segments;
}

interface Directory {
  /** A path that leads to that name in this very directory. */
  child(name: string): string;
  refuseLink(name: string): Promise<void>;
  close(): Promise<void>;
}

async function walk(root: string, names: readonly string[]): Promise<Directory> {
  return process.platform === 'linux' ? walkOpen(root, names) : walkChecked(root, names);
}

async function walkOpen(root: string, names: readonly string[]): Promise<Directory> {
  let handle = await open(root, O_RDONLY | O_DIRECTORY | O_NOFOLLOW).catch(explain);
  const child = (name: string) => `/proc/self/fd/${handle.fd}/${name}`;
  for (const name of names) {
    const above = handle;
    try {
      handle = await open(child(name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW).catch(explain);
    } finally {
      await above.close();
    }
  }
  // O_NOFOLLOW refuses links by itself.
  return { child, refuseLink: async () => {}, close: () => handle.close() };
}

async function walkChecked(root: string, names: readonly string[]): Promise<Directory> {
  const path = join(root, ...names);
  if ((await realpath(path).catch(explain)) !== path) throw notPlain();
  return {
    child: (name) => join(path, name),
    async refuseLink(name) {
      const status = await lstat(join(path, name)).catch(absent);
      if (status?.isSymbolicLink() || (await realpath(path).catch(explain)) !== path) throw notPlain();
    },
    close: async () => {},
  };
}

async function reading(handle: FileHandle, path: string): Promise<LocalFile> {
  const status = await handle.stat();
  if (!status.isFile()) {
    await handle.close();
    throw notPlain();
  }
  const { size } = status;
  return {
    path,
    size,
    async *read({ start = 0, end = size, chunkSize = CHUNK_BYTES } = {}) {
      for (let at = start; at < end; ) {
        const buffer = Buffer.allocUnsafeSlow(Math.min(chunkSize, end - at));
        const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
        if (bytesRead === 0) throw new GatewayError('INVALID_STATE', 'The file became shorter while it was read.');
        at += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    },
    close: () => handle.close(),
  };
}

async function writing(parent: Directory, segments: readonly string[]): Promise<NewLocalFile> {
  const path = segments.join('/');
  const name = basename(path);
  const final = parent.child(name);
  if (await lstat(final).catch(absent)) throw taken(path);
  const temporary = parent.child(`.mcvsphere-${randomBytes(8).toString('hex')}.part`);
  await parent.refuseLink(name);
  const handle = await open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600).catch(explain);
  let ended: Promise<void> | undefined;
  const end = async (work: () => Promise<void>) => {
    try {
      await work();
    } finally {
      await parent.close();
    }
  };

  return {
    path,
    async write(chunk) {
      for (let at = 0; at < chunk.length; ) {
        const { bytesWritten } = await handle.write(chunk, at, chunk.length - at).catch(explain);
        at += bytesWritten;
      }
    },
    async commit() {
      await handle.sync();
      // Takes the name first, so that whoever else has it by now keeps it.
      await open(final, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600).then(
        (mark) => mark.close(),
        (error) => {
          throw error.code === 'EEXIST' ? taken(path) : error;
        },
      );
      ended = end(async () => {
        await handle.close();
        await rename(temporary, final);
      });
      await ended;
    },
    async discard() {
      ended ??= end(async () => {
        await handle.close();
        await unlink(temporary);
      });
      await ended.catch(() => {});
    },
  };
}

function absent(error: NodeJS.ErrnoException): Stats | undefined {
  if (error.code === 'ENOENT') return undefined;
  return explain(error);
}

function taken(path: string): GatewayError {
  const name = JSON.stringify(path);
  return new GatewayError(
    'INVALID_STATE',
    `${name} exists in the gateway's MCP_FILES_DIR already: choose another name.`,
  );
}

function notPlain(): GatewayError {
  return new GatewayError(
    'INVALID_STATE',
    "That is no plain file in a plain folder of the gateway's MCP_FILES_DIR; symbolic links are not followed.",
  );
}

function explain(cause: NodeJS.ErrnoException): never {
  switch (cause.code) {
    case 'ENOENT':
      throw new GatewayError('NOT_FOUND', "There is no such file or folder in the gateway's MCP_FILES_DIR.", { cause });
    case 'ELOOP':
    case 'ENOTDIR':
    case 'EISDIR':
    case 'ENXIO':
    case 'EMLINK':
      throw notPlain();
    case 'ENOSPC':
    case 'EDQUOT':
      throw new GatewayError('INVALID_STATE', "There is no space left in the gateway's MCP_FILES_DIR.", { cause });
    default:
      throw new GatewayError('INVALID_STATE', `The gateway may not do that in its MCP_FILES_DIR (${cause.code}).`, {
        cause,
      });
  }
}

/** Says what to do where the operator has not opened a folder. */
export function requireFilesFolder(folder: FilesFolder | undefined, instead: string): FilesFolder {
  if (folder !== undefined) return folder;
  throw new GatewayError('UNSUPPORTED', `This gateway has no folder for files (MCP_FILES_DIR): ${instead}`);
}
