/**
 * The one writer of a file's chain. Group commit by nature: while one batch is being made durable, the records that
 * arrive gather for the next. Sequence and hash are given when a batch is written, so that a failed write leaves no
 * hole: its records are rejected, and the chain stands where it stood.
 */
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { type ChainHead, seal } from './chain.ts';
import { signCheckpoint } from './checkpoint.ts';
import { type Encoded, encodeEntry } from './encode.ts';
import { AuditUnavailableError } from './errors.ts';
import type { AuditKeys } from './keys.ts';
import { type AuditEntry, type AuditRecord, RECORD_VERSION } from './record.ts';
import type { DurableFile } from './sink.ts';

const RECORDS_A_CHECKPOINT = 1_000;
const LARGEST_BATCH = 512;
/** More than this many callers waiting means that the disk hangs; more would only fill the memory. */
const MOST_WAITING = 10_000;
/** A write under way for longer than this is a disk that hangs. */
const LONGEST_WRITE_MS = 10_000;

export interface WriterHealth {
  readonly writable: boolean;
  /** For the operator. */
  readonly reason?: string;
  /** Records that wait to be durable, and for how long the oldest batch has been under way. */
  readonly waiting: number;
  readonly lag_ms: number;
}

interface WriterOptions {
  readonly file: DurableFile;
  readonly keys: AuditKeys;
  /** Where the chain in the file stands. */
  readonly head: ChainHead;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Gets the line of each checkpoint once it is durable. */
  readonly onCheckpoint: (line: string) => void;
}

interface Waiting {
  /** Or a checkpoint: if there is news, or to try the file. */
  readonly entry: Encoded | 'checkpoint' | 'probe';
  readonly resolve: (record: AuditRecord | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** The chain as it will stand when a batch is durable. */
interface Draft {
  head: ChainHead;
  /** `seq` of the last checkpoint. */
  checkpointed: number;
  lines: string[];
  checkpoints: string[];
}

export class ChainWriter {
  readonly #options: WriterOptions;
  #head: ChainHead;
  #checkpointed: number;
  #waiting: Waiting[] = [];
  #inFlight = 0;
  #commitStartedAt: number | undefined;
  #running = false;
  #closed = false;
  #fault: string | undefined;

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#head = options.head;
    this.#checkpointed = options.head.seq;
  }

  /** Resolves when the record is durable; rejects with `AuditUnavailableError` when it is not on record. */
  append(entry: AuditEntry): Promise<AuditRecord> {
    const { keys, clock } = this.#options;
    return this.#enqueue(encodeEntry(entry, keys, clock)) as Promise<AuditRecord>;
  }

  /** Writes a checkpoint if anything was written since the last one. */
  async checkpoint(): Promise<void> {
    await this.#enqueue('checkpoint');
  }

  /** Writes a checkpoint, news or not, to find out whether the file can be written. */
  async probe(): Promise<void> {
    await this.#enqueue('probe');
  }

  health(): WriterHealth {
    const started = this.#commitStartedAt;
    const lag = started === undefined ? 0 : Math.round(this.#options.clock.monotonic() - started);
    const hangs = lag > LONGEST_WRITE_MS ? 'The disk does not answer.' : undefined;
    const reason = this.#closed ? 'The audit log is closed.' : (this.#fault ?? hangs);
    return {
      writable: reason === undefined,
      ...(reason === undefined ? {} : { reason }),
      waiting: this.#waiting.length + this.#inFlight,
      lag_ms: lag,
    };
  }

  /** Takes nothing more, and resolves when what was taken has its answer. */
  async close(): Promise<void> {
    const last = this.#enqueue('checkpoint').catch(() => {});
    this.#closed = true;
    await last;
  }

  #enqueue(entry: Waiting['entry']): Promise<AuditRecord | undefined> {
    if (this.#closed) return Promise.reject(new AuditUnavailableError('The audit log is closed.'));
    if (this.#waiting.length >= MOST_WAITING) {
      return Promise.reject(new AuditUnavailableError('Too many audit records wait for the disk.'));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entry, resolve, reject });
      if (this.#running) return;
      this.#running = true;
      // What is appended in this very turn goes into the same batch.
      queueMicrotask(() => void this.#drain());
    });
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, LARGEST_BATCH);
      this.#inFlight = batch.length;
      this.#commitStartedAt = this.#options.clock.monotonic();
      try {
        const records = await this.#commit(batch);
        this.#setFault(undefined);
        batch.forEach(({ resolve }, i) => {
          resolve(records[i]);
        });
      } catch (error) {
        this.#setFault(error);
        for (const { reject } of batch) reject(error);
      }
      this.#inFlight = 0;
      this.#commitStartedAt = undefined;
    }
    this.#running = false;
  }

  async #commit(batch: readonly Waiting[]): Promise<(AuditRecord | undefined)[]> {
    const { file, onCheckpoint, logger } = this.#options;
    const { startedAgain } = await file.prepare();
    const draft: Draft = { head: this.#head, checkpointed: this.#checkpointed, lines: [], checkpoints: [] };
    if (startedAgain && draft.head.seq > 0) {
      logger.error({ file: file.path, after_seq: draft.head.seq }, 'the audit file was taken away: a new one goes on');
      this.#addCheckpoint(draft, { opensFile: true, reason: 'the file before this one was taken away or emptied' });
    }
    const records = batch.map(({ entry }) => this.#add(draft, entry));
    if (draft.lines.length === 0) return records;
    await file.append(Buffer.from(draft.lines.join('')));
    this.#head = draft.head;
    this.#checkpointed = draft.checkpointed;
    for (const line of draft.checkpoints) onCheckpoint(line);
    return records;
  }

  #add(draft: Draft, entry: Waiting['entry']): AuditRecord | undefined {
    if (entry === 'checkpoint' || entry === 'probe') {
      const news = draft.head.seq > draft.checkpointed;
      if (news || (entry === 'probe' && draft.head.seq > 0)) this.#addCheckpoint(draft, { opensFile: false });
      return undefined;
    }
    const prev = draft.head.hash;
    const sealed = seal(entry.json, draft.head, this.#options.keys.chain);
    draft.lines.push(sealed.line);
    draft.head = sealed.head;
    const record = { v: RECORD_VERSION, ...sealed.head, ...entry.fields, prev } as AuditRecord;
    if (draft.head.seq - draft.checkpointed >= RECORDS_A_CHECKPOINT) this.#addCheckpoint(draft, { opensFile: false });
    return record;
  }

  #addCheckpoint(draft: Draft, { opensFile, reason }: { opensFile: boolean; reason?: string }): void {
    const { file, keys, clock } = this.#options;
    const scope = { path: file.path, firstSeq: Math.min(draft.checkpointed + 1, draft.head.seq), opensFile };
    const entry: AuditEntry = {
      event: 'CHECKPOINT',
      ...(reason === undefined ? {} : { reason }),
      checkpoint: signCheckpoint(draft.head, scope, keys),
    };
    const sealed = seal(encodeEntry(entry, keys, clock).json, draft.head, keys.chain);
    draft.lines.push(sealed.line);
    draft.checkpoints.push(sealed.line);
    draft.head = sealed.head;
    draft.checkpointed = sealed.head.seq;
  }

  #setFault(error: unknown): void {
    const { logger, file } = this.#options;
    const fault = error === undefined ? undefined : error instanceof Error ? error.message : 'unknown fault';
    if (fault === this.#fault) return;
    this.#fault = fault;
    if (fault === undefined) logger.warn({ file: file.path }, 'the audit file can be written again');
    else logger.error({ err: error, file: file.path }, 'the audit file cannot be written');
  }
}
