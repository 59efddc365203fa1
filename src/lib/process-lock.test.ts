import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from './clock.ts';
import { createLogger } from './logger.ts';
import { ownIdentity } from './process-identity.ts';
import { takeProcessLock } from './process-lock.ts';

const logger = createLogger('silent');
let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcvsphere-lock-'));
  path = join(folder, 'one.lock');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const ofDeadProcess = (nonce: number) => JSON.stringify({ ...ownIdentity(), started: '1', nonce: String(nonce) });

describe('the lock of a process that died', () => {
  it('goes to one of the many that find it at once, each time', async () => {
    for (let round = 0; round < 60; round += 1) {
      writeFileSync(path, ofDeadProcess(round));
      const attempts = await Promise.all(Array.from({ length: 16 }, () => takeProcessLock(path, systemClock, logger)));
      const taken = attempts.filter((attempt) => attempt.taken);
      expect(taken).toHaveLength(1);
      await taken[0]!.release();
      expect(readdirSync(folder)).toEqual([]);
    }
  });

  it('is taken over also where another one died while it took it over', async () => {
    const text = ofDeadProcess(1);
    writeFileSync(path, text);
    // What such a process leaves: its right to remove the lock.
    const right = `${path}.${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
    writeFileSync(right, ofDeadProcess(2));
    const attempt = await takeProcessLock(path, systemClock, logger);
    expect(attempt.taken).toBe(true);
    expect(readdirSync(folder)).toEqual(['one.lock']);
    if (attempt.taken) await attempt.release();
  });
});
