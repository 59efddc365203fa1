/** What the kinds of guests have in common. */
import type { GuestMachine, GuestUser, Hardware } from '../machine.ts';
import type { Language, Shell } from '../shell/evaluate.ts';
import type { ShellState, Streams } from '../shell/state.ts';

export interface SystemOptions {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly hardware: () => Hardware;
}

export interface Daemon {
  readonly name: string;
  readonly owner: string;
  readonly cmdLine: string;
}

export interface StartedProgram {
  readonly program: string;
  /** As the client wrote them, in one piece. */
  readonly args: string;
  readonly state: ShellState;
  readonly streams: Streams;
}

export interface GuestSystem extends Pick<GuestMachine, 'family' | 'fileSystem' | 'users'> {
  readonly language: Language;
  /** Where a path begins that says not where. */
  readonly defaultFolder: string;
  temporaryFolder(user: GuestUser): string;
  environmentOf(user: GuestUser): Map<string, string>;
  /** What messages of the shell that the Tools start programs by begin with. */
  readonly shellName: string;
  /** How the Tools start a program. Resolves to its exit status. */
  start(shell: Shell, started: StartedProgram): Promise<number>;
  /** What runs once it is up. */
  readonly daemons: readonly Daemon[];
}
