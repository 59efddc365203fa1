/** A small Windows: cmd.exe, a few programs, `C:\` with the folders that one looks for. */
import { createFileSystem, type FileSystem } from '../files/file-system.ts';
import { windowsPaths } from '../files/path-style.ts';
import type { GuestUser } from '../machine.ts';
import { cmdBuiltins, windowsPrograms, windowsSentence } from '../programs/cmd.ts';
import { pathOf } from '../programs/options.ts';
import { PERCENT_SIGN, parseCmd } from '../shell/cmd-parser.ts';
import type { Language } from '../shell/evaluate.ts';
import type { ProgramCall } from '../shell/state.ts';
import { GUEST_PASSWORD } from './linux.ts';
import type { GuestSystem, SystemOptions } from './system.ts';

const SYSTEM32 = 'C:\\Windows\\System32';

const USERS: readonly GuestUser[] = [
  {
    name: 'Administrator',
    uid: 500,
    gid: 513,
    superuser: true,
    password: GUEST_PASSWORD,
    fullName: 'Administrator',
    home: 'C:\\Users\\Administrator',
    shell: `${SYSTEM32}\\cmd.exe`,
  },
  {
    name: 'lab',
    uid: 1001,
    gid: 1001,
    superuser: false,
    password: GUEST_PASSWORD,
    fullName: 'Lab User',
    home: 'C:\\Users\\lab',
    shell: `${SYSTEM32}\\cmd.exe`,
  },
];

const FOLDERS = [
  SYSTEM32,
  `${SYSTEM32}\\drivers\\etc`,
  'C:\\Program Files\\VMware\\VMware Tools',
  'C:\\ProgramData',
  'C:\\Users\\Administrator',
];

const LANGUAGE: Language = {
  parse: parseCmd,
  builtins: cmdBuiltins,
  runFile,
  isNothing: (target) => target.toLowerCase() === 'nul',
  says: {
    syntax: (_, reason) => `${reason}\r\n`,
    redirection: (_, __, ___, error) =>
      `${error.code === 'ENOENT' ? 'The system cannot find the path specified.' : windowsSentence(error)}\r\n`,
    file: (_, error) => `${windowsSentence(error)}\r\n`,
  },
};

/** A name is looked for in the folder and on the path, with `.exe` behind it where that is left out. */
async function runFile(call: ProgramCall, [name = '']: readonly string[]): Promise<number> {
  const { files } = call.execution;
  const plain = name.replaceAll('"', '');
  const folders = /[\\/]/.test(plain) ? [''] : ['.', SYSTEM32];
  for (const folder of folders) {
    for (const ending of ['', '.exe', '.bat', '.cmd']) {
      const path = pathOf(call, folder === '' ? plain + ending : files.style.join(folder, plain + ending));
      const status = files.find(path);
      if (status?.kind !== 'file') continue;
      if (status.program !== undefined && Object.hasOwn(windowsPrograms, status.program)) {
        return (await windowsPrograms[status.program]?.(call)) ?? 0;
      }
      if (!/\.(bat|cmd)$/i.test(path)) continue;
      // In a file, a `%` that is meant is written twice.
      const text = files.read(path).toString().replaceAll('\r\n', '\n').replaceAll('%%', PERCENT_SIGN);
      return call.script(text, { ...call.state, depth: call.state.depth + 1 }, call);
    }
  }
  const shown = plain.slice(0, 200);
  call.err.write(
    `'${shown}' is not recognized as an internal or external command,\r\noperable program or batch file.\r\n`,
  );
  return 1;
}

export function createWindows(options: SystemOptions): GuestSystem {
  const fileSystem = createFileSystem({ style: windowsPaths, now: options.now });
  install(fileSystem);
  return {
    family: 'windows',
    fileSystem,
    users: USERS,
    language: LANGUAGE,
    defaultFolder: SYSTEM32,
    temporaryFolder: ({ home }) => `${home}\\AppData\\Local\\Temp`,
    environmentOf: ({ name, home }) =>
      new Map([
        ['COMPUTERNAME', (options.hardware().hostName.split('.')[0] ?? '').toUpperCase()],
        ['COMSPEC', `${SYSTEM32}\\cmd.exe`],
        ['OS', 'Windows_NT'],
        ['PATH', `${SYSTEM32};C:\\Windows`],
        ['SYSTEMROOT', 'C:\\Windows'],
        ['TEMP', `${home}\\AppData\\Local\\Temp`],
        ['TMP', `${home}\\AppData\\Local\\Temp`],
        ['USERNAME', name],
        ['USERPROFILE', home],
        ['WINDIR', 'C:\\Windows'],
      ]),
    shellName: 'cmd',
    start: (shell, { program, args, state, streams }) => shell.runProgram([program, args], state, streams),
    daemons: [
      { name: 'System', owner: 'NT AUTHORITY\\SYSTEM', cmdLine: '' },
      { name: 'services.exe', owner: 'NT AUTHORITY\\SYSTEM', cmdLine: `${SYSTEM32}\\services.exe` },
      { name: 'svchost.exe', owner: 'NT AUTHORITY\\SYSTEM', cmdLine: `${SYSTEM32}\\svchost.exe -k netsvcs` },
      {
        name: 'vmtoolsd.exe',
        owner: 'NT AUTHORITY\\SYSTEM',
        cmdLine: '"C:\\Program Files\\VMware\\VMware Tools\\vmtoolsd.exe"',
      },
    ],
  };
}

function install(fileSystem: FileSystem): void {
  const files = fileSystem.as({ uid: 500, gid: 513, superuser: true });
  for (const path of FOLDERS) files.makeFolder(path, { parents: true });
  files.makeFolder('C:\\Temp', { mode: 0o777 });
  for (const { uid, gid, home } of USERS) {
    for (const folder of ['', '\\AppData', '\\AppData\\Local', '\\AppData\\Local\\Temp', '\\Desktop']) {
      if (!files.find(home + folder)) files.makeFolder(home + folder);
      files.change(home + folder, { uid, gid });
    }
  }
  for (const program of Object.keys(windowsPrograms)) fileSystem.install(`${SYSTEM32}\\${program}.exe`, { program });
  fileSystem.install(`${SYSTEM32}\\drivers\\etc\\hosts`, { text: '127.0.0.1 localhost\r\n' });
  fileSystem.install('C:\\Windows\\win.ini', { text: '; for 16-bit app support\r\n[fonts]\r\n' });
}
