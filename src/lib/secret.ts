import { inspect } from 'node:util';

const REDACTED = '[redacted]';

/**
 * A value that must not be seen: a password, a key, a token, the content of a guest's file.
 *
 * It prints as `[redacted]` in a template, in JSON and in a log; only `reveal()` gives the value.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  /** Length in UTF-16 code units, which an audit record may hold. */
  get length(): number {
    return this.#value.length;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}
