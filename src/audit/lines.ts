/** Reads a file of any size line by line, in constant memory, as bytes: what is hashed is what is on disk. */
import { open, stat } from 'node:fs/promises';

const CHUNK = 256 * 1024;
/** No record is near this long; what is longer is no record, and is passed on cut. */
const LONGEST_LINE = 4 * 1024 * 1024;
const LINE_FEED = 10;

export interface Line {
  /** Without the line feed. Valid only during the call. */
  readonly bytes: Buffer;
  /** From 1. */
  readonly number: number;
  /** Of its first byte, from the start of the file. */
  readonly offset: number;
  /** False only for a last line without its line feed. */
  readonly ended: boolean;
}

/** @throws what the file system says; also for a device or a pipe, which need not end */
export async function scanLines(path: string, onLine: (line: Line) => void): Promise<void> {
  // Before it is opened, which alone can wait forever on a pipe.
  if (!(await stat(path)).isFile()) throw Object.assign(new Error('not a regular file'), { code: 'EFTYPE' });
  const handle = await open(path, 'r');
  try {
    const chunk = Buffer.allocUnsafe(CHUNK);
    let rest: Buffer[] = [];
    let restLength = 0;
    let number = 0;
    let offset = 0;
    const emit = (tail: Buffer, ended: boolean) => {
      number += 1;
      const length = restLength + tail.length;
      onLine({ bytes: rest.length === 0 ? tail : Buffer.concat([...rest, tail]), number, offset, ended });
      offset += length + 1;
      rest = [];
      restLength = 0;
    };
    for (;;) {
      const { bytesRead } = await handle.read(chunk, 0, CHUNK);
      if (bytesRead === 0) break;
      let from = 0;
      for (let at = chunk.indexOf(LINE_FEED); at !== -1 && at < bytesRead; at = chunk.indexOf(LINE_FEED, from)) {
        emit(chunk.subarray(from, at), true);
        from = at + 1;
      }
      if (from < bytesRead) {
        if (restLength < LONGEST_LINE) rest.push(Buffer.from(chunk.subarray(from, bytesRead)));
        restLength += bytesRead - from;
      }
    }
    if (restLength > 0) emit(Buffer.alloc(0), false);
  } finally {
    await handle.close();
  }
}
