/** Reads command lines of the shell (POSIX.1-2017, 2.10). Runs nothing. */
import { Scanner } from './scanner.ts';
import {
  type Chain,
  type Command,
  type Item,
  type List,
  type Pipeline,
  type Redirect,
  ShellSyntaxError,
  type Simple,
  type Word,
} from './syntax.ts';
import { readWord } from './words.ts';

/** Characters of one command line, as many as Linux takes in an argument. */
const MAX_COMMAND = 128 * 1024;
const MAX_STAGES = 200;
const ASSIGNMENT = /^([A-Za-z_][A-Za-z0-9_]*)=/;
const ENDS = ['then', 'elif', 'else', 'fi', 'do', 'done', '}'];

/** Errors: `ShellSyntaxError`. */
export function parseShell(text: string): List {
  if (text.length > MAX_COMMAND) throw new ShellSyntaxError('Argument list too long');
  const scanner = new Scanner(text);
  const list = readList(scanner);
  if (!scanner.done) throw scanner.unexpected();
  return list;
}

function readList(scanner: Scanner, end = ''): List {
  const items: Item[] = [];
  for (;;) {
    scanner.skipLines();
    if (scanner.done || (end !== '' && scanner.startsWith(end)) || ENDS.some((word) => scanner.atKeyword(word))) break;
    if (scanner.peek() === ')') break;
    const chain = readChain(scanner);
    scanner.skipBlanks();
    const background = !scanner.startsWith('&&') && scanner.take('&');
    items.push({ chain, background });
    if (background) continue;
    if (scanner.startsWith(';;') || !(scanner.take(';') || scanner.peek() === '\n')) break;
  }
  return { items };
}

function readChain(scanner: Scanner): Chain {
  const first = readPipeline(scanner);
  const rest: { operator: '&&' | '||'; pipeline: Pipeline }[] = [];
  for (;;) {
    scanner.skipBlanks();
    const operator = scanner.match(/&&|\|\|/y) as '&&' | '||' | undefined;
    if (!operator) return { first, rest };
    scanner.skipLines();
    rest.push({ operator, pipeline: readPipeline(scanner) });
  }
}

function readPipeline(scanner: Scanner): Pipeline {
  const negated = scanner.takeKeyword('!');
  const stages: Command[] = [];
  do {
    scanner.skipLines();
    stages.push(readCommand(scanner));
    if (stages.length > MAX_STAGES) throw new ShellSyntaxError('too many commands in a pipeline');
    scanner.skipBlanks();
  } while (!scanner.startsWith('||') && scanner.take('|'));
  return { negated, stages };
}

function readCommand(scanner: Scanner): Command {
  scanner.skipBlanks();
  return scanner.nested((): Command => {
    if (scanner.take('(')) {
      const body = readList(scanner, ')');
      expect(scanner, scanner.take(')') && body.items.length > 0);
      return { kind: 'group', subshell: true, body, redirects: readRedirects(scanner) };
    }
    if (scanner.takeKeyword('{')) {
      const body = readList(scanner);
      expect(scanner, scanner.takeKeyword('}') && body.items.length > 0);
      return { kind: 'group', subshell: false, body, redirects: readRedirects(scanner) };
    }
    if (scanner.takeKeyword('if')) return readIf(scanner);
    if (scanner.takeKeyword('for')) return readFor(scanner);
    if (scanner.takeKeyword('while')) return readWhile(scanner, false);
    if (scanner.takeKeyword('until')) return readWhile(scanner, true);
    return readSimple(scanner);
  });
}

function readIf(scanner: Scanner): Command {
  const branches: { condition: List; body: List }[] = [];
  let otherwise: List | undefined;
  do {
    const condition = readList(scanner);
    expect(scanner, scanner.takeKeyword('then'));
    branches.push({ condition, body: readList(scanner) });
  } while (scanner.takeKeyword('elif'));
  if (scanner.takeKeyword('else')) otherwise = readList(scanner);
  expect(scanner, scanner.takeKeyword('fi'));
  return { kind: 'if', branches, otherwise, redirects: readRedirects(scanner) };
}

function readFor(scanner: Scanner): Command {
  scanner.skipBlanks();
  const name = scanner.match(/[A-Za-z_][A-Za-z0-9_]*/y);
  if (name === undefined) throw new ShellSyntaxError('Bad for loop variable');
  scanner.skipBlanks();
  let words: Word[] | undefined;
  if (scanner.takeKeyword('in')) {
    words = [];
    for (;;) {
      scanner.skipBlanks();
      const word = readWord(scanner, readList);
      if (!word) break;
      words.push(word);
    }
  }
  scanner.take(';');
  scanner.skipLines();
  return { kind: 'for', name, words, body: readBody(scanner), redirects: readRedirects(scanner) };
}

function readWhile(scanner: Scanner, until: boolean): Command {
  const condition = readList(scanner);
  return { kind: 'while', until, condition, body: readBody(scanner), redirects: readRedirects(scanner) };
}

function readBody(scanner: Scanner): List {
  expect(scanner, scanner.takeKeyword('do'));
  const body = readList(scanner);
  expect(scanner, scanner.takeKeyword('done'));
  return body;
}

function readSimple(scanner: Scanner): Simple {
  const assignments: { name: string; value: Word }[] = [];
  const words: Word[] = [];
  const redirects: Redirect[] = [];
  for (;;) {
    scanner.skipBlanks();
    const redirect = readRedirect(scanner);
    if (redirect) {
      redirects.push(...redirect);
      continue;
    }
    const word = readWord(scanner, readList);
    if (!word) break;
    const assigned = words.length === 0 ? assignmentOf(word) : undefined;
    if (assigned) assignments.push(assigned);
    else words.push(word);
  }
  expect(scanner, assignments.length + words.length + redirects.length > 0);
  return { kind: 'simple', assignments, words, redirects };
}

function assignmentOf({ parts: [first, ...rest] }: Word): { name: string; value: Word } | undefined {
  if (first?.kind !== 'text' || first.quoted) return undefined;
  const [prefix, name] = ASSIGNMENT.exec(first.text) ?? [];
  if (prefix === undefined || name === undefined) return undefined;
  return { name, value: { parts: [{ ...first, text: first.text.slice(prefix.length) }, ...rest] } };
}

function readRedirects(scanner: Scanner): Redirect[] {
  const redirects: Redirect[] = [];
  for (;;) {
    scanner.skipBlanks();
    const redirect = readRedirect(scanner);
    if (!redirect) return redirects;
    redirects.push(...redirect);
  }
}

function readRedirect(scanner: Scanner): Redirect[] | undefined {
  const token = scanner.match(/[012]?(?:<<?|>>|>&|>\||>|<&)|&>>?/y);
  if (token === undefined) return undefined;
  if (token.endsWith('<<') || token.endsWith('<&')) throw new ShellSyntaxError(`"${token}" is not supported`);
  const both = token.startsWith('&');
  const operator = token.replace(/^[012&]/, '');
  const from = both ? 1 : ((/^[012]/.test(token) ? Number(token[0]) : operator === '<' ? 0 : 1) as 0 | 1 | 2);
  if (operator === '>&') {
    const to = scanner.match(/[012](?![^\s;&|()<>])/y);
    if (to === undefined) throw new ShellSyntaxError('Bad fd number');
    return [{ kind: 'duplicate', from, to: Number(to) as 0 | 1 | 2 }];
  }
  scanner.skipBlanks();
  const target = readWord(scanner, readList);
  if (!target) throw scanner.unexpected();
  const mode = operator === '<' ? 'read' : operator === '>>' ? 'append' : 'write';
  const redirect: Redirect = { kind: 'file', from, mode, target };
  return both ? [redirect, { kind: 'duplicate', from: 2, to: 1 }] : [redirect];
}

function expect(scanner: Scanner, fulfilled: boolean): asserts fulfilled {
  if (!fulfilled) throw scanner.unexpected();
}
