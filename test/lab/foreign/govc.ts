/** govmomi's command line against a server, as a person would type it. */
import { spawn } from 'node:child_process';
import type { VCenter } from '../../../lab/vcenter/vcenter.ts';
import { buildStep, builtOnce, cachePath } from '../../support/built-once.ts';

const FOLDER = 'scripts/govc';

const binary = cachePath('govc', FOLDER, ['go.mod', 'go.sum', 'main.go']);

/** Whether govc can be had; builds it (once) where it has to be built. */
export async function govcAvailable(): Promise<boolean> {
  return builtOnce(await binary, (output) =>
    buildStep('go', ['build', '-mod=readonly', '-o', output, '.'], { folder: FOLDER }),
  );
}

export interface GovcRun {
  readonly exitCode: number | null;
  readonly output: string;
  readonly complaint: string;
}

export interface Govc {
  /** What a command prints. Errors: `Error` with what it complained of. */
  (...args: readonly string[]): Promise<string>;
  /** What a command says with `-json`. */
  // biome-ignore lint/suspicious/noExplicitAny: as loosely typed as a client has it
  json(command: string, ...args: readonly string[]): Promise<any>;
  /** A command that may fail. */
  try(...args: readonly string[]): Promise<GovcRun>;
}

export interface GovcOptions {
  readonly user?: string;
  readonly password?: string;
  /** Passed on to the command: GOVC_DATACENTER, GOVC_GUEST_LOGIN … */
  readonly env?: Readonly<Record<string, string>>;
}

/** govc, logged in to a server for each command anew. */
export function govcOf(vcenter: Pick<VCenter, 'url' | 'user' | 'password'>, options: GovcOptions = {}): Govc {
  const env = {
    GOVC_URL: vcenter.url,
    GOVC_USERNAME: options.user ?? vcenter.user,
    GOVC_PASSWORD: options.password ?? vcenter.password,
    GOVC_INSECURE: 'true',
    GOVC_PERSIST_SESSION: 'false',
    ...options.env,
  };
  const run = (...args: readonly string[]) => start(args, env);
  const must = async (...args: readonly string[]) => {
    const { exitCode, output, complaint } = await run(...args);
    if (exitCode !== 0) throw new Error(`govc ${args.join(' ')} ended with ${exitCode}: ${complaint}${output}`);
    return output;
  };
  return Object.assign(must, {
    try: run,
    json: async (command: string, ...args: readonly string[]) => JSON.parse(await must(command, '-json', ...args)),
  });
}

async function start(args: readonly string[], env: Readonly<Record<string, string>>): Promise<GovcRun> {
  const child = spawn(await binary, args, {
    env: { PATH: process.env.PATH ?? '', HOME: '/nonexistent', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let complaint = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    complaint += chunk;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode) => resolve({ exitCode, output, complaint }));
  });
}
