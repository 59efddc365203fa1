/** The content of datastores, moved in and out of a real server by a real gateway; read back behind its back. */
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ManagedObject } from '../../lab/vcenter/core/managed-object.ts';
import { startVCenter, type VCenter } from '../../lab/vcenter/vcenter.ts';
import { type BreakingProxy, startBreakingProxy } from '../support/breaking-proxy.ts';
import { startToolHarness, type ToolHarness } from '../support/tool-harness.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';

const MIB = 1024 * 1024;
const sha256 = (content: Uint8Array) => createHash('sha256').update(content).digest('hex');
const pattern = (size: number) =>
  Buffer.from(Uint8Array.from({ length: size }, (_, at) => (at * 31 + (at >> 9)) & 255));

describe('files on datastores', () => {
  let vcenter: VCenter;
  let proxy: BreakingProxy;
  let harness: ToolHarness;
  let local: string;
  let store: ManagedObject<'Datastore'>;

  beforeAll(async () => {
    local = await mkdtemp(join(tmpdir(), 'mcvsphere-files-'));
    vcenter = await startVCenter({ vms: 30, tls: false });
    proxy = await startBreakingProxy(new URL(vcenter.url).host);
    const url = `http://${proxy.host}/sdk`;
    harness = await startToolHarness([{ vcsim: { ...vcenter, url } }], { filesFolder: local });
    for (const each of vcenter.world.objects.all('Datastore')) {
      if (each.get('vm').length > 3 && each.get('summary').accessible) store = each;
    }
  });
  afterAll(async () => {
    await harness?.close();
    await proxy?.close();
    await vcenter?.stop();
    await rm(local, { recursive: true, force: true });
  });

  const files = () => vcenter.world.files.of(store);
  const put = (path: string, content: Uint8Array | string) => {
    const bytes = Buffer.from(content);
    files().write(path, { size: bytes.length, bytes });
  };
  const leftovers = () =>
    files()
      .list('')
      .filter(({ name }) => name.endsWith('.part'));
  const download = (path: string, more = {}, options = {}) =>
    harness.run('download_from_datastore', { datastore: store.id, path, ...more }, options);
  const upload = (remote_path: string, more = {}, options = {}) =>
    harness.run('upload_to_datastore', { datastore: store.id, remote_path, ...more }, options);

  describe('download_from_datastore', () => {
    it('gives text as text and the rest as base64', async () => {
      const binary = Buffer.from([0xff, 0xfe, 0, 1]);
      put('text.log', 'a line\nand another ✓\n');
      put('binary.bin', binary);
      put('empty', '');
      expect(await download('text.log')).toMatchObject({ encoding: 'utf-8', content: 'a line\nand another ✓\n' });
      expect(await download('/binary.bin')).toMatchObject({ encoding: 'base64', content: binary.toString('base64') });
      expect(await download('empty')).toMatchObject({ size_bytes: 0, content: '', sha256: sha256(Buffer.alloc(0)) });
    });

    it('finds names with anything in them', async () => {
      for (const name of ['a b+c.txt', '100%.txt', 'ä#?&=.txt', '[x]*.txt', '%2f.txt']) {
        put(name, name);
        expect(await download(name)).toMatchObject({ path: name, content: name });
      }
    });

    it('streams into the folder of the gateway, with a growing percentage', async () => {
      const content = pattern(3 * MIB);
      put('big.bin', content);
      const percents: number[] = [];
      const said = await download(
        'big.bin',
        { save_to: 'big.bin' },
        { onProgress: (percent: number) => percents.push(percent) },
      );
      expect(said).toMatchObject({ saved_to: 'big.bin', size_bytes: content.length, sha256: sha256(content) });
      expect(said).not.toHaveProperty('content');
      expect(content.equals(await readFile(join(local, 'big.bin')))).toBe(true);
      expect(percents.length).toBeGreaterThan(3);
      expect(percents).toEqual([...percents].sort((a, b) => a - b));
    });

    it('goes on where the connection broke, and has all of it', async () => {
      const content = pattern(2 * MIB);
      put('broken.bin', content);
      proxy.breakAnswer('GET /folder/broken.bin', 9000);
      proxy.breakAnswer('GET /folder/broken.bin', 9000);
      const said = await download('broken.bin', { save_to: 'broken.bin' });
      expect(said.sha256).toBe(sha256(content));
      expect(content.equals(await readFile(join(local, 'broken.bin')))).toBe(true);
      expect(proxy.count('GET /folder/broken.bin')).toBe(3);
      expect(proxy.count('range: bytes=')).toBeGreaterThan(0);
    });

    it('ends with an error, and leaves nothing, when the file changes in between', async () => {
      put('changing.bin', pattern(2 * MIB));
      proxy.breakAnswer('GET /folder/changing.bin', 9000);
      const change = () => put('changing.bin', pattern(MIB));
      const reading = download('changing.bin', { save_to: 'changing.bin' }, { onProgress: change });
      await expect(reading).rejects.toMatchObject({
        code: 'INVALID_STATE',
        message: expect.stringMatching(/changed while it was read/),
      });
      expect((await readdir(local)).filter((name) => /changing|part/.test(name))).toEqual([]);
    });

    it('puts no more into an answer than was asked for', async () => {
      put('large.bin', Buffer.alloc(MIB + 1));
      await expect(download('large.bin', { max_memory_mb: 1 })).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        message: expect.stringMatching(/save_to/),
      });
    });

    it('tells as text what is some, and not what is made of control characters', async () => {
      put('console.log', Buffer.from('\x1b[1m started\t\x1b[0m and went on for a while\r\n'.repeat(10)));
      expect(await download('console.log')).toMatchObject({ encoding: 'utf-8' });
      put('controls.bin', Buffer.alloc(1000, 1));
      expect(await download('controls.bin')).toMatchObject({ encoding: 'base64' });
    });

    it('ends when its caller goes away, and leaves nothing', async () => {
      put('left.bin', pattern(8 * MIB));
      const gone = new AbortController();
      const reading = download(
        'left.bin',
        { save_to: 'left.bin' },
        { signal: gone.signal, onProgress: () => gone.abort() },
      );
      await expect(reading).rejects.toMatchObject({ code: 'CANCELLED' });
      expect((await readdir(local)).filter((name) => /left|part/.test(name))).toEqual([]);
    });

    it.each(['../big.bin', '/etc/passwd', 'a/../../b', 'link/x', 'big.bin'])('does not save to %j', async (save_to) => {
      await symlink('/tmp', join(local, 'link')).catch(() => {});
      put('text.log', 'text');
      await expect(download('text.log', { save_to })).rejects.toMatchObject({
        code: expect.stringMatching(/INVALID_INPUT|INVALID_STATE/),
      });
    });

    it.each(['..', '../x', 'a/../../x', '[other] x', '/', ' ', 'a\0b', 'a\nb', 'a\\b', '\u202ex', 'x'.repeat(300)])(
      'refuses the path %j',
      async (path) => {
        await expect(download(path)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
      },
    );

    it('refuses a folder', async () => {
      files().makeFolder('some-folder', { parents: false });
      await expect(download('some-folder')).rejects.toMatchObject({
        code: 'INVALID_STATE',
        message: expect.stringMatching(/is a folder/),
      });
    });
  });

  describe('upload_to_datastore', () => {
    it('streams a file of the folder, says what it moved, and leaves the temporary name', async () => {
      const content = pattern(5 * MIB + 17);
      await writeFile(join(local, 'disk.iso'), content);
      const percents: number[] = [];
      const said = await upload(
        'disk.iso',
        { local_path: 'disk.iso', chunk_size: 65_536 },
        { onProgress: (percent: number) => percents.push(percent) },
      );
      expect(said).toMatchObject({
        size_bytes: content.length,
        sha256: sha256(content),
        streamed: true,
        source: 'disk.iso',
      });
      expect(content.equals(files().stat('disk.iso')!.bytes!)).toBe(true);
      expect(percents.length).toBeGreaterThan(3);
      expect(leftovers()).toEqual([]);
    });

    it('keeps the content out of the record', async () => {
      const content_base64 = Buffer.from('a very secret content').toString('base64');
      await upload('secret.txt', { content_base64 });
      const records = JSON.stringify(harness.records());
      expect(records).toContain('secret.txt');
      expect(records).not.toContain(content_base64);
      expect(records).not.toContain('a very secret');
    });

    it('keeps what is there, unless force is set', async () => {
      put('kept.txt', 'old');
      await expect(upload('kept.txt', { content_base64: 'bmV3' })).rejects.toMatchObject({ code: 'INVALID_STATE' });
      expect(files().stat('kept.txt')?.bytes?.toString()).toBe('old');
      await upload('kept.txt', { content_base64: 'bmV3', force: true });
      expect(files().stat('kept.txt')?.bytes?.toString()).toBe('new');
    });

    it('keeps what has come to exist while it was uploaded', async () => {
      await writeFile(join(local, 'race.bin'), pattern(3 * MIB));
      let placed = false;
      const uploading = upload(
        'race.bin',
        { local_path: 'race.bin', chunk_size: 65_536 },
        {
          onProgress: () => {
            if (!placed) put('race.bin', 'theirs');
            placed = true;
          },
        },
      );
      await expect(uploading).rejects.toMatchObject({
        code: 'INVALID_STATE',
        message: expect.stringMatching(/come to exist/),
      });
      expect(files().stat('race.bin')?.bytes?.toString()).toBe('theirs');
      expect(leftovers()).toEqual([]);
    });

    it('ends when its caller goes away, leaves nothing, and records that nothing was done', async () => {
      await writeFile(join(local, 'gone.bin'), pattern(8 * MIB));
      const gone = new AbortController();
      const uploading = upload(
        'gone.bin',
        { local_path: 'gone.bin', chunk_size: 65_536 },
        { signal: gone.signal, onProgress: (percent: number) => percent > 20 && gone.abort() },
      );
      await expect(uploading).rejects.toMatchObject({ code: 'CANCELLED' });
      expect(files().stat('gone.bin')).toBeUndefined();
      expect(leftovers()).toEqual([]);
      const outcome = harness
        .records()
        .filter(({ event }) => event === 'TOOL_OUTCOME')
        .at(-1);
      expect(outcome).toMatchObject({ tool: 'upload_to_datastore', error_code: 'CANCELLED' });
      expect(outcome?.result).not.toBe('unknown');
    });

    it('leaves nothing when the connection breaks', async () => {
      await writeFile(join(local, 'cut.bin'), pattern(MIB));
      proxy.breakAnswer('PUT /folder/', 0);
      await expect(upload('cut.bin', { local_path: 'cut.bin' })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      expect(files().stat('cut.bin')).toBeUndefined();
      expect(leftovers()).toEqual([]);
    });

    it('looks first whether there is room', async () => {
      await writeFile(join(local, 'room.bin'), pattern(2 * MIB));
      const tree = files();
      tree.write('filler', { size: tree.freeBytes() - MIB });
      await expect(upload('room.bin', { local_path: 'room.bin' })).rejects.toMatchObject({
        code: 'INVALID_STATE',
        message: expect.stringMatching(/bytes free/),
      });
      tree.remove('filler');
    });

    it.each([
      [{ content_base64: 'not base64!' }, 'INVALID_INPUT'],
      [{ content_base64: 'AAAA', local_path: 'disk.iso' }, 'INVALID_INPUT'],
      [{}, 'INVALID_INPUT'],
      [{ local_path: '../outside' }, 'INVALID_INPUT'],
      [{ local_path: '/etc/passwd' }, 'INVALID_INPUT'],
      [{ local_path: 'link/x' }, 'INVALID_STATE'],
      [{ local_path: 'nowhere' }, 'NOT_FOUND'],
    ])('refuses %j', async (more, code) => {
      await symlink('/tmp', join(local, 'link')).catch(() => {});
      await expect(upload('refused.bin', more)).rejects.toMatchObject({ code });
      expect(files().stat('refused.bin')).toBeUndefined();
    });

    it('says that a datastore cannot be reached', async () => {
      const lost = [...vcenter.world.objects.all('Datastore')].find((each) => !each.get('summary').accessible);
      const summary = store.get('summary');
      if (lost === undefined) store.set({ summary: { ...summary, accessible: false } });
      const args = { datastore: (lost ?? store).id, remote_path: 'x', content_base64: 'AAAA' };
      await expect(harness.run('upload_to_datastore', args)).rejects.toMatchObject({
        code: 'INVALID_STATE',
        message: expect.stringMatching(/not accessible/),
      });
      if (lost === undefined) store.set({ summary });
    });

    it('wants the folder to be there', async () => {
      await expect(upload('nowhere/x.bin', { content_base64: 'AAAA' })).rejects.toMatchObject({
        code: 'NOT_FOUND',
        message: expect.stringMatching(/create_datastore_folder/),
      });
    });
  });

  describe('what VMs use', () => {
    /** A VM with a disk on that datastore, and the paths of its files there. */
    function vm(powerState: string) {
      for (const ref of store.get('vm')) {
        const each = vcenter.world.objects.get(ref, 'VirtualMachine');
        const disk = (each.get('config')?.hardware.device ?? [])
          .map(({ backing }) => (backing as { fileName?: string } | undefined)?.fileName)
          .find((name) => name?.startsWith(`[${store.get('name')}] `) && name.endsWith('.vmdk'));
        if (each.get('runtime').powerState !== powerState || disk === undefined) continue;
        const path = disk.slice(disk.indexOf('] ') + 2);
        return { name: String(each.get('name')), disk: path, home: path.split('/')[0]! };
      }
      throw new Error(`no VM that is ${powerState}`);
    }

    it('is not deleted: neither disk, nor extent, nor folder, of a running VM or one that is off', async () => {
      for (const { name, disk, home } of [vm('poweredOn'), vm('poweredOff')]) {
        for (const path of [disk, disk.replace('.vmdk', '-flat.vmdk'), home]) {
          await expect(
            harness.run('delete_datastore_file', { datastore: store.id, path, recursive: true }),
          ).rejects.toMatchObject({ code: 'INVALID_STATE', message: expect.stringContaining(`"${name}"`) });
        }
        expect(files().stat(disk)).toBeDefined();
      }
    });

    it('is not moved, and not replaced', async () => {
      const { name, disk } = vm('poweredOff');
      put('innocent.vmdk.txt', 'x');
      const at = { source_datastore: store.id };
      const refused = { code: 'INVALID_STATE', message: expect.stringContaining(`"${name}"`) };
      await expect(
        harness.run('move_datastore_file', { ...at, source_path: disk, dest_path: 'taken.vmdk' }),
      ).rejects.toMatchObject(refused);
      await expect(
        harness.run('copy_datastore_file', { ...at, source_path: 'innocent.vmdk.txt', dest_path: disk, force: true }),
      ).rejects.toMatchObject(refused);
      await expect(upload(disk, { content_base64: 'AAAA', force: true })).rejects.toMatchObject(refused);
    });

    it('is copied, as a disk, from a VM that is off; then moved and deleted, as nobody uses it', async () => {
      const { disk } = vm('poweredOff');
      const at = { source_datastore: store.id };
      await harness.run('copy_datastore_file', { ...at, source_path: disk, dest_path: 'copy.vmdk' });
      expect(files().stat('copy.vmdk')?.disk).toMatchObject({ capacityKb: files().stat(disk)?.disk?.capacityKb });
      await harness.run('move_datastore_file', { ...at, source_path: 'copy.vmdk', dest_path: 'moved.vmdk' });
      expect(files().stat('copy.vmdk')).toBeUndefined();
      expect(files().stat('moved.vmdk')?.disk).toBeDefined();
      const done = await harness.run('delete_datastore_file', { datastore: store.id, path: 'moved.vmdk' });
      expect(done).toMatchObject({ type: 'disk', deleted: true });
      expect(files().stat('moved.vmdk')).toBeUndefined();
      expect(files().stat('moved-flat.vmdk')).toBeUndefined();
    });

    it('is not copied as a disk from one that runs', async () => {
      const { name, disk } = vm('poweredOn');
      await expect(
        harness.run('copy_datastore_file', { source_datastore: store.id, source_path: disk, dest_path: 'live.vmdk' }),
      ).rejects.toMatchObject({ code: 'INVALID_STATE', message: expect.stringContaining(`"${name}"`) });
    });
  });

  describe('moving, copying and deleting', () => {
    const at = () => ({ source_datastore: store.id });

    it('never puts one file over another without force', async () => {
      put('from.txt', 'from');
      put('to.txt', 'to');
      const paths = { source_path: 'from.txt', dest_path: 'to.txt' };
      await expect(harness.run('move_datastore_file', { ...at(), ...paths })).rejects.toMatchObject({
        code: 'INVALID_STATE',
      });
      await expect(harness.run('copy_datastore_file', { ...at(), ...paths })).rejects.toMatchObject({
        code: 'INVALID_STATE',
      });
      expect(files().stat('to.txt')?.bytes?.toString()).toBe('to');
      await harness.run('copy_datastore_file', { ...at(), ...paths, force: true });
      expect(files().stat('to.txt')?.bytes?.toString()).toBe('from');
    });

    it('moves to another datastore under the same path', async () => {
      const other = [...vcenter.world.objects.all('Datastore')].find(
        (each) =>
          each.id !== store.id &&
          each.get('summary').accessible &&
          (each.get('host') ?? []).some(({ mountInfo }) => mountInfo.accessMode === 'readWrite'),
      )!;
      put('traveller.txt', 'far');
      await harness.run('move_datastore_file', { ...at(), source_path: 'traveller.txt', dest_datastore: other.id });
      expect(files().stat('traveller.txt')).toBeUndefined();
      expect(vcenter.world.files.of(other).stat('traveller.txt')?.bytes?.toString()).toBe('far');
    });

    it('answers with the task where its caller does not wait', async () => {
      put('later.txt', 'x');
      const args = { ...at(), source_path: 'later.txt', dest_path: 'later2.txt', wait: false };
      const { task } = await harness.run('move_datastore_file', args);
      expect(task).toMatchObject({ state: 'running' });
      await harness.pipeline.idle();
      expect(files().stat('later2.txt')).toBeDefined();
    });

    it('puts nothing into itself, nor where it is', async () => {
      files().makeFolder('outer', { parents: false });
      for (const dest_path of ['outer', 'outer/inner', './outer/']) {
        await expect(
          harness.run('move_datastore_file', { ...at(), source_path: 'outer', dest_path }),
        ).rejects.toMatchObject({ code: 'INVALID_INPUT' });
      }
    });

    it('deletes a folder that is not empty only where that was said', async () => {
      files().makeFolder('full', { parents: false });
      put('full/file.txt', 'x');
      const args = { datastore: store.id, path: 'full' };
      await expect(harness.run('delete_datastore_file', args)).rejects.toMatchObject({
        message: expect.stringMatching(/recursive/),
      });
      await harness.run('delete_datastore_file', { ...args, recursive: true });
      expect(files().stat('full')).toBeUndefined();
    });

    it('never deletes a whole datastore', async () => {
      for (const path of ['/', '.', './/']) {
        await expect(
          harness.run('delete_datastore_file', { datastore: store.id, path, recursive: true }),
        ).rejects.toMatchObject({ code: 'INVALID_INPUT' });
      }
    });
  });

  it('needs a folder of the gateway for files of the gateway', async () => {
    const without = await startToolHarness([{ vcsim: vcenter }]);
    const args = { datastore: store.id };
    await expect(without.run('download_from_datastore', { ...args, path: 'x', save_to: 'x' })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringMatching(/MCP_FILES_DIR/),
    });
    await expect(
      without.run('upload_to_datastore', { ...args, remote_path: 'x', local_path: 'x' }),
    ).rejects.toMatchObject({ code: 'UNSUPPORTED', message: expect.stringMatching(/content_base64/) });
    await without.close();
  });
});

it('moves files to and from a lone ESXi host over TLS', async () => {
  const esxi = await startVCenter({ kind: 'esxi', vms: 3 });
  const harness = await startToolHarness([{ vcsim: esxi, kind: 'esxi' }]);
  try {
    const { datastores } = await harness.run('list_datastores');
    const datastore = datastores.find(({ accessible }: { accessible: boolean }) => accessible).id;
    await harness.run('create_datastore_folder', { datastore, path: 'own' });
    await harness.run('upload_to_datastore', { datastore, remote_path: 'own/a.txt', content_base64: 'aGVsbG8=' });
    const moving = { source_datastore: datastore, source_path: 'own/a.txt', dest_path: 'own/b.txt' };
    await harness.run('move_datastore_file', moving);
    expect(await harness.run('download_from_datastore', { datastore, path: 'own/b.txt' })).toMatchObject({
      content: 'hello',
    });
    await harness.run('delete_datastore_file', { datastore, path: 'own', recursive: true });
  } finally {
    await harness.close();
    await esxi.stop();
  }
});

describe.skipIf(!(await vcsimAvailable()))('files on the datastores of another vCenter', () => {
  let vcsim: Vcsim;
  let harness: ToolHarness;
  const datastore = 'LocalDS_0';

  beforeAll(async () => {
    vcsim = await startVcsim({ dc: 1, cluster: 1, host: 1, vm: 1, ds: 1 });
    harness = await startToolHarness([{ vcsim }]);
  });
  afterAll(async () => {
    await harness?.close();
    await vcsim?.stop();
  });

  it('go up, about, down and away', async () => {
    const content = pattern(50_000);
    await harness.run('create_datastore_folder', { datastore, path: 'a/b' });
    await harness.run('upload_to_datastore', {
      datastore,
      remote_path: 'a/b/file.bin',
      content_base64: content.toString('base64'),
    });
    await harness.run('copy_datastore_file', {
      source_datastore: datastore,
      source_path: 'a/b/file.bin',
      dest_path: 'a/copy.bin',
    });
    await harness.run('move_datastore_file', {
      source_datastore: datastore,
      source_path: 'a/copy.bin',
      dest_path: 'a/moved.bin',
    });
    expect(await harness.run('download_from_datastore', { datastore, path: 'a/moved.bin' })).toMatchObject({
      sha256: sha256(content),
      content: content.toString('base64'),
    });
    const { files } = await harness.run('browse_datastore', { datastore, path: 'a' });
    expect(files.map(({ name }: { name: string }) => name).sort()).toEqual(['b', 'moved.bin']);
    await harness.run('delete_datastore_file', { datastore, path: 'a', recursive: true });
    await expect(harness.run('download_from_datastore', { datastore, path: 'a/moved.bin' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  it('are not taken from VMs', async () => {
    const { disks } = await harness.run('list_disks', { vm_name: '/DC0/vm/DC0_H0_VM0' });
    const path = disks[0].file.replace(/^\[.*?\] /, '');
    await expect(harness.run('delete_datastore_file', { datastore, path })).rejects.toMatchObject({
      code: 'INVALID_STATE',
      message: expect.stringContaining('"DC0_H0_VM0"'),
    });
  });
});
