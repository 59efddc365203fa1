import { join } from 'node:path';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { Secret } from '../lib/secret.ts';
import type { OAuthKeys } from './keys.ts';
import { openMemoryStore } from './memory-store.ts';
import { openRedisStore } from './redis-store.ts';
import { createSnapshotFile } from './snapshot.ts';
import type { Store } from './store.ts';
import { createStoreCipher } from './store-cipher.ts';

interface OpenStoreOptions {
  /** Redis or Valkey; without it the store is embedded. */
  readonly url?: Secret;
  readonly stateDir: string;
  readonly keys: OAuthKeys;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** @throws StoreUnavailableError where saved sessions cannot be read */
export async function openStore({ url, stateDir, keys, clock, logger }: OpenStoreOptions): Promise<Store> {
  const cipher = createStoreCipher(keys.store);
  if (url !== undefined) return openRedisStore({ url, cipher, clock, logger });
  const snapshot = createSnapshotFile({ path: join(stateDir, 'sessions.snapshot'), cipher, logger });
  return openMemoryStore({ clock, logger, snapshot });
}
