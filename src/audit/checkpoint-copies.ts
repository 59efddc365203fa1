/**
 * Checkpoints in a second place: a file elsewhere, or standard output for the log shipper. A place that cannot be
 * written does not stop the gateway, since the chain itself is whole; it is logged, and what it missed is kept.
 */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import type { Logger } from '../lib/logger.ts';

/** Checkpoints kept for a place that cannot be written. Each covers all before it, so the oldest go first. */
const MOST_KEPT = 1_000;

export interface CheckpointCopies {
  readonly add: (line: string) => void;
  /** Resolves when all were tried. */
  flush(): Promise<void>;
}

interface Places {
  readonly checkpointFile?: string | undefined;
  readonly checkpointStream?: Writable | undefined;
  readonly logger: Logger;
}

export function createCheckpointCopies({ checkpointFile, checkpointStream, logger }: Places): CheckpointCopies {
  let kept: string[] = [];
  let writing: Promise<void> = Promise.resolve();

  async function write(path: string): Promise<void> {
    const lines = kept;
    if (lines.length === 0) return;
    kept = [];
    try {
      await appendDurably(path, lines.join(''));
    } catch (err) {
      kept = [...lines, ...kept].slice(-MOST_KEPT);
      logger.error({ err, path }, 'audit checkpoints cannot be written to their second place');
    }
  }

  return {
    add(line) {
      if (checkpointFile === undefined) {
        checkpointStream?.write(line);
        return;
      }
      kept.push(line);
      writing = writing.then(() => write(checkpointFile));
    },
    flush: () => writing,
  };
}

async function appendDurably(path: string, text: string): Promise<void> {
  const handle = await open(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, 0o600);
  try {
    const { size } = await handle.stat();
    try {
      await handle.appendFile(text);
      await handle.datasync();
    } catch (error) {
      // A line cut short would spoil the next one.
      await handle.truncate(size).catch(() => {});
      throw error;
    }
  } finally {
    await handle.close();
  }
}
