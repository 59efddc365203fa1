import { expect } from 'vitest';
import { GUEST_PASSWORD } from '../../../../lab/vcenter/guest/systems/linux.ts';
import type { Args, Stage, ToolCases, Vm } from './case.ts';

const OPERATIONS = 'VirtualMachine.GuestOperations';

/** The guest's most powerful user; what is in the guest is read back past the gateway. */
function insiderOf({ world }: Stage, vm: Vm) {
  const guest = world.guests.of(vm);
  const windows = guest.system.family === 'windows';
  const username = windows ? 'Administrator' : 'root';
  const files = guest.filesOf(guest.logIn(username, GUEST_PASSWORD)!);
  const folder = windows ? 'C:\\Temp' : '/tmp';
  return {
    files,
    guest,
    login: { name: vm.id, username, password: GUEST_PASSWORD },
    at: (name: string) => files.style.join(folder, name),
  };
}

const inside =
  (more: (insider: ReturnType<typeof insiderOf>) => Args) =>
  (stage: Stage): Args => {
    const insider = insiderOf(stage, stage.vm('poweredOn'));
    return { ...insider.login, ...more(insider) };
  };

const wrongPassword = (more: Args) => ({
  args: (stage: Stage): Args => ({ ...insiderOf(stage, stage.vm('poweredOn')).login, password: 'wrong', ...more }),
  code: 'PERMISSION_DENIED' as const,
  says: /user name or password/,
});

const notThere = {
  args: inside(({ at }) => ({ guest_path: at('no-such-file') })),
  code: 'NOT_FOUND' as const,
  says: /no-such-file/,
};

export const guestCases: ToolCases = {
  run_command_in_guest: {
    async works(stage) {
      const { login, guest, files, at } = insiderOf(stage, stage.vm('poweredOn'));
      const result = await stage.run('run_command_in_guest', {
        ...login,
        command: 'echo made by a command>',
        arguments: `"${at('made')}"`,
      });
      expect(result).toMatchObject({ completed: true, exit_code: 0, timeout: false, stdout: '', stderr: '' });
      expect(files.read(at('made')).toString()).toMatch(/^made by a command\r?\n$/);
      expect(guest.processes.list()).toContainEqual(expect.objectContaining({ pid: result.pid, exitCode: 0 }));
    },
    fails: wrongPassword({ command: 'echo hello' }),
    denied: { args: inside(() => ({ command: 'echo hello' })), without: `${OPERATIONS}.Execute` },
  },
  list_guest_processes: {
    async works(stage) {
      const { login, guest } = insiderOf(stage, stage.vm('poweredOn'));
      const { processes, total } = await stage.run('list_guest_processes', login);
      const running = guest.processes.list();
      expect(total).toBe(running.length);
      expect(processes.map(({ pid, name }: { pid: number; name: string }) => [pid, name])).toEqual(
        running.map(({ pid, name }) => [pid, name]),
      );
    },
    fails: wrongPassword({}),
    denied: { args: inside(() => ({})), without: `${OPERATIONS}.Query` },
  },
  read_guest_file: {
    async works(stage) {
      const { login, files, at } = insiderOf(stage, stage.vm('poweredOn'));
      files.write(at('text'), Buffer.from('Grüße\n'));
      expect(await stage.run('read_guest_file', { ...login, guest_path: at('text') })).toMatchObject({
        content: 'Grüße\n',
        encoding: 'utf-8',
        size: 8,
      });
    },
    fails: notThere,
    denied: { args: inside(({ at }) => ({ guest_path: at('x') })), without: `${OPERATIONS}.Query` },
  },
  write_guest_file: {
    async works(stage) {
      const { login, files, at } = insiderOf(stage, stage.vm('poweredOn'));
      const written = { ...login, guest_path: at('new'), content: 'Grüße\n' };
      expect(await stage.run('write_guest_file', written)).toMatchObject({ size: 8, replaced: false });
      expect(files.read(at('new')).toString()).toBe('Grüße\n');
    },
    fails: {
      args: inside(({ files, at }) => {
        files.write(at('there'), Buffer.from('old'));
        return { guest_path: at('there'), content: 'new', overwrite: false };
      }),
      code: 'INVALID_INPUT',
      says: /exists already/,
    },
    denied: { args: inside(({ at }) => ({ guest_path: at('x'), content: 'x' })), without: `${OPERATIONS}.Modify` },
  },
  list_guest_directory: {
    async works(stage) {
      const { login, files, at } = insiderOf(stage, stage.vm('poweredOn'));
      files.makeFolder(at('listed'));
      for (const name of ['b', 'a']) files.write(files.style.join(at('listed'), name), Buffer.from(name));
      const { entries, total } = await stage.run('list_guest_directory', { ...login, guest_path: at('listed') });
      expect(total).toBe(2);
      expect(entries).toEqual(['a', 'b'].map((name) => expect.objectContaining({ name, type: 'file', size: 1 })));
    },
    fails: notThere,
    denied: { args: inside(({ at }) => ({ guest_path: at('') })), without: `${OPERATIONS}.Query` },
  },
  create_guest_directory: {
    async works(stage) {
      const { login, files, at } = insiderOf(stage, stage.vm('poweredOn'));
      const guest_path = files.style.join(at('outer'), 'inner');
      expect(await stage.run('create_guest_directory', { ...login, guest_path })).toMatchObject({ type: 'directory' });
      expect(files.find(guest_path)?.kind).toBe('directory');
    },
    fails: {
      args: inside(({ files, at }) => {
        files.makeFolder(at('there'));
        return { guest_path: at('there') };
      }),
      code: 'INVALID_INPUT',
      says: /exists already/,
    },
    denied: { args: inside(({ at }) => ({ guest_path: at('x') })), without: `${OPERATIONS}.Modify` },
  },
  delete_guest_file: {
    async works(stage) {
      const { login, files, at } = insiderOf(stage, stage.vm('poweredOn'));
      files.write(at('old'), Buffer.from('x'));
      expect(await stage.run('delete_guest_file', { ...login, guest_path: at('old') })).toMatchObject({
        type: 'file',
        deleted: true,
      });
      expect(files.find(at('old'))).toBeUndefined();
    },
    fails: {
      args: inside(({ files, at }) => {
        files.makeFolder(at('full'));
        files.write(files.style.join(at('full'), 'a'), Buffer.from('x'));
        return { guest_path: at('full') };
      }),
      code: 'INVALID_STATE',
      says: /not empty/,
    },
    denied: {
      args: inside(({ files, at }) => {
        files.write(at('kept'), Buffer.from('x'));
        return { guest_path: at('kept') };
      }),
      without: `${OPERATIONS}.Modify`,
    },
  },
};
