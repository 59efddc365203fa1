/** Programs and files inside VMs, on the lab's guests, read back past the gateway. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { GuestFiles } from '../../lab/vcenter/guest/files/file-system.ts';
import { GUEST_PASSWORD } from '../../lab/vcenter/guest/systems/linux.ts';
import { startVCenter, type VCenter } from '../../lab/vcenter/vcenter.ts';
import type { Vm } from '../../lab/vcenter/vm/subject.ts';
import { Secret } from '../../src/lib/secret.ts';
import { runGuestCommand } from '../../src/vsphere/guest-programs.ts';
import { startToolHarness, type ToolHarness, toolNamed } from '../support/tool-harness.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';

let vcenter: VCenter;
let harness: ToolHarness;
let linux: Inside;
let windows: Inside;

interface Inside {
  readonly vm: Vm;
  readonly files: GuestFiles;
  readonly login: { readonly name: string; readonly username: string; readonly password: string };
}

beforeAll(async () => {
  vcenter = await startVCenter();
  harness = await startToolHarness([{ vcsim: vcenter }]);
  linux = insideOf((vm) => vm.get('name') === 'web-01', 'root');
  windows = insideOf(
    (vm) => vm.get('guest')?.guestFamily === 'windowsGuest' && vm.get('guest')?.guestOperationsReady === true,
    'Administrator',
  );
});
afterAll(async () => {
  await harness?.close();
  await vcenter?.stop();
});

function vmWhere(holds: (vm: Vm) => boolean, { world } = vcenter): Vm {
  for (const vm of world.objects.all('VirtualMachine')) if (holds(vm)) return vm;
  throw new Error('the lab has no such VM');
}

function insideOf(holds: (vm: Vm) => boolean, username: string): Inside {
  const vm = vmWhere(holds);
  const guest = vcenter.world.guests.of(vm);
  const files = guest.filesOf(guest.logIn(username, GUEST_PASSWORD)!);
  return { vm, files, login: { name: vm.id, username, password: GUEST_PASSWORD } };
}

const run = (inside: Inside, command: string, more: object = {}) =>
  harness.run('run_command_in_guest', { ...inside.login, command, ...more });

function isRunning(name: string) {
  return ({ cmdLine, endTime }: { cmdLine: string; endTime?: number }) =>
    cmdLine.includes(name) && endTime === undefined;
}

function leftovers({ vm, files }: Inside): string[] {
  const guest = vcenter.world.guests.of(vm);
  const user = guest.system.users.find(({ superuser }) => superuser)!;
  return files
    .list(guest.system.temporaryFolder(user))
    .map(({ name }) => name)
    .filter((name) => name.startsWith('mcvsphere-'));
}

describe('a command in a Linux guest', () => {
  it('comes back with its exit code and both outputs, and leaves nothing behind', async () => {
    const result = await run(linux, 'echo out; echo err >&2; exit 3');
    expect(result).toMatchObject({
      vm: { name: 'web-01', id: linux.vm.id },
      completed: true,
      timeout: false,
      exit_code: 3,
      stdout: 'out\n',
      stderr: 'err\n',
      stdout_bytes: 4,
      truncated: false,
    });
    expect(leftovers(linux)).toEqual([]);
  });

  it('is followed by its arguments', async () => {
    expect(await run(linux, 'echo', { arguments: "'a  b' c" })).toMatchObject({ stdout: 'a  b c\n' });
  });

  it('runs where it is told to, and at home otherwise', async () => {
    linux.files.makeFolder("/tmp/it's $(here)");
    const there = { working_directory: "/tmp/it's $(here)" };
    expect(await run(linux, 'pwd', there)).toMatchObject({ stdout: "/tmp/it's $(here)\n" });
    expect(await run(linux, 'pwd')).toMatchObject({ stdout: '/root\n' });
  });

  it.each([
    ['quotes that are never closed', `echo 'out`],
    ['a bracket that closes nothing', 'echo out ) > /tmp/escaped'],
    ['braces that close nothing', 'echo out; } > /tmp/escaped'],
    ['the quote around the wrapper', `' > /tmp/escaped; echo '`],
    ['an end of line', 'echo out\n> /dev/null 2>&1'],
    ['a comment', 'echo out # '],
    ['a backslash at its end', 'echo out \\'],
    ['another shell', 'exec sh -c "echo out"'],
  ])('cannot leave its redirection by %s', async (_, command) => {
    const result = await run(linux, command);
    expect(result.completed).toBe(true);
    expect(`${result.stdout}${result.stderr}`).not.toBe('');
    expect(linux.files.find('/tmp/escaped')).toBeUndefined();
    expect(leftovers(linux)).toEqual([]);
  });

  it('gives the first 64 KiB of what says more, and its size', async () => {
    linux.files.write('/tmp/much', Buffer.alloc(200_000, 'a'));
    const result = await run(linux, 'cat /tmp/much; echo small >&2');
    expect(result).toMatchObject({ stdout_bytes: 200_000, stderr: 'small\n', truncated: true });
    expect(result.stdout).toBe('a'.repeat(65_536));
  });

  it('is ended at its timeout, with what it has said so far', async () => {
    const result = await run(linux, 'echo begun; sleep 600', { timeout_seconds: 1 });
    expect(result).toMatchObject({ completed: false, timeout: true, stdout: 'begun\n' });
    expect(result.exit_code).toBeUndefined();
    const processes = vcenter.world.guests.of(linux.vm).processes.list();
    expect(processes.find(({ pid }) => pid === result.pid)?.endTime).toBeDefined();
    expect(leftovers(linux)).toEqual([]);
  });

  it('only begins where nobody waits for it', async () => {
    const result = await run(linux, 'echo "it\'s" > /tmp/begun', { wait_for_completion: false });
    expect(result).toMatchObject({ completed: false, timeout: false });
    expect(result.stdout).toBeUndefined();
    await expect.poll(() => linux.files.find('/tmp/begun')?.size).toBe(5);
    const { processes } = await harness.run('list_guest_processes', linux.login);
    expect(processes).toContainEqual(expect.objectContaining({ pid: result.pid, exit_code: 0 }));
    expect(leftovers(linux)).toEqual([]);
  });

  it('says what the user of the guest may not do, by the exit code', async () => {
    const result = await harness.run('run_command_in_guest', {
      ...linux.login,
      username: 'lab',
      command: 'cat /etc/shadow',
    });
    expect(result).toMatchObject({ exit_code: 1, stderr: expect.stringContaining('/etc/shadow') });
  });

  it.each([
    ['it cannot be brought there', 'to', 'UNAVAILABLE'],
    ['its output cannot be fetched', 'from', 'RESULT_UNREAD'],
  ])('leaves nothing behind when %s', async (_, direction, code) => {
    const { transfers } = vcenter.world.guests;
    const { offer } = transfers;
    const refusing = vi
      .spyOn(transfers, 'offer')
      .mockImplementation((transfer) => (transfer.direction === direction ? 'id=0&token=none' : offer(transfer)));
    try {
      await expect(run(linux, 'echo lost')).rejects.toMatchObject({ code });
    } finally {
      refusing.mockRestore();
    }
    expect(leftovers(linux)).toEqual([]);
  });

  it('is ended and tidied up after when its call is over', async () => {
    const over = new AbortController();
    const vsphere = harness.aside.until(over.signal);
    const { username, password } = linux.login;
    const vm = await vsphere.inventory.find('VirtualMachine', linux.vm.id);
    const guest = await vsphere.guests.open(vm, { username, password: new Secret(password) });
    const command = { line: 'sleep 601' };
    const running = runGuestCommand(guest, command, {
      timeoutMs: 600_000,
      mostOutput: 1,
      onStarted: () => {},
      onWaiting: () => over.abort(),
    });
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' });
    const { processes } = vcenter.world.guests.of(linux.vm);
    await expect.poll(() => processes.list().filter(isRunning('./run'))).toEqual([]);
    await expect.poll(() => leftovers(linux), { timeout: 5_000 }).toEqual([]);
  });
});

describe('a command in a Windows guest', () => {
  it('comes back with its exit code and both outputs, and leaves nothing behind', async () => {
    const result = await run(windows, 'echo out& echo err 1>&2& exit 3');
    expect(result).toMatchObject({ completed: true, exit_code: 3 });
    expect(result.stdout.trim()).toBe('out');
    expect(result.stderr.trim()).toBe('err');
    expect(leftovers(windows)).toEqual([]);
  });

  it('runs where it is told to, and at home otherwise', async () => {
    windows.files.makeFolder('C:\\Temp\\100% & more');
    const there = { working_directory: 'C:\\Temp\\100% & more' };
    expect((await run(windows, 'cd', there)).stdout).toBe('C:\\Temp\\100% & more\r\n');
    expect((await run(windows, 'cd')).stdout).toBe('C:\\Users\\Administrator\r\n');
  });

  it('knows variables, and takes every other percent sign as it is', async () => {
    expect((await run(windows, 'echo %OS% is at 100% of 5%')).stdout).toBe('Windows_NT is at 100% of 5%\r\n');
  });

  it.each([
    ['a quote that is never closed', 'echo "out'],
    ['a bracket', 'echo out ) > C:\\Temp\\escaped & ('],
    ['a quote and a redirection', '" > C:\\Temp\\escaped & echo "'],
    ['an ampersand and an end of line', 'echo out &\r\necho more'],
    ['a caret at its end', 'echo out ^'],
  ])('cannot leave its redirection by %s', async (_, command) => {
    const result = await run(windows, command);
    expect(result.completed).toBe(true);
    expect(`${result.stdout}${result.stderr}`).not.toBe('');
    expect(leftovers(windows)).toEqual([]);
  });

  it('only begins where nobody waits for it, and is one line then', async () => {
    const unwaited = { wait_for_completion: false };
    await run(windows, 'echo "begun" > C:\\Temp\\begun', unwaited);
    await expect.poll(() => windows.files.find('C:\\Temp\\begun')?.size).toBeGreaterThan(5);
    await expect(run(windows, 'echo a\necho b', unwaited)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });
});

describe('what is refused before anything is done in a guest', () => {
  const command = { command: 'echo hello' };

  it.each([
    ['a VM that is off', 'app-03', 'INVALID_STATE', /poweredOff.*power_on/],
    ['a VM whose Tools do not run', 'web-05', 'INVALID_STATE', /VMware Tools are not running/],
  ] as const)('%s', async (_, name, code, says) => {
    const vm = vmWhere((each) => each.get('name') === name);
    await expect(
      harness.run('run_command_in_guest', { ...linux.login, name: vm.id, ...command }),
    ).rejects.toMatchObject({ code, message: expect.stringMatching(says) });
  });

  it.each([
    ['a wrong password', { password: 'wrong' }, 'PERMISSION_DENIED', /guest refused the user name or password/],
    ['a directory that is not there', { working_directory: '/no/such' }, 'NOT_FOUND', /no\/such/],
    ['a file as directory', { working_directory: '/etc/passwd' }, 'INVALID_INPUT', /no directory/],
    ['a path that does not begin at the root', { working_directory: 'tmp' }, 'INVALID_INPUT', /full path/],
    ['a command with a NUL', { command: 'echo \0' }, 'INVALID_INPUT', /control/],
    ['no command', { command: '' }, 'INVALID_INPUT', /command/],
    ['an endless command', { command: 'a'.repeat(40_000) }, 'INVALID_INPUT', /command/],
    ['a timeout of no time', { timeout_seconds: 0 }, 'INVALID_INPUT', /timeout_seconds/],
  ])('%s', async (_, given, code, says) => {
    const before = vcenter.world.guests.of(linux.vm).processes.list().length;
    await expect(harness.run('run_command_in_guest', { ...linux.login, ...command, ...given })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(says),
    });
    expect(vcenter.world.guests.of(linux.vm).processes.list()).toHaveLength(before);
  });

  it.each(['C:relative', 'C:\\a:stream', 'C:\\a|b', '/etc/passwd', 'C:\\a\nb'])(
    'the path %j on Windows',
    async (guest_path) => {
      await expect(harness.run('read_guest_file', { ...windows.login, guest_path })).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        message: expect.stringMatching(/full path/),
      });
    },
  );
});

describe('files of a guest', () => {
  const read = (guest_path: string, inside = linux) => harness.run('read_guest_file', { ...inside.login, guest_path });
  const write = (guest_path: string, more: object, inside = linux) =>
    harness.run('write_guest_file', { ...inside.login, guest_path, ...more });

  it('are read as text where they are text, and as Base64 otherwise', async () => {
    linux.files.write('/tmp/bytes', Buffer.from([0xff, 0x00, 0x01]));
    expect(await read('/tmp/bytes')).toMatchObject({ content: '/wAB', encoding: 'base64', size: 3 });
    linux.files.write('/tmp/zero', Buffer.from('a\0b'));
    expect(await read('/tmp/zero')).toMatchObject({ encoding: 'base64' });
    linux.files.write('/tmp/empty', Buffer.alloc(0));
    expect(await read('/tmp/empty')).toMatchObject({ content: '', encoding: 'utf-8', size: 0 });
    expect(await read('C:\\Windows\\win.ini', windows)).toMatchObject({ encoding: 'utf-8' });
  });

  it('are not read where they are too large', async () => {
    linux.files.write('/tmp/large', Buffer.alloc(1024 * 1024 + 1));
    await expect(read('/tmp/large')).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringMatching(/1048577 bytes.*run_command_in_guest/),
    });
    linux.files.write('/tmp/largest', Buffer.alloc(1024 * 1024, 'a'));
    expect((await read('/tmp/largest')).size).toBe(1024 * 1024);
  });

  it('are not read where they are directories, or the user may not', async () => {
    await expect(read('/etc')).rejects.toMatchObject({ code: 'INVALID_INPUT', message: /directory/ });
    await expect(
      harness.run('read_guest_file', { ...linux.login, username: 'lab', guest_path: '/etc/shadow' }),
    ).rejects.toMatchObject({ code: 'PERMISSION_DENIED', message: expect.stringMatching(/"lab".*\/etc\/shadow/) });
  });

  it('keep their mode and their owner when they are replaced', async () => {
    linux.files.write('/tmp/owned', Buffer.from('old'), { mode: 0o640 });
    linux.files.change('/tmp/owned', { uid: 1000, gid: 1000 });
    expect(await write('/tmp/owned', { content: 'new' })).toMatchObject({ size: 3, replaced: true });
    expect(linux.files.stat('/tmp/owned')).toMatchObject({ mode: 0o640, uid: 1000, gid: 1000 });
    expect(linux.files.read('/tmp/owned').toString()).toBe('new');
  });

  it('are written as bytes from Base64, and empty from nothing', async () => {
    await write('/tmp/written', { content: '/wAB', encoding: 'base64' });
    expect([...linux.files.read('/tmp/written')]).toEqual([0xff, 0x00, 0x01]);
    await write('C:\\Temp\\nothing', { content: '' }, windows);
    expect(windows.files.stat('C:\\Temp\\nothing').size).toBe(0);
    await expect(write('/tmp/written', { content: 'no!base64', encoding: 'base64' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    });
  });

  it('are not written over, nor where nothing can be', async () => {
    linux.files.write('/tmp/kept', Buffer.from('old'));
    await expect(write('/tmp/kept', { content: 'new', overwrite: false })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringMatching(/exists already/),
    });
    expect(linux.files.read('/tmp/kept').toString()).toBe('old');
    await expect(write('/no/such/file', { content: 'x' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(write('/tmp', { content: 'x' })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  it('are listed in pages', async () => {
    linux.files.makeFolder('/tmp/many');
    const names = Array.from({ length: 1_203 }, (_, at) => `f${String(at).padStart(4, '0')}`);
    for (const name of names) linux.files.write(`/tmp/many/${name}`, Buffer.alloc(0));
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await harness.run('list_guest_directory', {
        ...linux.login,
        guest_path: '/tmp/many',
        limit: 500,
        ...(cursor === undefined ? {} : { cursor }),
      });
      expect(page.total).toBe(names.length);
      seen.push(...page.entries.map(({ name }: { name: string }) => name));
      cursor = page.next_cursor;
    } while (cursor !== undefined);
    expect(seen).toEqual(names);
  });

  it('have a kind, a mode and an owner in lists', async () => {
    linux.files.makeFolder('/tmp/kinds');
    linux.files.write('/tmp/kinds/file', Buffer.from('abc'), { mode: 0o640 });
    linux.files.makeLink('/tmp/kinds/link', '/etc/passwd');
    linux.files.makeFolder('/tmp/kinds/sub');
    const { entries } = await harness.run('list_guest_directory', { ...linux.login, guest_path: '/tmp/kinds' });
    expect(entries).toEqual([
      expect.objectContaining({ name: 'file', type: 'file', size: 3, mode: '0640', owner: 0 }),
      expect.objectContaining({ name: 'link', type: 'symlink' }),
      expect.objectContaining({ name: 'sub', type: 'directory' }),
    ]);
    await expect(
      harness.run('list_guest_directory', { ...linux.login, guest_path: '/etc/passwd' }),
    ).rejects.toMatchObject({ code: 'INVALID_INPUT', message: expect.stringMatching(/no directory/) });
  });

  it('are deleted one by one: a link without what it shows, a directory only when it is empty', async () => {
    linux.files.makeFolder('/tmp/gone');
    linux.files.write('/tmp/target', Buffer.from('x'));
    linux.files.makeLink('/tmp/gone/link', '/tmp/target');
    const remove = (guest_path: string) => harness.run('delete_guest_file', { ...linux.login, guest_path });
    await expect(remove('/tmp/gone')).rejects.toMatchObject({
      code: 'INVALID_STATE',
      message: expect.stringMatching(/1 entries|1 entry/),
    });
    expect(await remove('/tmp/gone/link')).toMatchObject({ type: 'symlink', deleted: true });
    expect(linux.files.find('/tmp/target')?.size).toBe(1);
    expect(await remove('/tmp/gone')).toMatchObject({ type: 'directory', deleted: true });
    expect(linux.files.find('/tmp/gone')).toBeUndefined();
  });

  it('have no directory made below what is not there, unless that is wanted', async () => {
    const make = (more: object) => harness.run('create_guest_directory', { ...linux.login, ...more });
    await expect(make({ guest_path: '/tmp/p/q', create_parents: false })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(linux.files.find('/tmp/p')).toBeUndefined();
    expect(await make({ guest_path: '/tmp/p/q' })).toMatchObject({ type: 'directory' });
  });
});

describe('what nobody is told', () => {
  it('leaves passwords and contents out of records, errors and the guest’s list of programs', async () => {
    const password = 'a-wrong-guest-password';
    const content = 'content-that-is-secret';
    const wrong = harness.run('write_guest_file', { ...linux.login, password, guest_path: '/tmp/x', content });
    const error = await wrong.catch((reason: Error) => reason);
    expect(String((error as Error).message)).not.toMatch(/a-wrong|content-that/);
    await harness.run('write_guest_file', { ...linux.login, guest_path: '/tmp/x', content });
    await run(linux, 'true');
    const records = JSON.stringify(harness.records());
    expect(records).toContain('write_guest_file');
    for (const hidden of [password, content, GUEST_PASSWORD]) expect(records).not.toContain(hidden);
    const events = JSON.stringify(vcenter.world.events.all());
    for (const hidden of [content, GUEST_PASSWORD]) expect(events).not.toContain(hidden);
    const { processes } = await harness.run('list_guest_processes', linux.login);
    expect(JSON.stringify(processes)).not.toContain(GUEST_PASSWORD);
  });
});

it('works on a lone ESXi host, too', async () => {
  const esxi = await startVCenter({ kind: 'esxi' });
  const alone = await startToolHarness([{ vcsim: esxi, kind: 'esxi' }]);
  try {
    const vm = vmWhere((each) => {
      const { guestOperationsReady, guestFamily } = each.get('guest') ?? {};
      return guestOperationsReady === true && guestFamily === 'linuxGuest';
    }, esxi);
    const login = { name: vm.id, username: 'root', password: GUEST_PASSWORD };
    const result = await alone.run('run_command_in_guest', { ...login, command: 'whoami' });
    expect(result).toMatchObject({ exit_code: 0, stdout: 'root\n' });
    const read = await alone.run('read_guest_file', { ...login, guest_path: '/etc/hosts' });
    expect(read.content).toContain('127.0.0.1 localhost');
  } finally {
    await alone.close();
    await esxi.stop();
  }
});

describe.skipIf(!(await vcsimAvailable()))('on vcsim, whose VMs have no guests', () => {
  let vcsim: Vcsim;
  let simulated: ToolHarness;
  beforeAll(async () => {
    vcsim = await startVcsim({ dc: 1, cluster: 0, vm: 1 });
    simulated = await startToolHarness([{ vcsim }]);
  });
  afterAll(async () => {
    await simulated?.close();
    await vcsim?.stop();
  });

  it.each([
    'run_command_in_guest',
    'list_guest_processes',
    'read_guest_file',
    'write_guest_file',
    'list_guest_directory',
    'create_guest_directory',
    'delete_guest_file',
  ])('%s says that there are no Tools, or no such VM', async (tool) => {
    const takes = (field: string) => field in toolNamed(tool).input.shape;
    const args = {
      username: 'root',
      password: 'x',
      ...(takes('command') ? { command: 'true' } : {}),
      ...(takes('guest_path') ? { guest_path: '/tmp/x' } : {}),
      ...(takes('content') ? { content: 'x' } : {}),
    };
    await expect(simulated.run(tool, { ...args, name: 'DC0_H0_VM0' })).rejects.toMatchObject({
      code: 'INVALID_STATE',
      message: expect.stringMatching(/VMware Tools are not running/),
    });
    await expect(simulated.run(tool, { ...args, name: 'no-such-vm' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
