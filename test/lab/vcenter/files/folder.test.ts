import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bench, LIMITED, openBench, PASSWORD } from './bench.ts';
import { leaseClient } from './lease.ts';

const WHERE = '?dcPath=DC0&dsName=nfs-iso';
let bench: Bench;

beforeAll(async () => {
  bench = await openBench();
  bench.files('prod-ssd-01').makeFolder('up');
});
afterAll(() => bench?.close());

const on = (path: string) => `/folder/${path}?dcPath=DC0&dsName=prod-ssd-01`;
const put = (path: string, body: Buffer | AsyncIterable<Buffer>, headers = {}) =>
  bench.http(on(path), { method: 'PUT', body, headers });

describe('/folder', () => {
  it('lists datacenters, datastores and files as pages with links that work', async () => {
    let path = '/folder';
    for (const name of ['DC0', 'nfs-iso', 'linux/']) {
      const page = (await bench.http(path)).bytes.toString();
      const link = new RegExp(`<a href="([^"]+)">${name}</a>`).exec(page);
      expect(link, page).not.toBeNull();
      path = link![1]!.replaceAll('&amp;', '&');
    }
    const files = (await bench.http(path)).bytes.toString();
    expect(files).toContain('debian-12.9.0-amd64-netinst.iso');
    expect(files).toContain('662700032');
  });

  it('keeps what was put, and gives it back whole and in parts', async () => {
    const content = randomBytes(300_000);
    const first = await put('up/ä b%23.bin', content);
    expect(first.status).toBe(201);
    expect((await put('up/ä b%23.bin', content)).status).toBe(200);
    expect((await bench.http(on('up/ä b%23.bin'))).bytes.equals(content)).toBe(true);

    const part = await bench.http(on('up/ä b%23.bin'), { headers: { range: 'bytes=1000-1999' } });
    expect(part.status).toBe(206);
    expect(part.headers['content-range']).toBe('bytes 1000-1999/300000');
    expect(part.bytes.equals(content.subarray(1000, 2000))).toBe(true);
    const tail = await bench.http(on('up/ä b%23.bin'), { headers: { range: 'bytes=-10' } });
    expect(tail.bytes.equals(content.subarray(-10))).toBe(true);
    const past = await bench.http(on('up/ä b%23.bin'), { headers: { range: 'bytes=300000-' } });
    expect(past.status).toBe(416);

    const head = await bench.http(on('up/ä b%23.bin'), { method: 'HEAD' });
    expect([head.status, head.headers['content-length'], head.bytes.length]).toEqual([200, '300000', 0]);
    expect((await bench.http(on('up/ä b%23.bin'), { method: 'DELETE' })).status).toBe(204);
    expect((await bench.http(on('up/ä b%23.bin'))).status).toBe(404);
  });

  it('keeps of a large file its size and checksum only, and reads it as zeros', async () => {
    const piece = randomBytes(1024 * 1024);
    const hash = createHash('sha256');
    async function* pieces() {
      for (let count = 0; count < 70; count++) {
        hash.update(piece);
        yield piece;
      }
    }
    expect((await put('up/large.bin', pieces())).status).toBe(201);
    const kept = bench.files('prod-ssd-01').stat('up/large.bin')!;
    expect(kept).toMatchObject({ size: 70 * 1024 * 1024, sha256: hash.digest('hex') });
    expect(kept.bytes).toBeUndefined();
    const end = await bench.http(on('up/large.bin'), { headers: { range: 'bytes=-16' } });
    expect(end.bytes).toEqual(Buffer.alloc(16));
  });

  it('keeps nothing of an upload that breaks off', async () => {
    async function* broken() {
      yield Buffer.alloc(100_000);
      throw new Error('the source is gone');
    }
    await expect(put('up/partial.bin', broken())).rejects.toThrow();
    expect((await bench.http(on('up/partial.bin'))).status).toBe(404);
  });

  it('gives a disk as its descriptor and its extent', async () => {
    bench.files('prod-ssd-01').write('up/d.vmdk', { size: 0, disk: { capacityKb: 2048, thin: true } });
    const descriptor = (await bench.http(on('up/d.vmdk'))).bytes.toString();
    expect(descriptor).toContain('RW 4096 VMFS "d-flat.vmdk"');
    const extent = await bench.http(on('up/d-flat.vmdk'), { method: 'HEAD' });
    expect(extent.headers['content-length']).toBe(String(2048 * 1024));
  });

  it('answers nobody who has not logged in', async () => {
    const attempts: Record<string, string>[] = [
      {},
      { authorization: 'Basic eDp5' },
      { cookie: 'vmware_soap_session="nonsense"' },
    ];
    for (const headers of attempts) {
      for (const method of ['GET', 'PUT', 'DELETE'] as const) {
        const { status } = await bench.http(on('up/x'), { method, headers, anonymous: true });
        expect(status).toBe(401);
      }
    }
    expect(bench.files('prod-ssd-01').stat('up/x')).toBeUndefined();
  });

  it('takes a ticket once, for the request that it was made for', async () => {
    const { sessionManager } = bench.client.serviceContent;
    bench.files('prod-ssd-01').write('up/t.txt', { size: 2, bytes: Buffer.from('hi') });
    const acquire = async (method: string) => {
      const spec = {
        $type: 'SessionManagerHttpServiceRequestSpec' as const,
        method,
        url: `https://${bench.vcenter.host}${on('up/t.txt')}`,
      };
      const { id } = await bench.client.call('AcquireGenericServiceTicket', { _this: sessionManager!, spec });
      return { cookie: `vmware_cgi_ticket="${id}"` };
    };
    const headers = await acquire('httpGet');
    expect((await bench.http(on('up/t.txt'), { headers, anonymous: true })).bytes.toString()).toBe('hi');
    expect((await bench.http(on('up/t.txt'), { headers, anonymous: true })).status).toBe(401);
    const forPut = await acquire('httpPut');
    expect((await bench.http(on('up/t.txt'), { headers: forPut, anonymous: true })).status).toBe(401);
    const elsewhere = await acquire('httpGet');
    expect((await bench.http(on('up/d.vmdk'), { headers: elsewhere, anonymous: true })).status).toBe(401);
  });

  it('lets a reader look and change nothing', async () => {
    const headers = { authorization: `Basic ${Buffer.from(`${LIMITED}:${PASSWORD}`).toString('base64')}` };
    const page = await bench.http(on('up'), { headers, anonymous: true });
    expect(page.status).toBe(200);
    const write = await bench.http(on('up/no'), { method: 'PUT', body: 'x', headers, anonymous: true });
    expect(write.status).toBe(403);
    const erase = await bench.http(on('up'), { method: 'DELETE', headers, anonymous: true });
    expect(erase.status).toBe(403);
    expect(bench.files('prod-ssd-01').stat('up')).toBeDefined();
  });

  it.each([
    ['another datacenter', '/folder/x?dcPath=DC9&dsName=prod-ssd-01', 404],
    ['a datastore of another datacenter', '/folder/?dcPath=DC1&dsName=prod-ssd-01', 404],
    ['no datastore', '/folder/x?dcPath=DC0', 400],
    ['no datacenter', '/folder/x?dsName=prod-ssd-01', 400],
    ['a file that is not there', `/folder/none.iso${WHERE}`, 404],
    ['a path that leads out', `/folder/linux/..%2f..%2fetc/passwd${WHERE}`, 400],
    ['a broken escape', `/folder/%zz${WHERE}`, 400],
    ['a control character', `/folder/a%00b${WHERE}`, 400],
  ])('refuses %s', async (_, path, status) => {
    expect((await bench.http(path)).status).toBe(status);
  });

  it('refuses other methods, the root, folders, and folders that are not there', async () => {
    expect((await bench.http(on('up/x'), { method: 'POST', body: 'x' })).status).toBe(405);
    expect((await bench.http(on(''), { method: 'DELETE' })).status).toBe(403);
    expect((await put('up', Buffer.from('x'))).status).toBe(403);
    expect((await put('nowhere/x', Buffer.from('x'))).status).toBe(404);
  });

  it('takes nothing more than fits, and keeps nothing of it', async () => {
    const files = bench.files('prod-ssd-01');
    const before = files.foreignBytes;
    files.foreignBytes = files.capacityBytes - files.usedBytes() - 1000;
    try {
      expect((await put('up/fits', Buffer.alloc(900))).status).toBe(201);
      expect((await put('up/more', Buffer.alloc(200))).status).toBe(507);
      async function* unannounced() {
        yield Buffer.alloc(200);
      }
      expect((await put('up/more', unannounced())).status).toBe(507);
      expect(files.stat('up/more')).toBeUndefined();
    } finally {
      files.foreignBytes = before;
    }
  });

  it('refuses the disk of a running VM', async () => {
    const on = [...bench.vcenter.world.objects.all('VirtualMachine')].find(
      (vm) => vm.get('runtime').powerState === 'poweredOn' && vm.get('runtime').connectionState === 'connected',
    )!;
    const [, name, path] = /^\[(.+)\] (.+)$/.exec(on.get('config')!.files.vmPathName!)!;
    const { status } = await bench.http(`/folder/${path}?dcPath=DC0&dsName=${name}`, { method: 'DELETE' });
    expect(status).toBe(500);
    expect(bench.files(name!).stat(path!)).toBeDefined();
  });
});

describe('/folder of an ESXi host', () => {
  let esxi: Bench;
  beforeAll(async () => {
    esxi = await openBench({ kind: 'esxi', vms: 3, accounts: [{ name: 'root', password: PASSWORD }] });
  });
  afterAll(() => esxi?.close());

  it('needs no datacenter to be named, for files nor for FileManager', async () => {
    const [datastore] = esxi.vcenter.world.objects.all('Datastore');
    const name = datastore!.get('name');
    const where = `?dsName=${encodeURIComponent(name)}`;
    expect((await esxi.http(`/folder/new.txt${where}`, { method: 'PUT', body: 'hi' })).status).toBe(201);
    expect((await esxi.http(`/folder/new.txt${where}&dcPath=ha-datacenter`)).bytes.toString()).toBe('hi');
    expect((await esxi.http(`/folder/new.txt${where}&dcPath=DC0`)).status).toBe(404);
    const { fileManager } = esxi.client.serviceContent;
    const removing = esxi.client.call('DeleteDatastoreFile_Task', { _this: fileManager!, name: `[${name}] new.txt` });
    await esxi.done(removing);
    expect(esxi.files(name).stat('new.txt')).toBeUndefined();
  });

  it('lends the disks of a VM that is off', async () => {
    const vm = [...esxi.vcenter.world.objects.all('VirtualMachine')].find(
      (each) => each.get('runtime').powerState === 'poweredOff',
    );
    const leased = vm ?? [...esxi.vcenter.world.objects.all('VirtualMachine')][0]!;
    if (!vm) leased.set({ runtime: { ...leased.get('runtime'), powerState: 'poweredOff' } });
    const lease = await esxi.client.call('ExportVm', { _this: leased.ref });
    const leases = leaseClient(esxi);
    const { deviceUrl } = await leases.ready(lease);
    expect(deviceUrl?.[0]?.url).toMatch(/^https:\/\/\*\/nfc\/[\da-f-]{36}\/disk-0\.vmdk$/);
    expect((await leases.transfer(deviceUrl![0]!.url)).bytes.subarray(0, 4).toString()).toBe('KDMV');
    await leases.close();
    await esxi.client.call('HttpNfcLeaseComplete', { _this: lease });
  });
});
