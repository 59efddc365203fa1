/** Finds the file that a name means and runs what it is: a program of the guest, or a script. */
import type { FileStatus } from '../files/file-system.ts';
import { baseName } from '../files/path-style.ts';
import { forkedState, type ProgramCall, type Programs } from '../shell/state.ts';
import { pathOf } from './options.ts';

const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;
const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin';
/** What a script says that it is to be read by. */
const INTERPRETER = /^#![ \t]*(\S+)[ \t]*([^\n]*)/;

/** The path of the program that a name means; undefined where there is none. */
export function lookUp(call: Pick<ProgramCall, 'state' | 'execution'>, name: string): string | undefined {
  const { files } = call.execution;
  if (name === '') return undefined;
  if (name.includes('/')) return files.find(pathOf(call, name)) ? name : undefined;
  for (const folder of (call.state.variables.get('PATH') ?? DEFAULT_PATH).split(':').slice(0, 50)) {
    const path = files.style.join(pathOf(call, folder || '.'), name);
    if (files.find(path)?.kind === 'file' && files.may(path, 'execute')) return path;
  }
  return undefined;
}

/** @param programs what the programs of the guest do, by their names */
export function runFile(programs: Programs): (call: ProgramCall, argv: readonly string[]) => Promise<number> {
  return async (call, [name = '', ...args]) => {
    const { files } = call.execution;
    const { name: shell } = call.state;
    const found = lookUp(call, name);
    if (found === undefined) {
      call.err.write(`${shell}: ${shown(name)}: not found\n`);
      return NOT_FOUND;
    }
    const path = pathOf(call, found);
    const status: FileStatus = files.stat(path);
    if (status.kind !== 'file' || !files.may(path, 'execute')) {
      call.err.write(`${shell}: ${shown(name)}: Permission denied\n`);
      return NOT_EXECUTABLE;
    }
    if (status.program !== undefined) {
      const program = Object.hasOwn(programs, status.program) ? programs[status.program] : undefined;
      return (await program?.(call)) ?? 0;
    }
    // A script: it is read, so it has to be readable.
    const text = files.read(path).toString();
    const [, interpreter, argument] = INTERPRETER.exec(text.slice(0, 512)) ?? [];
    const own = forkedState(call.state, { depth: call.state.depth + 1 });
    if (interpreter !== undefined) {
      return call.run([interpreter, ...(argument ? [argument] : []), found, ...args], own, call);
    }
    return call.script(text, { ...own, name: baseName(found, files.style), positional: args }, call);
  };
}

function shown(name: string): string {
  return name.length > 200 ? `${name.slice(0, 200)}…` : name;
}
