import { cp, mkdtemp, rm } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { buildStep, builtOnce, cachePath, isExecutable, isReadable } from './built-once.ts';

const FOLDER = 'scripts/vcsim';
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
  const path = await cachePath('vcsim', FOLDER, ['go.mod', 'go.sum', 'main.go', 'user_events.go']);
  return (await builtOnce(path, build)) ? { path, own: true } : undefined;
}

async function build(output: string): Promise<boolean> {
  return (
    (await buildStep('go', ['build', '-mod=readonly', '-o', output, '.'], { folder: FOLDER })) ||
    buildFromDebian(output)
  );
}

/** golang-github-vmware-govmomi-dev holds the sources as a GOPATH of the time before modules. */
async function buildFromDebian(output: string): Promise<boolean> {
  if (!(await isReadable(join(DEBIAN_GOPATH, 'src/github.com/vmware/govmomi')))) return false;
  const folder = await mkdtemp(join(dirname(output), 'debian-'));
  try {
    const source = join(folder, 'main.go');
    await cp(new URL(`../../${FOLDER}/main.go`, import.meta.url), source);
    const env = { GO111MODULE: 'off', GOPATH: DEBIAN_GOPATH, GOFLAGS: '' };
    return await buildStep('go', ['build', '-o', output, source], { env });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
