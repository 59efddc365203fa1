/** mkdir, rmdir, rm, touch, cp, mv, ln, chmod, chown, mktemp, basename, dirname, readlink. */
import { GuestFileError } from '../files/file-error.ts';
import { baseName, folderOf } from '../files/path-style.ts';
import type { ProgramCall, Programs } from '../shell/state.ts';
import { UsageError } from '../shell/state.ts';
import { eachOperand, optionsOf, pathOf } from './options.ts';

const MODE = /^[0-7]{1,4}$/;

function needed(operands: readonly string[], count = 1): readonly string[] {
  if (operands.length < count) throw new UsageError('missing operand');
  return operands;
}

/** Into a folder under its own name, otherwise as what is named. */
function targetOf(call: ProgramCall, from: string, to: string): string {
  const { files } = call.execution;
  const path = pathOf(call, to);
  return files.find(path)?.kind === 'directory' ? files.style.join(path, baseName(from, files.style)) : path;
}

function copy(call: ProgramCall, from: string, to: string, recursive: boolean): void {
  const { files } = call.execution;
  const status = files.stat(from);
  if (status.kind !== 'directory') {
    files.write(to, files.read(from), { mode: status.mode });
    return;
  }
  if (!recursive) throw new GuestFileError('EISDIR', from);
  const { style } = files;
  if (to === from || to.startsWith(style.join(from, ''))) throw new GuestFileError('EINVAL', to);
  if (!files.find(to)) files.makeFolder(to, { mode: status.mode });
  for (const { name } of files.list(from)) copy(call, style.join(from, name), style.join(to, name), true);
}

export const filePrograms: Programs = {
  mkdir(call) {
    const { has, value, operands } = optionsOf(call, 'pv', 'm');
    const { files } = call.execution;
    const mode = Number.parseInt(value('m') ?? '755', 8);
    return Number(
      eachOperand(call, needed(operands), (path) => {
        const at = pathOf(call, path);
        if (has('p') && files.find(at)?.kind === 'directory') return;
        files.makeFolder(at, { parents: has('p'), mode });
      }),
    );
  },
  rmdir(call) {
    const { operands } = optionsOf(call, 'p');
    return Number(eachOperand(call, needed(operands), (path) => call.execution.files.removeFolder(pathOf(call, path))));
  },
  rm(call) {
    const { has, operands } = optionsOf(call, 'rRfvd');
    const { files } = call.execution;
    const recursive = has('r') || has('R');
    if (!has('f')) needed(operands);
    return Number(
      eachOperand(call, operands, (path) => {
        const at = pathOf(call, path);
        const found = files.find(at, { follow: false });
        if (!found && has('f')) return;
        if (found?.kind === 'directory' && recursive) files.removeFolder(at, { recursive });
        else files.remove(at);
      }),
    );
  },
  touch(call) {
    const { has, operands } = optionsOf(call, 'acm');
    const { files, machine } = call.execution;
    const now = machine.clock.now();
    return Number(
      eachOperand(call, needed(operands), (path) => {
        const at = pathOf(call, path);
        if (files.find(at)) files.change(at, { modified: now, accessed: now });
        else if (!has('c')) files.write(at, Buffer.alloc(0));
      }),
    );
  },
  cp(call) {
    const { has, operands } = optionsOf(call, 'rRapfv');
    const sources = needed(operands, 2).slice(0, -1);
    const recursive = has('r') || has('R') || has('a');
    return Number(
      eachOperand(call, sources, (from) => {
        copy(call, pathOf(call, from), targetOf(call, from, operands.at(-1)!), recursive);
      }),
    );
  },
  mv(call) {
    const { operands } = optionsOf(call, 'fvn');
    const sources = needed(operands, 2).slice(0, -1);
    return Number(
      eachOperand(call, sources, (from) => {
        call.execution.files.move(pathOf(call, from), targetOf(call, from, operands.at(-1)!));
      }),
    );
  },
  ln(call) {
    const { has, operands } = optionsOf(call, 'sf');
    const [target = '', path = ''] = needed(operands, 2);
    if (!has('s')) throw new UsageError('hard links are not supported');
    call.execution.files.makeLink(targetOf(call, target, path), target);
    return 0;
  },
  chmod(call) {
    const { operands } = optionsOf(call, 'fv');
    const [mode = '', ...paths] = needed(operands, 2);
    const { files } = call.execution;
    return Number(
      eachOperand(call, paths, (path) => {
        const at = pathOf(call, path);
        files.change(at, { mode: newMode(mode, files.stat(at).mode) });
      }),
    );
  },
  chown(call) {
    const { operands } = optionsOf(call, 'fv');
    const [owner = '', ...paths] = needed(operands, 2);
    const { users } = call.execution.machine;
    const [name = '', group] = owner.split(':');
    const idOf = (text: string) =>
      users.find((user) => user.name === text)?.uid ?? (/^\d{1,9}$/.test(text) ? Number(text) : -1);
    const uid = idOf(name);
    const gid = group === undefined ? undefined : idOf(group);
    if (uid < 0 || (gid ?? 0) < 0) throw new UsageError(`invalid user: '${owner.slice(0, 80)}'`);
    return Number(
      eachOperand(call, paths, (path) => {
        call.execution.files.change(pathOf(call, path), { uid, ...(gid !== undefined && { gid }) });
      }),
    );
  },
  mktemp(call) {
    const { has } = optionsOf(call, 'd');
    const { files } = call.execution;
    let number = 1;
    const path = () => `/tmp/tmp.lab${String(number).padStart(6, '0')}`;
    while (files.find(path())) number++;
    if (has('d')) files.makeFolder(path(), { mode: 0o700 });
    else files.write(path(), Buffer.alloc(0), { mode: 0o600 });
    call.out.write(`${path()}\n`);
    return 0;
  },
  basename(call) {
    const [path = '', suffix = ''] = needed(call.args);
    const name = baseName(path, call.execution.files.style);
    call.out.write(`${name !== suffix && name.endsWith(suffix) ? name.slice(0, name.length - suffix.length) : name}\n`);
    return 0;
  },
  dirname(call) {
    const [path = ''] = needed(call.args);
    call.out.write(`${path.includes('/') ? folderOf(path, call.execution.files.style) : '.'}\n`);
    return 0;
  },
  readlink(call) {
    const { operands } = optionsOf(call, 'fn');
    const [path = ''] = needed(operands);
    const target = call.execution.files.find(pathOf(call, path), { follow: false })?.target;
    if (target === undefined) return 1;
    call.out.write(`${target}\n`);
    return 0;
  },
};

/** `755`, `+x`, `u+rw,go-w`. */
function newMode(text: string, before: number): number {
  if (MODE.test(text)) return Number.parseInt(text, 8);
  let mode = before;
  for (const clause of text.split(',')) {
    const [, who = '', operator, permissions = ''] = /^([ugoa]*)([-+=])([rwx]*)$/.exec(clause) ?? [];
    if (operator === undefined) throw new UsageError(`invalid mode: '${text.slice(0, 40)}'`);
    const bits = [...permissions].reduce((sum, letter) => sum | { r: 4, w: 2, x: 1 }[letter as 'r' | 'w' | 'x'], 0);
    const classes = who === '' || who.includes('a') ? 'ugo' : who;
    for (const each of classes) {
      const shift = { u: 6, g: 3, o: 0 }[each as 'u' | 'g' | 'o'];
      if (operator === '=') mode &= ~(7 << shift);
      mode = operator === '-' ? mode & ~(bits << shift) : mode | (bits << shift);
    }
  }
  return mode;
}
