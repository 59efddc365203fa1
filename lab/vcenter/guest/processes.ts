/** The processes of one guest: those that run, and for a while those that have ended. */
import type { Clock } from '../../../src/lib/clock.ts';
import { type GuestProcess, type GuestUser, NotPermitted } from './machine.ts';
import type { Daemon } from './systems/system.ts';

export interface NewProcess {
  readonly name: string;
  readonly owner: GuestUser;
  readonly cmdLine: string;
  /** Resolves to its exit code. The signal is aborted when it is ended from outside. */
  run(pid: number, signal: AbortSignal): Promise<number>;
}

export interface ProcessTable {
  /** Those that run, and those started here that ended less than five minutes ago, in the order of their ids. */
  list(): GuestProcess[];
  running(): number;
  start(process: NewProcess): number;
  /** False where there is none that runs. Errors: `NotPermitted`. */
  kill(pid: number, user: GuestUser): boolean;
  /** The machine goes off: nothing runs any more, nothing is known of what ran. */
  clear(): void;
  /** It comes up: what it always runs has begun. */
  boot(daemons: readonly Daemon[], at: number): void;
}

/** GuestProcessInfo.endTime: vCenter tells of an ended process for five minutes. */
const KEPT_MS = 5 * 60_000;
const MAX_ENDED = 500;
/** What Linux's Tools say of a process that a signal ended: the high byte of its wait status. */
const SIGNALLED = 0;

/** It did more, or for longer, than a guest of the lab lets it. */
const OUT_OF_BOUNDS = 137;

interface Running {
  readonly process: GuestProcess;
  readonly ended: AbortController | undefined;
  readonly uid: number;
}

export function createProcessTable(clock: Clock): ProcessTable {
  const running = new Map<number, Running>();
  let ended: GuestProcess[] = [];
  let lastPid = 0;

  const forgetOld = () => {
    const since = clock.now() - KEPT_MS;
    ended = ended.filter(({ endTime = 0 }) => endTime > since).slice(-MAX_ENDED);
  };
  const end = (pid: number, exitCode: number) => {
    const entry = running.get(pid);
    if (!entry) return;
    running.delete(pid);
    forgetOld();
    ended.push({ ...entry.process, endTime: clock.now(), exitCode });
  };

  return {
    list() {
      forgetOld();
      return [...[...running.values()].map(({ process }) => process), ...ended].sort((a, b) => a.pid - b.pid);
    },
    running: () => running.size,
    start({ name, owner, cmdLine, run }) {
      const pid = ++lastPid;
      const controller = new AbortController();
      const process: GuestProcess = { pid, name, owner: owner.name, cmdLine, startTime: clock.now() };
      running.set(pid, { process, ended: controller, uid: owner.uid });
      // On the next turn: who started it is told its id first.
      setImmediate(() => {
        void run(pid, controller.signal).then(
          (exitCode) => end(pid, exitCode),
          () => end(pid, OUT_OF_BOUNDS),
        );
      });
      return pid;
    },
    kill(pid, user) {
      const entry = running.get(pid);
      if (!entry) return false;
      if (!user.superuser && entry.uid !== user.uid) throw new NotPermitted();
      entry.ended?.abort();
      if (entry.ended) end(pid, SIGNALLED);
      else running.delete(pid);
      return true;
    },
    clear() {
      for (const { ended: controller } of running.values()) controller?.abort();
      running.clear();
      ended = [];
      lastPid = 0;
    },
    boot(daemons, at) {
      for (const { name, owner, cmdLine } of daemons) {
        lastPid += lastPid < 2 ? 1 : 211;
        const process = { pid: lastPid, name, owner, cmdLine, startTime: at };
        running.set(lastPid, { process, ended: undefined, uid: owner === 'root' ? 0 : -1 });
      }
    },
  };
}
