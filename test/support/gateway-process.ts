/** The built gateway as a process of its own, for tests that kill it or talk to its standard streams. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface GatewayProcess {
  readonly pid: number;
  readonly url: string;
  readonly child: ChildProcess;
  /** Everything it has logged so far. */
  log(): string;
  /** Sends a signal and resolves with the exit code once the process is gone. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
}

export const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/**
 * Node.js as a user whom file permissions hold: root is one only without the capability to pass over them.
 */
export const HELD_BY_PERMISSIONS: readonly string[] =
  process.getuid?.() === 0
    ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search', process.execPath]
    : [process.execPath];

/** Starts `mcvsphere serve` on HTTP and resolves when its banner says that it listens. */
export async function startGatewayProcess(
  env: Record<string, string>,
  command: readonly string[] = [process.execPath],
): Promise<GatewayProcess> {
  const child = spawn(command[0]!, [...command.slice(1), MAIN, 'serve'], {
    env: { PATH: process.env.PATH, MCP_TRANSPORT: 'streamable-http', MCP_PORT: '0', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr!.setEncoding('utf8').on('data', (chunk: string) => {
      log += chunk;
      const address = /"address":"(http:[^"]+)"/.exec(log)?.[1];
      if (address !== undefined) resolve(address);
    });
    child.once('exit', (code) => reject(new Error(`the gateway ended with ${code} before it listened: ${log}`)));
  });
  return {
    pid: child.pid!,
    url,
    child,
    log: () => log,
    async end(signal = 'SIGTERM') {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      const gone = once(child, 'exit') as Promise<[number | null]>;
      child.kill(signal);
      const [code] = await gone;
      return code;
    },
  };
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command of the built program to its end. */
export function runCommand(
  args: readonly string[],
  env: Record<string, string> = {},
  [file, ...before]: readonly string[] = [process.execPath],
): Promise<Ran> {
  const options = { env: { PATH: process.env.PATH, ...env } };
  return new Promise((resolve) => {
    execFile(file!, [...before, MAIN, ...args], options, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });
}
