/** Packages against the lab: where they come from, what is refused before anything is made, and that no lease stays. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createCertificate } from '../../lab/vcenter/http/certificate.ts';
import { startVCenter, type VCenter } from '../../lab/vcenter/vcenter.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createDownloadRules } from '../../src/lib/download-rules.ts';
import { createLogger } from '../../src/lib/logger.ts';
import { Secret } from '../../src/lib/secret.ts';
import { createManagedServers } from '../../src/vsphere/managed-servers.ts';
import { createUrlSources } from '../../src/vsphere/url-source.ts';
import { ova, ovfPackage, type Package, sha256, tar } from '../support/ova.ts';
import { startToolHarness, type ToolHarness } from '../support/tool-harness.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';

let vcenter: VCenter;
let harness: ToolHarness;
let folder: string;
let web: Server;
let origin: string;
let good: Package;
/** What the web server was asked for, and what it answers besides files. */
const asked: string[] = [];

beforeAll(async () => {
  vcenter = await startVCenter({ vms: 20 });
  folder = await mkdtemp(join(tmpdir(), 'mcvsphere-ova-'));
  good = await ovfPackage({ networks: ['inside', 'outside'] });
  await writeFile(join(folder, 'good.ova'), ova(good));
  const { cert, key } = await createCertificate();
  web = createServer({ cert, key }, ({ url = '', headers }, response) => {
    asked.push(url);
    const bytes = ova(good);
    if (url.startsWith('/images/moved')) return void response.writeHead(302, { location: '/images/good.ova' }).end();
    if (url.startsWith('/images/whole')) return void response.writeHead(200).end(bytes);
    if (!url.startsWith('/images/good.ova')) return void response.writeHead(404).end();
    const [, from = '0', to = '0'] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? [];
    response.writeHead(206, { 'content-range': `bytes ${from}-${to}/${bytes.length}`, etag: '"1"' });
    response.end(bytes.subarray(Number(from), Number(to) + 1));
  });
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  origin = `https://localhost:${(web.address() as AddressInfo).port}`;
  const rules = createDownloadRules([`${origin}/images/`, 'https://elsewhere.example', '127.0.0.1/32']);
  const resolve = async (host: string) => [host === 'localhost' ? '127.0.0.1' : '10.1.2.3'];
  harness = await startToolHarness([{ vcsim: vcenter }], {
    filesFolder: folder,
    urls: createUrlSources({ rules, ca: cert, resolve }),
  });
});
afterAll(async () => {
  await harness?.close();
  await new Promise((resolve) => web.close(resolve));
  await vcenter?.stop();
  await rm(folder, { recursive: true, force: true });
});

const vmNamed = (name: string) =>
  [...vcenter.world.objects.all('VirtualMachine')].find((vm) => vm.get('name') === name);
const leases = () => [...vcenter.world.objects.all('HttpNfcLease')].map((lease) => lease.get('state'));

/** The record says that the change was not made, and not that nobody knows. */
function expectKnownFailure() {
  const { event, error_code, result } = harness.records().at(-1)!;
  expect([event, typeof error_code, result]).toEqual(['TOOL_OUTCOME', 'string', undefined]);
}

/** Where new VMs go. */
function place() {
  const cluster = [...vcenter.world.objects.all('ClusterComputeResource')][0]!;
  return { datastore: cluster.get('datastore')[0]!.value, network: cluster.get('network')[0]!.value };
}

const file = async (name: string, bytes: Buffer) => {
  await writeFile(join(folder, name), bytes);
  return name;
};

describe('deploy_ova', () => {
  it.each([
    ['a file of the opened folder', () => 'good.ova'],
    ['a listed URL', () => `${origin}/images/good.ova?signature=secret`],
  ])('makes a VM of %s, with all its networks, and tells how far it is', async (what, path) => {
    const name = `from ${what}`;
    const seen: string[] = [];
    const onProgress = (_: number, message: string) => seen.push(message);
    const said = await harness.run('deploy_ova', { ...place(), ova_path: path(), vm_name: name }, { onProgress });
    expect(said.disks).toEqual([{ file: 'disk.vmdk', size_bytes: good.disk.length, sha256: sha256(good.disk) }]);
    expect(JSON.stringify(said)).not.toContain('signature');
    const devices = vmNamed(name)?.get('config')?.hardware.device ?? [];
    expect(devices.filter((device) => 'macAddress' in device)).toHaveLength(2);
    expect(seen).toContain('uploading disk.vmdk');
    expect(leases().every((state) => state === 'done')).toBe(true);
  });

  it('puts an image into a CD drive besides, and powers on', async () => {
    const { datastore, network } = place();
    const holder = vcenter.world.objects.get({ type: 'Datastore', value: datastore }, 'Datastore');
    vcenter.world.files.of(holder).write('setup.iso', { size: 5 });
    const said = await harness.run('deploy_ova', {
      datastore,
      network,
      ova_path: 'good.ova',
      vm_name: 'with image',
      iso_path: 'setup.iso',
      power_on: true,
    });
    expect(said).toMatchObject({ iso: `[${holder.get('name')}] setup.iso`, power_state: 'poweredOn' });
    expect(vmNamed('with image')?.get('config')?.hardware.device).toContainEqual(
      expect.objectContaining({ backing: expect.objectContaining({ fileName: said.iso }) }),
    );
  });

  const refused: [string, () => Promise<string> | string, RegExp][] = [
    [
      'whose disk is missing',
      () => file('no-disk.ova', tar([{ name: 'app.ovf', data: good.ovf }])),
      /disk\.vmdk.*missing/,
    ],
    [
      'whose disk has another size than it says',
      async () => {
        const { ovf, disk } = await ovfPackage({ size: 7 });
        return file(
          'size.ova',
          tar([
            { name: 'app.ovf', data: ovf },
            { name: 'disk.vmdk', data: disk },
          ]),
        );
      },
      /should have 7/,
    ],
    [
      'whose descriptor was changed',
      () => file('changed.ova', ova({ ...good, ovf: Buffer.from(good.ovf.toString().replace('512', '513')) })),
      /not the one that its manifest/,
    ],
    [
      'whose disks are compressed',
      async () => file('gzip.ova', ova(await ovfPackage({ fileAttributes: 'ovf:compression="gzip"' }))),
      /compressed/,
    ],
    ['without a descriptor', () => file('none.ova', tar([{ name: 'a.txt', data: Buffer.from('x') }])), /no descriptor/],
    ['that is somewhere else on this machine', () => '../../etc/passwd', /./],
    ['at a URL that redirects', () => `${origin}/images/moved.ova`, /redirects are not followed/],
    ['at a server without ranges', () => `${origin}/images/whole.ova`, /ranges/],
    ['at a URL that is not there', () => `${origin}/images/none.ova`, /nothing at/],
    ['at a URL that is not listed', () => `${origin}/secret.ova`, /OVA_URL_ALLOWLIST/],
    ['at a private address that is not listed', () => 'https://elsewhere.example/a.ova', /not public/],
  ];
  it.each(refused)('refuses a package %s, before anything is made', async (_, path, why) => {
    const before = leases().length;
    const args = { ...place(), ova_path: await path(), vm_name: 'never' };
    await expect(harness.run('deploy_ova', args)).rejects.toThrow(why);
    expect(leases()).toHaveLength(before);
    expect(vmNamed('never')).toBeUndefined();
  });

  it('sends nothing to a server that is not listed', () => {
    expect(asked.filter((url) => url.startsWith('/secret'))).toEqual([]);
  });

  it('aborts, and leaves no VM, when a disk is not the one of the manifest', async () => {
    const manifest = Buffer.from(good.manifest.toString().replace(sha256(good.disk), '0'.repeat(64)));
    const ova_path = await file('manifest.ova', ova({ ...good, manifest }));
    await expect(harness.run('deploy_ova', { ...place(), ova_path, vm_name: 'denied' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('manifest'),
    });
    expect(leases().at(-1)).toBe('error');
    await vi.waitFor(() => expect(vmNamed('denied')).toBeUndefined());
    expectKnownFailure();
  });

  it('aborts, and leaves no VM, when its caller goes away', async () => {
    const caller = new AbortController();
    const running = harness.run(
      'deploy_ova',
      { ...place(), ova_path: 'good.ova', vm_name: 'left alone' },
      { signal: caller.signal, onProgress: () => caller.abort() },
    );
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(leases().at(-1)).toBe('error');
    expectKnownFailure();
    await vi.waitFor(() => expect(vmNamed('left alone')).toBeUndefined());
  });
});

describe('export_vm_ovf and deploy_ovf', () => {
  it('bring a VM back as it was', async () => {
    const { datastore, network } = place();
    await harness.run('deploy_ova', { datastore, network, ova_path: 'good.ova', vm_name: 'a/b: c' });
    const said = await harness.run('export_ovf', { vm_name: 'a/b: c', target_path: 'out/deep', datastore });
    expect(said.files.map((each: { file: string }) => each.file)).toEqual([
      'a_b_c.ovf',
      'a_b_c-disk-0.vmdk',
      'a_b_c.mf',
    ]);
    const again = await harness.run('deploy_ovf', {
      datastore,
      network,
      ovf_path: said.ovf_descriptor,
      vm_name: 'again',
    });
    expect(again.disks[0].sha256).toBe(said.files[1].sha256);
    expect(vmNamed('again')?.get('config')).toMatchObject({ hardware: { numCPU: 2, memoryMB: 512 } });
    expect(leases().slice(-3)).toEqual(['done', 'done', 'done']);

    await expect(
      harness.run('export_vm_ovf', { vm_name: 'a/b: c', target_path: 'out/deep', datastore }),
    ).rejects.toThrow(/exists already/);
  });

  it('leave no folder and no lease when the caller goes away', async () => {
    const { datastore } = place();
    const caller = new AbortController();
    const running = harness.run(
      'export_vm_ovf',
      { vm_name: 'a/b: c', target_path: 'gone', datastore },
      { signal: caller.signal, onProgress: () => caller.abort() },
    );
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' });
    await vi.waitFor(() => expect(leases().at(-1)).toBe('error'));
    const holder = vcenter.world.objects.get({ type: 'Datastore', value: datastore }, 'Datastore');
    expect(vcenter.world.files.of(holder).stat('gone')).toBeUndefined();
  });
});

it('aborts what is open when the gateway stops', async () => {
  const { user, password, url } = vcenter;
  const servers = createManagedServers({
    servers: [
      { name: 'lab', kind: 'vcenter', url, username: user, password: new Secret(password), tls: { insecure: true } },
    ],
    clock: systemClock,
    logger: createLogger('silent'),
  });
  const server = await servers.get();
  const vsphere = server.forCall({ operationId: 'test', signal: new AbortController().signal });
  const vm = vmNamed('again')!;
  let reached: () => void = () => {};
  const ready = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const use = vsphere.useLease(
    (call) => call('ExportVm', { _this: vm.ref }),
    () => {
      reached();
      return new Promise<never>(() => {});
    },
  );
  use.catch(() => {});
  await ready;
  expect(leases().at(-1)).toBe('ready');
  await servers.close();
  expect(leases().at(-1)).toBe('error');
});

describe.skipIf(!(await vcsimAvailable()))('on vcsim', () => {
  let vcsim: Vcsim;
  let other: ToolHarness;
  beforeAll(async () => {
    vcsim = await startVcsim({ dc: 1, cluster: 1, host: 1, vm: 1 });
    other = await startToolHarness([{ vcsim }], { filesFolder: folder });
  });
  afterAll(async () => {
    await other?.close();
    await vcsim?.stop();
  });

  it('makes a VM of a package, its disk sent over the lease', async () => {
    const said = await other.run('deploy_ova', { ova_path: 'good.ova', vm_name: 'deployed' });
    expect(said).toMatchObject({ vm: { name: 'deployed' }, power_state: 'poweredOff' });
    expect(said.disks).toEqual([{ file: 'disk.vmdk', size_bytes: good.disk.length, sha256: sha256(good.disk) }]);
    const vms = await other.peer.properties('VirtualMachine', ['name']);
    expect([...vms.values()].map(({ name }) => name)).toContain('deployed');
  });

  it('refuses a name that is taken', async () => {
    await expect(other.run('deploy_ova', { ova_path: 'good.ova', vm_name: 'deployed' })).rejects.toThrow(/taken/);
  });
});

describe('on a lone ESXi host', () => {
  let esxi: VCenter;
  let lone: ToolHarness;
  beforeAll(async () => {
    esxi = await startVCenter({ kind: 'esxi', vms: 3 });
    lone = await startToolHarness([{ vcsim: esxi, kind: 'esxi' }], { filesFolder: folder });
  });
  afterAll(async () => {
    await lone?.close();
    await esxi?.stop();
  });

  it('deploys a package, and exports the VM', async () => {
    const { vm } = await lone.run('deploy_ova', { ova_path: 'good.ova', vm_name: 'alone' });
    const said = await lone.run('export_vm_ovf', { vm_name: vm.id, target_path: 'exported' });
    const { networks } = await lone.run('list_ovf_networks', {
      ovf_path: said.ovf_descriptor,
      datastore: said.datastore,
    });
    expect(networks).toHaveLength(1);
  });
});

it('finds the session again that was lost before a file is asked for', async () => {
  const { datastore } = place();
  const holder = vcenter.world.objects.get({ type: 'Datastore', value: datastore }, 'Datastore');
  vcenter.world.files.of(holder).write('lost.ova', { size: ova(good).length, bytes: ova(good) });
  const ova_path = `[${holder.get('name')}] lost.ova`;
  await harness.run('inspect_ova', { ova_path });
  vcenter.world.sessions.endAll();
  expect(await harness.run('inspect_ova', { ova_path })).toMatchObject({ product: 'Appliance' });
});
