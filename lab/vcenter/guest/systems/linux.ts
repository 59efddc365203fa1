/** A small Linux: its users, folders, programs and the processes that it starts. */
import { createFileSystem, type FileSystem } from '../files/file-system.ts';
import { posixPaths } from '../files/path-style.ts';
import type { GuestUser, Hardware } from '../machine.ts';
import { builtins } from '../programs/builtins.ts';
import { datePrograms } from '../programs/date.ts';
import { filePrograms } from '../programs/files.ts';
import { grepPrograms } from '../programs/grep.ts';
import { listingPrograms } from '../programs/ls.ts';
import { printfPrograms } from '../programs/printf.ts';
import { runFile } from '../programs/run-file.ts';
import { systemPrograms } from '../programs/system.ts';
import { testPrograms } from '../programs/test.ts';
import { textPrograms } from '../programs/text.ts';
import type { Language } from '../shell/evaluate.ts';
import { parseShell } from '../shell/parser.ts';
import type { Programs } from '../shell/state.ts';
import type { GuestSystem, SystemOptions } from './system.ts';

export const GUEST_PASSWORD = 'lab-guest';

const USERS: readonly GuestUser[] = [
  {
    name: 'root',
    uid: 0,
    gid: 0,
    superuser: true,
    password: GUEST_PASSWORD,
    fullName: 'root',
    home: '/root',
    shell: '/bin/bash',
  },
  daemon('daemon', 1, '/usr/sbin'),
  daemon('syslog', 104, '/home/syslog'),
  daemon('sshd', 110, '/run/sshd'),
  daemon('nobody', 65534, '/nonexistent'),
  {
    name: 'lab',
    uid: 1000,
    gid: 1000,
    superuser: false,
    password: GUEST_PASSWORD,
    fullName: 'Lab User',
    home: '/home/lab',
    shell: '/bin/bash',
  },
];

function daemon(name: string, uid: number, home: string): GuestUser {
  return {
    name,
    uid,
    gid: uid,
    superuser: false,
    password: undefined,
    fullName: name,
    home,
    shell: '/usr/sbin/nologin',
  };
}

const PROGRAMS: Programs = {
  ...textPrograms,
  ...grepPrograms,
  ...printfPrograms,
  ...testPrograms,
  ...filePrograms,
  ...listingPrograms,
  ...datePrograms,
  ...systemPrograms,
  echo: builtins.echo!,
  pwd: builtins.pwd!,
};

const LANGUAGE: Language = {
  parse: parseShell,
  builtins,
  runFile: runFile(PROGRAMS),
  says: {
    syntax: (shell, reason) => `${shell}: Syntax error: ${reason}\n`,
    redirection: (shell, verb, target, { message }) => `${shell}: cannot ${verb} ${target}: ${message}\n`,
    file: (program, { path, message }) => `${program}: ${path === '' ? '' : `${path}: `}${message}\n`,
  },
};

const FOLDERS: readonly (readonly [path: string, mode: number])[] = [
  ['/usr', 0o755],
  ['/usr/bin', 0o755],
  ['/usr/sbin', 0o755],
  ['/usr/local', 0o755],
  ['/usr/local/bin', 0o755],
  ['/etc', 0o755],
  ['/dev', 0o755],
  ['/home', 0o755],
  ['/opt', 0o755],
  ['/root', 0o700],
  ['/srv', 0o755],
  ['/tmp', 0o1777],
  ['/var', 0o755],
  ['/var/log', 0o755],
  ['/var/tmp', 0o1777],
];

export function createLinux(options: SystemOptions): GuestSystem {
  const fileSystem = createFileSystem({ style: posixPaths, now: options.now });
  install(fileSystem, options.hardware());
  return {
    family: 'linux',
    fileSystem,
    users: USERS,
    language: LANGUAGE,
    defaultFolder: '/',
    temporaryFolder: () => '/tmp',
    environmentOf: ({ name, home, shell }) =>
      new Map([
        ['HOME', home],
        ['LANG', 'C.UTF-8'],
        ['LOGNAME', name],
        ['PATH', '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
        ['SHELL', shell],
        ['USER', name],
      ]),
    /** As the Tools have it started by a shell, which sees to redirections in the arguments. */
    start: (shell, { program, args, state, streams }) =>
      shell.run(`"${program.replace(/["\\$`]/g, '\\$&')}" ${args}`, state, streams),
    shellName: 'sh',
    daemons: [
      { name: 'systemd', owner: 'root', cmdLine: '/sbin/init' },
      { name: 'kthreadd', owner: 'root', cmdLine: '' },
      { name: 'systemd-journald', owner: 'root', cmdLine: '/lib/systemd/systemd-journald' },
      { name: 'VGAuthService', owner: 'root', cmdLine: '/usr/bin/VGAuthService' },
      { name: 'vmtoolsd', owner: 'root', cmdLine: '/usr/bin/vmtoolsd' },
      { name: 'cron', owner: 'root', cmdLine: '/usr/sbin/cron -f -P' },
      { name: 'rsyslogd', owner: 'syslog', cmdLine: '/usr/sbin/rsyslogd -n -iNONE' },
      { name: 'sshd', owner: 'root', cmdLine: 'sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups' },
    ],
  };
}

function install(fileSystem: FileSystem, { hostName, osName }: Hardware): void {
  const files = fileSystem.as({ uid: 0, gid: 0, superuser: true });
  for (const [path, mode] of FOLDERS) files.makeFolder(path, { mode });
  for (const [path, target] of [
    ['/bin', 'usr/bin'],
    ['/sbin', 'usr/sbin'],
  ] as const) {
    files.makeLink(path, target);
  }
  files.makeFolder('/home/lab', { mode: 0o750 });
  files.change('/home/lab', { uid: 1000, gid: 1000 });
  for (const name of [...Object.keys(PROGRAMS), 'bash']) {
    fileSystem.install(`/usr/bin/${name}`, { program: name === 'bash' ? 'sh' : name });
  }
  fileSystem.install('/dev/null', { device: true, mode: 0o666 });
  const passwd = USERS.map(({ name, uid, gid, fullName, home, shell }) =>
    [name, 'x', uid, gid, fullName, home, shell].join(':'),
  );
  const bash = { uid: 1000, gid: 1000 };
  fileSystem.install('/etc/passwd', { text: `${passwd.join('\n')}\n` });
  fileSystem.install('/etc/group', { text: USERS.map(({ name, gid }) => `${name}:x:${gid}:\n`).join('') });
  fileSystem.install('/etc/shadow', {
    text: USERS.map(({ name }) => `${name}:*:20000:0:99999:7:::\n`).join(''),
    mode: 0o640,
  });
  fileSystem.install('/etc/hostname', { text: `${hostName}\n` });
  fileSystem.install('/etc/hosts', { text: `127.0.0.1 localhost\n127.0.1.1 ${hostName}\n` });
  fileSystem.install('/etc/os-release', { text: `PRETTY_NAME="${osName}"\nNAME="${osName}"\nID=linux\n` });
  fileSystem.install('/etc/fstab', { text: '/dev/sda2 / ext4 defaults 0 1\n' });
  fileSystem.install('/etc/resolv.conf', { text: 'nameserver 10.0.0.2\nnameserver 10.0.0.3\n' });
  fileSystem.install('/var/log/syslog', { text: `${hostName} systemd[1]: Started Open VM Tools.\n`, mode: 0o640 });
  fileSystem.install('/root/.bashrc', { text: 'export PS1="# "\n' });
  fileSystem.install('/home/lab/.bashrc', { text: 'export PS1="$ "\n', ...bash });
  fileSystem.install('/home/lab/notes.txt', { text: 'Ask the platform team before a reboot.\n', ...bash });
}
