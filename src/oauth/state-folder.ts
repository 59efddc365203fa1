/**
 * The folder of the login's key and sessions. Its files are readable by their owner only; the folder must be the
 * owner's alone as well, or somebody else could put a key or a socket of their own in their place. It is refused and not
 * mended, as ssh does it: who opened it may have had a reason, and what has been read is read.
 */
import type { Stats } from 'node:fs';
import { access, constants, mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../lib/clock.ts';
import { GatewayError } from '../lib/errors.ts';
import type { Logger } from '../lib/logger.ts';
import { holderOf, type ProcessLock, takeProcessLock } from '../lib/process-lock.ts';

const OTHERS = 0o077;

/** @throws GatewayError `CONFIGURATION` where it cannot be made, is another user's or open to others */
export async function openStateFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 }).catch((cause: NodeJS.ErrnoException) => {
    throw new GatewayError('CONFIGURATION', `OAUTH_STATE_DIR ${path} cannot be made (${cause.code}).`, { cause });
  });
  await look(path);
}

/**
 * Without making anything.
 *
 * @returns whether it is there; where it is not, it can be made
 * @throws GatewayError `CONFIGURATION` where a gateway could not start with it
 */
export async function inspectStateFolder(path: string): Promise<boolean> {
  if (await look(path)) return true;
  const above = await nearestFolder(dirname(path));
  await access(above, constants.W_OK | constants.X_OK).catch((cause: NodeJS.ErrnoException) => {
    throw new GatewayError(
      'CONFIGURATION',
      `OAUTH_STATE_DIR ${path} is not there and cannot be made: ${above} cannot be written (${cause.code}).`,
      { cause },
    );
  });
  return false;
}

/** @returns whether it is there */
async function look(path: string): Promise<boolean> {
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined;
    throw new GatewayError('CONFIGURATION', `OAUTH_STATE_DIR ${path} cannot be looked at (${cause.code}).`, { cause });
  });
  if (found === undefined) return false;
  const wrong = faultOf(found, path);
  if (wrong !== undefined) throw new GatewayError('CONFIGURATION', `OAUTH_STATE_DIR ${path} ${wrong}`);
  await access(path, constants.R_OK | constants.W_OK | constants.X_OK).catch((cause: NodeJS.ErrnoException) => {
    throw new GatewayError('CONFIGURATION', `OAUTH_STATE_DIR ${path} cannot be written (${cause.code}).`, { cause });
  });
  return true;
}

function faultOf(found: Stats, path: string): string | undefined {
  if (!found.isDirectory()) return 'is no folder.';
  // Windows has neither of them.
  const user = process.geteuid?.();
  if (user === undefined) return undefined;
  if (found.uid !== user) {
    return `belongs to the user ${found.uid}, and the gateway runs as ${user}: chown -R ${user} ${path}`;
  }
  if ((found.mode & OTHERS) === 0) return undefined;
  const mode = (found.mode & 0o777).toString(8).padStart(3, '0');
  return `is open to other users (mode ${mode}), and holds the key and the sessions of the login: chmod 700 ${path}`;
}

/** The folder that is there already, on the way to one that is not. */
async function nearestFolder(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined || dirname(path) === path ? path : nearestFolder(dirname(path));
}

/**
 * The sessions in this folder for one gateway alone: two embedded stores would each forget what the other one ends.
 *
 * @throws GatewayError `CONFIGURATION` where another process has them
 */
export async function lockSessions(stateDir: string, clock: Clock, logger: Logger): Promise<ProcessLock> {
  const path = lockPath(stateDir);
  const attempt = await takeProcessLock(path, clock, logger).catch((cause: unknown) => {
    throw new GatewayError('CONFIGURATION', `${path} cannot be made: is OAUTH_STATE_DIR writable?`, { cause });
  });
  if (attempt.taken) return attempt;
  const { holder } = attempt;
  throw new GatewayError(
    'CONFIGURATION',
    `Another gateway${holder === undefined ? '' : ` (process ${holder.pid})`} keeps its sessions in OAUTH_STATE_DIR ` +
      `${stateDir}. Stop it, or give this one a folder of its own; several replicas need OAUTH_STORE_URL.`,
  );
}

/** The process id of the gateway that keeps its sessions there now. */
export async function gatewayIn(stateDir: string): Promise<number | undefined> {
  return (await holderOf(lockPath(stateDir)))?.pid;
}

function lockPath(stateDir: string): string {
  return join(stateDir, 'sessions.lock');
}
