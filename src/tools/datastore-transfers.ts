/** The content of files on datastores, to and from the caller or the gateway's folder for files. */
import { z } from 'zod';
import { GatewayError } from '../lib/errors.ts';
import { type FilesFolder, type NewLocalFile, requireFilesFolder } from '../lib/files-folder.ts';
import {
  type DatastorePlace,
  existingFile,
  fileAt,
  findPlace,
  parseFilePath,
  requireParentFolder,
  requireSpace,
  startMove,
} from '../vsphere/datastore-file.ts';
import { refuseUsed, usersOf } from '../vsphere/datastore-file-users.ts';
import { afterTidyingUp, download, type OnBytes, type Source, upload } from '../vsphere/datastore-transfer.ts';
import { InvalidStateError, TaskFailedError } from '../vsphere/errors.ts';
import { quoted } from '../vsphere/names.ts';
import { humanSize, MIB } from '../vsphere/units.ts';
import { datastoreName, objectRef, toObjectRef } from './fields.ts';
import { secret } from './secret-field.ts';
import { defineTool, type ServerContext } from './tool.ts';

const filePath = z.string().min(1).max(1024).describe('File on the datastore: "folder/file".');
const localPath = z.string().min(1).max(4096).optional();
const target = ({ datastore }: { datastore: string }) => datastore;
/** A terabyte at 50 MB a second. */
const DEADLINE_SECONDS = 6 * 3600;

const moved = {
  datastore: objectRef,
  path: z.string(),
  size_bytes: z.int(),
  size_human: z.string(),
  sha256: z.string(),
};

export const downloadFromDatastore = defineTool({
  name: 'download_from_datastore',
  title: 'Download from datastore',
  description:
    "Read a file of a datastore: small ones (logs, .vmx) into the answer, any size with save_to into the gateway's file folder. browse_datastore lists files; read_guest_file reads inside a VM.",
  permission: 'VM_LIFECYCLE',
  effect: 'create',
  endsWithCaller: true,
  deadlineSeconds: DEADLINE_SECONDS,
  input: {
    datastore: datastoreName,
    path: filePath,
    save_to: localPath.describe('New file in MCP_FILES_DIR instead of the answer.'),
    max_memory_mb: z.int().min(1).max(64).default(50).describe('Most that is put into the answer.'),
  },
  output: {
    ...moved,
    saved_to: z.string().optional(),
    encoding: z.enum(['utf-8', 'base64']).optional(),
    content: z.string().optional(),
  },
  target,
  async handler(given, context) {
    const { vsphere } = context;
    const path = parseFilePath(given.path, 'path');
    const folder =
      given.save_to === undefined ? undefined : requireFilesFolder(context.files, 'leave save_to out for small files.');
    const place = await findPlace(vsphere, given.datastore);
    context.reading(place.datastore);
    const { type, sizeBytes } = await existingFile(vsphere, place, path);
    if (type === 'folder') throw new InvalidStateError(`${quoted(path)} is a folder: browse_datastore lists it.`);
    const onBytes = progressOf(context, `reading ${path}`);
    const { result, ...more } =
      folder === undefined || given.save_to === undefined
        ? await toMemory(context, place, path, given.max_memory_mb * MIB, onBytes, sizeBytes)
        : await toFolder(context, place, path, folder, given.save_to, onBytes);
    return { ...describe(place, path, result), ...more };
  },
});

async function toMemory(
  { vsphere }: ServerContext,
  place: DatastorePlace,
  path: string,
  most: number,
  onBytes: OnBytes,
  listedBytes = 0,
) {
  const chunks: Uint8Array[] = [];
  let held = 0;
  const bound = (bytes: number) => {
    if (bytes <= most) return;
    throw new GatewayError(
      'INVALID_INPUT',
      `${quoted(path)} has ${humanSize(bytes)} or more, and ${humanSize(most)} go into an answer: use save_to, or raise max_memory_mb.`,
    );
  };
  // Of a disk the datastore lists the size of all its files, and its own file is small.
  if (!path.endsWith('.vmdk')) bound(listedBytes);
  const sink = {
    expect: (total = 0) => bound(total),
    write(chunk: Uint8Array) {
      held += chunk.length;
      bound(held);
      chunks.push(chunk);
    },
  };
  const result = await download(vsphere, place, path, sink, onBytes);
  return { result, ...readable(Buffer.concat(chunks, held)) };
}

/**
 * Text as text, where it is some. Each control character takes many times its size in an answer, which says all twice:
 * what is full of them could not be answered.
 */
function readable(bytes: Buffer): { encoding: 'utf-8' | 'base64'; content: string } {
  if (!bytes.includes(0) && controlsIn(bytes) <= bytes.length / 20) {
    try {
      return { encoding: 'utf-8', content: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) };
    } catch {
      // No UTF-8.
    }
  }
  return { encoding: 'base64', content: bytes.toString('base64') };
}

/** Those that no line of text needs. */
function controlsIn(bytes: Buffer): number {
  let controls = 0;
  for (const byte of bytes) if (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) controls++;
  return controls;
}

async function toFolder(
  { vsphere }: ServerContext,
  place: DatastorePlace,
  path: string,
  folder: FilesFolder,
  name: string,
  onBytes: OnBytes,
) {
  const file: NewLocalFile = await folder.create(name);
  try {
    const result = await download(vsphere, place, path, { write: (chunk) => file.write(chunk) }, onBytes);
    await file.commit();
    return { result, saved_to: file.path };
  } finally {
    await file.discard();
  }
}

export const uploadToDatastore = defineTool({
  name: 'upload_to_datastore',
  title: 'Upload to datastore',
  description:
    "Write a file to a datastore, from local_path in the gateway's file folder (ISOs, any size) or content_base64 (small). The folder must exist; an existing file stays unless force. deploy_ova imports VMs.",
  permission: 'VM_LIFECYCLE',
  effect: 'create',
  destructive: true,
  endsWithCaller: true,
  deadlineSeconds: DEADLINE_SECONDS,
  input: {
    datastore: datastoreName,
    remote_path: filePath,
    local_path: localPath.describe('File in MCP_FILES_DIR.'),
    content_base64: secret('The content itself, up to about 180 KB.').optional(),
    chunk_size: z.int().min(4096).max(16_777_216).default(8_388_608).describe('Bytes read at a time.'),
    force: z.boolean().default(false).describe('Replace an existing file.'),
  },
  output: { ...moved, source: z.string(), streamed: z.boolean() },
  target,
  async handler(given, context) {
    const path = parseFilePath(given.remote_path, 'remote_path');
    if ((given.local_path === undefined) === (given.content_base64 === undefined)) {
      throw new GatewayError('INVALID_INPUT', 'Give either local_path or content_base64.');
    }
    if (given.content_base64 !== undefined) {
      const content = fromBase64(given.content_base64.reveal());
      const result = await put(context, given, path, { size: content.length, chunks: [content] });
      return { ...result, source: 'content_base64', streamed: false };
    }
    const folder = requireFilesFolder(context.files, 'give a small file as content_base64.');
    const file = await folder.open(given.local_path!);
    try {
      const chunks = file.read({ chunkSize: given.chunk_size });
      return { ...(await put(context, given, path, { size: file.size, chunks })), source: file.path, streamed: true };
    } finally {
      await file.close();
    }
  },
});

/** Checks all, writes beside the place, then gives the file its name: by vSphere's own word never over another. */
async function put(
  context: ServerContext,
  { datastore, force }: { readonly datastore: string; readonly force: boolean },
  path: string,
  source: Source,
) {
  const { vsphere } = context;
  const place = await findPlace(vsphere, datastore);
  context.reading(place.datastore);
  const before = await fileAt(vsphere, place, path);
  if (before?.type === 'folder') throw new InvalidStateError(`${quoted(path)} is a folder: name a file.`);
  if (before !== undefined) {
    if (!force) throw new InvalidStateError(`${quoted(path)} exists already: choose another name, or set force.`);
    refuseUsed(path, await usersOf(vsphere, place, path), 'detach it there first.');
  }
  await requireParentFolder(vsphere, place, path);
  requireSpace(place, source.size);
  await context.acting(place.datastore);
  const uploaded = await upload(vsphere, place, path, source, progressOf(context, `writing ${path}`));
  try {
    const relocation = { from: place, path: uploaded.path, to: place, newPath: path, type: 'file', force } as const;
    await context.follow(await startMove(vsphere, relocation));
  } catch (error) {
    if (isUndecided(error)) throw error;
    const ended = await afterTidyingUp(vsphere, place, uploaded.path, error);
    if (error instanceof TaskFailedError && error.faultType === 'FileAlreadyExists') {
      throw new InvalidStateError(`${quoted(path)} has come to exist meanwhile: choose another name, or set force.`);
    }
    throw ended;
  }
  const { sizeBytes } = await existingFile(vsphere, place, path);
  return { ...describe(place, path, uploaded), size_bytes: sizeBytes ?? uploaded.sizeBytes };
}

/** The file may yet get its name. */
function isUndecided(error: unknown): boolean {
  if (!(error instanceof GatewayError)) return true;
  return error.maybeExecuted || error.code === 'CANCELLED' || error.code === 'DEADLINE_EXCEEDED';
}

/** Errors: INVALID_INPUT; Node itself would leave out what is no base64. */
function fromBase64(text: string): Buffer {
  const bare = text.replace(/[\r\n]/g, '');
  if (bare.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(bare)) {
    throw new GatewayError('INVALID_INPUT', 'content_base64 is no base64 (RFC 4648 section 4).');
  }
  return Buffer.from(bare, 'base64');
}

function progressOf({ progress }: ServerContext, doing: string): OnBytes {
  let last = -1;
  return (movedBytes, total) => {
    if (total === undefined || total === 0) return;
    // The last percent is for what comes after the bytes.
    const percent = Math.min(99, Math.floor((movedBytes / total) * 100));
    if (percent === last) return;
    last = percent;
    progress(percent, `${doing}: ${humanSize(movedBytes)} of ${humanSize(total)}`);
  };
}

function describe({ datastore }: DatastorePlace, path: string, result: { sizeBytes: number; sha256: string }) {
  return {
    datastore: toObjectRef(datastore),
    path,
    size_bytes: result.sizeBytes,
    size_human: humanSize(result.sizeBytes),
    sha256: result.sha256,
  };
}
