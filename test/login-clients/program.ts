/** Programs that people have, each with a home of its own, and no way out of this machine. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Desk } from './desk.ts';

const PACKAGES = fileURLToPath(new URL('../peers/node_modules/', import.meta.url));
/** Nothing listens there: what does not speak to loopback speaks to nobody. */
const NO_WAY_OUT = 'http://127.0.0.1:9';

export const CLAUDE = join(PACKAGES, `@anthropic-ai/claude-code-${process.platform}-${process.arch}`, 'claude');
export const INSPECTOR = join(PACKAGES, '@modelcontextprotocol/inspector/clients/launcher/build/index.js');
export const MCP_REMOTE = join(PACKAGES, 'mcp-remote/dist/proxy.js');
/** They ask for 22 or newer. */
export const NODE =
  Number.parseInt(process.versions.node, 10) >= 22
    ? process.execPath
    : join(PACKAGES, `node-${process.platform}-${process.arch}/bin/node`);

/** Installed by `npm ci --prefix test/peers`. */
export function installed(...files: readonly string[]): boolean {
  return files.every((file) => existsSync(file));
}

/** A home folder, and the environment of a program that lives there. */
export async function moveIn(home: string, desk: Desk): Promise<Record<string, string>> {
  await mkdir(home, { recursive: true });
  return {
    HOME: home,
    PATH: [desk.folder, dirname(NODE), process.env.PATH].join(delimiter),
    TERM: 'xterm',
    BROWSER: desk.script,
    HTTP_PROXY: NO_WAY_OUT,
    HTTPS_PROXY: NO_WAY_OUT,
    NO_PROXY: '127.0.0.1,localhost',
  };
}

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs in its home folder until it ends, with nothing on its standard input. */
export async function run(command: string, args: readonly string[], env: Record<string, string>): Promise<Ran> {
  const child = spawn(command, args, { cwd: env.HOME, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000 });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      output[name] += chunk;
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, ...output };
}
