/** What a running shell knows, and what a program is given to run with. */

import type { GuestFiles } from '../files/file-system.ts';
import type { GuestMachine, GuestUser } from '../machine.ts';
import type { Sink } from './streams.ts';

export interface ShellState {
  /** What it was called, for its messages: `sh`. */
  readonly name: string;
  cwd: string;
  readonly variables: Map<string, string>;
  /** Names of those that programs see. */
  readonly exported: Set<string>;
  /** Exit status of the last command. */
  status: number;
  positional: readonly string[];
  /** Shells within shells. */
  readonly depth: number;
}

export interface Streams {
  readonly stdin: Buffer;
  readonly out: Sink;
  readonly err: Sink;
}

/** What all programs of a process share. */
export interface Execution {
  readonly machine: GuestMachine;
  readonly user: GuestUser;
  /** As the user sees them. */
  readonly files: GuestFiles;
  readonly pid: number;
  /** Aborted when the process is ended from outside. */
  readonly signal: AbortSignal;
  /** Called for every command: ends what runs for ever. Errors: `Killed`. */
  step(): Promise<void>;
  /** Errors: `Killed`. */
  sleep(ms: number): Promise<void>;
}

export interface ProgramCall extends Streams {
  /** The arguments, without the program's name. */
  readonly args: readonly string[];
  /** What the program was called as: for its messages. */
  readonly name: string;
  readonly state: ShellState;
  readonly execution: Execution;
  /** Runs another program: `env`, `xargs`, `sh`. */
  run(argv: readonly string[], state: ShellState, streams: Streams): Promise<number>;
  /** Reads and runs a command line in that shell. */
  script(text: string, state: ShellState, streams: Streams): Promise<number>;
}

/** Exit status; nothing: 0. */
export type Program = (call: ProgramCall) => number | undefined | Promise<number | undefined>;

export type Programs = Readonly<Record<string, Program>>;

/** The process was ended by a signal, its time or its work's limits. */
export class Killed extends Error {}

/** A program was called wrongly; its name goes before the message. */
export class UsageError extends Error {
  readonly status: number;

  constructor(message: string, status = 1) {
    super(message);
    this.status = status;
  }
}

/** Leaves the shell. */
export class Exit extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`exit ${status}`);
    this.status = status;
  }
}

/** Leaves a loop, or goes on with its next round. */
export class LoopControl extends Error {
  readonly kind: 'break' | 'continue';

  constructor(kind: 'break' | 'continue') {
    super(kind);
    this.kind = kind;
  }
}

/** A shell of its own, which begins as this one is. */
export function forkedState(state: ShellState, changes: Partial<ShellState> = {}): ShellState {
  return {
    ...state,
    variables: new Map(state.variables),
    exported: new Set(state.exported),
    ...changes,
  };
}

/** What programs see of the shell's variables. */
export function environmentOf(state: ShellState): [name: string, value: string][] {
  return [...state.exported].flatMap((name) => {
    const value = state.variables.get(name);
    return value === undefined ? [] : [[name, value] as [string, string]];
  });
}

/** A path as the shell's folder has it. */
export function resolved({ cwd }: Pick<ShellState, 'cwd'>, path: string, { style }: GuestFiles): string {
  if (path === '' || style.isAbsolute(path)) return path;
  if (style.separator === '\\' && /^[\\/]/.test(path)) return cwd.slice(0, 2) + path;
  return style.join(cwd, path);
}
