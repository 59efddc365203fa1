/** `npm run demo` as a person runs it: a command in a terminal, whose output is read and which Ctrl-C ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface DemoUser {
  readonly name: string;
  readonly group: string;
  readonly token: string;
}

export interface RunningDemo {
  /** All that was printed so far, errors included. */
  output(): string;
  readonly mcp: string;
  readonly users: ReadonlyMap<string, DemoUser>;
  /** What stands behind a word at the beginning of a line: `Audit:`. */
  value(label: string): string;
  /** Ctrl-C; the exit code. */
  interrupt(): Promise<number | null>;
}

export interface DemoPlace {
  start(args?: readonly string[], command?: readonly string[]): Promise<RunningDemo>;
  /** Runs it to its end. */
  run(args: readonly string[]): Promise<{ readonly code: number | null; readonly output: string }>;
  /** Starts it, and has Ctrl-C come as soon as there is that file in its folder; the exit code. */
  interruptAt(file: string): Promise<number | null>;
  /** What lies in its folder for temporary files and in its home. */
  left(): string[];
  /** Ends what a failed test has left running. */
  clear(): void;
}

const NPM = ['npm', 'run', '--silent', 'demo', '--'] as const;
const NODE = [process.execPath, 'lab/demo/run.mjs'] as const;

/** @param home whether it has a home folder of its own, which it is to leave empty; npm writes into one */
export function demoPlace(): DemoPlace {
  const folder = mkdtempSync(join(tmpdir(), 'demo-test-'));
  const running = new Set<ChildProcess>();

  function launch([program, ...first]: readonly string[], args: readonly string[]) {
    const ownHome = program === process.execPath ? { HOME: folder, XDG_STATE_HOME: folder } : {};
    // A process group of its own, as a terminal makes one: Ctrl-C reaches all that is in it.
    const child = spawn(program ?? '', [...first, ...args], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, TMPDIR: folder, ...ownHome },
    });
    running.add(child);
    let output = '';
    const heard: (() => void)[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        for (const listener of heard) listener();
      });
    }
    const ended = once(child, 'close').then(([code]) => {
      running.delete(child);
      return code as number | null;
    });
    return { child, ended, heard, output: () => output };
  }

  return {
    async start(args = [], command = NODE) {
      const { child, ended, heard, output } = launch(command, ['--port', '0', ...args]);
      await new Promise<void>((resolve, reject) => {
        heard.push(() => output().includes('Ctrl-C stops it.') && resolve());
        void ended.then((code) => reject(new Error(`the demo ended with ${code}: ${output()}`)));
      });
      const value = (label: string) => new RegExp(`^${label}\\s+(\\S+)`, 'm').exec(output())?.[1] ?? '';
      return {
        output,
        mcp: value('MCP URL:'),
        users: usersIn(output()),
        value,
        async interrupt() {
          process.kill(-child.pid!, 'SIGINT');
          return ended;
        },
      };
    },
    async run(args) {
      const { ended, output } = launch(NODE, args);
      return { code: await ended, output: output() };
    },
    async interruptAt(file) {
      const { child, ended, output } = launch(NODE, ['--port', '0']);
      while (!readdirSync(folder).some((name) => existsSync(join(folder, name, file)))) {
        if (child.exitCode !== null) throw new Error(`the demo ended before: ${output()}`);
        await sleep(5);
      }
      process.kill(-child.pid!, 'SIGINT');
      return ended;
    },
    left: () => readdirSync(folder),
    clear() {
      for (const child of running) process.kill(-child.pid!, 'SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export const BY_NPM: readonly string[] = NPM;

function usersIn(output: string): ReadonlyMap<string, DemoUser> {
  const rows = output.matchAll(/^([a-z-]+)\s+(\(no group\)|vsphere-[a-z-]+)\s+(ey[\w.-]+)$/gm);
  return new Map([...rows].map(([, name = '', group = '', token = '']) => [name, { name, group, token }]));
}
