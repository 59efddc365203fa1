/** From a word to what a program is given: variables, substitutions, fields, file names (POSIX.1-2017, 2.6). */

import type { GuestFiles } from '../files/file-system.ts';
import { ArithmeticError, calculate } from './arithmetic.ts';
import { globbed, hasGlob } from './glob.ts';
import type { ShellState } from './state.ts';
import type { List, Part, Word } from './syntax.ts';

/** Carries a substitution out; resolves to its output. */
export type Substitute = (list: List) => Promise<string>;

export interface Expansion {
  readonly state: ShellState;
  readonly files: GuestFiles;
  readonly pid: number;
  readonly substitute: Substitute;
}

export class ExpansionError extends Error {}

interface Piece {
  readonly text: string;
  readonly quoted: boolean;
  /** Came from a variable or a substitution: it is split at blanks where it is not quoted. */
  readonly split: boolean;
  /** A field ends before it: `"$@"`. */
  readonly breaks?: boolean;
}

const MAX_FIELDS = 20_000;
const MAX_LENGTH = 1024 * 1024;

/** Every field that the words make. Errors: `ExpansionError`. */
export async function expandWords(words: readonly Word[], expansion: Expansion): Promise<string[]> {
  const fields: string[] = [];
  for (const word of words) {
    for (const field of fieldsOf(await piecesOf(word, expansion))) {
      fields.push(...(hasGlob(field) ? globbed(field, expansion.state, expansion.files) : [plain(field)]));
      if (fields.length > MAX_FIELDS) throw new ExpansionError('Argument list too long');
    }
  }
  return fields;
}

/** A word that is one field whatever is in it: of an assignment or a redirection. */
export async function expandWord(word: Word, expansion: Expansion): Promise<string> {
  return (await piecesOf(word, expansion)).map(({ text, breaks }) => (breaks ? ` ${text}` : text)).join('');
}

async function piecesOf({ parts }: Word, expansion: Expansion): Promise<Piece[]> {
  const pieces: Piece[] = [];
  let length = 0;
  for (const [index, part] of parts.entries()) {
    const made = await piecesOfPart(part, expansion);
    const [first] = made;
    pieces.push(...(index === 0 && first && isTilde(part) ? [withHome(first, expansion), ...made.slice(1)] : made));
    for (const { text } of made) length += text.length;
    if (length > MAX_LENGTH) throw new ExpansionError('Argument list too long');
  }
  return pieces;
}

function isTilde(part: Part): boolean {
  return part.kind === 'text' && !part.quoted && /^~(\/|$)/.test(part.text);
}

function withHome(piece: Piece, { state }: Expansion): Piece {
  return { ...piece, text: (state.variables.get('HOME') ?? '~') + piece.text.slice(1) };
}

async function piecesOfPart(part: Part, expansion: Expansion): Promise<Piece[]> {
  if (part.kind === 'text') return [{ text: part.text, quoted: part.quoted, split: false }];
  if (part.kind === 'substitution') {
    const output = await expansion.substitute(part.list);
    return [{ text: output.replace(/\n+$/, ''), quoted: part.quoted, split: true }];
  }
  if (part.kind === 'arithmetic') {
    return [{ text: String(calculated(part.text, expansion)), quoted: part.quoted, split: true }];
  }
  const { name, quoted, otherwise } = part;
  if (name === '@' && quoted) {
    return expansion.state.positional.map((text, index) => ({ text, quoted, split: false, breaks: index > 0 }));
  }
  const value = parameterOf(name, expansion);
  if (part.length) return [{ text: String((value ?? '').length), quoted, split: true }];
  if (!otherwise) return value === undefined ? [] : [{ text: value, quoted, split: true }];
  const { operator, orEmpty, word } = otherwise;
  const missing = value === undefined || (orEmpty && value === '');
  if (operator === '+') return missing ? [] : piecesOf(word, expansion);
  if (!missing) return [{ text: value, quoted, split: true }];
  if (operator === '?')
    throw new ExpansionError(`${name}: ${(await expandWord(word, expansion)) || 'parameter not set'}`);
  if (operator === '=') expansion.state.variables.set(name, await expandWord(word, expansion));
  return piecesOf(word, expansion);
}

function calculated(text: string, expansion: Expansion): number {
  try {
    return calculate(text, (name) => parameterOf(name, expansion));
  } catch (error) {
    throw error instanceof ArithmeticError ? new ExpansionError(`arithmetic expression: ${error.message}`) : error;
  }
}

function parameterOf(name: string, { state, pid }: Expansion): string | undefined {
  switch (name) {
    case '?':
      return String(state.status);
    case '$':
      return String(pid);
    case '#':
      return String(state.positional.length);
    case '@':
    case '*':
      return state.positional.join(' ');
    case '!':
      return undefined;
    case '0':
      return state.name;
    default:
      return /^[0-9]/.test(name) ? state.positional[Number(name) - 1] : state.variables.get(name);
  }
}

/** A field: its characters, quoted ones marked, as only the others match file names. */
export type FieldPieces = readonly { readonly text: string; readonly quoted: boolean }[];

function fieldsOf(pieces: readonly Piece[]): FieldPieces[] {
  const fields: { text: string; quoted: boolean }[][] = [];
  let field: { text: string; quoted: boolean }[] | undefined;
  const end = () => {
    if (field) fields.push(field);
    field = undefined;
  };
  for (const { text, quoted, split, breaks } of pieces) {
    if (breaks) end();
    if (quoted || !split) {
      field ??= [];
      field.push({ text, quoted });
      continue;
    }
    for (const run of text.split(/([ \t\n]+)/)) {
      if (/^[ \t\n]/.test(run)) end();
      else if (run !== '') {
        field ??= [];
        field.push({ text: run, quoted: false });
      }
    }
  }
  end();
  return fields;
}

function plain(field: FieldPieces): string {
  return field.map(({ text }) => text).join('');
}
