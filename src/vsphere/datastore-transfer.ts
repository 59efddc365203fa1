/**
 * The content of files on datastores, as streams: `/folder/PATH?dcPath=…&dsName=…` of the server itself (vSphere Web
 * Services SDK Programming Guide, "HTTP Access to vSphere Server Files"). Nothing is held longer than it takes to
 * pass it on.
 */
import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { GatewayError } from '../lib/errors.ts';
import { ProtocolError, TransportError } from '../vim25/errors.ts';
import type { HttpResponse } from '../vim25/transport.ts';
import { type DatastorePlace, datastorePathOf, fileAt, parentOf, startDelete } from './datastore-file.ts';
import { InvalidStateError, ObjectNotFoundError } from './errors.ts';
import { encodeName, parsePath, quoted } from './names.ts';
import type { VsphereCall } from './vsphere.ts';

export interface Transferred {
  readonly sizeBytes: number;
  /** Hexadecimal, of all bytes that were moved. */
  readonly sha256: string;
}

export interface Sink {
  /** Told before the first byte; may refuse by throwing. Undefined where the server does not say. */
  expect?(totalBytes: number | undefined): void;
  write(chunk: Uint8Array): void | Promise<void>;
}

/** @param totalBytes undefined where it is not known */
export type OnBytes = (movedBytes: number, totalBytes: number | undefined) => void;

/** Of broken connections in a row, without a byte in between. */
const MOST_FAILURES = 3;
const RESUME_AFTER_MS = 250;
const TIDY_UP_MS = 30_000;
const RELEASED_AFTER_MS = 2_000;
const MOST_DUMPED_BYTES = 64 * 1024;
const PIECE_BYTES = 256 * 1024;

/**
 * Reads a file to its end. Where the connection breaks, it goes on from there (RFC 9110 §14.2).
 *
 * Errors: NOT_FOUND, PERMISSION_DENIED, VSPHERE_FAULT, UNAVAILABLE; INVALID_STATE when the file changed in between;
 * those of the sink.
 */
export async function download(
  vsphere: VsphereCall,
  place: DatastorePlace,
  path: string,
  sink: Sink,
  onBytes: OnBytes,
): Promise<Transferred> {
  const url = folderUrl(place, path);
  const hash = createHash('sha256');
  const { signal } = vsphere;
  let moved = 0;
  let first: Version | undefined;

  const receive = async (response: HttpResponse) => {
    await refuseFailure(response, place, path);
    const version = versionOf(response, moved);
    if (first === undefined) {
      first = version;
      sink.expect?.(version.total);
    } else if (first.total !== version.total || first.modified !== version.modified) {
      throw new InvalidStateError(`${quoted(path)} changed while it was read: try again.`);
    }
    // Who does not know ranges begins again.
    let skip = moved - version.start;
    for await (const chunk of response.body) {
      const bytes = (chunk as Buffer).subarray(skip);
      skip -= (chunk as Buffer).length - bytes.length;
      if (bytes.length === 0) continue;
      hash.update(bytes);
      await sink.write(bytes);
      moved += bytes.length;
      onBytes(moved, version.total);
    }
    if (version.total !== undefined && moved !== version.total) {
      throw new TransportError('dropped', `${quoted(path)} came to an end too early.`, { maybeExecuted: false });
    }
  };

  for (let failures = 0; ; ) {
    const before = moved;
    try {
      const headers: Record<string, string> = moved === 0 ? {} : { range: `bytes=${moved}-` };
      await vsphere.transfer.onServer(url, { method: 'GET', headers, signal }, receive);
      return { sizeBytes: moved, sha256: hash.digest('hex') };
    } catch (error) {
      failures = moved > before ? 1 : failures + 1;
      const dropped = error instanceof TransportError && ['dropped', 'timeout', 'connect'].includes(error.failure);
      if (!dropped || failures > MOST_FAILURES || signal.aborted) throw error;
      await delay(RESUME_AFTER_MS, undefined, { signal }).catch(() => {});
    }
  }
}

export interface Source {
  readonly size: number;
  readonly chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** A file that is on the datastore under a name of its own, until it gets the one that it is to have. */
export interface UploadedFile extends Transferred {
  readonly path: string;
}

/**
 * Writes a file beside the place where it is to go, so that nobody ever sees half of it, and what it may replace stays
 * until all of it is there. Whatever goes wrong, also that the caller goes away, nothing is left.
 *
 * Errors: as `download`; those of the source; INVALID_STATE when not all of it has arrived.
 */
export async function upload(
  vsphere: VsphereCall,
  place: DatastorePlace,
  path: string,
  source: Source,
  onBytes: OnBytes,
): Promise<UploadedFile> {
  const folder = parentOf(path);
  const name = `.mcvsphere-${randomBytes(8).toString('hex')}.part`;
  const temporary = folder === '' ? name : `${folder}/${name}`;
  const hash = createHash('sha256');
  let moved = 0;

  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of source.chunks) {
      // In small pieces, or each of the buffers on the way to the socket would hold a whole chunk.
      for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
        const piece = chunk.subarray(at, at + PIECE_BYTES);
        hash.update(piece);
        moved += piece.length;
        yield piece;
        onBytes(moved, source.size);
      }
    }
  }

  try {
    const headers = { 'content-type': 'application/octet-stream', 'content-length': String(source.size) };
    const body = Readable.from(counted(), { objectMode: true, highWaterMark: 1 });
    const request = { method: 'PUT', headers, body, signal: vsphere.signal } as const;
    await vsphere.transfer.onServer(folderUrl(place, temporary), request, async (response) => {
      await refuseFailure(response, place, path);
      await response.body.dump({ limit: MOST_DUMPED_BYTES });
    });
    const arrived = (await fileAt(vsphere, place, temporary))?.sizeBytes;
    if (moved !== source.size || arrived !== source.size) {
      throw new InvalidStateError(`Of ${source.size} bytes ${arrived ?? 0} arrived on the datastore: try again.`);
    }
    return { path: temporary, sizeBytes: moved, sha256: hash.digest('hex') };
  } catch (error) {
    throw await afterTidyingUp(vsphere, place, temporary, error);
  }
}

/**
 * Removes what has arrived, also for a caller who has gone, and gives the error to end with: the change is known not
 * to have been made.
 */
export async function afterTidyingUp(
  vsphere: VsphereCall,
  place: DatastorePlace,
  temporary: string,
  error: unknown,
): Promise<unknown> {
  const own = vsphere.until(AbortSignal.timeout(TIDY_UP_MS));
  const remove = async () => {
    if ((await fileAt(own, place, temporary)) === undefined) return;
    await own.tasks.wait(await startDelete(own, place, temporary, 'file'));
  };
  try {
    // A server that has just lost its client may hold the file a moment longer.
    await remove().catch(() => delay(RELEASED_AFTER_MS).then(remove));
  } catch {
    const { message, code } = asGatewayError(error);
    return new GatewayError(code, `${message} ${quoted(datastorePathOf(place, temporary))} may be left behind.`, {
      cause: error,
    });
  }
  if (!(error instanceof GatewayError && error.maybeExecuted)) return error;
  return new GatewayError(error.code, `${error.message} Nothing was left on the datastore.`, { cause: error });
}

function asGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  return new GatewayError('INTERNAL', 'The upload failed.', { cause: error });
}

/** Names in `dcPath` are as vSphere stores them; the slashes of the path itself are not encoded. */
export function folderUrl({ datacenter, datastore }: DatastorePlace, path: string): string {
  const dcPath = parsePath(datacenter.path).map(encodeName).join('/');
  const query = `dcPath=${encodeURIComponent(dcPath)}&dsName=${encodeURIComponent(datastore.name)}`;
  return `/folder/${path.split('/').map(encodeURIComponent).join('/')}?${query}`;
}

interface Version {
  readonly total: number | undefined;
  /** The first byte of the answer. */
  readonly start: number;
  readonly modified: string | undefined;
}

/** @param wanted the first byte that was asked for. Errors: `ProtocolError`. */
function versionOf({ statusCode, headers }: HttpResponse, wanted: number): Version {
  const modified = textOf(headers['last-modified']);
  if (statusCode !== 206) {
    const length = textOf(headers['content-length']);
    return { total: length === undefined ? undefined : Number(length), start: 0, modified };
  }
  const range = /^bytes (\d{1,15})-\d{1,15}\/(\d{1,15})$/.exec(textOf(headers['content-range']) ?? '');
  if (range === null || Number(range[1]) !== wanted) throw new ProtocolError('it is another part of the file');
  return { total: Number(range[2]), start: wanted, modified };
}

function textOf(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.[0];
}

async function refuseFailure({ statusCode, body }: HttpResponse, place: DatastorePlace, path: string): Promise<void> {
  if (statusCode >= 200 && statusCode <= 299) return;
  await body.dump({ limit: MOST_DUMPED_BYTES });
  const what = quoted(datastorePathOf(place, path));
  switch (statusCode) {
    case 401:
      throw new GatewayError('UNAVAILABLE', 'The session with vSphere was lost: try again.');
    case 403:
      throw new GatewayError('PERMISSION_DENIED', `The gateway's vSphere account may not do this with ${what}.`);
    case 404:
      throw new ObjectNotFoundError(`vSphere does not find ${what}.`);
    case 416:
      throw new InvalidStateError(`${what} changed while it was read: try again.`);
    case 507:
      throw new InvalidStateError(`There is no space left on the datastore for ${what}.`);
    default:
      throw new GatewayError(
        'VSPHERE_FAULT',
        `vSphere answers HTTP ${statusCode} for ${what}: a running VM may hold it, or the datastore be read-only.`,
      );
  }
}
