import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, cp, mkdir, mkdtemp, open, readFile, rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SOURCE = join(ROOT, 'scripts/vcsim');
const CACHE = join(ROOT, '.cache/vcsim');
const DEBIAN_GOPATH = '/usr/share/gocode';

/** `own`: built from scripts/vcsim, which knows `-stdin`; `foreign`: a vcsim that was on PATH. */
export interface VcsimBinary {
  readonly path: string;
  readonly own: boolean;
}

/** The simulator's binary, from PATH or built once for all test workers; undefined where it cannot be had. */
export async function findVcsim(): Promise<VcsimBinary | undefined> {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, 'vcsim');
    if (folder !== '' && (await isExecutable(path))) return { path, own: false };
  }
  const path = join(CACHE, `vcsim-${await sourceHash()}`);
  if (await isExecutable(path)) return { path, own: true };
  return (await buildOnce(path)) ? { path, own: true } : undefined;
}

async function sourceHash(): Promise<string> {
  const hash = createHash('sha256');
  for (const name of ['go.mod', 'go.sum', 'main.go', 'user_events.go']) hash.update(await readFile(join(SOURCE, name)));
  return hash.digest('hex').slice(0, 16);
}

/** One worker builds under the lock; the others wait for its result, or take over when it died. */
async function buildOnce(target: string): Promise<boolean> {
  await mkdir(CACHE, { recursive: true });
  const lock = `${target}.lock`;
  for (;;) {
    const handle = await open(lock, 'wx').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return undefined;
      throw error;
    });
    if (handle) {
      try {
        await handle.writeFile(String(process.pid));
        return (await isExecutable(target)) || (await build(target));
      } finally {
        await handle.close();
        await rm(lock, { force: true });
      }
    }
    await delay(200);
    if (await isExecutable(target)) return true;
    const holder = Number(await readFile(lock, 'utf8').catch(() => ''));
    if (holder > 0 && !isAlive(holder)) await rm(lock, { force: true });
  }
}

async function build(target: string): Promise<boolean> {
  const output = `${target}.${process.pid}`;
  try {
    const built =
      (await run('go', ['build', '-mod=readonly', '-o', output, '.'], SOURCE, {})) || (await buildFromDebian(output));
    if (built) await rename(output, target);
    return built;
  } finally {
    await rm(output, { force: true });
  }
}

/** golang-github-vmware-govmomi-dev holds the sources as a GOPATH of the time before modules. */
async function buildFromDebian(output: string): Promise<boolean> {
  if (!(await isReadable(join(DEBIAN_GOPATH, 'src/github.com/vmware/govmomi')))) return false;
  const folder = await mkdtemp(join(CACHE, 'debian-'));
  try {
    await cp(join(SOURCE, 'main.go'), join(folder, 'main.go'));
    const env = { GO111MODULE: 'off', GOPATH: DEBIAN_GOPATH, GOFLAGS: '' };
    return await run('go', ['build', '-o', output, 'main.go'], folder, env);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function run(command: string, args: string[], cwd: string, env: Record<string, string>): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    child.once('error', () => resolve(false));
    child.once('exit', (code) => resolve(code === 0));
  });
}

function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

function isReadable(path: string): Promise<boolean> {
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
