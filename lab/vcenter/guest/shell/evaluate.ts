/**
 * Carries command lines out, in memory: nothing here starts a process of this computer.
 *
 * The stages of a pipeline run one after the other, each with the whole output of the one before it.
 */
import { GuestFileError } from '../files/file-error.ts';
import { type Expansion, ExpansionError, expandWord, expandWords } from './expansion.ts';
import {
  type Execution,
  Exit,
  forkedState,
  LoopControl,
  type ProgramCall,
  type Programs,
  resolved,
  type ShellState,
  type Streams,
  UsageError,
} from './state.ts';
import { collector, fileSink, nowhere, OutputLimit } from './streams.ts';
import {
  type Chain,
  type Command,
  type For,
  type If,
  type List,
  type Pipeline,
  type Redirect,
  ShellSyntaxError,
  type Simple,
  type While,
} from './syntax.ts';

export interface Language {
  /** Errors: `ShellSyntaxError`. */
  parse(text: string): List;
  /** What a shell does itself. */
  readonly builtins: Programs;
  /** Runs a program that is no builtin; resolves to its exit status. */
  runFile(call: ProgramCall, argv: readonly string[]): Promise<number>;
  /** A name for nothing to read, and nobody who listens, in any folder. */
  isNothing?(target: string): boolean;
  readonly says: Messages;
}

/** How it says what went wrong; each with the end of its line. */
export interface Messages {
  syntax(shell: string, reason: string): string;
  redirection(shell: string, verb: 'open' | 'create', target: string, error: GuestFileError): string;
  file(program: string, error: GuestFileError): string;
}

/** A shell's way to run command lines. */
export interface Shell {
  /** Reads and runs a whole command line; resolves to its exit status. Errors: `Killed`. */
  run(text: string, state: ShellState, streams: Streams): Promise<number>;
  runProgram(argv: readonly string[], state: ShellState, streams: Streams): Promise<number>;
}

const MAX_SHELLS = 20;
const SYNTAX_ERROR = 2;
const BROKEN_PIPE = 141;

export function createShell(language: Language, execution: Execution): Shell {
  const { files } = execution;

  const list = async ({ items }: List, state: ShellState, streams: Streams): Promise<number> => {
    for (const { chain, background } of items) {
      if (background) {
        state.status = 0;
        void runChain(chain, forkedState(state), streams).catch(() => {});
      } else {
        state.status = await runChain(chain, state, streams);
      }
    }
    return state.status;
  };

  const runChain = async ({ first, rest }: Chain, state: ShellState, streams: Streams): Promise<number> => {
    state.status = await pipeline(first, state, streams);
    for (const { operator, pipeline: next } of rest) {
      if ((operator === '&&') === (state.status === 0)) state.status = await pipeline(next, state, streams);
    }
    return state.status;
  };

  const pipeline = async ({ negated, stages }: Pipeline, state: ShellState, streams: Streams): Promise<number> => {
    let { stdin } = streams;
    let status = 0;
    for (const [index, stage] of stages.entries()) {
      if (index === stages.length - 1) {
        const own = stages.length === 1 ? state : forkedState(state);
        status = await inside(stages.length > 1, () => command(stage, own, { ...streams, stdin }));
        break;
      }
      const out = collector();
      const input = stdin;
      await inside(true, () => command(stage, forkedState(state), { ...streams, stdin: input, out }));
      stdin = out.bytes();
    }
    return negated ? Number(status === 0) : status;
  };

  /** A shell of its own ends where it is left. */
  const inside = async (own: boolean, run: () => Promise<number>): Promise<number> => {
    try {
      return await run();
    } catch (error) {
      if (error instanceof OutputLimit) return BROKEN_PIPE;
      if (own && error instanceof Exit) return error.status;
      if (own && error instanceof LoopControl) return 0;
      throw error;
    }
  };

  const command = async (given: Command, state: ShellState, streams: Streams): Promise<number> => {
    await execution.step();
    try {
      return await runCommand(given, state, streams);
    } catch (error) {
      if (!(error instanceof ExpansionError)) throw error;
      streams.err.write(`${state.name}: ${error.message}\n`);
      return SYNTAX_ERROR;
    }
  };

  const runCommand = async (given: Command, state: ShellState, streams: Streams): Promise<number> => {
    if (given.kind === 'simple') return simple(given, state, streams);
    const redirected = await redirect(given.redirects, state, streams);
    if (!redirected) return 1;
    switch (given.kind) {
      case 'group':
        if (!given.subshell) return list(given.body, state, redirected);
        return inside(true, () => list(given.body, forkedState(state), redirected));
      case 'if':
        return runIf(given, state, redirected);
      case 'for':
        return runFor(given, state, redirected);
      case 'while':
        return runWhile(given, state, redirected);
    }
  };

  const runIf = async ({ branches, otherwise }: If, state: ShellState, streams: Streams): Promise<number> => {
    for (const { condition, body } of branches) {
      if ((await list(condition, state, streams)) === 0) return list(body, state, streams);
    }
    return otherwise ? list(otherwise, state, streams) : 0;
  };

  const runFor = async ({ name, words, body }: For, state: ShellState, streams: Streams): Promise<number> => {
    const values = words ? await expandWords(words, expansion(state, streams)) : state.positional;
    let status = 0;
    for (const value of values) {
      state.variables.set(name, value);
      const round = await loopRound(() => list(body, state, streams));
      if (round === 'break') break;
      status = round;
    }
    return status;
  };

  const runWhile = async (loop: While, state: ShellState, streams: Streams): Promise<number> => {
    let status = 0;
    while (((await list(loop.condition, state, streams)) === 0) !== loop.until) {
      await execution.step();
      const round = await loopRound(() => list(loop.body, state, streams));
      if (round === 'break') break;
      status = round;
    }
    return status;
  };

  const loopRound = async (run: () => Promise<number>): Promise<number | 'break'> => {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof LoopControl)) throw error;
      return error.kind === 'break' ? 'break' : 0;
    }
  };

  const simple = async ({ assignments, words, redirects }: Simple, state: ShellState, streams: Streams) => {
    const substituted = { status: 0 };
    const own = expansion(state, streams, substituted);
    const argv = await expandWords(words, own);
    const values: [string, string][] = [];
    for (const { name, value } of assignments) values.push([name, await expandWord(value, own)]);
    const redirected = await redirect(redirects, state, streams);
    if (!redirected) return 1;
    if (argv.length === 0) {
      for (const [name, value] of values) state.variables.set(name, value);
      return substituted.status;
    }
    if (values.length === 0) return runProgram(argv, state, redirected);
    // Set for this program alone.
    const alone = forkedState(state);
    for (const [name, value] of values) {
      alone.variables.set(name, value);
      alone.exported.add(name);
    }
    return runProgram(argv, alone, redirected);
  };

  const expansion = (state: ShellState, { err, stdin }: Streams, substituted = { status: 0 }): Expansion => ({
    state,
    files,
    pid: execution.pid,
    substitute: async (body) => {
      const out = collector();
      const own = forkedState(state, { depth: state.depth + 1 });
      if (own.depth > MAX_SHELLS) throw new ExpansionError('too many shells within each other');
      substituted.status = await inside(true, () => list(body, own, { stdin, out, err }));
      return out.bytes().toString().replaceAll('\0', '');
    },
  });

  /** The streams as the redirections have them; undefined where one fails, which was said. */
  const redirect = async (
    redirects: readonly Redirect[],
    state: ShellState,
    streams: Streams,
  ): Promise<Streams | undefined> => {
    let { stdin, out, err } = streams;
    for (const each of redirects) {
      if (each.kind === 'duplicate') {
        if (each.from === 1 && each.to === 2) out = err;
        if (each.from === 2 && each.to === 1) err = out;
        continue;
      }
      const target = await expandWord(each.target, expansion(state, streams));
      const path = resolved(state, target, files);
      try {
        const nothing = language.isNothing?.(target) === true;
        if (each.mode === 'read') stdin = nothing ? Buffer.alloc(0) : files.read(path);
        else if (nothing && each.from === 2) err = nowhere();
        else if (nothing) out = nowhere();
        else if (each.from === 2) err = fileSink(files, path, each.mode === 'append');
        else out = fileSink(files, path, each.mode === 'append');
      } catch (error) {
        if (!(error instanceof GuestFileError)) throw error;
        err.write(language.says.redirection(state.name, each.mode === 'read' ? 'open' : 'create', target, error));
        return undefined;
      }
    }
    return { stdin, out, err };
  };

  const runProgram = async (argv: readonly string[], state: ShellState, streams: Streams): Promise<number> => {
    const [name = '', ...args] = argv;
    const call: ProgramCall = { ...streams, args, name, state, execution, run: runProgram, script: run };
    const builtin = Object.hasOwn(language.builtins, name) ? language.builtins[name] : undefined;
    try {
      return builtin ? ((await builtin(call)) ?? 0) : await language.runFile(call, argv);
    } catch (error) {
      if (error instanceof UsageError) {
        streams.err.write(`${name}: ${error.message}\n`);
        return error.status;
      }
      if (!(error instanceof GuestFileError)) throw error;
      streams.err.write(language.says.file(name, error));
      return 1;
    }
  };

  const run = async (text: string, state: ShellState, streams: Streams): Promise<number> => {
    if (state.depth > MAX_SHELLS) {
      streams.err.write(`${state.name}: too many shells within each other\n`);
      return SYNTAX_ERROR;
    }
    let parsed: List;
    try {
      parsed = language.parse(text);
    } catch (error) {
      if (!(error instanceof ShellSyntaxError)) throw error;
      streams.err.write(language.says.syntax(state.name, error.message));
      return SYNTAX_ERROR;
    }
    return inside(true, () => list(parsed, state, streams));
  };

  return { run, runProgram };
}
