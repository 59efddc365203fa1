/** Options of programs, as getopt reads them. */
import { GuestFileError } from '../files/file-error.ts';
import { type ProgramCall, resolved, UsageError } from '../shell/state.ts';

export interface Options {
  has(flag: string): boolean;
  value(flag: string): string | undefined;
  readonly operands: readonly string[];
}

/**
 * @param flags letters that stand alone
 * @param valued letters that a value follows
 * Errors: `UsageError` for any other.
 */
export function optionsOf({ args }: Pick<ProgramCall, 'args'>, flags: string, valued = '', status = 1): Options {
  const given = new Map<string, string | true>();
  const operands: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]!;
    if (arg === '--') {
      operands.push(...args.slice(at + 1));
      break;
    }
    if (!arg.startsWith('-') || arg === '-') {
      operands.push(arg);
      continue;
    }
    if (arg.startsWith('--')) throw new UsageError(`unrecognized option '${arg.slice(0, 80)}'`, status);
    for (let letter = 1; letter < arg.length; letter++) {
      const flag = arg[letter]!;
      if (valued.includes(flag)) {
        const value = arg.slice(letter + 1) || args[++at];
        if (value === undefined) throw new UsageError(`option requires an argument -- '${flag}'`, status);
        given.set(flag, value);
        break;
      }
      if (!flags.includes(flag)) throw new UsageError(`invalid option -- '${flag}'`, status);
      given.set(flag, true);
    }
  }
  return {
    has: (flag) => given.has(flag),
    value: (flag) => {
      const value = given.get(flag);
      return typeof value === 'string' ? value : undefined;
    },
    operands,
  };
}

export function pathOf({ state, execution }: Pick<ProgramCall, 'state' | 'execution'>, path: string): string {
  return resolved(state, path, execution.files);
}

export interface Input {
  /** As it was named; empty for what came through the pipe. */
  readonly name: string;
  readonly bytes: Buffer;
}

/** The files that were named, or what comes through the pipe. What cannot be read is said, and left out. */
export function inputsOf(call: ProgramCall, operands: readonly string[]): { inputs: Input[]; failed: boolean } {
  if (operands.length === 0) return { inputs: [{ name: '', bytes: call.stdin }], failed: false };
  const inputs: Input[] = [];
  const failed = eachOperand(call, operands, (name) => {
    inputs.push({ name, bytes: name === '-' ? call.stdin : call.execution.files.read(pathOf(call, name)) });
  });
  return { inputs, failed };
}

/** Does it for each; says what went wrong with one, and goes on with the next. True where anything went wrong. */
export function eachOperand(
  { name, err }: ProgramCall,
  operands: readonly string[],
  act: (operand: string) => void,
): boolean {
  let failed = false;
  for (const operand of operands) {
    try {
      act(operand);
    } catch (error) {
      if (!(error instanceof GuestFileError)) throw error;
      err.write(`${name}: ${operand}: ${error.message}\n`);
      failed = true;
    }
  }
  return failed;
}

export function countOf(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (!/^[+-]?\d{1,9}$/.test(text)) throw new UsageError(`invalid number '${text.slice(0, 40)}'`);
  return Number(text);
}

/** Lines without their ends; nothing for nothing. */
export function linesOf(bytes: Buffer): string[] {
  if (bytes.length === 0) return [];
  const text = bytes.toString();
  return (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n');
}
