/**
 * A file that says which process has something to itself. The lock of a process that died is taken over: at once where
 * this system can say so, and after watching it for a while where it is of another host or container. One that only
 * stood still for as long (a stopped container, a frozen machine) loses it, too, and finds out when it goes on.
 */
import { createHash, randomUUID } from 'node:crypto';
import { link, readFile, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';
import { isAlive, ownIdentity, type ProcessIdentity } from './process-identity.ts';

/** A holder touches its lock this often; one that cannot be asked otherwise is watched for longer than that. */
const HEARTBEAT_MS = 1_000;
const WATCH_MS = 3_500;
/** Between finding a lock stale and taking its place, somebody else may have. */
const ROUNDS = 5;
/** How many processes in a row may die while they remove the lock of one that died. */
const MOST_REMOVALS = 3;

export interface ProcessLock {
  /** False from soon after another process has taken it over. */
  isHeld(): boolean;
  /** The same by a look at the file. Rejects where it cannot be read. */
  look(): Promise<boolean>;
  release(): Promise<void>;
}

export type LockAttempt =
  | ({ readonly taken: true } & ProcessLock)
  /** Another process has it, or was faster. */
  | { readonly taken: false; readonly holder?: ProcessIdentity };

interface LockText extends ProcessIdentity {
  readonly nonce: string;
}

/** Rejects where the folder is not there or cannot be written. */
export async function takeProcessLock(path: string, clock: Clock, logger: Logger): Promise<LockAttempt> {
  const lock: LockText = { ...ownIdentity(), nonce: randomUUID() };
  for (let round = 0; round < ROUNDS; round += 1) {
    if (await create(path, lock)) return { taken: true, ...hold({ path, lock, clock, logger }) };
    const found = await read(path);
    if (found === undefined) continue;
    if (!(await isStale(path, found, clock))) return { taken: false, ...(found.lock ? { holder: found.lock } : {}) };
    logger.warn({ lock: path, pid: found.lock?.pid }, 'the lock of a process that died is taken over');
    await remove({ path, text: found.text, remover: lock, clock });
  }
  return { taken: false };
}

/**
 * Who has it, without taking it: for telling an operator.
 *
 * @returns undefined where nobody has, as far as can be seen from here
 */
export async function holderOf(path: string): Promise<ProcessIdentity | undefined> {
  const lock = (await read(path))?.lock;
  return lock === undefined || isAlive(lock) === false ? undefined : lock;
}

/** Linked into place with its content: nobody ever reads an empty lock, and only one process succeeds. */
async function create(path: string, lock: LockText): Promise<boolean> {
  const draft = `${path}.${lock.nonce}`;
  await writeFile(draft, JSON.stringify(lock), { mode: 0o600, flag: 'wx' });
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await unlink(draft);
  }
}

interface Found {
  readonly text: string;
  /** Undefined where the text is no lock of ours. */
  readonly lock: LockText | undefined;
}

async function read(path: string): Promise<Found | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const lock = JSON.parse(text) as LockText;
    return { text, lock: Number.isInteger(lock.pid) && lock.pid > 0 ? lock : undefined };
  } catch {
    return { text, lock: undefined };
  }
}

async function isStale(path: string, { lock }: Found, clock: Clock): Promise<boolean> {
  const alive = lock === undefined ? undefined : isAlive(lock);
  if (alive !== undefined) return !alive;
  const before = await touchedAt(path);
  await clock.sleep(WATCH_MS);
  return before !== undefined && before === (await touchedAt(path));
}

async function touchedAt(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  );
}

interface Removal {
  readonly path: string;
  /** What the lock to remove holds. */
  readonly text: string;
  readonly remover: LockText;
  readonly clock: Clock;
}

/**
 * Takes away the lock that holds `text` and no other: many processes may find the same lock stale at once, and a slow
 * one must not take away what a faster one has put there since. The right to remove a lock is itself a lock, named
 * after it: between the look and the removal nobody else removes it, so what was seen is what goes.
 */
async function remove({ path, text, remover, clock }: Removal, depth = 1): Promise<void> {
  const right = `${path}.${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
  if (!(await create(right, remover))) {
    // Of a process that died while it removed; otherwise somebody is at it.
    const found = await read(right);
    if (found && depth < MOST_REMOVALS && (await isStale(right, found, clock))) {
      await remove({ path: right, text: found.text, remover, clock }, depth + 1);
    }
    return;
  }
  try {
    if ((await read(path))?.text === text) await unlink(path);
  } finally {
    await unlink(right);
  }
}

interface Holding {
  readonly path: string;
  readonly lock: LockText;
  readonly clock: Clock;
  readonly logger: Logger;
}

function hold({ path, lock, clock, logger }: Holding): ProcessLock {
  let held = true;
  let beating: Promise<void> | undefined;

  async function beat(): Promise<void> {
    const found = await read(path);
    if (found === undefined) {
      // Whoever tidied it away is no process that wants it.
      await create(path, lock);
    } else if (found.lock?.nonce === lock.nonce) {
      const now = new Date();
      await utimes(path, now, now);
    } else {
      held = false;
      clearInterval(heartbeat);
      logger.error({ lock: path, pid: found.lock?.pid }, 'another process has taken over the lock of this one');
    }
  }

  function beatOnce(): Promise<void> {
    beating ??= beat().finally(() => {
      beating = undefined;
    });
    return beating;
  }

  const heartbeat = setInterval(() => {
    beatOnce().catch((err: unknown) => logger.warn({ err, lock: path }, 'a lock could not be touched'));
  }, HEARTBEAT_MS);
  heartbeat.unref();

  return {
    isHeld: () => held,
    async look() {
      if (held) await beatOnce();
      return held;
    },
    async release() {
      clearInterval(heartbeat);
      await beating?.catch(() => {});
      const found = await read(path).catch(() => undefined);
      if (found?.lock?.nonce !== lock.nonce) return;
      await remove({ path, text: found.text, remover: lock, clock }).catch(() => {});
    },
  };
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
