/** What a shell does itself, as it changes the shell: cd, export, exit … */
import { GuestFileError } from '../files/file-error.ts';
import type { PathStyle } from '../files/path-style.ts';
import { Exit, forkedState, LoopControl, type ProgramCall, type Programs, UsageError } from '../shell/state.ts';
import { pathOf } from './options.ts';
import { printfPrograms, unescapeText } from './printf.ts';
import { lookUp } from './run-file.ts';
import { testPrograms } from './test.ts';

/** `/a/../b/.` is `/b`. */
function normalized(path: string, { segments, separator }: PathStyle): string {
  const kept: string[] = [];
  for (const segment of segments(path)) {
    if (segment === '..') {
      if (kept.length > (separator === '\\' ? 1 : 0)) kept.pop();
    } else if (segment !== '.') {
      kept.push(segment);
    }
  }
  if (separator === '/') return `/${kept.join('/')}`;
  return kept.length === 1 ? `${kept[0]}\\` : kept.join('\\');
}

/** Errors: `GuestFileError`. */
export function changeFolder(call: ProgramCall, to: string): void {
  const { files } = call.execution;
  const path = normalized(pathOf(call, to), files.style);
  if (files.stat(path).kind !== 'directory') throw new GuestFileError('ENOTDIR', to);
  if (!files.may(path, 'execute')) throw new GuestFileError('EACCES', to);
  call.state.variables.set('OLDPWD', call.state.cwd);
  call.state.cwd = path;
  call.state.variables.set('PWD', path);
}

function status(call: ProgramCall): number {
  const [given] = call.args;
  if (given === undefined) return call.state.status;
  if (!/^\d{1,9}$/.test(given)) throw new Exit(2);
  return Number(given) & 0xff;
}

export const builtins: Programs = {
  ...printfPrograms,
  ...testPrograms,
  ':': () => 0,
  true: () => 0,
  false: () => 1,
  echo({ args, out }) {
    const flags = args.findIndex((arg) => !/^-[neE]+$/.test(arg));
    const count = flags === -1 ? args.length : flags;
    const options = args.slice(0, count).join('');
    const text = args.slice(count).join(' ');
    out.write(`${options.includes('e') ? unescapeText(text) : text}${options.includes('n') ? '' : '\n'}`);
    return 0;
  },
  pwd({ state, out }) {
    out.write(`${state.cwd}\n`);
    return 0;
  },
  cd(call) {
    const to =
      call.args[0] === '-' ? call.state.variables.get('OLDPWD') : (call.args[0] ?? call.state.variables.get('HOME'));
    if (to === undefined || to === '') throw new UsageError('HOME not set');
    try {
      changeFolder(call, to);
    } catch (error) {
      if (!(error instanceof GuestFileError)) throw error;
      throw new UsageError(`can't cd to ${to}: ${error.message}`, 2);
    }
    return 0;
  },
  export({ args, state }) {
    for (const arg of args) {
      const [name = '', ...value] = arg.split('=');
      if (!/^[A-Za-z_]\w*$/.test(name)) throw new UsageError(`${name.slice(0, 40)}: bad variable name`, 2);
      if (arg.includes('=')) state.variables.set(name, value.join('='));
      state.exported.add(name);
    }
    return 0;
  },
  unset({ args, state }) {
    for (const name of args) {
      state.variables.delete(name);
      state.exported.delete(name);
    }
    return 0;
  },
  /** Its options change nothing here: a script that begins by `set -eu` runs all the same. */
  set(call) {
    const at = call.args.indexOf('--');
    if (at >= 0) call.state.positional = call.args.slice(at + 1);
    return 0;
  },
  shift({ args, state }) {
    state.positional = state.positional.slice(Number(args[0] ?? 1));
    return 0;
  },
  exit(call) {
    throw new Exit(status(call));
  },
  break() {
    throw new LoopControl('break');
  },
  continue() {
    throw new LoopControl('continue');
  },
  wait: () => 0,
  umask({ out, args }) {
    if (args.length === 0) out.write('0022\n');
    return 0;
  },
  eval: (call) => call.script(call.args.join(' '), call.state, call),
  exec(call) {
    if (call.args.length === 0) return 0;
    return call.run(call.args, forkedState(call.state), call).then((code) => {
      throw new Exit(code);
    });
  },
  command(call) {
    const [flag, name] = call.args;
    if (flag !== '-v') return call.run(call.args, call.state, call);
    const found = Object.hasOwn(builtins, name ?? '') ? name : lookUp(call, name ?? '');
    if (found === undefined) return 127;
    call.out.write(`${found}\n`);
    return 0;
  },
  async '.'(call) {
    const [path = ''] = call.args;
    const text = call.execution.files.read(pathOf(call, path)).toString();
    return call.script(text, call.state, call);
  },
};
