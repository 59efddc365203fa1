/** A lock over time: tidied away, and taken over by a process that took this one for dead. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from './clock.ts';
import { createLogger } from './logger.ts';
import { ownIdentity } from './process-identity.ts';
import { type ProcessLock, takeProcessLock } from './process-lock.ts';

const logger = createLogger('silent');
const PATIENCE = { timeout: 10_000 };

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcvsphere-lock-'));
  path = join(folder, 'it.lock');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function take(): Promise<ProcessLock> {
  const attempt = await takeProcessLock(path, systemClock, logger);
  if (!attempt.taken) throw new Error('the lock is not free');
  return attempt;
}

describe('a lock', () => {
  it('that was tidied away comes back, so that no second process finds it free', async () => {
    const lock = await take();
    const text = await readFile(path, 'utf8');
    await rm(path);
    await expect.poll(() => readFile(path, 'utf8').catch(() => ''), PATIENCE).toBe(text);
    expect(lock.isHeld()).toBe(true);
    expect(await takeProcessLock(path, systemClock, logger)).toMatchObject({ taken: false });
    await lock.release();
    expect(await readdir(folder)).toEqual([]);
  });

  it.each([
    ['another process', JSON.stringify({ ...ownIdentity(), pid: 1, nonce: 'of another' })],
    ['who knows whom', 'no lock at all'],
  ])('that was taken over by %s is held no more, and left to it', async (_whom, text) => {
    const lock = await take();
    expect(lock.isHeld()).toBe(true);
    expect(await lock.look()).toBe(true);
    await writeFile(path, text);
    await expect.poll(() => lock.isHeld(), PATIENCE).toBe(false);
    await lock.release();
    expect(await readFile(path, 'utf8')).toBe(text);
    expect(lock.isHeld()).toBe(false);
  });

  it('that was taken over is seen to be by a look, at once', async () => {
    const lock = await take();
    await writeFile(path, 'of another');
    expect(await lock.look()).toBe(false);
    expect(lock.isHeld()).toBe(false);
    await lock.release();
  });
});
