/** The audit as the rest of the gateway knows it: append an entry, durable when it resolves, or be refused. */
import type { Writable } from 'node:stream';
import type { Clock } from '../lib/clock.ts';
import { GatewayError } from '../lib/errors.ts';
import type { Logger } from '../lib/logger.ts';
import type { Secret } from '../lib/secret.ts';
import { createCheckpointCopies } from './checkpoint-copies.ts';
import { AuditUnavailableError, errnoOf } from './errors.ts';
import { type AuditKeys, deriveKeys, loadOrCreateKeyFile } from './keys.ts';
import { closeLeftSlots } from './left-slots.ts';
import { type OpenedFile, openChainFile } from './open-file.ts';
import type { AuditEntry, AuditRecord } from './record.ts';
import { closeIntents, type ResolveTask, resolveIntents, withTask } from './recovery.ts';
import type { SinkFiles } from './sink.ts';
import { ChainWriter, type WriterHealth } from './writer.ts';

const CHECKPOINT_EVERY_MS = 60_000;
const PROBE_EVERY_MS = 5_000;

export interface AuditLogOptions {
  /** `audit.jsonl`; where another process has it, `audit-2.jsonl` and so on. */
  readonly file: string;
  /** Absent: a key file beside the audit file, made on first use. */
  readonly key?: Secret | undefined;
  /** Each checkpoint is appended here, a second place that shows when the file itself was cut. */
  readonly checkpointFile?: string | undefined;
  /** Takes the checkpoints where there is no such file. */
  readonly checkpointStream?: Writable | undefined;
  /** Asked about tasks whose calls a dead process left open, after the start. Absent: their outcome stays unknown. */
  readonly resolveTask?: ResolveTask | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The gateway's, for the START record. */
  readonly version: string;
  /** Where tests put their faults. */
  readonly files?: SinkFiles;
}

export interface AuditLog {
  /** The file that this process writes. */
  readonly file: string;
  readonly keyId: string;
  /** Resolves when the record is on disk. Rejects with `AuditUnavailableError`: then it is not on record. */
  append(entry: AuditEntry): Promise<AuditRecord>;
  health(): WriterHealth;
  /** Tries the file when it is red, as also happens every few seconds. Resolves to whether it can be written. */
  probe(): Promise<boolean>;
  /** Writes STOP and a last checkpoint, and leaves the file to others. */
  close(): Promise<void>;
}

/** @throws AuditUnavailableError where no record can be written, AuditConfigurationError where the key is none */
export async function openAuditLog(options: AuditLogOptions): Promise<AuditLog> {
  const { clock, logger } = options;
  const keys = await keysOf(options);
  const copies = createCheckpointCopies(options);
  const opened = await openChainFile({ path: options.file, keys, clock, logger, files: options.files });
  const writerOf = ({ file, head }: OpenedFile) =>
    new ChainWriter({ file, head, keys, clock, logger, onCheckpoint: copies.add });
  const writer = writerOf(opened);
  try {
    await begin(writer, opened, keys, options);
  } catch (error) {
    await opened.close();
    throw error;
  }

  const stopping = new AbortController();
  const underWay: Promise<unknown>[] = [
    every(CHECKPOINT_EVERY_MS, async () => writer.checkpoint()),
    every(PROBE_EVERY_MS, async () => probe()),
  ];
  underWay.push(resolve(writer, opened));
  underWay.push(
    closeLeftSlots({ ...options, keys, own: opened.file.path, signal: stopping.signal, closeIntents: closeLeft }),
  );

  async function resolve(into: ChainWriter, { openIntents }: OpenedFile): Promise<void> {
    if (options.resolveTask === undefined) return;
    const parts = { append: (entry: AuditEntry) => into.append(entry), clock, logger, signal: stopping.signal };
    await resolveIntents(openIntents.filter(withTask), options.resolveTask, parts);
  }

  /** The outcomes of a file stand in that file, in its own chain. */
  async function closeLeft(left: OpenedFile): Promise<void> {
    const into = writerOf(left);
    await begin(into, left, keys, options);
    await resolve(into, left);
    await into.append({ event: 'STOP' });
    await into.close();
  }

  async function every(ms: number, work: () => Promise<unknown>): Promise<void> {
    const slept = () =>
      clock.sleep(ms, stopping.signal).then(
        () => true,
        () => false,
      );
    // A failure of the work is in the writer's health and in the log.
    while (await slept()) await work().catch(() => {});
  }

  async function probe(): Promise<boolean> {
    if (writer.health().writable) return true;
    return writer.probe().then(
      () => true,
      () => false,
    );
  }

  let closing: Promise<void> | undefined;
  async function close(): Promise<void> {
    stopping.abort();
    await Promise.allSettled(underWay);
    await writer.append({ event: 'STOP' }).catch(() => {});
    await writer.close();
    await copies.flush();
    await opened.close();
  }

  return {
    file: opened.file.path,
    keyId: keys.keyId,
    append: (entry) => writer.append(entry),
    health: () => writer.health(),
    probe,
    close() {
      closing ??= close();
      return closing;
    },
  };
}

async function keysOf({ file, key, logger }: AuditLogOptions): Promise<AuditKeys> {
  if (key !== undefined) return deriveKeys(key);
  const path = `${file}.key`;
  const made = await loadOrCreateKeyFile(path).catch((error: unknown) => {
    if (error instanceof GatewayError) throw error;
    throw new AuditUnavailableError(`The audit key file cannot be made (${errnoOf(error) ?? 'error'}).`, error);
  });
  if (made.created) logger.warn({ path }, 'no AUDIT_KEY was given: a key file was made beside the audit file');
  return deriveKeys(made.key);
}

/** What a start puts on record: that it started, what it found, and the end of what a dead process left open. */
async function begin(writer: ChainWriter, opened: OpenedFile, keys: AuditKeys, options: AuditLogOptions) {
  await writer.append({
    event: 'START',
    version: options.version,
    key_id: keys.keyId,
    public_key: keys.public.export({ format: 'der', type: 'spki' }).toString('base64'),
    ...(opened.findings.length === 0 ? {} : { reason: opened.findings.join(' ') }),
  });
  const { openIntents } = opened;
  const now = options.resolveTask === undefined ? openIntents : openIntents.filter((intent) => !withTask(intent));
  await closeIntents(now, (entry) => writer.append(entry));
}
