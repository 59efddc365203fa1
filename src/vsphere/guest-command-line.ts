/**
 * The command of a person as a script of the guest's own shell.
 *
 * What the person wrote goes into a file of its own, as it is: it never stands in the line that redirects its output,
 * so no quote, bracket, line feed or `%` in it can end that line or add to it. The lines here are constants.
 */
import { GatewayError } from '../lib/errors.ts';

export type GuestFamily = 'posix' | 'windows';

export interface CommandToRun {
  /** As one types it at a prompt: a program with its arguments, or several lines. */
  readonly line: string;
  /** Absolute; the user's home when left out. */
  readonly folder?: string | undefined;
}

interface Program {
  readonly programPath: string;
  readonly arguments: string;
}

/** What is in the directory in which a command runs. */
export const OUTPUT = { stdout: 'stdout', stderr: 'stderr' } as const;

interface Shell {
  readonly scriptName: string;
  /** Runs the script in the working directory of the program, its output beside it. */
  readonly runScript: Program;
  script(command: CommandToRun): string;
  /** Runs it without a script; nobody sees its output. Errors: INVALID_INPUT for what a single line cannot hold. */
  runDirectly(line: string): Program;
  /** Ends the process with all that it has started. */
  endTree(pid: number): Program;
}

const SH = '/bin/sh';
const SYSTEM32 = 'C:\\Windows\\System32';
const CMD = `${SYSTEM32}\\cmd.exe`;
/** Characters that cmd.exe takes in one line. */
const CMD_LONGEST = 8_000;

export const SHELLS: Readonly<Record<GuestFamily, Shell>> = {
  posix: {
    scriptName: 'run',
    runScript: {
      programPath: SH,
      arguments: `-c 'exec ${SH} ./run >${OUTPUT.stdout} 2>${OUTPUT.stderr} </dev/null'`,
    },
    script({ line, folder }) {
      const enter = folder === undefined ? 'cd "$HOME" 2>/dev/null || cd /' : `cd ${posixQuoted(folder)} || exit`;
      return `${enter}\n${line.replaceAll('\r\n', '\n')}\n`;
    },
    runDirectly: (line) => ({ programPath: SH, arguments: `-c ${posixQuoted(line)}` }),
    endTree: (pid) => ({ programPath: SH, arguments: `-c '${END_TREE}' sh ${pid}` }),
  },
  windows: {
    scriptName: 'run.cmd',
    runScript: {
      programPath: CMD,
      arguments: `/d /s /c "run.cmd 1>${OUTPUT.stdout} 2>${OUTPUT.stderr} <nul"`,
    },
    script({ line, folder }) {
      const enter = `cd /d "${folder === undefined ? '%USERPROFILE%' : folder.replaceAll('%', '%%')}"`;
      // cmd.exe reads its script, and most programs write, in the code page: 65001 is UTF-8.
      const lines = ['@echo off', 'chcp 65001 >nul 2>nul', enter, ...line.split(/\r?\n/).map(asTypedAtPrompt)];
      return `${lines.join('\r\n')}\r\n`;
    },
    runDirectly(line) {
      if (/[\r\n]/.test(line) || line.length > CMD_LONGEST) {
        const most = `a single line of at most ${CMD_LONGEST} characters`;
        throw new GatewayError('INVALID_INPUT', `Without wait_for_completion, a Windows guest takes ${most}.`);
      }
      // With /s, cmd.exe takes away the first quote and the last one, whatever is in between.
      return { programPath: CMD, arguments: `/d /s /c "${line}"` };
    },
    endTree: (pid) => ({ programPath: `${SYSTEM32}\\taskkill.exe`, arguments: `/PID ${pid} /T /F` }),
  },
};

/**
 * Its children first, as those of a process that has ended are nobody's; itself stopped before that, as it would go on
 * with its next command when one of them ends.
 */
const END_TREE = 'end() { kill -STOP "$1"; for c in $(pgrep -P "$1"); do end "$c"; done; kill -9 "$1"; }; end "$1"';

/** One word of a POSIX shell, whatever is in it (2.2.2, Single-Quotes). */
export function posixQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * A line for a batch file that means what it means at the prompt: there, only `%NAME%` is a variable, and in a file
 * every other `%` has to be doubled (`for %i in …`, `100%`).
 */
function asTypedAtPrompt(line: string): string {
  return line.replace(/(%[A-Za-z_][^%\s:&|<>^"]*(?::[^%]*)?%)|%/g, (_, variable?: string) => variable ?? '%%');
}
