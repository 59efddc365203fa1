/** Something that keeps the gateway from starting. Neither part ever holds a value of the environment. */
export interface ConfigProblem {
  /** The variable it is about. */
  readonly name: string;
  readonly message: string;
}

/** What reading the environment found out besides the values. */
export interface Findings {
  readonly problems: ConfigProblem[];
  /** Sentences for the operator; the gateway starts all the same. */
  readonly warnings: string[];
}
