/**
 * What is on the screen of a VM, as a picture: `GET /screen?id=vm-42` of the server itself.
 *
 * The request carries the session and never the password; a redirect, which could carry the session elsewhere, is not
 * followed. What comes back goes to a model's eyes: it is a PNG of bounded size, or an error.
 */
import { GatewayError } from '../lib/errors.ts';
import { ProtocolError, TransportError, unexpectedStatus } from '../vim25/errors.ts';
import type { FileTransfer } from '../vim25/file-transfer.ts';
import type { HttpResponse } from '../vim25/transport.ts';
import { InvalidStateError, ObjectNotFoundError, UnsupportedError } from './errors.ts';
import type { InventoryObject } from './inventory.ts';
import { quoted } from './names.ts';

/** One side alone keeps the proportions. Pixels. */
export interface ScreenSize {
  readonly width?: number | undefined;
  readonly height?: number | undefined;
}

export interface Screenshot {
  readonly contentType: 'image/png';
  readonly bytes: Buffer;
  /** Pixels, as the picture itself says. */
  readonly width: number;
  readonly height: number;
}

const MOST_BYTES = 4 * 1024 * 1024;
/** On a side: several large displays beside each other. A few bytes can be a picture that fills whoever unpacks it. */
const MOST_PIXELS = 16_384;
const MOST_DUMPED_BYTES = 64 * 1024;
/** PNG (RFC 2083 §3.1), and the header chunk that has to come first (§4.1.1). */
const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
const HEADER = Buffer.from('\0\0\0\x0dIHDR', 'latin1');
const HEADER_ENDS = 33;

interface Access {
  readonly transfer: FileTransfer;
  readonly signal: AbortSignal;
}

/** Errors: PERMISSION_DENIED, NOT_FOUND, INVALID_STATE, UNSUPPORTED, UNAVAILABLE. */
export async function takeScreenshot(
  { transfer, signal }: Access,
  vm: InventoryObject,
  { width, height }: ScreenSize,
): Promise<Screenshot> {
  const query = new URLSearchParams({ id: vm.id });
  if (width !== undefined) query.set('w', String(width));
  if (height !== undefined) query.set('h', String(height));
  const bytes = await transfer.onServer(`/screen?${query}`, { method: 'GET', signal }, (response) =>
    read(response, vm),
  );
  return { contentType: 'image/png', bytes, ...sizeOf(bytes) };
}

async function read(response: HttpResponse, vm: InventoryObject): Promise<Buffer> {
  const { statusCode, headers, body } = response;
  if (statusCode !== 200) {
    await body.dump({ limit: MOST_DUMPED_BYTES });
    throw refusal(statusCode, vm);
  }
  if (!/^image\/png\s*(;|$)/i.test(String(headers['content-type']))) {
    throw new ProtocolError('it is no PNG picture');
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += (chunk as Buffer).length;
    if (size > MOST_BYTES) throw tooLarge();
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

function refusal(statusCode: number, vm: InventoryObject): GatewayError {
  switch (statusCode) {
    case 401:
    case 403:
      return new GatewayError(
        'PERMISSION_DENIED',
        'The service account may not see screens of VMs: it lacks VirtualMachine.Interact.CreateScreenshot.',
      );
    case 404:
      return new ObjectNotFoundError(`vSphere has no screen of ${quoted(vm.name)}.`);
    case 405:
    case 501:
      return new UnsupportedError('This server does not show the screens of its VMs.');
    case 503:
      return new InvalidStateError(`vSphere cannot show the screen of ${quoted(vm.name)} now: it has to be on.`);
    default:
      return unexpectedStatus(statusCode);
  }
}

function tooLarge(): TransportError {
  const limit = `${MOST_BYTES / 1024 / 1024} MB or ${MOST_PIXELS} pixels on a side`;
  return new TransportError('too-large', `The picture is larger than ${limit}: ask for a smaller width.`, {
    maybeExecuted: false,
  });
}

/** Errors: `ProtocolError` for what is no PNG. */
function sizeOf(bytes: Buffer): { readonly width: number; readonly height: number } {
  const start = Buffer.concat([SIGNATURE, HEADER]);
  const isPng = bytes.length > HEADER_ENDS && bytes.subarray(0, start.length).equals(start);
  const width = isPng ? bytes.readUInt32BE(start.length) : 0;
  const height = isPng ? bytes.readUInt32BE(start.length + 4) : 0;
  if (width === 0 || height === 0) throw new ProtocolError('it is no PNG picture');
  if (width > MOST_PIXELS || height > MOST_PIXELS) throw tooLarge();
  return { width, height };
}
