/** File name patterns: `*.log`, `web?`, `[ab]*`. */
import { GuestFileError } from '../files/file-error.ts';
import type { GuestFiles } from '../files/file-system.ts';
import type { FieldPieces } from './expansion.ts';
import { resolved, type ShellState } from './state.ts';

const MAX_MATCHES = 10_000;

/** Whether an unquoted `*`, `?` or `[` is in it. */
export function hasGlob(field: FieldPieces): boolean {
  return field.some(({ text, quoted }) => !quoted && /[*?[]/.test(text));
}

/** The files that fit, in order; the pattern itself where none does. */
export function globbed(field: FieldPieces, state: ShellState, files: GuestFiles): string[] {
  const pattern = field.map(({ text, quoted }) => (quoted ? text.replace(/[*?[\]\\]/g, '\\$&') : text)).join('');
  const absolute = pattern.startsWith('/');
  let found = [absolute ? '/' : ''];
  for (const segment of pattern.split('/').filter((each) => each !== '')) {
    found = found.flatMap((folder) => below(folder, segment, state, files)).slice(0, MAX_MATCHES);
  }
  return found.length > 0 ? found.sort() : [unescaped(pattern)];
}

function below(folder: string, segment: string, state: ShellState, files: GuestFiles): string[] {
  const prefix = folder === '' || folder.endsWith('/') ? folder : `${folder}/`;
  const path = resolved(state, prefix === '' ? '.' : prefix, files);
  try {
    if (!/(?<!\\)[*?[]/.test(segment)) {
      const name = unescaped(segment);
      return files.find(files.style.join(path, name)) ? [prefix + name] : [];
    }
    return files
      .list(path)
      .filter(({ name }) => matchesGlob(segment, name))
      .map(({ name }) => prefix + name);
  } catch (error) {
    if (error instanceof GuestFileError) return [];
    throw error;
  }
}

/** Without regular expressions, whose time may grow without bound with the pattern. A leading dot has to be said. */
function matchesGlob(pattern: string, name: string): boolean {
  if (name.startsWith('.') && !pattern.startsWith('.')) return false;
  let at = 0;
  let from = 0;
  let star = -1;
  let starFrom = 0;
  while (from < name.length) {
    const token = tokenAt(pattern, at);
    if (token?.kind === 'star') {
      star = at;
      starFrom = from;
      at += 1;
    } else if (token?.fits(name[from]!)) {
      at += token.length;
      from += 1;
    } else if (star >= 0) {
      at = star + 1;
      from = ++starFrom;
    } else {
      return false;
    }
  }
  while (pattern[at] === '*') at++;
  return at === pattern.length;
}

interface Token {
  readonly kind: 'star' | 'one';
  readonly length: number;
  fits(character: string): boolean;
}

function tokenAt(pattern: string, at: number): Token | undefined {
  const character = pattern[at];
  if (character === undefined) return undefined;
  if (character === '*') return { kind: 'star', length: 1, fits: () => false };
  if (character === '?') return { kind: 'one', length: 1, fits: () => true };
  const end = character === '[' ? pattern.indexOf(']', at + 2) : -1;
  if (end > 0) {
    const negated = /^[!^]/.test(pattern.slice(at + 1));
    const set = pattern.slice(at + 1 + (negated ? 1 : 0), end);
    return { kind: 'one', length: end - at + 1, fits: (each) => inSet(set, each) !== negated };
  }
  const literal = character === '\\' ? (pattern[at + 1] ?? '\\') : character;
  return { kind: 'one', length: character === '\\' ? 2 : 1, fits: (each) => each === literal };
}

function inSet(set: string, character: string): boolean {
  for (let at = 0; at < set.length; at++) {
    if (set[at + 1] === '-' && at + 2 < set.length) {
      if (character >= set[at]! && character <= set[at + 2]!) return true;
      at += 2;
    } else if (set[at] === character) {
      return true;
    }
  }
  return false;
}

function unescaped(pattern: string): string {
  return pattern.replace(/\\(.)/g, '$1');
}
