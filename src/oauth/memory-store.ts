/**
 * The embedded store, for one replica: a map in memory, saved so that a restart keeps the sessions. Most changes are
 * saved within a second; a deletion is saved before it is done, since what was revoked must not come back. What cannot
 * be saved is tried again until it is, and the store is not healthy meanwhile. Within one process each step below runs
 * without another in between, which is what makes it atomic.
 */
import { bounded } from '../lib/bounded.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { SnapshotEntry, SnapshotFile } from './snapshot.ts';
import { LockHeldError, type Store, StoreUnavailableError } from './store.ts';

const SAVE_AFTER_MS = 1_000;
const TRY_AGAIN_AFTER_MS = 2_000;
const LOCK_WAIT_MS = 20_000;
/** About 200 MB. Everything in here follows a login, so that no stranger fills it. */
const MOST_ENTRIES = 100_000;

interface MemoryStoreOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly snapshot?: SnapshotFile;
  readonly lockWaitMs?: number;
}

/** @throws StoreUnavailableError where saved sessions cannot be read */
export async function openMemoryStore(options: MemoryStoreOptions): Promise<Store> {
  const { clock, logger, snapshot, lockWaitMs = LOCK_WAIT_MS } = options;
  const entries = await readSnapshot(snapshot);
  const locks = new Map<string, Promise<unknown>>();
  const saver = snapshot && createSaver(() => snapshot.write(alive()), clock, logger);

  function alive(): ReadonlyMap<string, SnapshotEntry> {
    for (const key of entries.keys()) peek(key);
    return entries;
  }

  function peek(key: string): string | undefined {
    const entry = entries.get(key);
    if (entry === undefined) return undefined;
    if (clock.now() < entry.expiresAt) return entry.value;
    entries.delete(key);
    return undefined;
  }

  function put(key: string, value: string, ttlSeconds: number): void {
    if (entries.size >= MOST_ENTRIES && !entries.has(key) && alive().size >= MOST_ENTRIES) {
      throw new StoreUnavailableError({ cause: new Error('the embedded store is full') });
    }
    entries.set(key, { value, expiresAt: clock.now() + ttlSeconds * 1000 });
    saver?.soon();
  }

  return {
    async get(key) {
      return peek(key);
    },
    async has(key) {
      return peek(key) !== undefined;
    },
    async set(key, value, ttlSeconds) {
      put(key, value, ttlSeconds);
    },
    async take(key) {
      const value = peek(key);
      if (entries.delete(key)) saver?.soon();
      return value;
    },
    async compareAndSet(key, expected, value, ttlSeconds) {
      if (peek(key) !== expected) return false;
      put(key, value, ttlSeconds);
      return true;
    },
    async delete(key) {
      const existed = peek(key) !== undefined;
      entries.delete(key);
      // Also where it was gone: the one who deleted it may have failed to save that.
      await saver?.now();
      return existed;
    },
    async withLock(key, work) {
      const before = locks.get(key) ?? Promise.resolve();
      let release = () => {};
      const mine = new Promise<void>((resolve) => {
        release = resolve;
      });
      const tail = before.then(() => mine);
      locks.set(key, tail);
      // Not when this one gives up waiting: the one before it may still be at work.
      void tail.then(() => locks.get(key) === tail && locks.delete(key));
      try {
        if (!(await bounded(before, lockWaitMs))) throw new LockHeldError();
        return await work();
      } finally {
        release();
      }
    },
    async *keys(prefix) {
      for (const key of [...entries.keys()]) if (key.startsWith(prefix) && peek(key) !== undefined) yield key;
    },
    async healthy() {
      return saver?.working() ?? true;
    },
    async close() {
      await saver?.close();
    },
  };
}

async function readSnapshot(snapshot: SnapshotFile | undefined): Promise<Map<string, SnapshotEntry>> {
  try {
    return (await snapshot?.read()) ?? new Map();
  } catch (cause) {
    throw new StoreUnavailableError({ cause });
  }
}

/** Many changes, one write: those that come while one is under way wait for the next. */
function createSaver(write: () => Promise<void>, clock: Clock, logger: Logger) {
  const closing = new AbortController();
  let running: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let works = true;
  let tryingAgain = false;

  function flush(): Promise<void> {
    next ??= running
      .catch(() => {})
      .then(() => {
        next = undefined;
        running = write().then(
          () => {
            if (!works) logger.info('the sessions are saved again');
            works = true;
          },
          (cause: unknown) => {
            works = false;
            logger.error({ err: cause }, 'the sessions cannot be saved: a restart would forget the latest changes');
            void tryAgain();
            throw new StoreUnavailableError({ cause });
          },
        );
        return running;
      });
    return next;
  }

  /** Nobody may come along to change anything: what was ended must be gone from the file all the same. */
  async function tryAgain(): Promise<void> {
    if (tryingAgain) return;
    tryingAgain = true;
    const slept = () =>
      clock.sleep(TRY_AGAIN_AFTER_MS, closing.signal).then(
        () => true,
        () => false,
      );
    while (!works && (await slept())) await flush().catch(() => {});
    tryingAgain = false;
  }

  return {
    soon() {
      timer ??= setTimeout(() => {
        timer = undefined;
        // It tries again by itself.
        flush().catch(() => {});
      }, SAVE_AFTER_MS).unref();
    },
    now: flush,
    working: () => works,
    async close() {
      clearTimeout(timer);
      closing.abort();
      await flush().catch(() => {});
    },
  };
}
