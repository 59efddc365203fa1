/** What Windows' command line does, and the few programs that the lab's Windows has. */
import { BadPattern, matching } from '../bounded-regexp.ts';
import { GuestFileError } from '../files/file-error.ts';
import { baseName } from '../files/path-style.ts';
import { Exit, environmentOf, Killed, type ProgramCall, type Programs, UsageError } from '../shell/state.ts';
import { changeFolder } from './builtins.ts';
import { linesOf, pathOf } from './options.ts';

const END = '\r\n';
const NOT_FOUND = 'The system cannot find the file specified.';

/** The line as it was given, after the program's name. */
function rest({ args }: ProgramCall): string {
  return args.join(' ');
}

/** Arguments without their quotes; `/x` are switches. */
function split(call: ProgramCall): { operands: string[]; switches: ReadonlySet<string> } {
  const words = [...rest(call).matchAll(/(?:"[^"]*"|[^\s"])+/g)].map(([word]) => word.replaceAll('"', ''));
  const isSwitch = (word: string) => /^\/[a-z?]/i.test(word);
  return {
    operands: words.filter((word) => !isSwitch(word)),
    switches: new Set(words.filter(isSwitch).map((word) => word.slice(1).toLowerCase())),
  };
}

export function windowsSentence({ code }: GuestFileError): string {
  switch (code) {
    case 'EACCES':
    case 'EPERM':
    case 'EISDIR':
      return 'Access is denied.';
    case 'EEXIST':
      return 'A subdirectory or file already exists.';
    case 'ENOTEMPTY':
      return 'The directory is not empty.';
    case 'ENOTDIR':
      return 'The directory name is invalid.';
    case 'EINVAL':
      return 'The filename, directory name, or volume label syntax is incorrect.';
    case 'ENOSPC':
    case 'EFBIG':
      return 'There is not enough space on the disk.';
    default:
      return NOT_FOUND;
  }
}

/** Does it for each operand; what goes wrong is said. */
function each(call: ProgramCall, act: (path: string) => void): number {
  const { operands } = split(call);
  if (operands.length === 0) throw new UsageError('The syntax of the command is incorrect.');
  let failed = 0;
  for (const operand of operands) {
    try {
      act(pathOf(call, operand));
    } catch (error) {
      if (!(error instanceof GuestFileError)) throw error;
      call.err.write(`${windowsSentence(error)}${END}`);
      failed = 1;
    }
  }
  return failed;
}

function cd(call: ProgramCall): number {
  const to = rest(call).replaceAll('"', '').replace(/\/d/i, '').trim();
  if (to === '') call.out.write(`${call.state.cwd}${END}`);
  else changeFolder(call, to);
  return 0;
}

function mkdir(call: ProgramCall): number {
  return each(call, (path) => call.execution.files.makeFolder(path, { parents: true }));
}

function rmdir(call: ProgramCall): number {
  const recursive = split(call).switches.has('s');
  return each(call, (path) => call.execution.files.removeFolder(path, { recursive }));
}

function del(call: ProgramCall): number {
  return each(call, (path) => call.execution.files.remove(path));
}

function twoPaths(call: ProgramCall): readonly [from: string, to: string] {
  const [from, to] = split(call).operands;
  if (from === undefined || to === undefined) throw new UsageError('The syntax of the command is incorrect.');
  const { files } = call.execution;
  const target = pathOf(call, to);
  const into = files.find(target)?.kind === 'directory';
  return [pathOf(call, from), into ? files.style.join(target, baseName(from, files.style)) : target];
}

/** The inner command line of `cmd.exe /c "…"`. */
function cmd(call: ProgramCall): number | Promise<number> {
  const [, text] = /^\s*(?:\/[a-bd-z](?::\w+)?\s+)*\/c\s*(.*)$/is.exec(rest(call)) ?? [];
  if (text === undefined) return 0;
  // cmd.exe takes the outer pair of quotes away where the line begins with one.
  const inner = /^".*"\s*$/s.test(text) ? text.replace(/^"(.*)"\s*$/s, '$1') : text;
  return call.script(inner, { ...call.state, depth: call.state.depth + 1 }, call);
}

export const cmdBuiltins: Programs = {
  cd,
  chdir: cd,
  mkdir,
  md: mkdir,
  rmdir,
  rd: rmdir,
  del,
  erase: del,
  rem: () => 0,
  cls: () => 0,
  echo(call) {
    const text = rest(call);
    // What is run is shown in no case.
    if (/^\s*(on|off)\s*$/i.test(text)) return 0;
    if (text.trim() === '') call.out.write(`ECHO is on.${END}`);
    else call.out.write(`${text}${END}`);
    return 0;
  },
  'echo.': ({ out, args }) => {
    out.write(`${args.join(' ')}${END}`);
    return 0;
  },
  type: (call) => each(call, (path) => call.out.write(call.execution.files.read(path))),
  ver({ out }) {
    out.write(`${END}Microsoft Windows [Version 10.0.20348.2849]${END}`);
    return 0;
  },
  set(call) {
    const { state, out } = call;
    const [name = '', ...value] = rest(call)
      .replace(/^"(.*)"$/, '$1')
      .split('=');
    if (value.length > 0) {
      state.variables.set(name.toUpperCase(), value.join('='));
      state.exported.add(name.toUpperCase());
      return 0;
    }
    const shown = environmentOf(state).filter(([each]) => each.startsWith(name.trim().toUpperCase()));
    for (const [each, text] of shown.sort()) out.write(`${each}=${text}${END}`);
    return Number(shown.length === 0);
  },
  dir(call) {
    const { operands, switches } = split(call);
    const folder = operands[0] ?? '.';
    const entries = call.execution.files.list(pathOf(call, folder));
    if (!switches.has('b')) call.out.write(` Directory of ${operands[0] ?? call.state.cwd}${END}${END}`);
    for (const { name, kind, size, modified } of entries) {
      const time = new Date(modified).toISOString().slice(0, 16).replace('T', '  ');
      const what = kind === 'directory' ? '<DIR>         ' : String(size).padStart(14);
      call.out.write(switches.has('b') ? `${name}${END}` : `${time}    ${what} ${name}${END}`);
    }
    return 0;
  },
  copy(call) {
    const [from, to] = twoPaths(call);
    call.execution.files.write(to, call.execution.files.read(from));
    call.out.write(`        1 file(s) copied.${END}`);
    return 0;
  },
  move(call) {
    const [from, to] = twoPaths(call);
    call.execution.files.move(from, to);
    call.out.write(`        1 file(s) moved.${END}`);
    return 0;
  },
  exit(call) {
    const [, status = '0'] = /^\s*(?:\/b)?\s*(-?\d{1,10})?/i.exec(rest(call)) ?? [];
    throw new Exit(Number(status));
  },
};

export const windowsPrograms: Programs = {
  cmd,
  whoami({ execution, out }) {
    out.write(`${execution.machine.hardware().hostName.split('.')[0]}\\${execution.user.name}${END}`.toLowerCase());
    return 0;
  },
  hostname({ execution, out }) {
    out.write(`${execution.machine.hardware().hostName.split('.')[0]}${END}`);
    return 0;
  },
  chcp({ out, args }) {
    out.write(`Active code page: ${args.join(' ').trim() || '437'}${END}`);
    return 0;
  },
  async timeout(call) {
    const [seconds = ''] = split(call).operands;
    if (!/^\d{1,5}$/.test(seconds)) throw new UsageError('ERROR: Invalid value for timeout specified.');
    await call.execution.sleep(Number(seconds) * 1000);
    return 0;
  },
  /** A second a packet, as those who wait by it count on. */
  async ping(call) {
    const count = Math.min(Number(/-n\s+(\d{1,5})/i.exec(rest(call))?.[1] ?? 4), 10_000);
    await call.execution.sleep(Math.max(0, count - 1) * 1000);
    call.out.write(`Packets: Sent = ${count}, Received = ${count}, Lost = 0 (0% loss)${END}`);
    return 0;
  },
  findstr(call) {
    const { operands, switches } = split(call);
    const [pattern = '', file] = operands;
    const bytes = file === undefined ? call.stdin : call.execution.files.read(pathOf(call, file));
    const lines = linesOf(bytes).map((line) => line.replace(/\r$/, ''));
    try {
      const source = pattern.replace(/[+?()[\]{}|\\/]/g, '\\$&');
      const found = matching(source, switches.has('i') ? 'i' : '', lines);
      const kept = lines.filter((_, index) => found[index]);
      for (const line of kept) call.out.write(`${line}${END}`);
      return Number(kept.length === 0);
    } catch (error) {
      if (error instanceof BadPattern && error.tookTooLong) throw new Killed();
      if (error instanceof BadPattern) throw new UsageError('FINDSTR: Bad search string');
      throw error;
    }
  },
};
