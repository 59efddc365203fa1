/** Programs inside a VM: those that run, and commands of people with what they say. */

import { ProtocolError } from '../vim25/errors.ts';
import type { GuestPosixFileAttributes, GuestProcessInfo } from '../vim25/generated/types.ts';
import type { Guest } from './guest.ts';
import { type CommandToRun, OUTPUT, SHELLS } from './guest-command-line.ts';
import { isGone, type ReadBytes, readGuestFile, writeGuestFile } from './guest-files.ts';
import { guestBaseName, joinGuestPath } from './guest-path.ts';
import type { CallMethod } from './reader.ts';

export interface GuestProcess {
  readonly pid: number;
  readonly name: string;
  readonly owner: string;
  readonly command: string;
  /** ISO 8601 */
  readonly started: string;
  /** Of a process that was started from outside and has ended in the last minutes. */
  readonly ended: string | undefined;
  readonly exitCode: number | undefined;
}

export async function listGuestProcesses(guest: Guest, pids?: readonly number[], call = guest.call) {
  const processes = await call('ListProcessesInGuest', {
    _this: guest.programs,
    ...guest.user(),
    ...(pids ? { pids } : {}),
  });
  return processes.map(toProcess);
}

function toProcess({ pid, name, owner, cmdLine, startTime, endTime, exitCode }: GuestProcessInfo): GuestProcess {
  return { pid, name, owner, command: cmdLine, started: startTime, ended: endTime, exitCode };
}

export interface RunOptions {
  readonly timeoutMs: number;
  /** Bytes of each of both outputs that are wanted. */
  readonly mostOutput: number;
  /** The command has begun. */
  readonly onStarted: () => void;
  readonly onWaiting: (elapsedMs: number) => void;
}

export interface CommandEnd {
  readonly pid: number;
  /** Absent when the guest no longer knows of it. */
  readonly process: GuestProcess | undefined;
  readonly timedOut: boolean;
  readonly stdout: ReadBytes;
  readonly stderr: ReadBytes;
}

const PREFIX = 'mcvsphere-';
/** For its owner alone, on guests that have owners. */
const PRIVATE: GuestPosixFileAttributes = { $type: 'GuestPosixFileAttributes', permissions: 0o600 };
const NOTHING: ReadBytes = { bytes: Buffer.alloc(0), size: 0 };

/**
 * Runs a command to its end in a temporary directory, which is gone afterwards however it ends; at the timeout, or
 * when the caller's time is over, the command is ended with all that it has started.
 */
export async function runGuestCommand(guest: Guest, command: CommandToRun, options: RunOptions): Promise<CommandEnd> {
  const shell = SHELLS[guest.family];
  return guest.withTemporary(
    (call) => makeTemporaryDirectory(guest, call),
    (call, directory) => removeTemporaryDirectory(guest, call, directory),
    async (directory) => {
      const script = joinGuestPath(directory, shell.scriptName, guest.family);
      await writeGuestFile(guest, script, Buffer.from(shell.script(command)), {
        overwrite: false,
        ...(guest.family === 'posix' ? { attributes: PRIVATE } : {}),
      });
      let ended = false;
      const { pid, process } = await guest.withTemporary(
        async (call) => {
          const pid = await start(guest, { ...shell.runScript, workingDirectory: directory }, call);
          options.onStarted();
          return pid;
        },
        async (call, pid) => {
          if (!ended) await endTree(guest, pid, call);
        },
        async (pid) => {
          const process = await waitForEnd(guest, pid, options);
          ended = process !== 'running';
          return { pid, process };
        },
      );
      const output = (name: string) => readOutput(guest, joinGuestPath(directory, name, guest.family), options);
      const [stdout, stderr] = await Promise.all([output(OUTPUT.stdout), output(OUTPUT.stderr)]);
      const timedOut = process === 'running';
      return { pid, process: timedOut ? undefined : process, timedOut, stdout, stderr };
    },
  );
}

/** Starts a command and leaves it to itself. Errors: as `runDirectly` of the guest's shell; the guest's faults. */
export function startGuestCommand(guest: Guest, { line, folder }: CommandToRun): Promise<number> {
  const program = SHELLS[guest.family].runDirectly(line);
  return start(guest, { ...program, ...(folder === undefined ? {} : { workingDirectory: folder }) }, guest.call);
}

interface Spec {
  readonly programPath: string;
  readonly arguments: string;
  readonly workingDirectory?: string;
}

function start(guest: Guest, spec: Spec, call: CallMethod): Promise<number> {
  return guest.about(spec.programPath, () =>
    call('StartProgramInGuest', {
      _this: guest.programs,
      ...guest.user(),
      spec: { $type: 'GuestProgramSpec', ...spec },
    }),
  );
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/** @returns `running` at the timeout; undefined for a process that the guest has forgotten, as after its restart */
async function waitForEnd(guest: Guest, pid: number, { timeoutMs, onWaiting }: RunOptions) {
  const { clock, signal } = guest;
  const begun = clock.monotonic();
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS)) {
    const [process] = await listGuestProcesses(guest, [pid]);
    if (process === undefined || process.ended !== undefined) return process;
    const elapsed = clock.monotonic() - begun;
    if (elapsed >= timeoutMs) return 'running' as const;
    onWaiting(elapsed);
    await clock.sleep(Math.min(pause, timeoutMs - elapsed), signal);
  }
}

/** A command may have removed its own output; and one that was ended at once may have none yet. */
async function readOutput(guest: Guest, path: string, { mostOutput }: RunOptions): Promise<ReadBytes> {
  try {
    return await readGuestFile({ ...guest, about: (_, ask) => ask() }, path, mostOutput);
  } catch (error) {
    if (isGone(error)) return NOTHING;
    throw error;
  }
}

async function makeTemporaryDirectory(guest: Guest, call: CallMethod): Promise<string> {
  const request = { _this: guest.files, ...guest.user(), prefix: PREFIX, suffix: '' };
  const directory = await call('CreateTemporaryDirectoryInGuest', request);
  // It will be removed with all that is in it: that must be nothing else than what was asked for.
  if (!guestBaseName(directory, guest.family).startsWith(PREFIX)) {
    throw new ProtocolError('a temporary directory has another name than was asked for');
  }
  return directory;
}

const TRIES = 5;
const BETWEEN_TRIES_MS = 500;

/** On Windows, a file stays as long as a process that ends has it open. */
async function removeTemporaryDirectory(guest: Guest, call: CallMethod, directory: string): Promise<void> {
  const request = { _this: guest.files, ...guest.user(), directoryPath: directory, recursive: true };
  for (let tries = 1; ; tries++) {
    try {
      return await call('DeleteDirectoryInGuest', request);
    } catch (error) {
      if (isGone(error) || tries === TRIES) return;
      await guest.clock.sleep(BETWEEN_TRIES_MS);
    }
  }
}

/** The processes that it has started, by a program of the guest where there is one, and the process itself in any case. */
async function endTree(guest: Guest, pid: number, call: CallMethod): Promise<void> {
  const helper = await start(guest, SHELLS[guest.family].endTree(pid), call).catch(() => undefined);
  for (let tries = 0; helper !== undefined && tries < TRIES; tries++) {
    await guest.clock.sleep(FIRST_PAUSE_MS);
    const [process] = await listGuestProcesses(guest, [helper], call).catch(() => []);
    if (process === undefined || process.ended !== undefined) break;
  }
  await call('TerminateProcessInGuest', { _this: guest.programs, ...guest.user(), pid });
}
