import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  FileBackedVirtualDiskSpec,
  HostDatastoreBrowserSearchResults,
  VmDiskFileQuery,
} from '../../../../src/vim25/generated/types.ts';
import { startToolHarness, type ToolHarness } from '../../../support/tool-harness.ts';
import { connectTo } from '../../../vim25/connect.ts';
import { type Bench, LIMITED, openBench, PASSWORD } from './bench.ts';

const DS = 'prod-ssd-01';
const GB_KB = 1024 * 1024;
let bench: Bench;
let harness: ToolHarness;

beforeAll(async () => {
  bench = await openBench();
  harness = await startToolHarness([{ vcsim: bench.vcenter }]);
  const files = bench.files(DS);
  files.makeFolder('lib/iso', { parents: true });
  files.write('lib/iso/a.iso', { size: 5_000_000 });
  files.write('lib/iso/B.ISO', { size: 6_000_000 });
  files.write('lib/notes.txt', { size: 5, bytes: Buffer.from('notes') });
  files.write('lib/disk.vmdk', { size: 1024 ** 2, disk: { capacityKb: 4 * GB_KB, thin: true } });
});
afterAll(async () => {
  await harness?.close();
  await bench?.close();
});

const content = () => bench.client.serviceContent;
const fileManager = () => content().fileManager!;
const diskManager = () => content().virtualDiskManager!;
const stat = (path: string) => bench.files(DS).stat(path);

describe('browsing', () => {
  it('shows a folder as browse_datastore reads it', async () => {
    const { files } = await harness.run('browse_datastore', { datastore: DS, path: 'lib' });
    expect(files).toHaveLength(3);
    expect(files).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: 'iso', type: 'folder' }),
        expect.objectContaining({ name: 'disk.vmdk', type: 'disk', capacity_kb: 4 * GB_KB, size_bytes: 1024 ** 2 }),
        expect.objectContaining({ name: 'notes.txt', type: 'file', size_bytes: 5 }),
      ]),
    );
    const iso = await harness.run('browse_datastore', { datastore: DS, path: 'lib/iso' });
    expect(iso.files.map((file: { type: string }) => file.type)).toEqual(['iso', 'iso']);
  });

  it('shows the files that every VM has', async () => {
    const [vm] = bench.vcenter.world.objects.all('VirtualMachine');
    const [, datastore, path] = /^\[(.+)\] (.+)\/[^/]+$/.exec(vm!.get('config')!.files.vmPathName!)!;
    const { files } = await harness.run('browse_datastore', { datastore, path });
    const types = files.map((file: { type: string }) => file.type);
    for (const type of ['disk', 'config', 'nvram', 'log']) expect(types).toContain(type);
  });

  it('searches below by patterns, whatever their case where that is asked for', async () => {
    const search = async (searchCaseInsensitive: boolean) => {
      const task = bench.client.call('SearchDatastoreSubFolders_Task', {
        _this: bench.datastore(DS).get('browser'),
        datastorePath: `[${DS}] lib`,
        searchSpec: { matchPattern: ['*.iso', 'n?tes*'], searchCaseInsensitive },
      });
      const { items } = (await bench.done(task)) as { items: HostDatastoreBrowserSearchResults[] };
      return items.map(({ folderPath, file = [] }) => [folderPath, ...file.map(({ path }) => path)]);
    };
    expect(await search(false)).toEqual([
      [`[${DS}] lib/`, 'notes.txt'],
      [`[${DS}] lib/iso/`, 'a.iso'],
    ]);
    expect((await search(true))[1]).toEqual([`[${DS}] lib/iso/`, 'B.ISO', 'a.iso']);
  });

  it('gives only the disks that a filter lets through, with what was asked of them', async () => {
    const search = async (thin: boolean) => {
      const query: VmDiskFileQuery = {
        $type: 'VmDiskFileQuery',
        filter: { thin },
        details: { diskType: false, capacityKb: true, hardwareVersion: false, diskExtents: true, thin: true },
      };
      const task = bench.client.call('SearchDatastore_Task', {
        _this: bench.datastore(DS).get('browser'),
        datastorePath: `[${DS}] lib/`,
        searchSpec: { query: [query] },
      });
      return ((await bench.done(task)) as HostDatastoreBrowserSearchResults).file;
    };
    const disk = { path: 'disk.vmdk', capacityKb: 4 * GB_KB, diskExtents: [`[${DS}] lib/disk-flat.vmdk`], thin: true };
    expect(await search(true)).toEqual([{ $type: 'VmDiskFileInfo', ...disk }]);
    expect(await search(false)).toBeUndefined();
  });

  it.each([
    ['a folder that is not there', `[${DS}] none`, 'FileNotFound'],
    ['a datastore that the browser does not know', '[nfs-iso] linux', 'InvalidDatastore'],
    ['a path without a datastore', 'lib', 'InvalidDatastorePath'],
    ['a path that leads out', `[${DS}] lib/../..`, 'InvalidDatastorePath'],
  ])('refuses %s', async (_, datastorePath, faultType) => {
    const _this = bench.datastore(DS).get('browser');
    const searching = bench.done(bench.client.call('SearchDatastore_Task', { _this, datastorePath }));
    await expect(searching).rejects.toSatisfy(
      (error: { fault?: string; faultType?: string }) => (error.fault ?? error.faultType) === faultType,
    );
  });

  it('takes a pattern of many stars', async () => {
    const task = bench.client.call('SearchDatastore_Task', {
      _this: bench.datastore(DS).get('browser'),
      datastorePath: `[${DS}] lib`,
      searchSpec: { matchPattern: [`${'*a'.repeat(500)}b`] },
    });
    expect(((await bench.done(task)) as HostDatastoreBrowserSearchResults).file).toBeUndefined();
  });
});

describe('FileManager', () => {
  const transfer = (
    method: 'MoveDatastoreFile_Task' | 'CopyDatastoreFile_Task',
    from: string,
    to: string,
    force?: boolean,
  ) =>
    bench.done(
      bench.client.call(method, {
        _this: fileManager(),
        sourceName: `[${DS}] ${from}`,
        sourceDatacenter: bench.datacenter,
        destinationName: to.startsWith('[') ? to : `[${DS}] ${to}`,
        ...(force !== undefined && { force }),
      }),
    );

  it('makes folders, with those above where that is asked for', async () => {
    const make = (name: string, createParentDirectories: boolean) =>
      bench.client.call('MakeDirectory', {
        _this: fileManager(),
        name: `[${DS}] ${name}`,
        datacenter: bench.datacenter,
        createParentDirectories,
      });
    await make('new', false);
    await make('new/a/b', true);
    expect(stat('new/a/b')).toMatchObject({ kind: 'folder' });
    await expect(make('new', false)).rejects.toMatchObject({ faultType: 'FileAlreadyExists' });
    await expect(make('no/where', false)).rejects.toMatchObject({ faultType: 'FileNotFound' });
  });

  it('copies a folder with all in it to another datastore, and moves it back under another name', async () => {
    await transfer('CopyDatastoreFile_Task', 'lib', '[nfs-iso] lib2');
    expect(bench.files('nfs-iso').stat('lib2/iso/a.iso')).toMatchObject({ size: 5_000_000 });
    expect(stat('lib/iso/a.iso')).toBeDefined();
    await transfer('MoveDatastoreFile_Task', 'lib/notes.txt', 'lib/notes2.txt');
    expect(stat('lib/notes.txt')).toBeUndefined();
    expect(stat('lib/notes2.txt')?.bytes?.toString()).toBe('notes');
    await transfer('MoveDatastoreFile_Task', 'lib/notes2.txt', 'lib/notes.txt');
  });

  it('replaces nothing unless forced', async () => {
    await expect(transfer('CopyDatastoreFile_Task', 'lib/notes.txt', 'lib/iso/a.iso')).rejects.toMatchObject({
      fault: 'FileAlreadyExists',
    });
    expect(stat('lib/iso/a.iso')?.size).toBe(5_000_000);
    await transfer('CopyDatastoreFile_Task', 'lib/notes.txt', 'lib/copy.txt');
    await transfer('CopyDatastoreFile_Task', 'lib/iso/a.iso', 'lib/copy.txt', true);
    expect(stat('lib/copy.txt')?.size).toBe(5_000_000);
  });

  it('refuses to move a folder into itself', async () => {
    await expect(transfer('MoveDatastoreFile_Task', 'lib', 'lib/iso/lib')).rejects.toMatchObject({
      fault: 'InvalidDatastorePath',
    });
    expect(stat('lib/iso/a.iso')).toBeDefined();
  });

  it('gives the space of a deleted file back, and tells of it', async () => {
    bench.files(DS).write('big', { size: 10 * 1024 ** 3 });
    const free = () => bench.datastore(DS).get('summary').freeSpace;
    const before = free();
    const { events } = bench.vcenter.world;
    await bench.done(
      bench.client.call('DeleteDatastoreFile_Task', {
        _this: fileManager(),
        name: `[${DS}] big`,
        datacenter: bench.datacenter,
      }),
    );
    expect(free() - before).toBe(10 * 1024 ** 3);
    expect(events.all().at(-1)).toMatchObject({ $type: 'DatastoreFileDeletedEvent', targetFile: `[${DS}] big` });
  });

  it('takes the URL of a file in place of its path and datacenter', async () => {
    bench.files(DS).write('by url', { size: 1 });
    const name = `https://${bench.vcenter.host}/folder/by%20url?dcPath=DC0&dsName=${DS}`;
    await bench.done(bench.client.call('DeleteDatastoreFile_Task', { _this: fileManager(), name }));
    expect(stat('by url')).toBeUndefined();
  });

  it('wants a datacenter with a path, another than the root, and the privilege', async () => {
    const remove = (name: string, datacenter = {}) =>
      bench.client.call('DeleteDatastoreFile_Task', { _this: fileManager(), name, ...datacenter });
    await expect(remove(`[${DS}] lib`)).rejects.toMatchObject({ faultType: 'InvalidArgument' });
    const datacenter = { datacenter: bench.datacenter };
    await expect(remove(`[${DS}] `, datacenter)).rejects.toMatchObject({ faultType: 'InvalidArgument' });
    await expect(remove('[none] x', datacenter)).rejects.toMatchObject({ faultType: 'InvalidDatastore' });
    const limited = await connectTo({ ...bench.vcenter, user: LIMITED, password: PASSWORD });
    const denied = limited.call('DeleteDatastoreFile_Task', {
      _this: fileManager(),
      name: `[${DS}] lib`,
      ...datacenter,
    });
    await expect(denied).rejects.toMatchObject({ faultType: 'NoPermission' });
    await limited.close();
    expect(stat('lib')).toBeDefined();
  });
});

describe('VirtualDiskManager', () => {
  const named = (name: string) => ({ _this: diskManager(), name: `[${DS}] ${name}`, datacenter: bench.datacenter });
  const create = (name: string, diskType: string, capacityKb: number) => {
    const spec: FileBackedVirtualDiskSpec = {
      $type: 'FileBackedVirtualDiskSpec',
      diskType,
      adapterType: 'lsiLogic',
      capacityKb,
    };
    return bench.done(bench.client.call('CreateVirtualDisk_Task', { ...named(name), spec }));
  };

  it('makes thin disks that take nothing and thick ones that take all', async () => {
    const used = () => bench.files(DS).usedBytes();
    const before = used();
    await create('lib/thin.vmdk', 'thin', 10 * GB_KB);
    expect(used()).toBe(before);
    await create('lib/thick.vmdk', 'eagerZeroedThick', GB_KB);
    expect(used() - before).toBe(1024 ** 3);
    await expect(create('lib/thick.vmdk', 'thin', GB_KB)).rejects.toMatchObject({ fault: 'FileAlreadyExists' });
    await expect(create('lib/huge.vmdk', 'preallocated', 20 * 1024 * GB_KB)).rejects.toMatchObject({
      fault: 'NoDiskSpace',
    });
  });

  it('extends, copies, moves and deletes them, each with a UUID of its own', async () => {
    await create('lib/one.vmdk', 'thin', GB_KB);
    const uuid = (name: string) => bench.client.call('QueryVirtualDiskUuid', named(name));
    expect(await uuid('lib/one.vmdk')).toMatch(
      /^60 00 C2 9. (?:[\da-f]{2} ){3}[\da-f]{2}-(?:[\da-f]{2} ){7}[\da-f]{2}$/i,
    );
    await bench.done(
      bench.client.call('ExtendVirtualDisk_Task', { ...named('lib/one.vmdk'), newCapacityKb: 2 * GB_KB }),
    );
    const both = (from: string, to: string) => ({
      _this: diskManager(),
      sourceName: `[${DS}] ${from}`,
      sourceDatacenter: bench.datacenter,
      destName: `[${DS}] ${to}`,
    });
    await bench.done(bench.client.call('CopyVirtualDisk_Task', both('lib/one.vmdk', 'lib/two.vmdk')));
    expect(await uuid('lib/two.vmdk')).not.toBe(await uuid('lib/one.vmdk'));
    await bench.done(bench.client.call('MoveVirtualDisk_Task', both('lib/one.vmdk', 'lib/three.vmdk')));
    expect(stat('lib/one.vmdk')).toBeUndefined();
    expect(stat('lib/three.vmdk')?.disk?.capacityKb).toBe(2 * GB_KB);
    await bench.done(bench.client.call('DeleteVirtualDisk_Task', named('lib/three.vmdk')));
    expect(stat('lib/three-flat.vmdk')).toBeUndefined();
  });

  it.each([
    ['a smaller size', 'lib/two.vmdk', GB_KB, 'InvalidArgument'],
    ['what is no disk', 'lib/notes.txt', GB_KB, 'CannotAccessFile'],
    ['what is not there', 'lib/none.vmdk', GB_KB, 'FileNotFound'],
  ])('refuses to extend by %s', async (_, name, newCapacityKb, faultType) => {
    const extending = bench.done(bench.client.call('ExtendVirtualDisk_Task', { ...named(name), newCapacityKb }));
    await expect(extending).rejects.toMatchObject({ fault: faultType });
  });

  it.each([
    ['no size', 'lib/x.vmdk', 'thin', 0, 'InvalidArgument'],
    ['another name', 'lib/x.txt', 'thin', GB_KB, 'InvalidArgument'],
    ['an unknown format', 'lib/x.vmdk', 'fat', GB_KB, 'InvalidDiskFormat'],
  ])('refuses to make a disk of %s', async (_, name, diskType, capacityKb, faultType) => {
    await expect(create(name, diskType, capacityKb)).rejects.toMatchObject({ faultType });
  });

  it('refuses to delete the disk of a running VM', async () => {
    const running = [...bench.vcenter.world.objects.all('VirtualMachine')].find(
      (vm) => vm.get('runtime').powerState === 'poweredOn' && vm.get('config')!.files.vmPathName!.startsWith(`[${DS}]`),
    )!;
    const disk = running.get('config')!.hardware.device!.find(({ $type }) => $type === 'VirtualDisk')!;
    const { fileName } = disk.backing as { fileName?: string };
    const removing = bench.done(
      bench.client.call('DeleteVirtualDisk_Task', {
        _this: diskManager(),
        name: fileName!,
        datacenter: bench.datacenter,
      }),
    );
    await expect(removing).rejects.toMatchObject({ fault: 'FileLocked' });
  });
});
