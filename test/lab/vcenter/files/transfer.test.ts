import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeVmdk, encodeVmdk } from '../../../../lab/vcenter/nfc/vmdk.ts';
import { disksOf } from '../../../../lab/vcenter/vm/vm-files.ts';
import { type Clock, systemClock } from '../../../../src/lib/clock.ts';
import type {
  OvfCreateImportSpecParams,
  VirtualDiskFlatVer2BackingInfo,
  VirtualMachineImportSpec,
} from '../../../../src/vim25/generated/types.ts';
import type { ManagedObjectReference } from '../../../../src/vim25/managed-object-reference.ts';
import { connectTo } from '../../../vim25/connect.ts';
import { openStage, type Stage, type Vm } from '../vm/stage.ts';
import { type LeaseClient, leaseClient } from './lease.ts';

const MIB = 1024 * 1024;
const LIMITED = 'clerk';
let stage: Stage;
let leases: LeaseClient;
let passed = 0;
const sleepers = new Set<() => void>();

/** Runs as the system's does; `pass` moves it on, and wakes who slept that long. */
const clock: Clock = {
  ...systemClock,
  now: () => Date.now() + passed,
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      const until = clock.now() + ms;
      const wake = () => {
        if (clock.now() < until && !signal?.aborted) return;
        sleepers.delete(wake);
        resolve();
      };
      sleepers.add(wake);
      signal?.addEventListener('abort', wake, { once: true });
    }),
};
const pass = (ms: number) => {
  passed += ms;
  for (const wake of [...sleepers]) wake();
};

beforeAll(async () => {
  stage = await openStage({
    clock,
    accounts: [
      { name: 'root', password: 'lab-password' },
      { name: LIMITED, password: 'lab-password', may: (privilege) => !privilege.startsWith('VApp.') },
    ],
  });
  leases = leaseClient(stage);
});
afterAll(async () => {
  await leases?.close();
  await stage?.close();
});

const call: Stage['client']['call'] = (...args) => stage.client.call(...args);
const ovfManager = () => stage.client.serviceContent.ovfManager!;
const exportOf = (vm: Vm) => call('ExportVm', { _this: vm.ref });
const filesOf = (vm: Vm) => {
  const [disk] = disksOf(vm.get('config')!.hardware.device);
  const { fileName } = disk!.backing as VirtualDiskFlatVer2BackingInfo;
  const path = fileName.replace(/^\[.*?\] /, '');
  const tree = stage.vcenter.world.files.of(stage.place.datastore);
  return { tree, path, folder: path.split('/')[0]! };
};
const vmNamed = (name: string) =>
  [...stage.vcenter.world.objects.all('VirtualMachine')].find((vm) => vm.get('name') === name);

/** A VM that is off, with a small disk that holds something. */
function vmWithData(name: string, data: Buffer): Vm {
  const vm = stage.vm(name, { disks: [{ capacityKb: 16 * 1024 }], annotation: 'made by <hand> & "machine"' });
  const { tree, path } = filesOf(vm);
  tree.write(path, { ...tree.stat(path)!, size: data.length, bytes: data });
  return vm;
}

const importParams = (entityName: string): OvfCreateImportSpecParams => ({
  locale: '',
  deploymentOption: '',
  entityName,
  diskProvisioning: 'thin',
});

/** A lease on a new VM of a descriptor. */
async function importing(ovfDescriptor: string, name: string) {
  const { pool, folder, datastore } = stage.place;
  const result = await call('CreateImportSpec', {
    _this: ovfManager(),
    ovfDescriptor,
    resourcePool: pool.ref,
    datastore: datastore.ref,
    cisp: importParams(name),
  });
  expect(result.error ?? []).toEqual([]);
  const lease = await call('ImportVApp', { _this: pool.ref, spec: result.importSpec!, folder: folder.ref });
  return { lease, fileItem: result.fileItem ?? [], spec: result.importSpec as VirtualMachineImportSpec };
}

async function descriptorOf(vm: Vm, lease?: ManagedObjectReference): Promise<string> {
  const { deviceUrl = [] } = lease ? await leases.ready(lease) : {};
  const manifest = lease ? await call('HttpNfcLeaseGetManifest', { _this: lease }) : [];
  const ovfFiles = manifest.map(({ key, size, capacity, populatedSize }) => ({
    deviceId: key,
    path: deviceUrl.find((each) => each.key === key)!.targetId!,
    size,
    ...(capacity !== undefined && { capacity }),
    ...(populatedSize !== undefined && { populatedSize }),
  }));
  const result = await call('CreateDescriptor', { _this: ovfManager(), obj: vm.ref, cdp: { ovfFiles } });
  expect(result.error).toBeUndefined();
  return result.ovfDescriptor;
}

describe('export and import', () => {
  it('carries a VM out and in again: the disk, the hardware, the words', async () => {
    const data = Buffer.concat([randomBytes(200_000), Buffer.alloc(3 * MIB), randomBytes(100_000)]);
    const vm = vmWithData('web-source', data);
    const out = await exportOf(vm);
    const { deviceUrl, leaseTimeout, totalDiskCapacityInKB, entity } = await leases.ready(out);
    expect([leaseTimeout, totalDiskCapacityInKB, entity.value]).toEqual([300, 16 * 1024, vm.id]);
    const [device] = deviceUrl!;
    await call('HttpNfcLeaseSetManifestChecksumType', {
      _this: out,
      deviceUrlsToChecksumTypes: [{ key: device!.key, value: 'sha256' }],
    });
    const { bytes: vmdk } = await leases.transfer(device!.url);
    await call('HttpNfcLeaseProgress', { _this: out, percent: 90 });
    const [entry] = await call('HttpNfcLeaseGetManifest', { _this: out });
    expect(entry).toMatchObject({
      key: device!.key,
      size: vmdk.length,
      sha1: createHash('sha1').update(vmdk).digest('hex'),
      checksum: createHash('sha256').update(vmdk).digest('hex'),
      checksumType: 'sha256',
    });
    expect(
      decodeVmdk(vmdk, () => true)!
        .subarray(0, data.length)
        .equals(data),
    ).toBe(true);
    const descriptor = await descriptorOf(vm, out);
    await call('HttpNfcLeaseComplete', { _this: out });
    expect(leases.state(out)).toBe('done');

    const { lease, fileItem } = await importing(descriptor, 'web-copy');
    const info = await leases.ready(lease);
    expect(fileItem.map(({ deviceId }) => deviceId)).toEqual(info.deviceUrl!.map(({ importKey }) => importKey));
    expect((await leases.transfer(info.deviceUrl![0]!.url, 'POST', vmdk)).status).toBe(201);
    await call('HttpNfcLeaseComplete', { _this: lease });
    await stage.vcenter.world.tasks.idle();

    const copy = vmNamed('web-copy')!;
    const { tree, path } = filesOf(copy);
    expect(tree.stat(path)!.bytes!.subarray(0, data.length).equals(data)).toBe(true);
    const shape = ({ annotation, guestId, version, hardware }: NonNullable<ReturnType<typeof configOf>>) => ({
      annotation,
      guestId,
      version,
      cpu: hardware.numCPU,
      memory: hardware.memoryMB,
      devices: hardware.device!.map(({ $type }) => $type).sort(),
    });
    const configOf = (of: Vm) => of.get('config');
    expect(shape(configOf(copy)!)).toEqual(shape(configOf(vm)!));
    expect(copy.get('network')).toEqual(vm.get('network'));
    expect(stage.eventsOf(copy)).toContain('VmCreatedEvent');

    const again = await exportOf(copy);
    const { bytes: second } = await leases.transfer((await leases.ready(again)).deviceUrl![0]!.url);
    expect(second.equals(vmdk)).toBe(true);
    await call('HttpNfcLeaseComplete', { _this: again });
  });

  it('gives an empty disk of any size as a small file', async () => {
    const vm = stage.vm('sparse', { disks: [{ capacityKb: 1024 ** 3 }] });
    const lease = await exportOf(vm);
    const { bytes } = await leases.transfer((await leases.ready(lease)).deviceUrl![0]!.url);
    expect(bytes.length).toBeLessThan(2 * MIB);
    await call('HttpNfcLeaseComplete', { _this: lease });
  });

  it('makes a VM with empty disks where nothing was sent', async () => {
    const { lease } = await importing(await descriptorOf(vmWithData('empty-source', Buffer.from('x'))), 'empty-copy');
    await leases.ready(lease);
    await call('HttpNfcLeaseComplete', { _this: lease });
    await stage.vcenter.world.tasks.idle();
    const { tree, path } = filesOf(vmNamed('empty-copy')!);
    expect(tree.stat(path)).toMatchObject({ size: 0, disk: { capacityKb: 16 * 1024, thin: true } });
  });

  it('blocks other changes of the VM while the lease is held', async () => {
    const vm = vmWithData('leased', Buffer.from('x'));
    const lease = await exportOf(vm);
    await leases.ready(lease);
    await expect(call('PowerOnVM_Task', { _this: vm.ref })).rejects.toMatchObject({ faultType: 'TaskInProgress' });
    await expect(exportOf(vm)).rejects.toMatchObject({ faultType: 'TaskInProgress' });
    await call('HttpNfcLeaseAbort', { _this: lease });
    await stage.vcenter.world.tasks.idle();
    await stage.done(await call('PowerOnVM_Task', { _this: vm.ref }));
    await expect(exportOf(vm)).rejects.toMatchObject({ faultType: 'InvalidPowerState' });
  });
});

describe('a lease that does not end well', () => {
  let descriptor: string;
  beforeAll(async () => {
    descriptor = await descriptorOf(vmWithData('unlucky-source', Buffer.from('x')));
  });

  it('takes its VM and files away when it is aborted, and its URL leads nowhere', async () => {
    const { lease } = await importing(descriptor, 'aborted');
    const { url } = (await leases.ready(lease)).deviceUrl![0]!;
    const { tree, folder } = filesOf(vmNamed('aborted')!);
    await call('HttpNfcLeaseAbort', {
      _this: lease,
      fault: { fault: { $type: 'OvfImportFailed' }, localizedMessage: 'the disk is broken' },
    });
    await stage.vcenter.world.tasks.idle();
    expect(leases.state(lease)).toBe('error');
    expect(vmNamed('aborted')).toBeUndefined();
    expect(tree.stat(folder)).toBeUndefined();
    expect((await leases.transfer(url, 'PUT', Buffer.from('x'))).status).toBe(404);
    await expect(call('HttpNfcLeaseComplete', { _this: lease })).rejects.toMatchObject({ faultType: 'InvalidState' });
  });

  it('times out when no progress is reported, not while it is', async () => {
    const { lease } = await importing(descriptor, 'slow');
    await leases.ready(lease);
    pass(290_000);
    await call('HttpNfcLeaseProgress', { _this: lease, percent: 10 });
    pass(290_000);
    expect(leases.state(lease)).toBe('ready');
    pass(11_000);
    await stage.vcenter.world.tasks.idle();
    expect(leases.state(lease)).toBe('error');
    expect(vmNamed('slow')).toBeUndefined();
    await expect(call('HttpNfcLeaseProgress', { _this: lease, percent: 20 })).rejects.toMatchObject({
      faultType: 'Timedout',
    });
  });

  it('ends with the task that holds it', async () => {
    const { lease } = await importing(descriptor, 'cancelled');
    await leases.ready(lease);
    const task = stage.vcenter.world.tasks.recent().at(-1)!;
    expect(task.get('info')).toMatchObject({ state: 'running', descriptionId: 'ResourcePool.ImportVAppLRO' });
    await call('CancelTask', { _this: task.ref });
    await stage.vcenter.world.tasks.idle();
    expect(task.get('info')).toMatchObject({ state: 'error', error: { fault: { $type: 'RequestCanceled' } } });
    expect(leases.state(lease)).toBe('error');
    expect(vmNamed('cancelled')).toBeUndefined();
  });

  it('tells on the lease why no VM could be made', async () => {
    const { files, objects } = stage.vcenter.world;
    const tree = files.of(stage.place.datastore);
    const before = tree.foreignBytes;
    tree.foreignBytes = tree.capacityBytes;
    try {
      const { lease } = await importing(descriptor, 'no-room');
      await expect(leases.ready(lease)).rejects.toMatchObject({ fault: 'NoDiskSpace' });
    } finally {
      tree.foreignBytes = before;
    }
    await stage.vcenter.world.tasks.idle();
    expect([...objects.all('VirtualMachine')].some((vm) => vm.get('name') === 'no-room')).toBe(false);
  });

  it('refuses what is no disk, what is too large for the disk, and other methods', async () => {
    const { lease } = await importing(descriptor, 'refusing');
    const { url } = (await leases.ready(lease)).deviceUrl![0]!;
    expect((await leases.transfer(url, 'PUT', randomBytes(4096))).status).toBe(500);
    const larger: Buffer[] = [];
    for await (const piece of encodeVmdk('x', 32 * MIB)) larger.push(piece);
    expect((await leases.transfer(url, 'PUT', Buffer.concat(larger))).status).toBe(500);
    expect((await leases.transfer(url)).status).toBe(405);
    expect((await leases.transfer(url.replace(/[^/]+$/, '..%2fx'))).status).toBe(404);
    const { tree, path } = filesOf(vmNamed('refusing')!);
    expect(tree.stat(path)!.bytes).toBeUndefined();
    await expect(call('HttpNfcLeaseProgress', { _this: lease, percent: 101 })).rejects.toMatchObject({
      faultType: 'InvalidArgument',
    });
    await call('HttpNfcLeaseAbort', { _this: lease });
  });

  it('takes a VMDK that is broken further in, and keeps nothing of what it says', async () => {
    const { lease } = await importing(descriptor, 'broken');
    const { url } = (await leases.ready(lease)).deviceUrl![0]!;
    const pieces: Buffer[] = [];
    for await (const piece of encodeVmdk('x', 16 * MIB, randomBytes(MIB))) pieces.push(piece);
    const vmdk = Buffer.concat(pieces);
    vmdk.fill(0xff, 66_000, 70_000);
    expect((await leases.transfer(url, 'PUT', vmdk)).status).toBe(201);
    const { tree, path } = filesOf(vmNamed('broken')!);
    expect(tree.stat(path)).toMatchObject({ size: vmdk.length, disk: { capacityKb: 16 * 1024 } });
    expect(tree.stat(path)!.bytes).toBeUndefined();
    await call('HttpNfcLeaseAbort', { _this: lease });
  });

  it('is refused at once for a name that is taken, and for who may not', async () => {
    const { pool, folder, datastore } = stage.place;
    const { importSpec } = await call('CreateImportSpec', {
      _this: ovfManager(),
      ovfDescriptor: descriptor,
      resourcePool: pool.ref,
      datastore: datastore.ref,
      cisp: importParams('unlucky-source'),
    });
    const request = { _this: pool.ref, spec: importSpec!, folder: folder.ref };
    await expect(call('ImportVApp', request)).rejects.toMatchObject({ faultType: 'DuplicateName' });
    const limited = await connectTo({ ...stage.vcenter, user: LIMITED, password: 'lab-password' });
    await expect(limited.call('ImportVApp', request)).rejects.toMatchObject({ faultType: 'NoPermission' });
    const vm = vmNamed('unlucky-source')!;
    await expect(limited.call('ExportVm', { _this: vm.ref })).rejects.toMatchObject({ faultType: 'NoPermission' });
    await limited.close();
  });
});
