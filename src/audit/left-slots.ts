/**
 * The slots that nobody holds any more. A process that died in one of them may have left calls open, and the slot may
 * stay unused for long: so every start looks at the free ones too, and closes what it finds, each in its own file.
 */
import { stat } from 'node:fs/promises';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { AuditKeys } from './keys.ts';
import { hasOpenIntents, type OpenedFile, openSlot } from './open-file.ts';
import type { SinkFiles } from './sink.ts';
import { slotPaths, takeIfFree } from './slot.ts';

interface Options {
  /** The audit file as it was configured. */
  readonly file: string;
  /** The one of its slots that this process writes. */
  readonly own: string;
  readonly keys: AuditKeys;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly files?: SinkFiles | undefined;
  /** Writes the outcomes of the open intents. */
  readonly closeIntents: (opened: OpenedFile) => Promise<void>;
}

/** Looks at each slot once. Never rejects: what cannot be closed now is found by a later start. */
export async function closeLeftSlots(options: Options): Promise<void> {
  const closing: Promise<void>[] = [];
  for (const path of slotPaths(options.file)) {
    if (options.signal.aborted) break;
    if (path === options.own || !(await isFile(path))) continue;
    try {
      const opened = await openIfLeft(path, options);
      if (opened !== undefined) closing.push(closeAndRelease(opened, options));
    } catch (err) {
      options.logger.warn(
        { err, file: path },
        'calls that were left open in another audit file could not be looked for',
      );
    }
  }
  await Promise.all(closing);
}

/** Looked at only under its lock: the open calls of a living process are its own. */
async function openIfLeft(path: string, options: Options): Promise<OpenedFile | undefined> {
  const { keys, clock, logger } = options;
  const slot = await takeIfFree(path, clock, logger);
  if (slot === undefined) return undefined;
  const left = await hasOpenIntents(path, keys).catch(async (error: unknown) => {
    await slot.release();
    throw error;
  });
  if (left) return openSlot(slot, options);
  await slot.release();
  return undefined;
}

async function closeAndRelease(opened: OpenedFile, { closeIntents, logger }: Options): Promise<void> {
  try {
    await closeIntents(opened);
  } catch (err) {
    logger.warn({ err, file: opened.file.path }, 'calls that were left open in another audit file could not be closed');
  } finally {
    await opened.close();
  }
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
