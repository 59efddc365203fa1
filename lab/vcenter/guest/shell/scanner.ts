/** A command line, read character by character. */
import { ShellSyntaxError } from './syntax.ts';

/** Deeper is nothing that a person writes, and would end the stack of this process. */
const MAX_DEPTH = 100;

export class Scanner {
  readonly text: string;
  at = 0;
  /** A back quote ends something here. */
  backQuoted = false;
  #depth = 0;

  constructor(text: string) {
    this.text = text;
  }

  get done(): boolean {
    return this.at >= this.text.length;
  }

  peek(ahead = 0): string {
    return this.text[this.at + ahead] ?? '';
  }

  next(): string {
    return this.text[this.at++] ?? '';
  }

  startsWith(token: string): boolean {
    return this.text.startsWith(token, this.at);
  }

  /** Takes the token if it stands there. */
  take(token: string): boolean {
    if (!this.startsWith(token)) return false;
    this.at += token.length;
    return true;
  }

  /** The match of a sticky pattern, taken. */
  match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }

  /** Whether a reserved word stands there: `fi`, and not `file`. */
  atKeyword(word: string): boolean {
    return this.startsWith(word) && /^(?:[\s;&|()<>]|)$/.test(this.peek(word.length));
  }

  takeKeyword(word: string): boolean {
    return this.atKeyword(word) && this.take(word);
  }

  skipBlanks(): void {
    this.match(/(?:[ \t\r]|\\\n)*/y);
    if (this.peek() === '#') this.match(/[^\n]*/y);
  }

  skipLines(): void {
    do this.skipBlanks();
    while (this.take('\n'));
  }

  /** Errors: `ShellSyntaxError` for what is nested too deep. */
  nested<T>(read: () => T): T {
    if (++this.#depth > MAX_DEPTH) throw new ShellSyntaxError('too deeply nested');
    const result = read();
    this.#depth--;
    return result;
  }

  unexpected(): ShellSyntaxError {
    if (this.done) return new ShellSyntaxError('end of file unexpected');
    const token = this.match(/&&|\|\||;;|>>|<<|[\n;&|()<>]|[^\s;&|()<>]{1,40}/y) ?? this.next();
    return new ShellSyntaxError(`${token === '\n' ? 'newline' : `"${token}"`} unexpected`);
  }
}
