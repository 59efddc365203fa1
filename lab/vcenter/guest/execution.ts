/** Runs one program of a guest as a process, within bounds: of its commands, its time and its output. */
import type { Clock } from '../../../src/lib/clock.ts';
import type { GuestMachine, GuestUser } from './machine.ts';
import { createShell } from './shell/evaluate.ts';
import { type Execution, Exit, Killed } from './shell/state.ts';
import { nowhere } from './shell/streams.ts';
import type { GuestSystem } from './systems/system.ts';

export interface ProgramToRun {
  readonly program: string;
  readonly args: string;
  readonly workingFolder: string;
  /** All that it finds in its environment. */
  readonly environment: ReadonlyMap<string, string>;
}

const MAX_STEPS = 20_000;
const MAX_RUN_MS = 3_600_000;
/** Time of this computer, by its own clock, that a program's work may take. */
const MAX_BUSY_MS = 10_000;
/** Commands after which others in this process have their turn. */
const TURN = 20;

/** Resolves to the exit code. Errors: `Killed`. */
export async function runProgram(
  { system, machine, user, pid, signal }: RunIn,
  { program, args, workingFolder, environment }: ProgramToRun,
): Promise<number> {
  const files = machine.fileSystem.as(user);
  const execution: Execution = { machine, user, files, pid, signal, ...bounds(machine.clock, signal) };
  const shell = createShell(system.language, execution);
  const state = {
    name: system.shellName,
    cwd: workingFolder,
    variables: new Map(environment),
    exported: new Set(environment.keys()),
    status: 0,
    positional: [],
    depth: 0,
  };
  // The Tools give a program nothing to read, and nobody listens to it.
  const streams = { stdin: Buffer.alloc(0), out: nowhere(), err: nowhere() };
  try {
    return await system.start(shell, { program, args, state, streams });
  } catch (error) {
    if (error instanceof Exit) return error.status;
    throw error;
  }
}

export interface RunIn {
  readonly system: GuestSystem;
  readonly machine: GuestMachine;
  readonly user: GuestUser;
  readonly pid: number;
  readonly signal: AbortSignal;
}

function bounds(clock: Clock, signal: AbortSignal): Pick<Execution, 'step' | 'sleep'> {
  const until = clock.monotonic() + MAX_RUN_MS;
  let steps = 0;
  let busyMs = 0;
  let since = performance.now();
  const pause = async (wait: () => Promise<void>) => {
    busyMs += performance.now() - since;
    if (busyMs > MAX_BUSY_MS) throw new Killed();
    try {
      await wait();
    } finally {
      since = performance.now();
    }
  };
  return {
    async step() {
      if (++steps > MAX_STEPS || signal.aborted) throw new Killed();
      if (steps % TURN === 0) await pause(() => new Promise((resolve) => setImmediate(resolve)));
    },
    async sleep(ms) {
      const left = until - clock.monotonic();
      try {
        await pause(() => clock.sleep(Math.max(0, Math.min(ms, left)), signal));
      } catch (error) {
        throw signal.aborted ? new Killed() : error;
      }
      if (ms >= left) throw new Killed();
    },
  };
}
