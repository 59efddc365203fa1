/** Where the output of a program goes. */
import { GuestFileError } from '../files/file-error.ts';
import type { GuestFiles } from '../files/file-system.ts';

export interface Sink {
  /** Text is written as UTF-8. Errors: `GuestFileError`, `OutputLimit`. */
  write(data: string | Uint8Array): void;
}

/** A program said more than this process keeps for it. */
export class OutputLimit extends Error {}

export interface Collector extends Sink {
  bytes(): Buffer;
}

/** Bytes that go through a pipe, or that a program writes, at most. */
const MAX_OUTPUT = 4 * 1024 * 1024;

/** Nobody listens; the bytes are counted all the same. */
export function nowhere(): Sink {
  let size = 0;
  return {
    write(data) {
      size += data.length;
      if (size > MAX_OUTPUT * 4) throw new OutputLimit();
    },
  };
}

export function collector(limit = MAX_OUTPUT): Collector {
  const chunks: Buffer[] = [];
  let size = 0;
  return {
    write(data) {
      const bytes = Buffer.from(data);
      size += bytes.length;
      if (size > limit) throw new OutputLimit();
      chunks.push(bytes);
    },
    bytes: () => Buffer.concat(chunks),
  };
}

/** Each write is in the file at once: who reads it meanwhile sees how far the program is. */
export function fileSink(files: GuestFiles, path: string, append: boolean): Sink {
  // What stands there is emptied even if nothing is ever written; of a folder it fails now.
  if (append && files.find(path)?.kind === 'directory') throw new GuestFileError('EISDIR', path);
  files.write(path, Buffer.alloc(0), { append });
  return { write: (data) => files.write(path, Buffer.from(data), { append: true }) };
}
