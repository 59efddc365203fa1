/**
 * The embedded store for as long as its folder is ours. A process that stood still may find another one in its place,
 * which ends sessions that this one still knows: from then on it lets nobody in, saves nothing over what the other one
 * saves, and is not ready. Only a new start helps, which reads what there is.
 */
import type { ProcessLock } from '../lib/process-lock.ts';
import type { SnapshotFile } from './snapshot.ts';
import { type Store, StoreUnavailableError } from './store.ts';

function check(lock: Pick<ProcessLock, 'isHeld'>): void {
  if (!lock.isHeld()) throw takenOver();
}

function takenOver(): StoreUnavailableError {
  return new StoreUnavailableError({ cause: new Error('another gateway has taken over OAUTH_STATE_DIR') });
}

export function lockedSnapshot(snapshot: SnapshotFile, lock: Pick<ProcessLock, 'look'>): SnapshotFile {
  return {
    read: snapshot.read,
    async write(entries) {
      if (!(await lock.look())) throw takenOver();
      await snapshot.write(entries);
    },
  };
}

export function lockedStore(store: Store, lock: Pick<ProcessLock, 'isHeld'>): Store {
  return {
    async get(key) {
      check(lock);
      return store.get(key);
    },
    async has(key) {
      check(lock);
      return store.has(key);
    },
    async set(key, value, ttlSeconds) {
      check(lock);
      await store.set(key, value, ttlSeconds);
    },
    async take(key) {
      check(lock);
      return store.take(key);
    },
    async compareAndSet(key, expected, value, ttlSeconds) {
      check(lock);
      return store.compareAndSet(key, expected, value, ttlSeconds);
    },
    async delete(key) {
      check(lock);
      return store.delete(key);
    },
    async withLock(key, work) {
      check(lock);
      return store.withLock(key, work);
    },
    async *keys(prefix) {
      check(lock);
      yield* store.keys(prefix);
    },
    healthy: async () => lock.isHeld() && store.healthy(),
    close: () => store.close(),
  };
}
