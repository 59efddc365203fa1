import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startVCenter, type VCenter } from '../../../lab/vcenter/vcenter.ts';
import { type Govc, govcAvailable, govcOf } from './govc.ts';
import { newVm, pathOf, vmNamed } from './subjects.ts';

describe.skipIf(!(await govcAvailable()))('govc and files', () => {
  let vcenter: VCenter;
  let govc: Govc;
  let folder: string;

  beforeAll(async () => {
    vcenter = await startVCenter({ vms: 20 });
    const vm = newVm(vcenter.world, 'govc-export');
    const datastore = vcenter.world.objects.get(vm.get('datastore')[0]!, 'Datastore');
    govc = govcOf(vcenter, { env: { GOVC_DATACENTER: 'DC0', GOVC_DATASTORE: datastore.get('name') } });
    folder = await mkdtemp(join(tmpdir(), 'mcvsphere-govc-'));
  });
  afterAll(async () => {
    await vcenter?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  function filesOf() {
    const { objects, files } = vcenter.world;
    const vm = vmNamed(vcenter.world, 'govc-export')!;
    return files.of(objects.get(vm.get('datastore')[0]!, 'Datastore'));
  }

  it('uploads a file, lists it, and downloads the same bytes', async () => {
    const content = randomBytes(3_000_000);
    const source = join(folder, 'up.bin');
    const target = join(folder, 'down.bin');
    await writeFile(source, content);
    await govc('datastore.mkdir', '-p', 'govc/deep');
    await govc('datastore.upload', source, 'govc/deep/ä file+100%.bin');
    const [{ file }] = await govc.json('datastore.ls', '-l', 'govc/deep');
    expect(file).toEqual([expect.objectContaining({ path: 'ä file+100%.bin', fileSize: content.length })]);
    expect(filesOf().stat('govc/deep/ä file+100%.bin')).toMatchObject({ size: content.length });
    await govc('datastore.download', 'govc/deep/ä file+100%.bin', target);
    expect(
      createHash('sha256')
        .update(await readFile(target))
        .digest('hex'),
    ).toBe(createHash('sha256').update(content).digest('hex'));
  });

  it('copies, moves and removes', async () => {
    const source = join(folder, 'small.txt');
    await writeFile(source, 'small\n');
    await govc('datastore.mkdir', 'moving');
    await govc('datastore.upload', source, 'moving/a.txt');
    await govc('datastore.cp', 'moving/a.txt', 'moving/b.txt');
    await govc('datastore.mv', 'moving/b.txt', 'moving/c.txt');
    await govc('datastore.rm', 'moving/a.txt');
    const [{ file }] = await govc.json('datastore.ls', 'moving');
    expect(file.map(({ path }: { path: string }) => path)).toEqual(['c.txt']);
    expect(await govc('datastore.download', 'moving/c.txt', '-')).toBe('small\n');
    await govc('datastore.rm', 'moving');
    expect(filesOf().stat('moving')).toBeUndefined();
  });

  it('is told that a file is not there', async () => {
    const listed = await govc.try('datastore.ls', 'no-such-folder');
    expect(listed.complaint).toMatch(/not found/);
    const got = await govc.try('datastore.download', 'no-such-file', '-');
    expect(got.complaint).toMatch(/404/);
  });

  it('makes a disk and attaches it', async () => {
    await govc('datastore.mkdir', 'disks');
    await govc('datastore.disk.create', '-size', '2G', 'disks/one.vmdk');
    const disk = filesOf().stat('disks/one.vmdk');
    expect(disk).toMatchObject({ disk: { capacityKb: 2 * 1024 * 1024 } });
    const vm = newVm(vcenter.world, 'govc-disk');
    await govc('vm.disk.attach', '-vm', 'govc-disk', '-disk', 'disks/one.vmdk', '-link=false');
    expect(JSON.stringify(vm.get('config')?.hardware.device)).toContain('disks/one.vmdk');
  });

  it('exports a VM as OVF, and imports it again', async () => {
    const target = join(folder, 'exported');
    await govc('export.ovf', '-sha', '256', '-vm', 'govc-export', target);
    const names = (await readdir(join(target, 'govc-export'))).sort();
    expect(names).toEqual(expect.arrayContaining(['govc-export.mf', 'govc-export.ovf']));
    const manifest = await readFile(join(target, 'govc-export', 'govc-export.mf'), 'utf8');
    for (const name of names.filter((each) => !each.endsWith('.mf'))) {
      const bytes = await readFile(join(target, 'govc-export', name));
      expect(manifest).toContain(`SHA256(${name})= ${createHash('sha256').update(bytes).digest('hex')}`);
    }

    const original = vmNamed(vcenter.world, 'govc-export')!;
    const pool = pathOf(vcenter.world, vcenter.world.objects.get(original.get('resourcePool')!, 'ResourcePool'));
    const network = pathOf(vcenter.world, vcenter.world.objects.get(original.get('network')[0]!, 'Network'));
    await govc(
      ...['import.ovf', '-pool', pool, '-net', network, '-name', 'govc-imported'],
      join(target, 'govc-export', 'govc-export.ovf'),
    );
    const imported = vmNamed(vcenter.world, 'govc-imported')!;
    expect(imported.get('config')?.hardware).toMatchObject({
      numCPU: original.get('config')?.hardware.numCPU,
      memoryMB: original.get('config')?.hardware.memoryMB,
    });
  });
});
