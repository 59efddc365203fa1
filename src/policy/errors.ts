import { GatewayError } from '../lib/errors.ts';

export interface PolicyProblem {
  /** Counted from 1. */
  readonly line: number;
  readonly message: string;
}

/** A policy file that must not be used; its message lists every problem as `file:line: what is wrong`. */
export class PolicyFileError extends GatewayError {
  readonly problems: readonly PolicyProblem[];

  constructor(file: string, problems: readonly PolicyProblem[]) {
    super('CONFIGURATION', problems.map(({ line, message }) => `${file}:${line}: ${message}`).join('\n'));
    this.problems = problems;
  }
}
