/** The secret that the gateway made for itself. Whoever reads it can make tokens: owner only, or it is refused. */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { link, open, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { GatewayError } from '../lib/errors.ts';
import { Secret } from '../lib/secret.ts';
import { openStateFolder } from './state-folder.ts';

const LARGEST = 64 * 1024;

/** @throws GatewayError `CONFIGURATION` where it cannot be made or read, or others may read it or its folder */
export async function loadOrCreateKeyFile(path: string): Promise<Secret> {
  await openStateFolder(dirname(path));
  return explained(path, async () => (await read(path)) ?? (await create(path)));
}

/**
 * Undefined where there is none yet.
 *
 * @throws GatewayError `CONFIGURATION` where it cannot be read, or others may read it
 */
export async function readKeyFile(path: string): Promise<Secret | undefined> {
  return explained(path, () => read(path));
}

async function explained<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause;
    throw new GatewayError('CONFIGURATION', `The key of the login, ${path}, cannot be read or made.`, { cause });
  }
}

async function create(path: string): Promise<Secret> {
  // Written whole under another name and then linked: nobody ever reads half a key, and only one process wins.
  const draft = `${path}.${process.pid}-${randomBytes(6).toString('hex')}`;
  const handle = await open(draft, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, 0o600);
  try {
    await handle.writeFile(`${randomBytes(32).toString('base64url')}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  try {
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await unlink(draft);
  }
  const key = await read(path);
  if (key === undefined) throw new Error('the key file vanished while it was being made');
  return key;
}

async function read(path: string): Promise<Secret | undefined> {
  const handle = await open(path, constants.O_RDONLY).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (handle === undefined) return undefined;
  try {
    const { size, mode } = await handle.stat();
    if (size > LARGEST) throw new GatewayError('CONFIGURATION', `${path} is too big to hold a key.`);
    if ((mode & 0o077) !== 0) {
      throw new GatewayError('CONFIGURATION', `${path} must be readable by its owner only: chmod 600 ${path}`);
    }
    return new Secret(await handle.readFile('utf8'));
  } finally {
    await handle.close();
  }
}
