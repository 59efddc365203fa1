import { appendFileSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AuditConfigurationError, AuditUnavailableError } from '../../src/audit/errors.ts';
import { verifyAuditFile } from '../../src/audit/verify.ts';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import { Secret } from '../../src/lib/secret.ts';
import { auditRecords } from '../support/audit-file.ts';
import { faultyFiles, KEY, openLog, outcome, temporaryFolder } from './fixture.ts';

let folder: string;
let file: string;
let remove: () => Promise<void>;
beforeEach(async () => {
  ({ folder, file, remove } = await temporaryFolder());
});
afterEach(() => remove());

const events = () => auditRecords(file).map(({ event }) => event);

async function expectIntact(records?: number): Promise<void> {
  const report = await verifyAuditFile(file, { key: KEY });
  expect(report, report.summary).toMatchObject({ ok: true, ...(records === undefined ? {} : { records }) });
}

describe('a record', () => {
  it('is in the file when it is acknowledged, as it was acknowledged', async () => {
    const log = await openLog(file);
    const record = await log.append(outcome('list_vms', { args: { name: 'web-*' }, duration_ms: 12 }));
    expect(auditRecords(file).at(-1)).toEqual(record);
    expect(record).toMatchObject({ v: 1, seq: 2, event: 'TOOL_OUTCOME', tool: 'list_vms', args: { name: 'web-*' } });
    expect(record.timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    await log.close();
    await expect(log.append(outcome('late'))).rejects.toThrow(AuditUnavailableError);
    expect(log.health()).toMatchObject({ writable: false, reason: 'The audit log is closed.' });
  });

  it('holds what its arguments were when it was handed in', async () => {
    const log = await openLog(file);
    const args = { name: 'before' };
    const appended = log.append(outcome('list_vms', { args }));
    args.name = 'after';
    expect((await appended).args).toEqual({ name: 'before' });
    await log.close();
  });

  it('never holds a secret, in whatever field it comes', async () => {
    const log = await openLog(file);
    const secret = new Secret('correct horse battery');
    await log.append(outcome('guest_login', { args: { password: secret, deep: [{ list: [secret] }] } }));
    await log.append(outcome('x', { target: { name: secret as unknown as string } }));
    await log.close();
    const text = readFileSync(file, 'utf8');
    expect(text).not.toContain('correct horse');
    expect(text).not.toContain(KEY.reveal());
    expect(text).toContain('{"redacted":true,"length":21,"digest":"hmac-sha256:');
  });

  it('is one harmless line, whatever its strings hold', async () => {
    const log = await openLog(file);
    const hostile = 'a\n{"v":1,"seq":99}\r\u001b[2J\u2028\u202e\u0000\ud800"\\';
    const record = await log.append(
      outcome(hostile, { user: hostile, error: hostile, args: { [hostile]: hostile }, target: { name: hostile } }),
    );
    await log.append(outcome('x'.repeat(5_000_000)));
    await log.close();
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    expect(lines).toHaveLength(5);
    expect(JSON.parse(lines[1]!)).toMatchObject({ user: hostile, args: { [hostile]: hostile }, hash: record.hash });
    expect(lines.join('')).toMatch(/^[\x20-\x7e…]*$/);
    expect(lines[2]!.length).toBeLessThan(5_000);
    await expectIntact(5);
  });

  it('takes nothing from an entry but the fields it knows', async () => {
    const log = await openLog(file);
    const entry = { ...outcome('x'), seq: 77, prev: 'p', hash: 'h', id: 'mine', extra: 1, timestamp: 'then' };
    const record = await log.append(entry);
    expect(record).not.toHaveProperty('extra');
    expect(record).toMatchObject({ seq: 2 });
    expect(record.id).not.toBe('mine');
    await log.close();
    await expectIntact(4);
  });
});

describe('many records at once', () => {
  it('are all durable, in the order they came, in one chain', async () => {
    const log = await openLog(file);
    const records = await Promise.all(Array.from({ length: 500 }, (_, i) => log.append(outcome(`tool_${i}`))));
    await log.close();
    expect(records.map(({ seq }) => seq)).toEqual(Array.from({ length: 500 }, (_, i) => i + 2));
    expect(auditRecords(file).slice(1, 501)).toEqual(records);
    await expectIntact(503);
  });

  it('share their write and fsync', async () => {
    const files = faultyFiles();
    const log = await openLog(file, { files });
    files.syncs = 0;
    files.writes = 0;
    let left = 400;
    const caller = async () => {
      while (left > 0) {
        left -= 1;
        await log.append(outcome('list_vms'));
      }
    };
    await Promise.all(Array.from({ length: 40 }, caller));
    expect(files.syncs).toBe(files.writes);
    expect(files.syncs).toBeLessThan(100);
    await log.close();
    await expectIntact(403);
  });

  it('are not acknowledged before the disk has answered', async () => {
    const files = faultyFiles();
    const log = await openLog(file, { files });
    let answer = () => {};
    files.onSync = () =>
      new Promise((resolve) => {
        answer = resolve;
      });
    let acknowledged = false;
    const syncs = files.syncs;
    const appended = log.append(outcome('x')).then(() => {
      acknowledged = true;
    });
    await expect.poll(() => files.syncs).toBe(syncs + 1);
    expect([acknowledged, log.health().waiting]).toEqual([false, 1]);
    files.onSync = undefined;
    answer();
    await appended;
    expect(log.health()).toMatchObject({ writable: true, waiting: 0 });
    await log.close();
  });
});

describe('a chain', () => {
  it('goes on over restarts', async () => {
    for (let i = 0; i < 3; i += 1) {
      const log = await openLog(file);
      await log.append(outcome(`run_${i}`));
      await log.close();
    }
    expect(events()).toEqual(Array.from({ length: 3 }, () => ['START', 'TOOL_OUTCOME', 'STOP', 'CHECKPOINT']).flat());
    await expectIntact(12);
  });

  it('sets a torn last line aside and says so', async () => {
    await (await openLog(file)).close();
    appendFileSync(file, '{"v":1,"seq":4,"id":"torn');
    expect(await verifyAuditFile(file, { key: KEY })).toMatchObject({ ok: false, problem: { kind: 'torn', line: 4 } });
    await (await openLog(file)).close();
    const aside = readdirSync(folder).find((name) => name.includes('.torn-'));
    expect(readFileSync(`${folder}/${aside}`, 'utf8')).toBe('{"v":1,"seq":4,"id":"torn');
    expect(auditRecords(file)[3]).toMatchObject({
      event: 'START',
      reason: 'A torn last line of 25 bytes was set aside.',
    });
    await expectIntact(6);
  });

  it.each([
    ['made with another key', () => {}, new Secret('another test key, as long as the first one')],
    ['that holds something else', () => appendFileSync(file, 'root:x:0:0\n'), KEY],
    [
      'whose end was changed',
      () => writeFileSync(file, readFileSync(file, 'utf8').replace('"last_seq":2', '"last_seq":1')),
      KEY,
    ],
  ])('sets a file aside %s', async (_name, spoil, key) => {
    await (await openLog(file)).close();
    spoil();
    const before = readFileSync(file, 'utf8');
    await (await openLog(file, { key })).close();
    const aside = readdirSync(folder).find((name) => name.includes('.set-aside-'));
    expect(readFileSync(`${folder}/${aside}`, 'utf8')).toBe(before);
    expect(auditRecords(file)[0]).toMatchObject({
      event: 'START',
      seq: 1,
      reason: expect.stringContaining('set aside'),
    });
    expect(await verifyAuditFile(file, { key })).toMatchObject({ ok: true });
  });

  it('makes files that their owner alone can read', async () => {
    const log = await openLog(`${folder}/new/deep/audit.jsonl`, { key: undefined });
    await log.append(outcome('x'));
    await log.close();
    expect(statSync(`${folder}/new`).mode & 0o777).toBe(0o700);
    expect(statSync(log.file).mode & 0o777).toBe(0o600);
    expect(statSync(`${log.file}.key`).mode & 0o777).toBe(0o600);
    expect(await verifyAuditFile(log.file)).toMatchObject({ ok: true, records: 4 });
  });

  it('refuses to begin with a key that is no secret', async () => {
    await expect(openLog(file, { key: new Secret('password') })).rejects.toThrow(AuditConfigurationError);
    expect(existsSync(file)).toBe(false);
  });
});

describe('a checkpoint', () => {
  /** Sleeps end when the test says so. */
  function wakingClock() {
    const sleepers = new Map<number, () => void>();
    const clock: Clock = {
      ...systemClock,
      sleep: (ms, signal) =>
        new Promise((resolve, reject) => {
          sleepers.set(ms, resolve);
          signal?.addEventListener('abort', () => reject(new Error('stopped')));
        }),
    };
    /** Resolves when what was woken sleeps again. */
    async function wake(ms: number): Promise<void> {
      await expect.poll(() => sleepers.has(ms)).toBe(true);
      const end = sleepers.get(ms);
      sleepers.delete(ms);
      end?.();
      await expect.poll(() => sleepers.has(ms)).toBe(true);
    }
    return { clock, wake };
  }

  it('comes every 1,000 records', async () => {
    const log = await openLog(file);
    await Promise.all(Array.from({ length: 2_500 }, () => log.append(outcome('x'))));
    await log.close();
    const checkpoints = auditRecords(file).filter(({ event }) => event === 'CHECKPOINT');
    expect(checkpoints.map(({ checkpoint }) => checkpoint)).toMatchObject([
      { file: 'audit.jsonl', first_seq: 1, last_seq: 1_000, key_id: log.keyId },
      { first_seq: 1_002, last_seq: 2_001 },
      { first_seq: 2_003, last_seq: 2_504 },
    ]);
    expect(await verifyAuditFile(file, { key: KEY })).toMatchObject({ ok: true, checkpoints: 3 });
  });

  it('comes every minute, if there is news', async () => {
    const { clock, wake } = wakingClock();
    const log = await openLog(file, { clock });
    await wake(60_000);
    expect(events()).toEqual(['START', 'CHECKPOINT']);
    await wake(60_000);
    expect(events(), 'no news').toEqual(['START', 'CHECKPOINT']);
    await log.append(outcome('x'));
    await log.append(outcome('x'));
    await wake(60_000);
    expect(events()).toEqual(['START', 'CHECKPOINT', 'TOOL_OUTCOME', 'TOOL_OUTCOME', 'CHECKPOINT']);
    await log.close();
    await expectIntact(7);
  });

  it('is copied to a second file, or to a stream where there is none', async () => {
    const copies = `${folder}/elsewhere.jsonl`;
    const log = await openLog(file, { checkpointFile: copies });
    await log.close();
    const stream = new PassThrough();
    await (await openLog(file, { checkpointStream: stream })).close();
    const inFile = readFileSync(file, 'utf8').trimEnd().split('\n');
    expect(readFileSync(copies, 'utf8')).toBe(`${inFile[2]}\n`);
    expect(String(stream.read())).toBe(`${inFile[5]}\n`);
  });

  it('does not stop the work where its second place cannot be written', async () => {
    const log = await openLog(file, { checkpointFile: `${folder}/no/such/folder.jsonl` });
    await log.append(outcome('x'));
    expect(log.health().writable).toBe(true);
    await log.close();
    await expectIntact(4);
  });
});
