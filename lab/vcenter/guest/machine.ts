/** What programs know of the machine that they run on. */
import type { Clock } from '../../../src/lib/clock.ts';
import type { FileSystem } from './files/file-system.ts';
import type { Identity } from './files/nodes.ts';

export interface GuestUser extends Identity {
  readonly name: string;
  /** Undefined: nobody logs in as this one. */
  readonly password: string | undefined;
  readonly fullName: string;
  readonly home: string;
  readonly shell: string;
}

export interface GuestMachine {
  readonly family: 'linux' | 'windows';
  readonly fileSystem: FileSystem;
  readonly users: readonly GuestUser[];
  readonly clock: Clock;
  /** What it runs on, asked when it is needed: a VM is renamed and reconfigured. */
  readonly hardware: () => Hardware;
  readonly processes: () => readonly GuestProcess[];
  /** Ends a process as a signal does. False where there is none that runs. Errors: `NotPermitted`. */
  kill(pid: number, user: GuestUser): boolean;
}

export interface Hardware {
  readonly hostName: string;
  readonly osName: string;
  readonly cpus: number;
  readonly memoryMb: number;
  /** Milliseconds since the epoch. */
  readonly bootTime: number;
}

export interface GuestProcess {
  readonly pid: number;
  readonly name: string;
  readonly owner: string;
  readonly cmdLine: string;
  /** Milliseconds since the epoch. */
  readonly startTime: number;
  readonly endTime?: number;
  readonly exitCode?: number;
}

/** The process is another user's. */
export class NotPermitted extends Error {}

export function userOf({ users }: GuestMachine, uid: number): GuestUser | undefined {
  return users.find((user) => user.uid === uid);
}
