/**
 * One writer a file. Several processes may be given the same audit file, such as the stdio servers of one person's
 * clients: each takes the first free slot (`audit.jsonl`, `audit-2.jsonl`, …) by a lock file beside it. The lock of a
 * process that died is taken over. Should two ever write one file all the same, the sink notices and refuses.
 */
import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, extname } from 'node:path';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { AuditUnavailableError, errnoOf } from './errors.ts';
import { isAlive, ownIdentity, type ProcessIdentity } from './process-identity.ts';

const MOST_SLOTS = 64;
/** A holder touches its lock this often; one that cannot be asked otherwise is watched for longer than that. */
const HEARTBEAT_MS = 1_000;
const WATCH_MS = 3_500;

export interface Slot {
  readonly path: string;
  release(): Promise<void>;
}

interface Lock extends ProcessIdentity {
  readonly nonce: string;
}

/** @throws AuditUnavailableError where no slot is free, or no lock can be made */
export async function takeSlot(path: string, clock: Clock, logger: Logger): Promise<Slot> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    for (const slotPath of slotPaths(path)) {
      const slot = await takeIfFree(slotPath, clock, logger);
      if (slot !== undefined) return slot;
    }
  } catch (cause) {
    throw new AuditUnavailableError(`The audit file cannot be locked (${errnoOf(cause) ?? 'error'}).`, cause);
  }
  throw new AuditUnavailableError(`All ${MOST_SLOTS} slots of the audit file are taken by other processes.`);
}

/** Every file that a process which was given `path` may write, the first choice first. */
export function slotPaths(path: string): string[] {
  return Array.from({ length: MOST_SLOTS }, (_, i) => (i === 0 ? path : numbered(path, i + 1)));
}

/** @returns undefined where another process has it */
export async function takeIfFree(path: string, clock: Clock, logger: Logger): Promise<Slot | undefined> {
  const release = await take(`${path}.lock`, clock, logger);
  return release && { path, release };
}

function numbered(path: string, number: number): string {
  const extension = extname(path);
  return `${path.slice(0, path.length - extension.length)}-${number}${extension}`;
}

async function take(lockPath: string, clock: Clock, logger: Logger): Promise<(() => Promise<void>) | undefined> {
  const lock: Lock = { ...ownIdentity(), nonce: randomUUID() };
  // A few rounds: between finding a lock stale and taking its place, somebody else may have.
  for (let round = 0; round < 5; round += 1) {
    if (await create(lockPath, lock)) return hold(lockPath, lock, logger);
    const found = await read(lockPath);
    if (found === undefined) continue;
    if (!(await isStale(lockPath, found, clock))) return undefined;
    logger.warn({ lock: lockPath, pid: found.lock?.pid }, 'the audit lock of a process that died is taken over');
    await remove(lockPath, found.text);
  }
  return undefined;
}

/** Linked into place with its content: nobody ever reads an empty lock, and only one process succeeds. */
async function create(lockPath: string, lock: Lock): Promise<boolean> {
  const draft = `${lockPath}.${lock.nonce}`;
  await writeFile(draft, JSON.stringify(lock), { mode: 0o600, flag: 'wx' });
  try {
    await link(draft, lockPath);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await unlink(draft);
  }
}

interface Found {
  readonly text: string;
  /** Undefined where the text is no lock of ours. */
  readonly lock: Lock | undefined;
}

async function read(lockPath: string): Promise<Found | undefined> {
  let text: string;
  try {
    text = await readFile(lockPath, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const lock = JSON.parse(text) as Lock;
    return { text, lock: Number.isInteger(lock.pid) && lock.pid > 0 ? lock : undefined };
  } catch {
    return { text, lock: undefined };
  }
}

async function isStale(lockPath: string, { lock }: Found, clock: Clock): Promise<boolean> {
  const alive = lock === undefined ? undefined : isAlive(lock);
  if (alive !== undefined) return !alive;
  const before = await touchedAt(lockPath);
  await clock.sleep(WATCH_MS);
  return before !== undefined && before === (await touchedAt(lockPath));
}

async function touchedAt(lockPath: string): Promise<number | undefined> {
  return stat(lockPath).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  );
}

/** Takes away the lock that holds `text` and no other: two processes may find the same lock stale at once. */
async function remove(lockPath: string, text: string): Promise<void> {
  const aside = `${lockPath}.${randomUUID()}`;
  try {
    await rename(lockPath, aside);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return;
    throw error;
  }
  // The other one was faster and this is its new, living lock: back with it.
  if ((await readFile(aside, 'utf8')) !== text) await link(aside, lockPath).catch(() => {});
  await unlink(aside);
}

function hold(lockPath: string, lock: Lock, logger: Logger): () => Promise<void> {
  const heartbeat = setInterval(() => {
    const now = new Date();
    utimes(lockPath, now, now).catch((err: unknown) => logger.warn({ err }, 'the audit lock could not be touched'));
  }, HEARTBEAT_MS);
  heartbeat.unref();
  return async () => {
    clearInterval(heartbeat);
    const found = await read(lockPath).catch(() => undefined);
    if (found?.lock?.nonce === lock.nonce) await unlink(lockPath).catch(() => {});
  };
}
