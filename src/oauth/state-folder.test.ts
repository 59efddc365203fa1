import { chmod, chown, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../lib/clock.ts';
import { createLogger } from '../lib/logger.ts';
import { Secret } from '../lib/secret.ts';
import { deriveOAuthKeys, loadOAuthKeys } from './keys.ts';
import { openStore } from './open-store.ts';
import { gatewayIn, inspectStateFolder, openStateFolder } from './state-folder.ts';

const logger = createLogger('silent');
const keys = deriveOAuthKeys(new Secret('0f8fad5bd9cb469fa16570867728950e0f8fad5bd9cb469fa16570867728950e'));
const openHere = (stateDir: string) => openStore({ stateDir, keys, clock: systemClock, logger });

let folder: string;
let stateDir: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcvsphere-state-folder-'));
  stateDir = join(folder, 'state');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('the state folder', () => {
  it('is made for its owner only, with what leads to it', async () => {
    const deep = join(stateDir, 'of', 'mcvsphere');
    expect(await inspectStateFolder(deep)).toBe(false);
    await expect(stat(stateDir)).rejects.toMatchObject({ code: 'ENOENT' });
    await openStateFolder(deep);
    expect((await stat(deep)).mode & 0o777).toBe(0o700);
    expect(await inspectStateFolder(deep)).toBe(true);
  });

  it.each([0o755, 0o750, 0o710, 0o701, 0o777, 0o702])('is refused with mode %o, and left as it is', async (mode) => {
    await mkdir(stateDir);
    await chmod(stateDir, mode);
    const refusal = { code: 'CONFIGURATION', message: expect.stringContaining(`chmod 700 ${stateDir}`) };
    await expect(openStateFolder(stateDir)).rejects.toMatchObject(refusal);
    await expect(inspectStateFolder(stateDir)).rejects.toMatchObject(refusal);
    await expect(loadOAuthKeys(undefined, stateDir)).rejects.toMatchObject(refusal);
    await expect(openHere(stateDir)).rejects.toMatchObject(refusal);
    expect((await stat(stateDir)).mode & 0o777).toBe(mode);
  });

  it.runIf(process.geteuid?.() === 0)('is refused as the folder of another user', async () => {
    await mkdir(stateDir, { mode: 0o700 });
    await chown(stateDir, 12_345, 12_345);
    await expect(openHere(stateDir)).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringMatching(/belongs to the user 12345, and the gateway runs as 0: chown -R 0 /),
    });
  });

  it('is refused where a file is in its place, or on the way to it', async () => {
    await writeFile(stateDir, '');
    for (const path of [stateDir, join(stateDir, 'below')]) {
      await expect(openStateFolder(path)).rejects.toMatchObject({ code: 'CONFIGURATION' });
      await expect(inspectStateFolder(path)).rejects.toMatchObject({ code: 'CONFIGURATION' });
    }
  });

  it('is not looked at where a key is given and the sessions are elsewhere', async () => {
    await mkdir(stateDir);
    await chmod(stateDir, 0o755);
    await expect(loadOAuthKeys(new Secret('x8fad5bd9cb469fa16570867728950e0'), stateDir)).resolves.toBeDefined();
  });
});

describe('the sessions of a state folder', () => {
  it('are kept by one gateway at a time', async () => {
    const store = await openHere(stateDir);
    expect(await gatewayIn(stateDir)).toBe(process.pid);
    await expect(openHere(stateDir)).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringMatching(/^Another gateway \(process \d+\) keeps its sessions in OAUTH_STATE_DIR/),
    });
    await store.close();
    expect(await gatewayIn(stateDir)).toBeUndefined();
    await (await openHere(stateDir)).close();
  });

  it('go to one of many that start at once', async () => {
    const all = await Promise.allSettled(Array.from({ length: 10 }, () => openHere(stateDir)));
    const open = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    expect(open).toHaveLength(1);
    await open[0]!.close();
  });

  it('are free again after a start that failed', async () => {
    await openStateFolder(stateDir);
    const snapshot = join(stateDir, 'sessions.snapshot');
    await mkdir(snapshot);
    await expect(openHere(stateDir)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await rm(snapshot, { recursive: true });
    await (await openHere(stateDir)).close();
  });

  it('are not touched by a second gateway with another key', async () => {
    const first = await openHere(stateDir);
    await first.set('a', '1', 60);
    await first.delete('b');
    const others = deriveOAuthKeys(new Secret('another-key-another-key-another-key-0123'));
    await expect(openStore({ stateDir, keys: others, clock: systemClock, logger })).rejects.toThrow('Another gateway');
    await first.close();
    const again = await openHere(stateDir);
    expect(await again.get('a')).toBe('1');
    await again.close();
  });

  it('that another gateway took over while this one stood still lets nobody in, and keeps what the other one saves', async () => {
    const lock = join(stateDir, 'sessions.lock');
    const snapshot = join(stateDir, 'sessions.snapshot');
    const store = await openHere(stateDir);
    await store.set('grant:a', 'somebody', 60);
    await store.delete('grant:b');
    const others = 'what the other one saved';
    await writeFile(snapshot, others);
    await writeFile(lock, JSON.stringify({ pid: 1, started: '1', host: 'another', nonce: 'of the other' }));
    await expect.poll(() => store.healthy(), { timeout: 10_000 }).toBe(false);
    const works: (() => Promise<unknown>)[] = [
      () => store.get('grant:a'),
      () => store.has('grant:a'),
      () => store.take('grant:a'),
      () => store.set('grant:c', 'x', 60),
      () => store.compareAndSet('grant:a', 'somebody', 'x', 60),
      () => store.delete('grant:a'),
      () => store.withLock('grant:a', async () => 'done'),
      () => store.keys('grant:')[Symbol.asyncIterator]().next(),
    ];
    for (const work of works) await expect(work()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await store.close();
    expect(await readFile(snapshot, 'utf8')).toBe(others);
    expect(await readFile(lock, 'utf8')).toContain('of the other');
  });
});
