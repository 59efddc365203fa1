/**
 * One writer a file. Several processes may be given the same audit file, such as the stdio servers of one person's
 * clients: each takes the first free slot (`audit.jsonl`, `audit-2.jsonl`, …) by a lock file beside it. The lock of a
 * process that died is taken over. Should two ever write one file all the same, the sink notices and refuses.
 */
import { mkdir } from 'node:fs/promises';
import { dirname, extname } from 'node:path';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { takeProcessLock } from '../lib/process-lock.ts';
import { AuditUnavailableError, errnoOf } from './errors.ts';

const MOST_SLOTS = 64;

export interface Slot {
  readonly path: string;
  release(): Promise<void>;
}

/** @throws AuditUnavailableError where no slot is free, or no lock can be made */
export async function takeSlot(path: string, clock: Clock, logger: Logger): Promise<Slot> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    for (const slotPath of slotPaths(path)) {
      const slot = await takeIfFree(slotPath, clock, logger);
      if (slot !== undefined) return slot;
    }
  } catch (cause) {
    throw new AuditUnavailableError(`The audit file cannot be locked (${errnoOf(cause) ?? 'error'}).`, cause);
  }
  throw new AuditUnavailableError(`All ${MOST_SLOTS} slots of the audit file are taken by other processes.`);
}

/** Every file that a process which was given `path` may write, the first choice first. */
export function slotPaths(path: string): string[] {
  return Array.from({ length: MOST_SLOTS }, (_, i) => (i === 0 ? path : numbered(path, i + 1)));
}

/** @returns undefined where another process has it */
export async function takeIfFree(path: string, clock: Clock, logger: Logger): Promise<Slot | undefined> {
  const attempt = await takeProcessLock(`${path}.lock`, clock, logger);
  return attempt.taken ? { path, release: attempt.release } : undefined;
}

function numbered(path: string, number: number): string {
  const extension = extname(path);
  return `${path.slice(0, path.length - extension.length)}-${number}${extension}`;
}
