/** What a file holds, as a stream: from memory, or zeros. */
import { descriptorOf, type FileEntry } from './tree.ts';

const PIECE = 256 * 1024;
const ZEROS = Buffer.alloc(PIECE);

export interface Readout {
  readonly size: number;
  /** The bytes from `start` up to and without `end`. */
  read(start: number, end: number): Iterable<Buffer>;
}

/** A disk's own file is its descriptor; its extent is as large as the disk, whatever it takes on the datastore. */
export function readoutOf(entry: FileEntry): Readout {
  if (entry.disk) {
    const descriptor = descriptorOf(entry.name, entry.disk);
    return { size: descriptor.length, read: (start, end) => [descriptor.subarray(start, end)] };
  }
  const { bytes, extentOf } = entry;
  const size = extentOf ? extentOf.capacityKb * 1024 : entry.size;
  return {
    size,
    *read(start, end) {
      const held = bytes?.subarray(start, end);
      if (held && held.length > 0) yield held;
      for (let at = start + (held?.length ?? 0); at < end; at += PIECE)
        yield ZEROS.subarray(0, Math.min(PIECE, end - at));
    },
  };
}

export type Range = { readonly start: number; readonly end: number } | 'unsatisfiable' | undefined;

/** A single range of bytes (RFC 9110 §14.1.2), its end excluded; undefined for none and for what is not understood. */
export function parseRange(header: string | undefined, size: number): Range {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return undefined;
  const [, first, last] = match as unknown as [string, string, string];
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size : Math.min(size, Number(last) + 1);
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  return start >= size || end <= start ? 'unsatisfiable' : { start, end };
}
