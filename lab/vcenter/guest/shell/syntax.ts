/** What a command line says, after it was read: the small part of POSIX's shell language that the guests speak. */

/** Commands after each other. */
export interface List {
  readonly items: readonly Item[];
}

export interface Item {
  readonly chain: Chain;
  /** Ended by `&`. */
  readonly background: boolean;
}

/** `a && b || c` */
export interface Chain {
  readonly first: Pipeline;
  readonly rest: readonly { readonly operator: '&&' | '||'; readonly pipeline: Pipeline }[];
}

export interface Pipeline {
  /** `! a` */
  readonly negated: boolean;
  readonly stages: readonly Command[];
}

export type Command = Simple | Group | If | For | While;

export interface Simple {
  readonly kind: 'simple';
  readonly assignments: readonly { readonly name: string; readonly value: Word }[];
  readonly words: readonly Word[];
  readonly redirects: readonly Redirect[];
}

/** `(a; b)` and `{ a; b; }` */
export interface Group {
  readonly kind: 'group';
  readonly subshell: boolean;
  readonly body: List;
  readonly redirects: readonly Redirect[];
}

export interface If {
  readonly kind: 'if';
  readonly branches: readonly { readonly condition: List; readonly body: List }[];
  readonly otherwise: List | undefined;
  readonly redirects: readonly Redirect[];
}

export interface For {
  readonly kind: 'for';
  readonly name: string;
  /** Undefined: the positional parameters. */
  readonly words: readonly Word[] | undefined;
  readonly body: List;
  readonly redirects: readonly Redirect[];
}

export interface While {
  readonly kind: 'while';
  readonly until: boolean;
  readonly condition: List;
  readonly body: List;
  readonly redirects: readonly Redirect[];
}

export interface Word {
  readonly parts: readonly Part[];
}

export type Part =
  | { readonly kind: 'text'; readonly text: string; readonly quoted: boolean }
  | {
      readonly kind: 'variable';
      readonly name: string;
      readonly quoted: boolean;
      /** `${name:-word}` and its kin. */
      readonly otherwise?: { readonly operator: '-' | '+' | '=' | '?'; readonly orEmpty: boolean; readonly word: Word };
      /** `${#name}` */
      readonly length?: boolean;
    }
  | { readonly kind: 'substitution'; readonly list: List; readonly quoted: boolean }
  /** `$((text))` */
  | { readonly kind: 'arithmetic'; readonly text: string; readonly quoted: boolean };

export type Redirect =
  | {
      readonly kind: 'file';
      readonly from: 0 | 1 | 2;
      readonly mode: 'read' | 'write' | 'append';
      readonly target: Word;
    }
  /** `2>&1` */
  | { readonly kind: 'duplicate'; readonly from: 0 | 1 | 2; readonly to: 0 | 1 | 2 };

export class ShellSyntaxError extends Error {}
