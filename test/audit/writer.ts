/** Runs `writer-process.ts` as a process of its own, whichever Node this is. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const SOURCE = fileURLToPath(new URL('writer-process.ts', import.meta.url));

/** @returns path of the program, made in `folder` */
export async function buildWriter(folder: string): Promise<string> {
  await build({
    configFile: false,
    logLevel: 'silent',
    build: {
      ssr: SOURCE,
      outDir: folder,
      emptyOutDir: false,
      target: 'node20',
      rolldownOptions: { output: { entryFileNames: 'writer.mjs' } },
    },
  });
  return join(folder, 'writer.mjs');
}

export interface WriterProcess {
  readonly pid: number;
  readonly child: ChildProcess;
  /** What it printed, as words. */
  said(): string[][];
  /** Resolves when it has printed a line that begins so. */
  until(start: string): Promise<void>;
  kill(): Promise<void>;
}

export function startWriter(program: string, file: string, key: string, uid?: number): WriterProcess {
  const child = spawn(process.execPath, [program, file, key], {
    stdio: ['ignore', 'pipe', 'inherit'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  let output = '';
  let ended = false;
  let tell = () => {};
  child.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
    tell();
  });
  child.once('close', () => {
    ended = true;
    tell();
  });
  const lines = () =>
    output
      .slice(0, output.lastIndexOf('\n') + 1)
      .split('\n')
      .filter(Boolean);
  return {
    pid: child.pid!,
    child,
    said: () => lines().map((line) => line.split(' ')),
    until(start) {
      const from = lines().length;
      return new Promise((resolve, reject) => {
        tell = () => {
          if (
            lines()
              .slice(from)
              .some((line) => line.startsWith(start))
          )
            resolve();
          else if (ended) reject(new Error(`the writer ended without "${start}": ${output.slice(-500)}`));
        };
        tell();
      });
    },
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const closed = once(child, 'close');
      child.kill('SIGKILL');
      await closed;
    },
  };
}
