import { join } from 'node:path';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { Secret } from '../lib/secret.ts';
import type { OAuthKeys } from './keys.ts';
import { lockedSnapshot, lockedStore } from './locked-store.ts';
import { openMemoryStore } from './memory-store.ts';
import { openRedisStore } from './redis-store.ts';
import { createSnapshotFile } from './snapshot.ts';
import { lockSessions, openStateFolder } from './state-folder.ts';
import type { Store } from './store.ts';
import { createStoreCipher } from './store-cipher.ts';

const KEY_CHECK = 'key-check';
const KEY_CHECK_SECONDS = 90 * 24 * 3600;

interface OpenStoreOptions {
  /** Redis or Valkey; without it the store is embedded. */
  readonly url?: Secret;
  readonly stateDir: string;
  readonly keys: OAuthKeys;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * @throws StoreUnavailableError where saved sessions cannot be read; GatewayError `CONFIGURATION` where the state folder
 * is open to others, or in another gateway's use
 */
export async function openStore({ url, stateDir, keys, clock, logger }: OpenStoreOptions): Promise<Store> {
  const cipher = createStoreCipher(keys.store);
  if (url !== undefined) {
    const store = await openRedisStore({ url, cipher, clock, logger });
    await tellOfOtherKey(store, logger);
    return store;
  }
  await openStateFolder(stateDir);
  // Before the first look at the saved sessions: with another key they would be set aside under a running gateway.
  const lock = await lockSessions(stateDir, clock, logger);
  try {
    const snapshot = lockedSnapshot(createSnapshotFile({ path: snapshotPath(stateDir), cipher, logger }), lock);
    const store = lockedStore(await openMemoryStore({ clock, logger, snapshot }), lock);
    return {
      ...store,
      async close() {
        await store.close().finally(lock.release);
      },
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** Where the embedded store keeps its sessions over a restart. */
export function snapshotPath(stateDir: string): string {
  return join(stateDir, 'sessions.snapshot');
}

/** Whether the last gateway that started with this store has a key that is none of ours. */
export async function hasOtherKey(store: Pick<Store, 'get' | 'has'>): Promise<boolean> {
  return (await store.get(KEY_CHECK)) === undefined && (await store.has(KEY_CHECK));
}

/** Replicas with different keys would refuse each other's sessions, now this one and now that. */
async function tellOfOtherKey(store: Store, logger: Logger): Promise<void> {
  try {
    if (await store.compareAndSet(KEY_CHECK, undefined, KEY_CHECK, KEY_CHECK_SECONDS)) return;
    if (await hasOtherKey(store)) {
      logger.warn(
        'the session store holds what was made with another OAUTH_SIGNING_KEY: all replicas must have the same, and ' +
          'an old key stays behind a new one until its sessions are over',
      );
    }
    // Also where an older one of our keys opened it: that one may be gone at the next start.
    await store.set(KEY_CHECK, KEY_CHECK, KEY_CHECK_SECONDS);
  } catch {
    // Away: it says so itself.
  }
}
