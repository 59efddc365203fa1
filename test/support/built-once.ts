/** Programs that tests need and no package of npm's holds: built once for all test workers, kept in `.cache`. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A name for what is built from these files: another one after every change of them. */
export async function cachePath(name: string, folder: string, sources: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const source of sources) hash.update(await readFile(join(ROOT, folder, source)));
  return join(ROOT, '.cache', name, `${name}-${hash.digest('hex').slice(0, 16)}`);
}

/**
 * Whether `target` is there, built by `build` where it is not. One worker builds under the lock; the others wait for
 * its result, or take over when it died.
 *
 * @param build makes it at the path that it is given, and says whether it could
 */
export async function builtOnce(target: string, build: (output: string) => Promise<boolean>): Promise<boolean> {
  await mkdir(dirname(target), { recursive: true });
  const lock = `${target}.lock`;
  while (!(await isReadable(target))) {
    const handle = await open(lock, 'wx').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return undefined;
      throw error;
    });
    if (handle) {
      try {
        await handle.writeFile(String(process.pid));
        return (await isReadable(target)) || (await buildAt(target, build));
      } finally {
        await handle.close();
        await rm(lock, { force: true });
      }
    }
    await delay(200);
    const holder = Number(await readFile(lock, 'utf8').catch(() => ''));
    if (holder > 0 && !isAlive(holder)) await rm(lock, { force: true });
  }
  return true;
}

async function buildAt(target: string, build: (output: string) => Promise<boolean>): Promise<boolean> {
  const output = `${target}.${process.pid}`;
  try {
    const built = await build(output);
    if (built) await rename(output, target);
    return built;
  } finally {
    await rm(output, { recursive: true, force: true });
  }
}

export interface BuildStep {
  /** Default: the project's. */
  readonly folder?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Whether the command could be run to its end without an error; what it complains of goes to standard error. */
export function buildStep(
  command: string,
  args: readonly string[],
  { folder = '.', env }: BuildStep = {},
): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: join(ROOT, folder),
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    child.once('error', () => resolve(false));
    child.once('exit', (code) => resolve(code === 0));
  });
}

export function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

export function isReadable(path: string): Promise<boolean> {
  return access(path, constants.R_OK).then(
    () => true,
    () => false,
  );
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
