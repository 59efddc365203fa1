/** grep, with basic and extended expressions. */
import { BadPattern, matching } from '../bounded-regexp.ts';
import { Killed, type Programs, UsageError } from '../shell/state.ts';
import { inputsOf, linesOf, optionsOf } from './options.ts';

export const grepPrograms: Programs = {
  grep(call) {
    const { has, value, operands } = optionsOf(call, 'ivcnqEFhoslHx', 'e', 2);
    const [first, ...rest] = operands;
    const pattern = value('e') ?? first;
    if (pattern === undefined) throw new UsageError('no pattern was given', 2);
    const { inputs, failed } = inputsOf(call, value('e') === undefined ? rest : operands);
    const named = has('H') || (inputs.length > 1 && !has('h'));
    const source = has('F') ? literal(pattern) : has('E') ? classes(pattern) : basic(pattern);
    let found = false;
    for (const { name, bytes } of inputs) {
      const lines = linesOf(bytes);
      const matches = test(has('x') ? `^(?:${source})$` : source, has('i') ? 'i' : '', lines);
      const kept = lines
        .map((line, index) => ({ line, number: index + 1 }))
        .filter((_, index) => matches[index] !== has('v'));
      if (kept.length > 0) found = true;
      if (has('q')) continue;
      const prefix = named ? `${name || '(standard input)'}:` : '';
      if (has('l')) call.out.write(kept.length > 0 ? `${name}\n` : '');
      else if (has('c')) call.out.write(`${prefix}${kept.length}\n`);
      else for (const { line, number } of kept) call.out.write(`${prefix}${has('n') ? `${number}:` : ''}${line}\n`);
    }
    return failed ? 2 : Number(!found);
  },
};

function test(source: string, flags: string, lines: readonly string[]): boolean[] {
  try {
    return matching(source, flags, lines);
  } catch (error) {
    // Once is enough: a loop of them would hold this computer up.
    if (error instanceof BadPattern && error.tookTooLong) throw new Killed();
    if (error instanceof BadPattern) throw new UsageError('Invalid regular expression', 2);
    throw error;
  }
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

/** POSIX.1-2017, 9.3: in a basic expression `\(` groups and `(` is a character. */
function basic(pattern: string): string {
  return classes(
    pattern.replace(/\\([(){}|+?])|([(){}|+?])|(\\.)|(\[[^\]]*\])/g, (whole, operator, character) =>
      operator !== undefined ? operator : character !== undefined ? `\\${character}` : whole,
    ),
  );
}

const CLASSES: Readonly<Record<string, string>> = {
  alpha: 'A-Za-z',
  digit: '0-9',
  alnum: 'A-Za-z0-9',
  upper: 'A-Z',
  lower: 'a-z',
  space: '\\s',
  punct: '!-\\/:-@\\[-`{-~',
};

function classes(pattern: string): string {
  return pattern.replace(/\[:([a-z]+):\]/g, (whole, name) => CLASSES[name] ?? whole);
}
