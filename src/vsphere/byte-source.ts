/** A file of known size that can be read from any place: on a datastore, on this machine, at a web server. */
import { GatewayError } from '../lib/errors.ts';

export interface ByteSource {
  /** As people are told it: `[nfs] images/a.ova`. */
  readonly name: string;
  readonly size: number;
  /** Exactly `length` bytes from `start`, or an error. What was not read to its end is given up by `return`. */
  read(start: number, length: number): AsyncIterable<Uint8Array>;
}

/** A few bytes at once. */
export async function readBytes(source: ByteSource, start: number, length: number): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source.read(start, length)) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** A part of a source as a source. */
export function partOf(source: ByteSource, name: string, offset: number, size: number): ByteSource {
  return { name, size, read: (start, length) => source.read(offset + start, length) };
}

/** Passes on exactly `length` bytes. Errors: UNAVAILABLE when there are fewer or more. */
export async function* exactly(
  bytes: AsyncIterable<Uint8Array>,
  length: number,
  name: string,
): AsyncGenerator<Uint8Array> {
  let left = length;
  for await (const piece of bytes) {
    left -= piece.byteLength;
    if (left < 0) break;
    yield piece;
  }
  if (left !== 0) throw new GatewayError('UNAVAILABLE', `${name} changed while it was read: its size is another now.`);
}
