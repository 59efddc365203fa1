import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Vm } from '../../../../lab/vcenter/vm/subject.ts';
import { systemClock } from '../../../../src/lib/clock.ts';
import { as, type GuestStage, openGuestStage } from './guest-stage.ts';

let stage: GuestStage;
let vm: Vm;
let passed = 0;

beforeAll(async () => {
  const monotonic = () => systemClock.monotonic() + passed;
  stage = await openGuestStage({ clock: { ...systemClock, monotonic } });
  vm = stage.vm('app-01');
});
afterAll(() => stage?.close());

const fault = (faultType: string, fields: object = {}) => ({ faultType, detail: fields });
const POSIX = { $type: 'GuestPosixFileAttributes' } as never;

describe('folders and files of a guest', () => {
  it('makes folders, with those above them where that is asked for', async () => {
    const make = (directoryPath: string, createParentDirectories: boolean) =>
      stage.call('MakeDirectoryInGuest', vm, { directoryPath, createParentDirectories });
    await make('/srv/one', false);
    await make('/srv/two/three/four', true);
    expect(await stage.names(vm, '/srv/two/three')).toEqual(['.', '..', 'four']);
    await expect(make('/srv/one', true)).rejects.toMatchObject(fault('FileAlreadyExists', { file: '/srv/one' }));
    await expect(make('/srv/none/below', false)).rejects.toMatchObject(fault('FileNotFound'));
    await expect(make('/etc/passwd/below', true)).rejects.toMatchObject(fault('NotADirectory'));
    await expect(make('', true)).rejects.toMatchObject(fault('InvalidArgument', { invalidProperty: 'directoryPath' }));
    const { files = [] } = await stage.call('ListFilesInGuest', vm, { filePath: '/srv/two', matchPattern: 'three' });
    expect(files[0]?.attributes).toMatchObject({ permissions: 0o040700 });
  });

  it('removes files and folders, each by its own method', async () => {
    await stage.write(vm, '/srv/file', 'x');
    await stage.write(vm, '/srv/one/inner', 'x');
    const folder = (directoryPath: string, recursive = false) =>
      stage.call('DeleteDirectoryInGuest', vm, { directoryPath, recursive });
    const file = (filePath: string) => stage.call('DeleteFileInGuest', vm, { filePath });
    await expect(file('/srv/one')).rejects.toMatchObject(fault('NotAFile', { file: '/srv/one' }));
    await expect(folder('/srv/file')).rejects.toMatchObject(fault('NotADirectory', { file: '/srv/file' }));
    await expect(folder('/srv/one')).rejects.toMatchObject(fault('DirectoryNotEmpty'));
    await expect(file('/srv/none')).rejects.toMatchObject(fault('FileNotFound', { file: '/srv/none' }));
    await expect(folder('/srv/none')).rejects.toMatchObject(fault('FileNotFound'));
    await file('/srv/file');
    await folder('/srv/one', true);
    expect(await stage.names(vm, '/srv')).toEqual(['.', '..', 'two']);
  });

  it('moves files and folders, over a file only where that is asked for', async () => {
    await stage.shell(vm, 'mkdir /opt/d; echo a > /opt/a; echo b > /opt/b');
    const move = (srcFilePath: string, dstFilePath: string, overwrite = false) =>
      stage.call('MoveFileInGuest', vm, { srcFilePath, dstFilePath, overwrite });
    const moveFolder = (srcDirectoryPath: string, dstDirectoryPath: string) =>
      stage.call('MoveDirectoryInGuest', vm, { srcDirectoryPath, dstDirectoryPath });
    await expect(move('/opt/a', '/opt/b')).rejects.toMatchObject(fault('FileAlreadyExists', { file: '/opt/b' }));
    await move('/opt/a', '/opt/b', true);
    expect(await stage.read(vm, '/opt/b')).toBe('a\n');
    await expect(move('/opt/b', '/opt/d', true)).rejects.toMatchObject(fault('FileAlreadyExists'));
    await expect(move('/opt/d', '/opt/e')).rejects.toMatchObject(fault('NotAFile'));
    await expect(move('/opt/a', '/opt/e')).rejects.toMatchObject(fault('FileNotFound', { file: '/opt/a' }));
    await expect(moveFolder('/opt/b', '/opt/e')).rejects.toMatchObject(fault('NotADirectory'));
    await expect(moveFolder('/opt/d', '/opt/b')).rejects.toMatchObject(fault('FileAlreadyExists'));
    await expect(moveFolder('/opt', '/opt/d/below')).rejects.toMatchObject(fault('InvalidArgument'));
    await moveFolder('/opt/d', '/opt/e');
    expect(await stage.names(vm, '/opt')).toEqual(['.', '..', 'b', 'e']);
  });

  it('keeps a user out of what is not theirs', async () => {
    const auth = as('lab');
    const denied = fault('CannotAccessFile');
    const guestFilePath = '/etc/shadow';
    await expect(stage.call('InitiateFileTransferFromGuest', vm, { auth, guestFilePath })).rejects.toMatchObject(
      denied,
    );
    await expect(stage.call('ListFilesInGuest', vm, { auth, filePath: '/root' })).rejects.toMatchObject(denied);
    await expect(stage.call('DeleteFileInGuest', vm, { auth, filePath: '/etc/hosts' })).rejects.toMatchObject(denied);
    const there = { guestFilePath: '/etc/new', fileAttributes: POSIX, fileSize: 1, overwrite: true };
    await expect(stage.call('InitiateFileTransferToGuest', vm, { auth, ...there })).rejects.toMatchObject(denied);
    const directory = { directoryPath: '/etc/new', createParentDirectories: false };
    await expect(stage.call('MakeDirectoryInGuest', vm, { auth, ...directory })).rejects.toMatchObject(denied);
  });

  it('makes temporary files that nothing else has the name of', async () => {
    const first = await stage.call('CreateTemporaryFileInGuest', vm, { prefix: 'run-', suffix: '.log' });
    const second = await stage.call('CreateTemporaryFileInGuest', vm, { prefix: 'run-', suffix: '.log' });
    expect([first, second]).toEqual(['/tmp/run-vmware0.log', '/tmp/run-vmware1.log']);
    const folder = { prefix: 'd', suffix: '', directoryPath: '/var/tmp' };
    expect(await stage.call('CreateTemporaryDirectoryInGuest', vm, folder)).toBe('/var/tmp/dvmware0');
    expect((await stage.shell(vm, `ls -l ${first}; ls -ld /var/tmp/dvmware0`)).out).toMatch(/^-rw-{7}.*\ndrwx-{6} /);
    const away = { prefix: '../../etc/x', suffix: '' };
    await expect(stage.call('CreateTemporaryFileInGuest', vm, away)).rejects.toMatchObject(
      fault('InvalidArgument', { invalidProperty: 'prefix' }),
    );
    const none = { prefix: 'x', suffix: '', directoryPath: '/none' };
    await expect(stage.call('CreateTemporaryFileInGuest', vm, none)).rejects.toMatchObject(fault('FileNotFound'));
  });

  it('changes the attributes that are named, and leaves the others', async () => {
    await stage.write(vm, '/srv/attributes', 'abc');
    const guestFilePath = '/srv/attributes';
    const change = (attributes: object, auth?: unknown) => {
      const fileAttributes = { $type: 'GuestPosixFileAttributes', ...attributes } as never;
      return stage.call('ChangeFileAttributesInGuest', vm, {
        guestFilePath,
        fileAttributes,
        ...(auth ? { auth } : {}),
      });
    };
    await change({ permissions: 0o640, ownerId: 1000, modificationTime: '2020-02-03T04:05:06Z' });
    const { files = [] } = await stage.call('ListFilesInGuest', vm, { filePath: guestFilePath });
    expect(files).toEqual([
      {
        $type: 'GuestFileInfo',
        path: guestFilePath,
        type: 'file',
        size: 3,
        attributes: expect.objectContaining({
          permissions: 0o100640,
          ownerId: 1000,
          groupId: 0,
          modificationTime: '2020-02-03T04:05:06.000Z',
        }),
      },
    ]);
    await expect(change({ ownerId: 0 }, as('lab'))).rejects.toMatchObject(fault('CannotAccessFile'));
    const windows = { guestFilePath, fileAttributes: { $type: 'GuestWindowsFileAttributes', hidden: true } as never };
    await expect(stage.call('ChangeFileAttributesInGuest', vm, windows)).rejects.toMatchObject(
      fault('InvalidArgument'),
    );
  });
});

describe('lists of files', () => {
  it('come in pages that say how many are left', async () => {
    const line = 'mkdir /srv/many; cd /srv/many; for i in $(seq 1 120); do touch f$i; done';
    expect(await stage.shell(vm, line)).toMatchObject({ exitCode: 0 });
    const list = (more: object = {}) => stage.call('ListFilesInGuest', vm, { filePath: '/srv/many', ...more });
    const first = await list();
    expect([first.files?.length, first.remaining]).toEqual([50, 72]);
    expect(first.files?.slice(0, 3).map(({ path }) => path)).toEqual(['.', '..', 'f1']);
    const last = await list({ index: 100, maxResults: 50 });
    expect([last.files?.length, last.remaining]).toEqual([22, 0]);
    expect(await list({ maxResults: 0 })).toMatchObject({ remaining: 122 });
    expect(await list({ index: 5000 })).toMatchObject({ remaining: 0 });
    const fitting = await list({ matchPattern: '^f1[0-2]0$' });
    expect(fitting.files?.map(({ path }) => path)).toEqual(['f100', 'f110', 'f120']);
    await expect(list({ matchPattern: '(' })).rejects.toMatchObject(fault('InvalidArgument'));
    await expect(list({ matchPattern: 'f'.repeat(2000) })).rejects.toMatchObject(fault('InvalidArgument'));
    await expect(list({ index: -1 })).rejects.toMatchObject(fault('InvalidArgument', { invalidProperty: 'index' }));
    await expect(list({ maxResults: -1 })).rejects.toMatchObject(fault('InvalidArgument'));
  });

  it('end a pattern that would take for ever', async () => {
    await stage.write(vm, `/srv/many/${'a'.repeat(60)}!`, '');
    const hostile = { filePath: '/srv/many', matchPattern: '^(a+)+$' };
    await expect(stage.call('ListFilesInGuest', vm, hostile)).rejects.toMatchObject(fault('InvalidArgument'));
  });

  it('show a link as one, with what it points to', async () => {
    const { files = [] } = await stage.call('ListFilesInGuest', vm, { filePath: '/bin' });
    expect(files).toEqual([
      expect.objectContaining({
        path: '/bin',
        type: 'symlink',
        attributes: expect.objectContaining({ symlinkTarget: 'usr/bin', permissions: 0o040755 }),
      }),
    ]);
  });

  it.each([
    ['/none', 'FileNotFound'],
    ['/etc/passwd/x', 'NotADirectory'],
    ['', 'InvalidArgument'],
    [`/${'x'.repeat(300)}`, 'FileNameTooLong'],
    [`/${'x/'.repeat(3000)}`, 'FileNameTooLong'],
  ])('are not there for %.20s', async (filePath, type) => {
    await expect(stage.call('ListFilesInGuest', vm, { filePath })).rejects.toMatchObject(fault(type));
  });

  it('never lead out of the guest', async () => {
    expect(await stage.names(vm, '/../../../etc/../..')).toContain('etc');
    expect(await stage.names(vm, 'etc')).toContain('passwd');
  });
});

describe('files on their way', () => {
  const to = (more: object = {}) =>
    stage.call('InitiateFileTransferToGuest', vm, {
      guestFilePath: '/srv/up',
      fileAttributes: POSIX,
      fileSize: 5,
      overwrite: true,
      ...more,
    });

  it('arrive with the attributes that were asked for', async () => {
    const fileAttributes = { $type: 'GuestPosixFileAttributes', permissions: 0o755, ownerId: 1000 } as never;
    expect(await stage.write(vm, '/srv/script', '#!/bin/sh\necho $0', { fileAttributes })).toBe(200);
    expect(await stage.shell(vm, 'stat -c "%a %u %s" /srv/script; /srv/script')).toMatchObject({
      out: '755 1000 17\n/srv/script\n',
    });
    const information = await stage.call('InitiateFileTransferFromGuest', vm, { guestFilePath: '/srv/script' });
    expect(information).toMatchObject({
      size: 17,
      attributes: { $type: 'GuestPosixFileAttributes', permissions: 0o100755 },
      url: expect.stringMatching(/^http:\/\/\*:\d+\/guestFile\?id=\d+&token=[0-9a-f-]{36}$/),
    });
  });

  it('come and go byte by byte', async () => {
    const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 256));
    const url = await to({ fileSize: bytes.length });
    expect((await stage.transfer(url, bytes)).status).toBe(200);
    expect(await stage.shell(vm, 'wc -c < /srv/up; cp /srv/up /srv/copy; wc -c < /srv/copy')).toMatchObject({
      out: '100000\n100000\n',
    });
  });

  it('use an address once', async () => {
    const url = await to();
    expect((await stage.transfer(url, 'abcde')).status).toBe(200);
    expect((await stage.transfer(url, 'fghij')).status).toBe(404);
    const { url: from } = await stage.call('InitiateFileTransferFromGuest', vm, { guestFilePath: '/srv/up' });
    expect(await stage.transfer(from)).toEqual({ status: 200, text: 'abcde' });
    expect((await stage.transfer(from)).status).toBe(404);
  });

  it('are refused by an address of the other direction, another token, another method or none', async () => {
    const url = await to();
    expect((await stage.transfer(url)).status).toBe(400);
    expect((await stage.transfer(url.replace(/token=.*/, 'token=x'), 'abcde')).status).toBe(404);
    expect((await stage.transfer(url.replace(/\?.*/, ''), 'abcde')).status).toBe(404);
    expect((await stage.transfer(url, 'abcde', 'POST')).status).toBe(405);
    // None of that used it up.
    expect((await stage.transfer(url, 'abcde')).status).toBe(200);
  });

  it('have the size that was said, and no more than a guest takes', async () => {
    const url = await to();
    expect((await stage.transfer(url, 'abc')).status).toBe(400);
    const long = await stage.transfer(url, 'x'.repeat(1000)).catch(() => ({ status: 413 }));
    expect(long.status).toBe(413);
    expect((await stage.transfer(url, 'abcde')).status).toBe(200);
    const huge = await to({ fileSize: 40 * 1024 * 1024 });
    const answer = await stage.transfer(huge, Buffer.alloc(40 * 1024 * 1024)).catch(() => ({ status: 413 }));
    expect(answer.status).toBe(413);
    expect(await stage.read(vm, '/srv/up')).toBe('abcde');
  });

  it('come too late after ten minutes', async () => {
    const url = await to();
    passed += 10 * 60_000;
    expect((await stage.transfer(url, 'abcde')).status).toBe(404);
  });

  it('replace a file only where that was asked for', async () => {
    await expect(to({ overwrite: false })).rejects.toMatchObject(fault('FileAlreadyExists', { file: '/srv/up' }));
    const url = await to({ guestFilePath: '/srv/late', overwrite: false });
    await stage.shell(vm, 'echo first > /srv/late');
    expect((await stage.transfer(url, 'abcde')).status).toBe(409);
    expect(await stage.read(vm, '/srv/late')).toBe('first\n');
  });

  it.each([
    ['a folder', { guestFilePath: '/srv' }, 'NotAFile'],
    ['a link', { guestFilePath: '/bin' }, 'InvalidArgument'],
    ['a folder that is not there', { guestFilePath: '/none/x' }, 'FileNotFound'],
    ['a size below nothing', { fileSize: -1 }, 'InvalidArgument'],
    [
      'attributes of Windows',
      { fileAttributes: { $type: 'GuestWindowsFileAttributes', hidden: true } },
      'InvalidArgument',
    ],
  ])('go nowhere for %s', async (_, more, type) => {
    await expect(to(more)).rejects.toMatchObject(fault(type));
  });

  it.each([
    ['/srv', 'NotAFile'],
    ['/bin', 'InvalidArgument'],
    ['/none', 'FileNotFound'],
  ])('do not come from %s', async (guestFilePath, type) => {
    await expect(stage.call('InitiateFileTransferFromGuest', vm, { guestFilePath })).rejects.toMatchObject(fault(type));
  });

  it('stop where the VM goes off', async () => {
    const own = stage.vm('app-02');
    const { url } = await stage.call('InitiateFileTransferFromGuest', own, { guestFilePath: '/etc/hostname' });
    await stage.client.call('PowerOffVM_Task', { _this: own.ref });
    await stage.vcenter.world.tasks.idle();
    expect((await stage.transfer(url)).status).toBe(404);
  });
});

describe('an ESXi host', () => {
  it('has the same guests under ids of its own', async () => {
    const esxi = await openGuestStage({ kind: 'esxi' });
    try {
      const [own] = [...esxi.vcenter.world.objects.all('VirtualMachine')].filter(
        (each) => each.get('guest')?.guestOperationsReady && each.get('guest')?.guestFamily === 'linuxGuest',
      );
      expect(esxi.client.serviceContent.guestOperationsManager?.value).toBe('ha-guest-operations-manager');
      expect((await esxi.shell(own!, 'whoami')).out).toBe('root\n');
    } finally {
      await esxi.close();
    }
  });
});
