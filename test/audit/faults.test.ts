/** What a disk can do to an audit file: every fault refuses, is seen, loses nothing, and passes by itself. */
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuditLog } from '../../src/audit/audit-log.ts';
import { AuditUnavailableError } from '../../src/audit/errors.ts';
import { verifyAuditFile } from '../../src/audit/verify.ts';
import { auditRecords } from '../support/audit-file.ts';
import { type FaultyFiles, faultyFiles, KEY, openLog, outcome, systemError, temporaryFolder } from './fixture.ts';
import { buildWriter, startWriter } from './writer.ts';

let folder: string;
let file: string;
let remove: () => Promise<void>;
let files: FaultyFiles;
let log: AuditLog;
beforeEach(async () => {
  ({ folder, file, remove } = await temporaryFolder());
  files = faultyFiles();
  log = await openLog(file, { files });
});
afterEach(async () => {
  await log.close();
  await remove();
});

const tools = () => auditRecords(file).flatMap(({ tool }) => (tool === undefined ? [] : [tool]));

function replace(): void {
  renameSync(file, `${file}.1`);
  writeFileSync(file, 'other\n');
}

async function expectRefused(): Promise<void> {
  const before = readFileSync(file);
  await expect(log.append(outcome('refused'))).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
  expect(log.health().writable).toBe(false);
  expect(readFileSync(file).subarray(0, before.length)).toEqual(before);
}

async function expectWhole(expected: readonly string[]): Promise<void> {
  expect(log.health()).toMatchObject({ writable: true });
  expect(tools()).toEqual(expected);
  await log.close();
  const report = await verifyAuditFile(file, { key: KEY });
  expect(report, report.summary).toMatchObject({ ok: true });
}

describe('a write that fails', () => {
  it.each(['ENOSPC', 'EIO', 'EACCES', 'EDQUOT', 'EFBIG', 'EROFS'])('is refused with %s, and passes', async (code) => {
    await log.append(outcome('before'));
    files.onWrite = () => Promise.reject(systemError(code));
    await expectRefused();
    expect(log.health().reason).toBe(`The audit file cannot be written (${code}).`);
    files.onWrite = undefined;
    await log.append(outcome('after'));
    await expectWhole(['before', 'after']);
  });

  it('leaves nothing of a line that was written in part', async () => {
    await log.append(outcome('before'));
    const size = statSync(file).size;
    files.onWrite = async (bytes, handle) => {
      await handle.write(bytes.subarray(0, 20), 0);
      throw systemError('ENOSPC');
    };
    await expectRefused();
    expect(statSync(file).size).toBe(size);
    files.onWrite = undefined;
    await log.append(outcome('after'));
    await expectWhole(['before', 'after']);
  });

  it('is gone on with where the system took a part only', async () => {
    files.onWrite = (bytes, handle) => handle.write(bytes.subarray(0, 33), 0);
    await log.append(outcome('in pieces'));
    files.onWrite = async () => ({ bytesWritten: 0 });
    await expectRefused();
    files.onWrite = undefined;
    await log.append(outcome('after'));
    await expectWhole(['in pieces', 'after']);
  });

  it('refuses all that waited for it, and none of them is in the file', async () => {
    files.onSync = () => Promise.reject(systemError('EIO'));
    const results = await Promise.allSettled(Array.from({ length: 50 }, () => log.append(outcome('refused'))));
    expect(results.every(({ status }) => status === 'rejected')).toBe(true);
    files.onSync = undefined;
    await log.append(outcome('after'));
    await expectWhole(['after']);
  });

  it('keeps refusing while what it left cannot be cut off, and repairs it then', async () => {
    await log.append(outcome('before'));
    files.onWrite = async (bytes, handle) => {
      await handle.write(bytes.subarray(0, 20), 0);
      throw systemError('EIO');
    };
    files.onTruncate = () => Promise.reject(systemError('EIO'));
    await expectRefused();
    files.onWrite = undefined;
    await expectRefused();
    expect(readFileSync(file, 'utf8').endsWith('\n')).toBe(false);
    files.onTruncate = undefined;
    await log.append(outcome('after'));
    await expectWhole(['before', 'after']);
  });

  it('turns green again when it is probed, without a caller', async () => {
    files.onWrite = () => Promise.reject(systemError('ENOSPC'));
    await expectRefused();
    expect(await log.probe()).toBe(false);
    files.onWrite = undefined;
    expect(await log.probe()).toBe(true);
    await expectWhole([]);
  });
});

describe('a file that somebody else touches', () => {
  it.each([
    ['deleted', () => unlinkSync(file)],
    ['renamed', () => renameSync(file, `${file}.1`)],
    ['emptied', () => truncateSync(file)],
  ])('and is %s, goes on in a new file with the same chain', async (_name, touch) => {
    const before = await log.append(outcome('before'));
    touch();
    const after = await log.append(outcome('after'));
    expect(after.seq).toBe(before.seq + 2);
    expect(auditRecords(file)[0]).toMatchObject({
      event: 'CHECKPOINT',
      prev: before.hash,
      checkpoint: { opens_file: true, last_seq: before.seq, head: before.hash },
    });
    await expectWhole(['after']);
    const report = await verifyAuditFile(file, { key: KEY });
    expect(report.notes).toContain(`The file goes on where an earlier one ended, after record ${before.seq}.`);
  });

  it.each([
    ['replaced', replace, 'replaced by another file'],
    ['cut', () => truncateSync(file, 100), 'cut by somebody else'],
    ['written to', () => appendFileSync(file, '{"forged":true}\n'), 'written to by somebody else'],
  ])('and is %s, is refused until it is moved away', async (_name, touch, reason) => {
    await log.append(outcome('before'));
    touch();
    const found = readFileSync(file);
    await expectRefused();
    expect(log.health().reason).toContain(reason);
    expect(readFileSync(file), 'the evidence is left alone').toEqual(found);
    renameSync(file, `${file}.evidence`);
    await log.append(outcome('after'));
    await expectWhole(['after']);
  });
});

describe('a real limit', () => {
  it('on the size of files refuses what does not fit, and passes once it is lifted', { timeout: 60_000 }, async () => {
    await log.close();
    const path = `${folder}/limited/audit.jsonl`;
    const program = await buildWriter(folder);
    const writer = startWriter(program, path, KEY.reveal());
    try {
      await writer.until('record');
      const limit = (bytes: number | 'unlimited') =>
        execFileSync('prlimit', ['--pid', String(writer.pid), `--fsize=${bytes}:unlimited`]);
      limit(statSync(path).size + 10_000);
      await writer.until('refused AUDIT_UNAVAILABLE');
      limit('unlimited');
      await writer.until('record');
    } finally {
      await writer.kill();
    }
    const acknowledged = writer.said().flatMap(([kind, id]) => (kind === 'record' ? [id!] : []));
    await (await openLog(path)).close();
    const ids = new Set(auditRecords(path).map(({ id }) => id));
    expect(acknowledged.filter((id) => !ids.has(id))).toEqual([]);
    const report = await verifyAuditFile(path, { key: KEY });
    expect(report, report.summary).toMatchObject({ ok: true });
  });

  it.each([
    ['with a key', KEY.reveal()],
    ['with a key file to make', ''],
  ])('of permission refuses to begin %s', async (_name, key) => {
    await log.close();
    const place = `${folder}/theirs`;
    mkdirSync(place);
    // Root may write everywhere: then it is another user's process that tries.
    const root = process.getuid?.() === 0;
    chmodSync(place, root ? 0o755 : 0o555);
    chmodSync(folder, 0o755);
    const program = await buildWriter(folder);
    if (root) chownSync(program, 65_534, 65_534);
    const writer = startWriter(program, `${place}/audit.jsonl`, key, root ? 65_534 : undefined);
    await writer.until('closed AUDIT_UNAVAILABLE');
    await writer.kill();
  });

  it.each(['mkdir', 'mkfifo'])('of what is no file refuses to begin: %s', async (make) => {
    execFileSync(make, [`${folder}/special`]);
    await expect(openLog(`${folder}/special`)).rejects.toThrow(AuditUnavailableError);
  });
});
