/** ls and stat: what files there are. */
import type { FileStatus } from '../files/file-system.ts';
import { type GuestMachine, userOf } from '../machine.ts';
import type { ProgramCall, Programs } from '../shell/state.ts';
import { eachOperand, optionsOf, pathOf } from './options.ts';

const TYPES = { file: '-', directory: 'd', symlink: 'l' } as const;

/** `-rw-r--r--` */
function modeText({ kind, mode }: Pick<FileStatus, 'kind' | 'mode'>): string {
  const bits = [...'rwxrwxrwx'].map((letter, index) => (mode & (0o400 >> index) ? letter : '-'));
  if (mode & 0o1000) bits[8] = bits[8] === 'x' ? 't' : 'T';
  return TYPES[kind] + bits.join('');
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function timeText(at: number): string {
  const time = new Date(at);
  const clock = time.toISOString().slice(11, 16);
  return `${MONTHS[time.getUTCMonth()]} ${String(time.getUTCDate()).padStart(2)} ${clock}`;
}

function sizeText(size: number, human: boolean): string {
  if (!human || size < 1024) return String(size);
  const power = size < 1024 ** 2 ? 1 : 2;
  return `${(size / 1024 ** power).toFixed(1)}${' KM'[power]}`;
}

function longLine(status: FileStatus, machine: GuestMachine, human: boolean): string {
  const owner = userOf(machine, status.uid)?.name ?? String(status.uid);
  const group = userOf(machine, status.gid)?.name ?? String(status.gid);
  const arrow = status.target === undefined ? '' : ` -> ${status.target}`;
  const size = sizeText(status.size, human).padStart(8);
  return `${modeText(status)} 1 ${owner} ${group} ${size} ${timeText(status.modified)} ${status.name}${arrow}`;
}

function byName(a: FileStatus, b: FileStatus): number {
  return a.name < b.name ? -1 : Number(a.name > b.name);
}

export const listingPrograms: Programs = {
  ls(call: ProgramCall) {
    const { has, operands } = optionsOf(call, 'laA1dhtr', '', 2);
    const { files, machine } = call.execution;
    const paths = operands.length > 0 ? operands : ['.'];
    const show = (entries: readonly FileStatus[]) => {
      for (const each of entries) call.out.write(`${has('l') ? longLine(each, machine, has('h')) : each.name}\n`);
    };
    const sorted = (entries: readonly FileStatus[]) => {
      const list = [...entries].sort(has('t') ? (a, b) => b.modified - a.modified : byName);
      return has('r') ? list.reverse() : list;
    };
    const failed = eachOperand(call, paths, (path) => {
      const at = pathOf(call, path);
      const status = files.stat(at, { follow: !has('l') || path.endsWith('/') });
      if (status.kind !== 'directory' || has('d')) {
        show([{ ...status, name: path }]);
        return;
      }
      const entries = sorted(files.list(at).filter(({ name }) => has('a') || has('A') || !name.startsWith('.')));
      const dots = has('a') ? ['.', '..'].map((name) => ({ ...status, name })) : [];
      if (paths.length > 1) call.out.write(`${path}:\n`);
      if (has('l')) call.out.write(`total ${4 * entries.length}\n`);
      show([...dots, ...entries]);
    });
    return failed ? 2 : 0;
  },
  stat(call: ProgramCall) {
    const { value, operands } = optionsOf(call, 'L', 'c');
    const format = value('c') ?? '  File: %n\n  Size: %s\tType: %F\nAccess: (%a/%A)  Uid: %u  Gid: %g\nModify: %Y';
    return Number(
      eachOperand(call, operands, (path) => {
        const status = call.execution.files.stat(pathOf(call, path), { follow: false });
        const { size, mode, uid, gid, modified, kind } = status;
        const values: Readonly<Record<string, string | number>> = {
          n: path,
          s: size,
          a: mode.toString(8),
          A: modeText(status),
          u: uid,
          g: gid,
          U: userOf(call.execution.machine, uid)?.name ?? 'UNKNOWN',
          Y: Math.floor(modified / 1000),
          F: kind === 'file' ? 'regular file' : kind === 'symlink' ? 'symbolic link' : 'directory',
        };
        call.out.write(`${format.replace(/%([a-zA-Z])/g, (whole, letter) => String(values[letter] ?? whole))}\n`);
      }),
    );
  },
};
