import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Vm } from '../../../../lab/vcenter/vm/subject.ts';
import { connectTo } from '../../../vim25/connect.ts';
import { as, type GuestStage, openGuestStage, PASSWORD } from './guest-stage.ts';

let stage: GuestStage;
let vm: Vm;

beforeAll(async () => {
  stage = await openGuestStage({
    accounts: [
      { name: 'administrator@vsphere.local', password: 'lab-password' },
      { name: 'reader', password: 'r', may: (privilege) => !/GuestOperations/.test(privilege) },
      { name: 'looker', password: 'r', may: (privilege) => !/GuestOperations\.(Modify|Execute)/.test(privilege) },
    ],
  });
  vm = stage.vm('web-01');
});
afterAll(() => stage?.close());

const fault = (faultType: string, fields: object = {}) => ({ faultType, detail: fields });

describe('credentials in a guest', () => {
  it.each(['root', 'lab'])('lets %s in with the password', async (user) => {
    await expect(stage.call('ValidateCredentialsInGuest', vm, { auth: as(user) })).resolves.toBeUndefined();
  });

  it.each([
    ['a wrong password', as('root', 'wrong')],
    ['no password', as('root', '')],
    ['an unknown user', as('mallory')],
    ['a user who has no password', as('daemon', '')],
    [
      'a ticket that was never given',
      { $type: 'TicketedSessionAuthentication', interactiveSession: false, ticket: 'x' },
    ],
    ['a SAML token', { $type: 'SAMLTokenAuthentication', interactiveSession: false, token: 'x' }],
  ])('refuses %s', async (_, auth) => {
    await expect(stage.call('ValidateCredentialsInGuest', vm, { auth })).rejects.toMatchObject(
      fault('InvalidGuestLogin'),
    );
  });

  it('has no part in a desktop on Linux, and none of Windows’ logins', async () => {
    const interactive = { ...(as('root') as object), interactiveSession: true };
    await expect(stage.call('ValidateCredentialsInGuest', vm, { auth: interactive })).rejects.toMatchObject(
      fault('GuestOperationsUnavailable'),
    );
    const sspi = { $type: 'SSPIAuthentication', interactiveSession: false, sspiToken: 'x' };
    await expect(stage.call('ValidateCredentialsInGuest', vm, { auth: sspi })).rejects.toMatchObject(
      fault('OperationNotSupportedByGuest'),
    );
  });

  it('gives a ticket that stands for the user until it is given back', async () => {
    const auth = await stage.call('AcquireCredentialsInGuest', vm, { requestedAuth: as('lab') as never });
    expect(await stage.shell(vm, 'whoami', auth)).toMatchObject({ out: 'lab\n' });
    await stage.call('ReleaseCredentialsInGuest', vm, { auth });
    await expect(stage.call('ValidateCredentialsInGuest', vm, { auth })).rejects.toMatchObject(
      fault('InvalidGuestLogin'),
    );
  });

  it.each([
    [
      'a VM that is off',
      'app-03',
      fault('InvalidPowerState', { requestedState: 'poweredOn', existingState: 'poweredOff' }),
    ],
    ['a VM that is suspended', 'dev-anna', fault('InvalidPowerState', { existingState: 'suspended' })],
    ['a VM whose Tools do not run', 'web-05', fault('GuestOperationsUnavailable')],
    ['a VM without Tools', 'installer-01', fault('GuestOperationsUnavailable')],
  ])('says of %s that nothing can be done in it', async (_, name, expected) => {
    await expect(stage.call('ListProcessesInGuest', stage.vm(name), {})).rejects.toMatchObject(expected);
  });

  it('asks for vCenter’s own privileges before it asks the guest', async () => {
    const reader = await connectTo({ ...stage.vcenter, user: 'reader', password: 'r' });
    const looker = await connectTo({ ...stage.vcenter, user: 'looker', password: 'r' });
    try {
      const auth = as('root', 'wrong');
      await expect(stage.call('ListProcessesInGuest', vm, { auth }, reader)).rejects.toMatchObject(
        fault('NoPermission', { privilegeId: 'VirtualMachine.GuestOperations.Query', object: vm.ref }),
      );
      await expect(stage.call('ListProcessesInGuest', vm, {}, looker)).resolves.not.toEqual([]);
      const spec = { programPath: '/bin/true', arguments: '' };
      await expect(stage.call('StartProgramInGuest', vm, { spec }, looker)).rejects.toMatchObject(
        fault('NoPermission', { privilegeId: 'VirtualMachine.GuestOperations.Execute' }),
      );
      const directory = { directoryPath: '/tmp/denied', createParentDirectories: false };
      await expect(stage.call('MakeDirectoryInGuest', vm, directory, looker)).rejects.toMatchObject(
        fault('NoPermission', { privilegeId: 'VirtualMachine.GuestOperations.Modify' }),
      );
    } finally {
      await reader.close();
      await looker.close();
    }
  });

  it('knows no guest of what is no VM', async () => {
    const [host] = stage.vcenter.world.objects.all('HostSystem');
    await expect(stage.call('ListProcessesInGuest', host as never, {})).rejects.toMatchObject(
      fault('ManagedObjectNotFound'),
    );
  });
});

describe('programs in a guest', () => {
  it('runs a command line and keeps its exit code and its output', async () => {
    expect(await stage.shell(vm, 'echo out; echo err >&2; exit 3')).toEqual({
      exitCode: 3,
      out: 'out\n',
      err: 'err\n',
    });
    expect(await stage.shell(vm, 'nosuchthing')).toEqual({
      exitCode: 127,
      out: '',
      err: 'sh: nosuchthing: not found\n',
    });
  });

  it('gives a program its folder and the environment that was asked for, and no other', async () => {
    const spec = {
      programPath: '/usr/bin/env',
      arguments: '> /tmp/env; pwd >> /tmp/env',
      workingDirectory: '/var/log',
      envVariables: ['A=1', 'B=x=y', 'PATH=/usr/bin'],
    };
    await stage.call('StartProgramInGuest', vm, { spec });
    await expect.poll(() => stage.read(vm, '/tmp/env')).toBe('A=1\nB=x=y\nPATH=/usr/bin\n/var/log\n');
  });

  it('starts in the home of the user', async () => {
    expect(await stage.shell(vm, 'pwd; echo $USER', as('root'))).toMatchObject({ out: '/root\nroot\n' });
  });

  it('lists what runs: what the system started, and what was started here', async () => {
    const before = await stage.call('ListProcessesInGuest', vm, {});
    expect(before).toContainEqual(expect.objectContaining({ pid: 1, name: 'systemd', owner: 'root' }));
    const spec = { programPath: '/bin/sleep', arguments: '600' };
    const pid = await stage.call('StartProgramInGuest', vm, { auth: as('lab'), spec });
    const [running, ...others] = await stage.call('ListProcessesInGuest', vm, { pids: [pid, 999_999] });
    expect(others).toEqual([]);
    expect(running).toEqual({
      $type: 'GuestProcessInfo',
      name: 'sleep',
      pid,
      owner: 'lab',
      cmdLine: '"/bin/sleep" 600',
      startTime: expect.any(String),
    });

    await stage.call('TerminateProcessInGuest', vm, { pid });
    const [ended] = await stage.call('ListProcessesInGuest', vm, { pids: [pid] });
    expect(ended).toMatchObject({ pid, exitCode: 0, endTime: expect.any(String) });
    await expect(stage.call('TerminateProcessInGuest', vm, { pid })).rejects.toMatchObject(
      fault('GuestProcessNotFound', { pid }),
    );
  });

  it('lets a user end no process of another, and nobody the Tools', async () => {
    const spec = { programPath: '/bin/sleep', arguments: '600' };
    const pid = await stage.call('StartProgramInGuest', vm, { spec });
    await expect(stage.call('TerminateProcessInGuest', vm, { auth: as('lab'), pid })).rejects.toMatchObject(
      fault('GuestPermissionDenied'),
    );
    const tools = (await stage.call('ListProcessesInGuest', vm, {})).find(({ name }) => name === 'vmtoolsd')!;
    await expect(stage.call('TerminateProcessInGuest', vm, { pid: tools.pid })).rejects.toMatchObject(
      fault('GuestPermissionDenied'),
    );
    await stage.call('TerminateProcessInGuest', vm, { pid });
  });

  it.each([
    ['a program that is not there', { programPath: '/bin/none', arguments: '' }, 'FileNotFound', { file: '/bin/none' }],
    ['a file that is no program', { programPath: '/etc/passwd', arguments: '' }, 'GuestPermissionDenied', {}],
    [
      'a folder that is not there',
      { programPath: '/bin/true', arguments: '', workingDirectory: '/none' },
      'NotADirectory',
      {},
    ],
    ['no program', { programPath: '', arguments: '' }, 'InvalidArgument', { invalidProperty: 'spec.programPath' }],
    ['too many arguments', { programPath: '/bin/true', arguments: 'x'.repeat(70_000) }, 'InvalidArgument', {}],
  ])('refuses to start %s', async (_, spec, type, fields) => {
    await expect(stage.call('StartProgramInGuest', vm, { spec })).rejects.toMatchObject(fault(type, fields));
  });

  it('reads the environment of the user', async () => {
    const all = await stage.call('ReadEnvironmentVariableInGuest', vm, {});
    expect(all).toContain('HOME=/root');
    expect(
      await stage.call('ReadEnvironmentVariableInGuest', vm, { auth: as('lab'), names: ['USER', 'NONE'] }),
    ).toEqual(['USER=lab']);
  });

  it('ends what runs when the VM goes off, and keeps the files', async () => {
    const own = stage.vm('web-02');
    const spec = { programPath: '/bin/sleep', arguments: '600' };
    await stage.call('StartProgramInGuest', own, { spec });
    await stage.shell(own, 'echo kept > /srv/kept');
    const { client, vcenter } = stage;
    const done = async () => {
      await vcenter.world.tasks.idle();
    };
    await client.call('PowerOffVM_Task', { _this: own.ref });
    await done();
    await expect(stage.call('ListProcessesInGuest', own, {})).rejects.toMatchObject(fault('InvalidPowerState'));
    await client.call('PowerOnVM_Task', { _this: own.ref });
    await done();
    const names = (await stage.call('ListProcessesInGuest', own, {})).map(({ name }) => name);
    expect(names).toContain('systemd');
    expect(names).not.toContain('sleep');
    expect(await stage.read(own, '/srv/kept')).toBe('kept\n');
  });

  it('goes on with what ran when the VM comes out of suspension', async () => {
    const own = stage.vm('dev-01');
    const spec = { programPath: '/bin/sleep', arguments: '600' };
    const pid = await stage.call('StartProgramInGuest', own, { spec });
    const { client, vcenter } = stage;
    await client.call('SuspendVM_Task', { _this: own.ref });
    await vcenter.world.tasks.idle();
    await expect(stage.call('ListProcessesInGuest', own, {})).rejects.toMatchObject(fault('InvalidPowerState'));
    await client.call('PowerOnVM_Task', { _this: own.ref });
    await vcenter.world.tasks.idle();
    const [process] = await stage.call('ListProcessesInGuest', own, { pids: [pid] });
    expect(process).toMatchObject({ pid, name: 'sleep' });
    expect(process).not.toHaveProperty('exitCode');
  });

  it('takes no more processes than it can hold', async () => {
    const own = stage.vm('web-03');
    const spec = { programPath: '/bin/sleep', arguments: '600' };
    const start = async () => {
      for (let count = 0; count < 300; count++) await stage.call('StartProgramInGuest', own, { spec });
    };
    await expect(start()).rejects.toMatchObject(fault('GuestOperationsFault'));
  });
});

describe('the disk of a guest', () => {
  it('is again what it was when its VM goes back to a snapshot', async () => {
    const own = stage.vm('mon-01');
    const { client, vcenter } = stage;
    await stage.shell(own, 'echo before > /srv/state');
    await client.call('CreateSnapshot_Task', { _this: own.ref, name: 'kept', memory: true, quiesce: false });
    await vcenter.world.tasks.idle();
    await stage.shell(own, 'echo after > /srv/state; touch /srv/more');
    await client.call('RevertToCurrentSnapshot_Task', { _this: own.ref });
    await vcenter.world.tasks.idle();
    expect(await stage.names(own, '/srv')).toEqual(['.', '..', 'state']);
    expect(await stage.read(own, '/srv/state')).toBe('before\n');
  });

  it('is copied to a clone, and each goes its own way then', async () => {
    const own = stage.vm('stg-web-01');
    const { client, vcenter } = stage;
    await stage.shell(own, 'echo one > /srv/shared');
    const spec = { location: {}, template: false, powerOn: true };
    const folder = own.get('parent')!;
    await client.call('CloneVM_Task', { _this: own.ref, folder, name: 'stg-web-copy', spec });
    await vcenter.world.tasks.idle();
    const copy = stage.vm('stg-web-copy');
    await stage.shell(own, 'echo two >> /srv/shared');
    expect(await stage.read(copy, '/srv/shared')).toBe('one\n');
    expect(await stage.read(own, '/srv/shared')).toBe('one\ntwo\n');
  });
});

describe('the event log', () => {
  it('tells of what was done in guests, and of logins that failed', async () => {
    const own = stage.vm('db-01');
    const seen = stage.vcenter.world.events.all().length;
    await stage.call('MakeDirectoryInGuest', own, { directoryPath: '/srv/logged', createParentDirectories: false });
    await stage.names(own, '/srv');
    await stage.call('ListProcessesInGuest', own, { auth: as('root', 'secret-guess') }).catch(() => {});
    const posted = stage.vcenter.world.events.all().slice(seen);
    expect(posted).toEqual([
      expect.objectContaining({
        eventTypeId: 'com.vmware.vc.guestOperations.GuestOperation',
        fullFormattedMessage: 'Guest operation Make Directory performed on Virtual machine db-01.',
        userName: 'administrator@vsphere.local',
      }),
      expect.objectContaining({ eventTypeId: 'com.vmware.vc.guestOperations.GuestOperationAuthFailure' }),
    ]);
    expect(JSON.stringify(posted)).not.toContain('secret-guess');
  });
});

describe('the Windows guest', () => {
  it('runs cmd.exe with its redirections, and lists its files as Windows has them', async () => {
    const windows = stage.vm('dc-01');
    const spec = {
      programPath: 'C:\\Windows\\System32\\cmd.exe',
      arguments: '/c "(whoami & echo %TEMP%) > C:\\Temp\\out.txt 2>&1"',
    };
    const pid = await stage.call('StartProgramInGuest', windows, { spec });
    await expect
      .poll(async () => (await stage.call('ListProcessesInGuest', windows, { pids: [pid] }))[0]?.exitCode)
      .toBe(0);
    expect(await stage.read(windows, 'c:/temp/OUT.TXT')).toBe(
      'dc-01\\administrator\r\nC:\\Users\\Administrator\\AppData\\Local\\Temp\r\n',
    );
    const { files = [] } = await stage.call('ListFilesInGuest', windows, { filePath: 'C:\\Temp\\out.txt' });
    expect(files).toEqual([
      expect.objectContaining({
        path: 'C:\\Temp\\out.txt',
        type: 'file',
        attributes: expect.objectContaining({ $type: 'GuestWindowsFileAttributes', readOnly: false, hidden: false }),
      }),
    ]);
    const temporary = { prefix: 'a', suffix: '.tmp' };
    expect(await stage.call('CreateTemporaryFileInGuest', windows, temporary)).toBe(
      'C:\\Users\\Administrator\\AppData\\Local\\Temp\\avmware0.tmp',
    );
    await expect(
      stage.call('MakeDirectoryInGuest', windows, { directoryPath: 'C:\\a|b', createParentDirectories: false }),
    ).rejects.toMatchObject(fault('InvalidArgument'));
    expect(await stage.call('ReadEnvironmentVariableInGuest', windows, { names: ['windir'] })).toEqual([
      'windir=C:\\Windows',
    ]);
  });

  it('runs a batch file', async () => {
    const windows = stage.vm('dc-01');
    expect(
      await stage.write(windows, 'C:\\Temp\\go.bat', '@echo off\r\necho went> C:\\Temp\\went.txt\r\nexit /b 6\r\n'),
    ).toBe(200);
    const spec = { programPath: 'C:\\Temp\\go.bat', arguments: '' };
    const pid = await stage.call('StartProgramInGuest', windows, { spec });
    await expect
      .poll(async () => (await stage.call('ListProcessesInGuest', windows, { pids: [pid] }))[0]?.exitCode)
      .toBe(6);
    expect(await stage.read(windows, 'C:\\Temp\\went.txt')).toBe('went\r\n');
  });

  it('takes names of users whatever their case, with a domain or without', async () => {
    const windows = stage.vm('dc-01');
    for (const user of ['administrator', '.\\Administrator', 'LAB']) {
      await stage.call('ValidateCredentialsInGuest', windows, { auth: as(user, PASSWORD) });
    }
  });
});
