import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deriveKeys } from '../../src/audit/keys.ts';
import { verifyAuditFile } from '../../src/audit/verify.ts';
import { Secret } from '../../src/lib/secret.ts';
import { KEY, openLog, outcome, temporaryFolder } from './fixture.ts';

/** START, ten outcomes, STOP, CHECKPOINT: thirteen lines, whose `seq` is their number. */
const LINES = 13;
const OTHER_KEY = new Secret('another test key, as long as the first one');

let file: string;
let checkpointFile: string;
let remove: () => Promise<void>;
beforeEach(async () => {
  const place = await temporaryFolder();
  ({ file, remove } = place);
  checkpointFile = `${place.folder}/checkpoints.jsonl`;
  const log = await openLog(file, { checkpointFile });
  for (let i = 1; i <= 10; i += 1) await log.append(outcome(`tool_${i}`));
  await log.close();
});
afterEach(() => remove());

const read = () => readFileSync(file, 'utf8').trimEnd().split('\n');
const write = (lines: readonly string[]) => writeFileSync(file, lines.map((line) => `${line}\n`).join(''));
const verify = () => verifyAuditFile(file, { key: KEY, checkpointFile });

describe('verifyAuditFile', () => {
  it('confirms a file that is as it was written', async () => {
    expect(read()).toHaveLength(LINES);
    expect(await verify()).toEqual({
      ok: true,
      summary: 'The chain is intact (13 records, seq 1 to 13).',
      records: 13,
      firstSeq: 1,
      lastSeq: 13,
      checkpoints: 1,
      notes: [],
    });
  });

  it.each([
    ['a changed word', (line: string) => line.replace('alice', 'mallory')],
    ['a changed digit of its time', (line: string) => line.replace('"timestamp":"2', '"timestamp":"3')],
    ['a space between two fields', (line: string) => line.replace('","', '", "')],
    ['a field given twice', (line: string) => line.replace('"user"', '"user":"mallory","user"')],
    [
      'a changed hash',
      (line: string) => line.replace(/"hash":"./, (start) => `${start.slice(0, -1)}${start.endsWith('0') ? '1' : '0'}`),
    ],
    ['no JSON', () => 'not a record'],
    ['nothing', () => ''],
    ['JSON that is no record', () => '{"v":1,"seq":"6"}'],
    ['a JSON null', () => 'null'],
    ['nesting', () => '['.repeat(100_000)],
  ])('names the record that was changed: %s', async (_name, change) => {
    const lines = read();
    lines[5] = change(lines[5]!);
    write(lines);
    expect(await verify()).toMatchObject({ ok: false, problem: { kind: 'changed', line: 6, seq: 6 } });
  });

  it('names the id of a changed record in its sentence', async () => {
    const lines = read();
    const { id } = JSON.parse(lines[5]!) as { id: string };
    lines[5] = lines[5]!.replace('alice', 'mallory');
    write(lines);
    const { summary } = await verify();
    expect(summary).toBe(`Line 6, record 6 (${id}), was changed after it was written.`);
  });

  it('sees a byte changed that reads the same in no text', async () => {
    const bytes = readFileSync(file);
    bytes[bytes.indexOf('alice')] = 0xff;
    writeFileSync(file, bytes);
    expect(await verify()).toMatchObject({ ok: false, problem: { kind: 'changed', line: 2 } });
  });

  it.each([
    [1, 1, 'Record 1 was removed before line 1.'],
    [6, 1, 'Record 6 was removed before line 6.'],
    [6, 3, 'Records 6 to 8 were removed before line 6.'],
  ])('names what was removed: from line %i, %i of them', async (line, count, summary) => {
    const lines = read();
    lines.splice(line - 1, count);
    write(lines);
    expect(await verify()).toMatchObject({ ok: false, summary, problem: { kind: 'removed', line, seq: line } });
  });

  it('names a record that was moved', async () => {
    const lines = read();
    const [moved] = lines.splice(5, 1);
    lines.splice(8, 0, moved!);
    write(lines);
    expect(await verify()).toMatchObject({ ok: false, problem: { kind: 'reordered', line: 6, seq: 6 } });
  });

  it('names a record that stands twice', async () => {
    const lines = read();
    lines.splice(7, 0, lines[4]!);
    write(lines);
    expect(await verify()).toMatchObject({ ok: false, problem: { kind: 'duplicated', line: 8, seq: 5 } });
  });

  it('names a line that was added', async () => {
    const lines = read();
    lines.splice(5, 0, lines[5]!.replace('tool_5', 'tool_x'));
    write(lines);
    expect(await verify()).toMatchObject({ ok: false, problem: { kind: 'added', line: 6 } });
  });

  it('names a record of another chain of the same key', async () => {
    const place = await temporaryFolder();
    const other = await openLog(place.file);
    for (let i = 1; i <= 10; i += 1) await other.append(outcome(`tool_${i}`));
    await other.close();
    const lines = read();
    lines[5] = readFileSync(place.file, 'utf8').split('\n')[5]!;
    await place.remove();
    write(lines);
    expect(await verify()).toMatchObject({ ok: false, problem: { kind: 'forked', line: 6, seq: 6 } });
  });

  it('names a tail that was cut, where the checkpoints are elsewhere', async () => {
    write(read().slice(0, 9));
    expect(await verify()).toMatchObject({
      ok: false,
      summary: 'The tail was cut after record 9: the copied checkpoints know record 12.',
      problem: { kind: 'cut', line: 10, seq: 10 },
    });
    const alone = await verifyAuditFile(file, { key: KEY });
    expect(alone.ok, 'without them nothing in the file shows it').toBe(true);
    expect(alone.notes.join(' ')).toContain('a tail that was cut does not show');
  });

  it('names an emptied file as cut', async () => {
    write([]);
    expect(await verify()).toMatchObject({ ok: false, problem: { kind: 'cut', line: 1, seq: 1 } });
  });

  it('names a chain that was written anew with a stolen key', async () => {
    const place = await temporaryFolder();
    const other = await openLog(place.file);
    for (let i = 1; i <= 10; i += 1) await other.append(outcome('harmless'));
    await other.close();
    write(readFileSync(place.file, 'utf8').trimEnd().split('\n'));
    await place.remove();
    expect((await verifyAuditFile(file, { key: KEY })).ok).toBe(true);
    expect(await verify()).toMatchObject({ ok: false, problem: { kind: 'changed', line: 12, seq: 12 } });
  });

  it('names a torn last line', async () => {
    writeFileSync(file, readFileSync(file, 'utf8').slice(0, -1));
    const report = await verifyAuditFile(file, { key: KEY });
    expect(report).toMatchObject({ ok: false, problem: { kind: 'torn', line: 13 } });
  });

  it('says that the key is the wrong one, and which it would be', async () => {
    const { keyId } = deriveKeys(KEY);
    expect(await verifyAuditFile(file, { key: OTHER_KEY })).toMatchObject({
      ok: false,
      summary: `No record was written with this key: the file names key ${keyId}.`,
      problem: { kind: 'wrong_key' },
    });
  });

  describe('with the public key alone', () => {
    const publicKey = deriveKeys(KEY).public.export({ format: 'pem', type: 'spki' }) as string;

    it('checks links and signatures, and says that content was not checked', async () => {
      const report = await verifyAuditFile(file, { publicKey, checkpointFile });
      expect(report).toMatchObject({ ok: true, checkpoints: 1 });
      expect(report.summary).toContain('the content was not checked');
    });

    it('names a bad signature', async () => {
      const otherPublicKey = deriveKeys(OTHER_KEY).public.export({ format: 'pem', type: 'spki' }) as string;
      const report = await verifyAuditFile(file, { publicKey: otherPublicKey });
      expect(report).toMatchObject({ ok: false, problem: { kind: 'bad_signature', line: 13, seq: 13 } });
    });

    it('refuses what is no Ed25519 key', async () => {
      await expect(verifyAuditFile(file, { publicKey: 'bm90IGEga2V5' })).rejects.toThrow(/public key/);
    });
  });

  it('takes no copied checkpoint for a witness that the key did not sign', async () => {
    const forged = readFileSync(checkpointFile, 'utf8').replace('"last_seq":12', '"last_seq":99');
    writeFileSync(checkpointFile, `${forged}not json\n{"v":1}\n`);
    const report = await verify();
    expect(report.ok).toBe(true);
    expect(report.notes).toEqual(['The checkpoint file holds no checkpoint of this file.']);
  });

  it('shows nothing hostile of what it read', async () => {
    const lines = read();
    lines[5] = lines[5]!.replace(/"id":"[^"]+"/, '"id":"\\u001b[2J\\nall is well"');
    write(lines);
    expect((await verify()).summary).toBe('Line 6, record 6, was changed after it was written.');
  });

  it('reads a line of many megabytes without trouble', async () => {
    write([...read().slice(0, 5), `{"v":1,"pad":"${'x'.repeat(20_000_000)}"}`, ...read().slice(5)]);
    expect(await verify()).toMatchObject({ ok: false, problem: { kind: 'added', line: 6 } });
  });

  it('says what file cannot be read', async () => {
    await expect(verifyAuditFile(`${file}.none`, { key: KEY })).rejects.toThrow(/cannot be read \(ENOENT\)/);
  });
});
