import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { takeSlot } from '../../src/audit/slot.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { ownIdentity } from '../../src/lib/process-identity.ts';
import { logger, openLog, temporaryFolder } from './fixture.ts';

let folder: string;
let file: string;
let remove: () => Promise<void>;
beforeEach(async () => {
  ({ folder, file, remove } = await temporaryFolder());
});
afterEach(() => remove());

const take = () => takeSlot(file, systemClock, logger);
const lockOf = (more: object) => JSON.stringify({ ...ownIdentity(), nonce: 'n', ...more });

/** A process id that was just in use and is not any more. */
async function endedProcess(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  return child.pid!;
}

describe('a slot', () => {
  it('is the first free one, and is free again after its release', async () => {
    const [one, two] = [await take(), await take()];
    expect([one.path, two.path]).toEqual([file, `${folder}/audit-2.jsonl`]);
    await one.release();
    const again = await take();
    expect(again.path).toBe(file);
    await Promise.all([again.release(), two.release()]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('goes to one only of many who ask at once', async () => {
    const slots = await Promise.all(Array.from({ length: 12 }, take));
    expect(new Set(slots.map(({ path }) => path)).size).toBe(12);
    await Promise.all(slots.map(({ release }) => release()));
  });

  it.each([
    ['of a process that has ended', async () => lockOf({ pid: await endedProcess() })],
    ['of a process whose id another one has now', async () => lockOf({ started: '1' })],
    ['of an earlier process of this very id', async () => lockOf({ pid: process.pid, started: '12345' })],
  ])('is taken over from a lock %s, by one of many', async (_name, lock) => {
    writeFileSync(`${file}.lock`, await lock());
    const slots = await Promise.all(Array.from({ length: 8 }, take));
    expect(slots.filter(({ path }) => path === file)).toHaveLength(1);
    expect(new Set(slots.map(({ path }) => path)).size).toBe(8);
    await Promise.all(slots.map(({ release }) => release()));
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([
    ['of another host', () => lockOf({ host: 'another one' })],
    ['that cannot be read', () => '{"pid":'],
  ])('is taken over from a lock %s that nobody touches', async (_name, lock) => {
    writeFileSync(`${file}.lock`, lock());
    const slot = await takeSlot(file, { ...systemClock, sleep: async () => {} }, logger);
    expect(slot.path).toBe(file);
    await slot.release();
  });

  it('is left to a process of another host that touches its lock', async () => {
    writeFileSync(`${file}.lock`, lockOf({ host: 'another one' }));
    const sleep = async () => utimesSync(`${file}.lock`, 1, 1);
    const slot = await takeSlot(file, { ...systemClock, sleep }, logger);
    expect(slot.path).toBe(`${folder}/audit-2.jsonl`);
    await slot.release();
  });

  it('stays with the one that was faster to take over the same lock', async () => {
    const lock = `${file}.lock`;
    writeFileSync(lock, lockOf({ host: 'another one' }));
    utimesSync(lock, 1, 1);
    let faster: Awaited<ReturnType<typeof take>> | undefined;
    // While the slower one still watches the old lock, which then looks untouched.
    const sleep = async () => {
      unlinkSync(lock);
      faster = await take();
      utimesSync(lock, 1, 1);
    };
    const slower = await takeSlot(file, { ...systemClock, sleep }, logger);
    expect([faster?.path, slower.path]).toEqual([file, `${folder}/audit-2.jsonl`]);
    await Promise.all([faster?.release(), slower.release()]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is released by its holder only', async () => {
    const slot = await take();
    const theirs = lockOf({ nonce: 'theirs' });
    writeFileSync(`${file}.lock`, theirs);
    await slot.release();
    expect(readFileSync(`${file}.lock`, 'utf8')).toBe(theirs);
  });

  it('is given up when the log is closed, and when it cannot be opened', async () => {
    await (await openLog(file)).close();
    expect(existsSync(`${file}.lock`)).toBe(false);
    await expect(openLog(`${file}/under/a/file`)).rejects.toThrow(/cannot be locked \(ENOTDIR\)/);
  });
});
