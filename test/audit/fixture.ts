/** An audit log on a real file of its own, and faults at the boundary to the file system. */
import { mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AuditLog, type AuditLogOptions, openAuditLog } from '../../src/audit/audit-log.ts';
import type { AuditEntry } from '../../src/audit/record.ts';
import type { SinkFiles, SinkHandle } from '../../src/audit/sink.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createLogger } from '../../src/lib/logger.ts';
import { Secret } from '../../src/lib/secret.ts';

export const KEY = new Secret('a test key that is long enough for a chain');
export const logger = createLogger('silent');

export async function temporaryFolder(): Promise<{ folder: string; file: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'mcvsphere-audit-'));
  return { folder, file: join(folder, 'audit.jsonl'), remove: () => rm(folder, { recursive: true, force: true }) };
}

export function openLog(file: string, options: Partial<AuditLogOptions> = {}): Promise<AuditLog> {
  return openAuditLog({ file, key: KEY, clock: systemClock, logger, version: 'test', ...options });
}

export function outcome(tool: string, more: Partial<AuditEntry> = {}): AuditEntry {
  return { event: 'TOOL_OUTCOME', user: 'alice@example.com', tool, result: 'success', ...more };
}

type Fault = (bytes: Uint8Array, handle: SinkHandle) => Promise<{ bytesWritten: number }>;

export interface FaultyFiles extends SinkFiles {
  writes: number;
  syncs: number;
  /** Takes the place of every write until it is undefined again. */
  onWrite: Fault | undefined;
  onSync: (() => Promise<void>) | undefined;
  onTruncate: (() => Promise<void>) | undefined;
}

/** The real file system, counted, with a switch for each fault. */
export function faultyFiles(): FaultyFiles {
  const files: FaultyFiles = {
    writes: 0,
    syncs: 0,
    onWrite: undefined,
    onSync: undefined,
    onTruncate: undefined,
    stat,
    async open(path, flags, mode) {
      const handle = await open(path, flags, mode);
      const real: SinkHandle = {
        write: (bytes, offset) => handle.write(bytes, offset),
        datasync: () => handle.datasync(),
        truncate: (length) => handle.truncate(length),
        stat: () => handle.stat(),
        close: () => handle.close(),
      };
      return {
        ...real,
        write(bytes, offset) {
          files.writes += 1;
          return files.onWrite === undefined ? real.write(bytes, offset) : files.onWrite(bytes.subarray(offset), real);
        },
        datasync() {
          files.syncs += 1;
          return files.onSync === undefined ? real.datasync() : files.onSync();
        },
        truncate: (length) => (files.onTruncate === undefined ? real.truncate(length) : files.onTruncate()),
      };
    },
  };
  return files;
}

export function systemError(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: injected`), { code });
}
