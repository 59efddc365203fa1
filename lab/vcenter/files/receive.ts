/** A file as it comes in: hashed, and kept in memory only up to a size. */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Content } from './tree.ts';

export interface Received extends Content {
  readonly sha256: string;
  readonly sha1: string;
  /** The first bytes, at most 64 KiB. */
  readonly head: Buffer;
}

export class TooLargeError extends Error {}

/** Whether the client went away in the middle. */
export function isGone(error: unknown): boolean {
  return ['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE'].includes(String((error as { code?: unknown }).code));
}

export interface ReceiveOptions {
  /** Errors past it: `TooLargeError`. */
  readonly maxBytes: () => number;
  /** Of what may not be kept only the size and the checksums are. */
  readonly mayKeep: (bytes: number) => boolean;
}

/** Errors: `TooLargeError`; the stream's own where the client goes away in between. */
export async function receive(
  body: IncomingMessage | AsyncIterable<Buffer>,
  { maxBytes, mayKeep }: ReceiveOptions,
): Promise<Received> {
  const sha256 = createHash('sha256');
  const sha1 = createHash('sha1');
  let kept: Buffer[] | undefined = [];
  let head = Buffer.alloc(0);
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes()) throw new TooLargeError(`more than ${maxBytes()} bytes`);
    sha256.update(chunk);
    sha1.update(chunk);
    if (head.length < 65_536) head = Buffer.concat([head, chunk.subarray(0, 65_536 - head.length)]);
    kept?.push(chunk);
    if (!mayKeep(size)) kept = undefined;
  }
  return {
    size,
    sha256: sha256.digest('hex'),
    sha1: sha1.digest('hex'),
    head,
    ...(kept && { bytes: Buffer.concat(kept) }),
  };
}
