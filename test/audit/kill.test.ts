/** What was acknowledged is on disk, however the process ended. */
import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyAuditFile } from '../../src/audit/verify.ts';
import { auditRecords } from '../support/audit-file.ts';
import { KEY, openLog, temporaryFolder } from './fixture.ts';
import { buildWriter, startWriter } from './writer.ts';

const KILLS = 30;

describe('a writer that is killed', () => {
  let place: Awaited<ReturnType<typeof temporaryFolder>>;
  let program: string;
  beforeAll(async () => {
    place = await temporaryFolder();
    program = await buildWriter(place.folder);
  });
  afterAll(() => place.remove());

  it(`loses no acknowledged record and leaves an unbroken chain, ${KILLS} times`, { timeout: 120_000 }, async () => {
    const acknowledged: string[] = [];
    for (let i = 0; i < KILLS; i += 1) {
      const writer = startWriter(program, place.file, KEY.reveal());
      await writer.until('record');
      await delay(Math.random() * 40);
      await writer.kill();
      expect(writer.said()[0]).toEqual(['file', place.file]);
      acknowledged.push(...writer.said().flatMap(([kind, id]) => (kind === 'record' ? [id!] : [])));
    }
    const log = await openLog(place.file);
    await log.close();

    const records = auditRecords(place.file);
    const ids = new Set(records.map(({ id }) => id));
    expect(acknowledged.length).toBeGreaterThan(KILLS);
    expect(acknowledged.filter((id) => !ids.has(id))).toEqual([]);
    const report = await verifyAuditFile(place.file, { key: KEY });
    expect(report, report.summary).toMatchObject({ ok: true, records: records.length });

    const closed = new Set(records.map(({ intent }) => intent));
    const open = records.filter(({ event, id }) => event === 'TOOL_INTENT' && !closed.has(id));
    expect(open, 'every intent has its outcome, if only unknown').toEqual([]);
    expect(readdirSync(place.folder).filter((name) => /^audit-\d/.test(name))).toEqual([]);
  });

  it('gives a second process the next slot, and the first slot to whoever comes after a kill', async () => {
    const first = startWriter(program, place.file, KEY.reveal());
    await first.until('record');
    const second = startWriter(program, place.file, KEY.reveal());
    await second.until('record');
    expect(first.said()[0]![1]).toBe(place.file);
    expect(second.said()[0]![1]).toBe(place.file.replace('.jsonl', '-2.jsonl'));
    await first.kill();
    const third = startWriter(program, place.file, KEY.reveal());
    await third.until('record');
    expect(third.said()[0]![1]).toBe(place.file);
    await Promise.all([second.kill(), third.kill()]);
    const both = [await openLog(place.file), await openLog(place.file)];
    for (const log of both) {
      await log.close();
      const report = await verifyAuditFile(log.file, { key: KEY });
      expect(report, report.summary).toMatchObject({ ok: true });
    }
  });
});
