/**
 * Reads command lines of Windows' cmd.exe: `&`, `&&`, `||`, `|`, parentheses, redirections, `%NAME%`, `^`.
 *
 * A program is given the rest of its line as it stands, in one argument: on Windows it takes that apart itself.
 */
import { Scanner } from './scanner.ts';
import {
  type Chain,
  type Command,
  type Item,
  type List,
  type Part,
  type Pipeline,
  type Redirect,
  ShellSyntaxError,
  type Word,
} from './syntax.ts';

/** A `%` of a batch file that begins no variable: nobody writes this character otherwise. */
export const PERCENT_SIGN = '\uE000';

/** Characters that cmd.exe takes in one line. */
const MAX_COMMAND = 8191;
const MAX_STAGES = 200;

/** Errors: `ShellSyntaxError`. */
export function parseCmd(text: string): List {
  if (text.length > MAX_COMMAND) throw new ShellSyntaxError('The command line is too long.');
  const scanner = new Scanner(text.replaceAll('\r\n', '\n'));
  const list = readList(scanner);
  if (!scanner.done) throw incorrect();
  return list;
}

function incorrect(): ShellSyntaxError {
  return new ShellSyntaxError('The syntax of the command is incorrect.');
}

function readList(scanner: Scanner): List {
  const items: Item[] = [];
  for (;;) {
    scanner.match(/\s*/y);
    if (scanner.done || scanner.peek() === ')') return { items };
    items.push({ chain: readChain(scanner), background: false });
    scanner.match(/[ \t]*/y);
    if (!scanner.match(/[&\n]/y)) return { items };
  }
}

function readChain(scanner: Scanner): Chain {
  const first = readPipeline(scanner);
  const rest: { operator: '&&' | '||'; pipeline: Pipeline }[] = [];
  for (;;) {
    scanner.match(/[ \t]*/y);
    const operator = scanner.match(/&&|\|\|/y) as '&&' | '||' | undefined;
    if (!operator) return { first, rest };
    rest.push({ operator, pipeline: readPipeline(scanner) });
  }
}

function readPipeline(scanner: Scanner): Pipeline {
  const stages: Command[] = [];
  do {
    stages.push(readCommand(scanner));
    if (stages.length > MAX_STAGES) throw incorrect();
    scanner.match(/[ \t]*/y);
  } while (!scanner.startsWith('||') && scanner.take('|'));
  return { negated: false, stages };
}

function readCommand(scanner: Scanner): Command {
  return scanner.nested((): Command => {
    scanner.match(/[ \t@]*/y);
    if (!scanner.take('(')) return readSimple(scanner);
    const body = readList(scanner);
    if (!scanner.take(')') || body.items.length === 0) throw incorrect();
    const redirects: Redirect[] = [];
    for (;;) {
      scanner.match(/[ \t]*/y);
      const redirect = readRedirect(scanner);
      if (!redirect) return { kind: 'group', subshell: false, body, redirects };
      redirects.push(redirect);
    }
  });
}

function readSimple(scanner: Scanner): Command {
  const redirects: Redirect[] = [];
  const name = readText(scanner, /[\s&|<>()=,;/]/);
  // `cd..` and `echo.`
  const rest: Part[] = [];
  for (;;) {
    const redirect = readRedirect(scanner);
    if (redirect) {
      redirects.push(redirect);
      continue;
    }
    const parts = readText(scanner, /[&|<>)\n]/, true);
    if (parts.length === 0) break;
    rest.push(...parts);
  }
  if (name.length === 0) throw incorrect();
  return { kind: 'simple', assignments: [], words: [{ parts: name }, { parts: trimmed(rest) }], redirects };
}

/** The blanks before an argument, and before what follows a redirection, are nobody's. */
function trimmed(parts: readonly Part[]): Part[] {
  const [first, ...others] = parts;
  const kept = first?.kind === 'text' ? [{ ...first, text: first.text.replace(/^[ \t]/, '') }, ...others] : [...parts];
  return kept.length > 0 ? kept : [{ kind: 'text', text: '', quoted: true }];
}

function readText(scanner: Scanner, ends: RegExp, handles = false): Part[] {
  const parts: Part[] = [];
  let text = '';
  let quoted = false;
  const flush = () => {
    if (text !== '') parts.push({ kind: 'text', text, quoted: true });
    text = '';
  };
  while (!scanner.done) {
    const character = scanner.peek();
    if (character === '%') {
      const name = scanner.match(/%[^%\s:&|<>]+%/y);
      if (name !== undefined) {
        flush();
        parts.push(variable(name));
        continue;
      }
    }
    if (character === PERCENT_SIGN) {
      scanner.next();
      text += '%';
      continue;
    }
    if (!quoted && ends.test(character)) break;
    // `2>` is a redirection, `12>` is not.
    if (!quoted && handles && /[012]/.test(character) && scanner.peek(1) === '>' && /^$|\s$/.test(text)) break;
    scanner.next();
    if (character === '"') quoted = !quoted;
    if (character === '^' && !quoted) text += scanner.next();
    else text += character;
  }
  flush();
  return parts;
}

function variable(written: string): Part {
  const otherwise: Word = { parts: [{ kind: 'text', text: written, quoted: true }] };
  return {
    kind: 'variable',
    name: written.slice(1, -1).toUpperCase(),
    quoted: true,
    otherwise: { operator: '-', orEmpty: false, word: otherwise },
  };
}

function readRedirect(scanner: Scanner): Redirect | undefined {
  const token = scanner.match(/[012]?(?:>>|>&|>)|</y);
  if (token === undefined) return undefined;
  const from = (/^[012]/.test(token) ? Number(token[0]) : token === '<' ? 0 : 1) as 0 | 1 | 2;
  if (token.endsWith('>&')) {
    const to = scanner.match(/[012]/y);
    if (to === undefined) throw incorrect();
    return { kind: 'duplicate', from, to: Number(to) as 0 | 1 | 2 };
  }
  scanner.match(/[ \t]*/y);
  const parts = readText(scanner, /[\s&|<>()]/).map((part) =>
    part.kind === 'text' ? { ...part, text: part.text.replaceAll('"', '') } : part,
  );
  if (parts.length === 0) throw incorrect();
  const mode = token === '<' ? 'read' : token.endsWith('>>') ? 'append' : 'write';
  return { kind: 'file', from, mode, target: { parts } };
}
