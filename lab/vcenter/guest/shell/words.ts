/** Words of a command line: quotes, variables, substitutions (POSIX.1-2017, 2.2 and 2.6). */
import type { Scanner } from './scanner.ts';
import { type List, type Part, ShellSyntaxError, type Word } from './syntax.ts';

/** Reads commands up to a token that ends them, without it. */
export type ReadList = (scanner: Scanner, end: string) => List;

const WORD_END = /[\s;&|()<>]/;
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;

/** Undefined where no word begins. */
export function readWord(scanner: Scanner, readList: ReadList): Word | undefined {
  const ends = (character: string) => WORD_END.test(character) || (character === '`' && scanner.backQuoted);
  const parts = readParts(scanner, readList, ends);
  return parts.length > 0 ? { parts } : undefined;
}

function readParts(scanner: Scanner, readList: ReadList, ends: (character: string) => boolean): Part[] {
  const parts: Part[] = [];
  let text = '';
  const flush = () => {
    if (text !== '') parts.push({ kind: 'text', text, quoted: false });
    text = '';
  };
  while (!scanner.done && !ends(scanner.peek())) {
    const character = scanner.next();
    if (character === '\\') {
      const escaped = scanner.next();
      if (escaped === '\n') continue;
      flush();
      parts.push({ kind: 'text', text: escaped === '' ? '\\' : escaped, quoted: true });
    } else if (character === "'") {
      flush();
      parts.push({ kind: 'text', text: readSingleQuoted(scanner), quoted: true });
    } else if (character === '"') {
      flush();
      parts.push(...readDoubleQuoted(scanner, readList));
    } else if (character === '$' || character === '`') {
      const part = readDollar(scanner, readList, character, false);
      if (!part) {
        text += character;
        continue;
      }
      flush();
      parts.push(part);
    } else {
      text += character;
    }
  }
  flush();
  return parts;
}

function readSingleQuoted(scanner: Scanner): string {
  const end = scanner.text.indexOf("'", scanner.at);
  if (end === -1) throw new ShellSyntaxError('Unterminated quoted string');
  const text = scanner.text.slice(scanner.at, end);
  scanner.at = end + 1;
  return text;
}

function readDoubleQuoted(scanner: Scanner, readList: ReadList): Part[] {
  const parts: Part[] = [];
  let text = '';
  for (;;) {
    if (scanner.done) throw new ShellSyntaxError('Unterminated quoted string');
    const character = scanner.next();
    if (character === '"') break;
    if (character === '\\' && /["\\$`\n]/.test(scanner.peek())) {
      const escaped = scanner.next();
      if (escaped !== '\n') text += escaped;
      continue;
    }
    const part = character === '$' || character === '`' ? readDollar(scanner, readList, character, true) : undefined;
    if (!part) {
      text += character;
      continue;
    }
    if (text !== '') parts.push({ kind: 'text', text, quoted: true });
    text = '';
    parts.push(part);
  }
  // `""` is a word, too.
  if (text !== '' || parts.length === 0) parts.push({ kind: 'text', text, quoted: true });
  return parts;
}

/** What follows a `$` or a back quote; undefined where the character stands for itself. */
function readDollar(scanner: Scanner, readList: ReadList, character: string, quoted: boolean): Part | undefined {
  if (character === '`') return readSubstitution(scanner, readList, '`', quoted);
  if (scanner.take('((')) return readArithmetic(scanner, quoted);
  if (scanner.take('(')) return readSubstitution(scanner, readList, ')', quoted);
  if (scanner.take('{')) return scanner.nested(() => readBraces(scanner, readList, quoted));
  const name = scanner.match(NAME) ?? scanner.match(/[0-9?$#@*!]/y);
  return name === undefined ? undefined : { kind: 'variable', name, quoted };
}

function readArithmetic(scanner: Scanner, quoted: boolean): Part {
  const from = scanner.at;
  for (let depth = 0; !scanner.done; scanner.next()) {
    if (depth === 0 && scanner.startsWith('))')) {
      const text = scanner.text.slice(from, scanner.at);
      scanner.take('))');
      return { kind: 'arithmetic', text, quoted };
    }
    if (scanner.peek() === '(') depth++;
    if (scanner.peek() === ')') depth--;
  }
  throw new ShellSyntaxError("missing '))'");
}

function readSubstitution(scanner: Scanner, readList: ReadList, end: string, quoted: boolean): Part {
  const within = scanner.backQuoted;
  scanner.backQuoted = end === '`';
  const list = scanner.nested(() => readList(scanner, end));
  scanner.backQuoted = within;
  if (!scanner.take(end)) throw scanner.unexpected();
  return { kind: 'substitution', list, quoted };
}

function readBraces(scanner: Scanner, readList: ReadList, quoted: boolean): Part {
  const length = scanner.peek(1) !== '}' && scanner.take('#');
  const name = scanner.match(NAME) ?? scanner.match(/[0-9]+|[?$#@*!]/y);
  if (name === undefined) throw new ShellSyntaxError('Bad substitution');
  const operator = scanner.match(/:?[-+=?]/y);
  if (operator === undefined) {
    if (!scanner.take('}')) throw new ShellSyntaxError('Bad substitution');
    return { kind: 'variable', name, quoted, ...(length && { length }) };
  }
  const parts = readParts(scanner, readList, (character) => character === '}');
  if (length || !scanner.take('}')) throw new ShellSyntaxError('Bad substitution');
  const otherwise = {
    operator: operator.at(-1) as '-' | '+' | '=' | '?',
    orEmpty: operator.length > 1,
    word: { parts: parts.map((part): Part => ({ ...part, quoted: quoted || part.quoted })) },
  };
  return { kind: 'variable', name, quoted, otherwise };
}
