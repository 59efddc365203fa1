/**
 * The sessions of the embedded store over a restart: one encrypted file, written whole under another name and put in
 * place by a rename. A file that is not what was written is set aside and not believed in any part: then everybody
 * logs in again.
 */
import { constants } from 'node:fs';
import { mkdir, open, readFile, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Logger } from '../lib/logger.ts';
import type { StoreCipher } from './store-cipher.ts';

const NAME = 'snapshot v1';

export interface SnapshotEntry {
  readonly value: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

export interface SnapshotFile {
  /** Empty where there is none, or none that can be believed. */
  read(): Promise<Map<string, SnapshotEntry>>;
  /** Durable when it resolves. */
  write(entries: ReadonlyMap<string, SnapshotEntry>): Promise<void>;
}

interface SnapshotOptions {
  readonly path: string;
  readonly cipher: StoreCipher;
  readonly logger: Logger;
}

/**
 * What was saved, without touching it. Rejects where the file cannot be read.
 *
 * @returns `undefined` where there is none, `unreadable` where it is not what one of our keys wrote
 */
export async function readSnapshot(
  path: string,
  cipher: StoreCipher,
): Promise<Map<string, SnapshotEntry> | 'unreadable' | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const plain = cipher.decrypt(NAME, text);
  return plain === undefined ? 'unreadable' : new Map(JSON.parse(plain) as [string, SnapshotEntry][]);
}

export function createSnapshotFile({ path, cipher, logger }: SnapshotOptions): SnapshotFile {
  return {
    async read() {
      const found = await readSnapshot(path, cipher);
      if (found !== 'unreadable') return found ?? new Map();
      const aside = `${path}.set-aside-${new Date().toISOString().replaceAll(':', '')}`;
      await rename(path, aside);
      logger.error(
        { file: aside },
        'the saved sessions were changed, cut or made with another key: they are set aside, and everybody logs in again',
      );
      return new Map();
    },
    async write(entries) {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const draft = `${path}.draft`;
      const handle = await open(draft, constants.O_CREAT | constants.O_TRUNC | constants.O_WRONLY, 0o600);
      try {
        await handle.writeFile(cipher.encrypt(NAME, JSON.stringify([...entries])));
        await handle.sync();
      } catch (error) {
        await unlink(draft).catch(() => {});
        throw error;
      } finally {
        await handle.close();
      }
      await rename(draft, path);
      await syncFolder(dirname(path));
    },
  };
}

/** A file's name is durable only once its folder is (fsync(2)). */
async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
