/**
 * Takes the first free slot of an audit file and finds out where its chain stands. Nothing that is found is thrown
 * away: a torn last line (a crash during a write) and a file that this key did not write are set aside, and the START
 * record says so.
 */
import { appendFile, open, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { type ChainHead, GENESIS, hasValidHash, parseRecord } from './chain.ts';
import { AuditUnavailableError, errnoOf } from './errors.ts';
import { type AuditKeys, syncDirectory } from './keys.ts';
import { scanLines } from './lines.ts';
import { createIntentScan, type OpenIntent } from './recovery.ts';
import { DurableFile, type SinkFiles } from './sink.ts';
import { type Slot, takeSlot } from './slot.ts';

export interface OpenedFile {
  readonly file: DurableFile;
  readonly head: ChainHead;
  readonly openIntents: readonly OpenIntent[];
  /** What was not as a clean stop leaves it, in sentences. */
  readonly findings: readonly string[];
  /** Closes the file and gives up the slot. */
  close(): Promise<void>;
}

interface Options {
  readonly path: string;
  readonly keys: AuditKeys;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly files?: SinkFiles | undefined;
}

export async function openChainFile({ path, ...options }: Options): Promise<OpenedFile> {
  return openSlot(await takeSlot(path, options.clock, options.logger), options);
}

/** Opens the file of a slot that was taken; gives the slot up again where that fails. */
export async function openSlot(slot: Slot, { keys, clock, logger, files }: Omit<Options, 'path'>): Promise<OpenedFile> {
  try {
    const found = await inspect(slot.path, keys, new Date(clock.now()));
    for (const finding of found.findings) logger.warn({ file: slot.path }, finding);
    const file = await DurableFile.open(slot.path, files);
    const close = async () => {
      await file.close().catch((err: unknown) => logger.error({ err }, 'the audit file did not close'));
      await slot.release();
    };
    return { file, ...found, close };
  } catch (error) {
    await slot.release();
    if (error instanceof AuditUnavailableError) throw error;
    throw new AuditUnavailableError(`The audit file cannot be read (${errnoOf(error) ?? 'error'}).`, error);
  }
}

/** Whether calls were left open in a file that goes on with this key. Changes nothing. */
export async function hasOpenIntents(path: string, keys: AuditKeys): Promise<boolean> {
  const intents = createIntentScan();
  const { last } = await readEnd(path, intents.see);
  const record = last && parseRecord(last);
  return record !== undefined && hasValidHash(last!, record, keys.chain) && intents.open().length > 0;
}

async function inspect(path: string, keys: AuditKeys, now: Date) {
  const intents = createIntentScan();
  const findings: string[] = [];
  const exists = await stat(path).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (exists === undefined) return { head: GENESIS, openIntents: [], findings };

  const { last, torn } = await readEnd(path, intents.see);
  const suffix = now.toISOString().replaceAll(':', '');
  if (torn !== undefined) {
    const aside = `${path}.torn-${suffix}`;
    await moveTail(path, torn.offset, aside);
    findings.push(`A torn last line of ${exists.size - torn.offset} bytes was set aside.`);
  }
  if (last === undefined) return { head: GENESIS, openIntents: intents.open(), findings };

  const record = parseRecord(last);
  if (record !== undefined && hasValidHash(last, record, keys.chain)) {
    return { head: { seq: record.seq, hash: record.hash }, openIntents: intents.open(), findings };
  }
  await rename(path, `${path}.set-aside-${suffix}`);
  await syncDirectory(dirname(path));
  findings.push(
    'The file before this one does not end with a record of this key and was set aside: a new chain begins.',
  );
  return { head: GENESIS, openIntents: intents.open(), findings };
}

/** One pass over the file: each whole line to `see`, the last of them, and where a torn one begins. */
async function readEnd(path: string, see: (line: Buffer) => void) {
  const end: { last?: Buffer; torn?: { readonly offset: number } } = {};
  await scanLines(path, ({ bytes, offset, ended }) => {
    if (!ended) {
      end.torn = { offset };
      return;
    }
    see(bytes);
    end.last = Buffer.from(bytes);
  });
  return end;
}

/** The copy is durable before the original is cut. */
async function moveTail(path: string, offset: number, aside: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    const { size } = await handle.stat();
    const chunk = Buffer.allocUnsafe(256 * 1024);
    for (let at = offset; at < size; ) {
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, at);
      if (bytesRead === 0) break;
      await appendFile(aside, chunk.subarray(0, bytesRead), { mode: 0o600, flush: true });
      at += bytesRead;
    }
    await syncDirectory(dirname(path));
    await handle.truncate(offset);
    await handle.datasync();
  } finally {
    await handle.close();
  }
}
