/** test, also written `[`: what conditions ask. */
import type { ProgramCall, Programs } from '../shell/state.ts';
import { UsageError } from '../shell/state.ts';
import { pathOf } from './options.ts';

export const testPrograms: Programs = {
  test: (call) => Number(!holds(call, call.args)),
  '['(call) {
    if (call.args.at(-1) !== ']') throw new UsageError('missing ]', 2);
    return Number(!holds(call, call.args.slice(0, -1)));
  },
};

/** POSIX.1-2017, test: what is asked follows from how many arguments there are; `-a` and `-o` bind the loosest. */
function holds(call: ProgramCall, args: readonly string[]): boolean {
  for (const [operator, unite] of [
    ['-o', (a: boolean, b: boolean) => a || b],
    ['-a', (a: boolean, b: boolean) => a && b],
  ] as const) {
    const at = args.length > 3 ? args.indexOf(operator, 1) : -1;
    if (at > 0) return unite(holds(call, args.slice(0, at)), holds(call, args.slice(at + 1)));
  }
  const [first, second, third] = args;
  if (first === undefined) return false;
  if (args.length === 1) return first !== '';
  if (args.length === 3 && BINARY[second!]) return BINARY[second!]!(first, third!);
  if (first === '!') return !holds(call, args.slice(1));
  if (args.length === 2) return unary(call, first, second!);
  throw new UsageError('unexpected operator', 2);
}

const BINARY: Readonly<Record<string, (a: string, b: string) => boolean>> = {
  '=': (a, b) => a === b,
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '-eq': (a, b) => number(a) === number(b),
  '-ne': (a, b) => number(a) !== number(b),
  '-lt': (a, b) => number(a) < number(b),
  '-le': (a, b) => number(a) <= number(b),
  '-gt': (a, b) => number(a) > number(b),
  '-ge': (a, b) => number(a) >= number(b),
};

function number(text: string): number {
  if (!/^\s*[+-]?\d{1,15}\s*$/.test(text)) throw new UsageError(`Illegal number: ${text.slice(0, 40)}`, 2);
  return Number(text);
}

function unary(call: ProgramCall, operator: string, operand: string): boolean {
  if (operator === '-z') return operand === '';
  if (operator === '-n') return operand !== '';
  const { files } = call.execution;
  const path = pathOf(call, operand);
  const found = files.find(path);
  switch (operator) {
    case '-e':
      return found !== undefined;
    case '-f':
      return found?.kind === 'file';
    case '-d':
      return found?.kind === 'directory';
    case '-h':
    case '-L':
      return files.find(path, { follow: false })?.kind === 'symlink';
    case '-s':
      return (found?.size ?? 0) > 0;
    case '-r':
      return found !== undefined && files.may(path, 'read');
    case '-w':
      return found !== undefined && files.may(path, 'write');
    case '-x':
      return found !== undefined && files.may(path, 'execute');
    default:
      throw new UsageError(`${operator.slice(0, 40)}: unknown operand`, 2);
  }
}
