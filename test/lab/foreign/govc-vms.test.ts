import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startVCenter, type VCenter } from '../../../lab/vcenter/vcenter.ts';
import type { VirtualDisk } from '../../../src/vim25/generated/types.ts';
import { type Govc, govcAvailable, govcOf } from './govc.ts';
import { newVm, pathOf, runningVm, type Vm, vmNamed } from './subjects.ts';

describe.skipIf(!(await govcAvailable()))('govc and VMs', () => {
  let vcenter: VCenter;
  let govc: Govc;

  beforeAll(async () => {
    // Tasks take a moment, so that each is really waited for.
    vcenter = await startVCenter({ vms: 40, stepMs: 2 });
    govc = govcOf(vcenter, { env: { GOVC_DATACENTER: 'DC0' } });
  });
  afterAll(() => vcenter?.stop());

  const powerOf = (vm: Vm) => vm.get('runtime').powerState;
  const placeOf = (vm: Vm) => {
    const { objects } = vcenter.world;
    return {
      datastore: String(objects.get(vm.get('datastore')[0]!, 'Datastore').get('name')),
      network: pathOf(vcenter.world, objects.get(vm.get('network')[0]!, 'Network')),
      pool: pathOf(vcenter.world, objects.get(vm.get('resourcePool')!, 'ResourcePool')),
      folder: pathOf(vcenter.world, objects.get(vm.get('parent')!, 'Folder')),
    };
  };

  it('switches a VM through every state', async () => {
    const vm = newVm(vcenter.world, 'govc-power');
    for (const [flag, state] of [
      ['-on', 'poweredOn'],
      ['-suspend', 'suspended'],
      ['-on', 'poweredOn'],
      ['-reset', 'poweredOn'],
      ['-off', 'poweredOff'],
    ] as const) {
      expect(await govc('vm.power', flag, pathOf(vcenter.world, vm))).toMatch(/OK/);
      expect(powerOf(vm)).toBe(state);
    }
  });

  it('is told by which fault switching off what is off fails', async () => {
    const vm = newVm(vcenter.world, 'govc-refused');
    const { exitCode, complaint } = await govc.try('vm.power', '-off', vm.get('name'));
    expect(exitCode).toBe(1);
    expect(complaint).toMatch(/cannot be performed in the current state \(Powered off\)/);
  });

  it('asks the guest to shut down, and waits for its address after a start', async () => {
    const vm = runningVm(vcenter.world);
    const path = pathOf(vcenter.world, vm);
    await govc('vm.power', '-s', path);
    await expect.poll(() => powerOf(vm)).toBe('poweredOff');
    await govc('vm.power', '-on', path);
    const address = await govc('vm.ip', '-wait', '20s', path);
    expect(address.trim()).toBe(vm.get('guest')?.ipAddress);
    expect(address).toMatch(/^\d+\./);
  });

  it('keeps a tree of snapshots, reverts, and removes them', async () => {
    const vm = newVm(vcenter.world, 'govc-snapshots');
    const name = vm.get('name');
    await govc('snapshot.create', '-vm', name, '-m=false', '-d', 'as made', 'first');
    await govc('vm.change', '-vm', name, '-c', '4');
    await govc('snapshot.create', '-vm', name, '-m=false', 'second');
    const tree = await govc('snapshot.tree', '-vm', name, '-i');
    const [first] = vm.get('snapshot')!.rootSnapshotList;
    expect(tree).toMatch(new RegExp(`${first!.snapshot.value}.*first[^]*second`));
    await govc('snapshot.revert', '-vm', name, 'first');
    expect(vm.get('config')?.hardware.numCPU).toBe(1);
    expect(vm.get('snapshot')?.currentSnapshot).toEqual(first!.snapshot);
    await govc('snapshot.remove', '-vm', name, 'first');
    expect(vm.get('snapshot')!.rootSnapshotList.map((each) => each.name)).toEqual(['second']);
    await govc('snapshot.remove', '-vm', name, '*');
    expect(vm.get('snapshot')).toBeUndefined();
  });

  it('clones, resizes, moves, marks as template and destroys', async () => {
    const vm = runningVm(vcenter.world);
    const { datastore, pool, folder } = placeOf(vm);
    const from = ['-vm', pathOf(vcenter.world, vm), '-on=false'];
    await govc('vm.clone', ...from, '-ds', datastore, '-pool', pool, '-folder', folder, 'govc-clone');
    const clone = vmNamed(vcenter.world, 'govc-clone')!;
    expect(clone.get('config')).toMatchObject({
      guestId: vm.get('config')?.guestId,
      template: false,
      hardware: expect.objectContaining({ memoryMB: vm.get('config')?.hardware.memoryMB }),
    });
    expect(powerOf(clone)).toBe('poweredOff');

    await govc('vm.change', '-vm', 'govc-clone', '-c', '3', '-m', '2048', '-annotation', 'changed');
    expect(clone.get('config')).toMatchObject({
      annotation: 'changed',
      hardware: expect.objectContaining({ numCPU: 3, memoryMB: 2048 }),
    });

    const other = [...vcenter.world.objects.all('Datastore')].find(
      (each) =>
        each.get('name') !== datastore &&
        each.get('parent')?.value ===
          vcenter.world.objects.get(vm.get('datastore')[0]!, 'Datastore').get('parent')?.value,
    );
    await govc('vm.migrate', '-ds', String(other!.get('name')), 'govc-clone');
    expect(clone.get('datastore')).toEqual([other!.ref]);

    await govc('vm.markastemplate', 'govc-clone');
    expect(clone.get('config')?.template).toBe(true);
    await govc('vm.markasvm', '-pool', pool, 'govc-clone');
    expect(clone.get('config')?.template).toBe(false);
    await govc('vm.destroy', 'govc-clone');
    expect(vcenter.world.objects.find(clone.ref)).toBeUndefined();
  });

  it('creates a VM and gives it disks, cards and a CD drive', async () => {
    const { datastore, network, pool, folder } = placeOf(runningVm(vcenter.world));
    const place = ['-ds', datastore, '-net', network, '-pool', pool, '-folder', folder];
    await govc(
      'vm.create',
      '-on=false',
      '-c',
      '2',
      '-m',
      '512',
      '-g',
      'debian12_64Guest',
      '-disk',
      '1G',
      ...place,
      'govc-made',
    );
    const vm = vmNamed(vcenter.world, 'govc-made')!;
    const before = (await govc.json('device.ls', '-vm', 'govc-made')).devices.length;
    await govc('vm.disk.create', '-vm', 'govc-made', '-name', 'govc-made/second', '-size', '3G', '-ds', datastore);
    await govc('vm.network.add', '-vm', 'govc-made', '-net', network, '-net.adapter', 'vmxnet3');
    await govc('device.cdrom.add', '-vm', 'govc-made');
    const { devices } = await govc.json('device.ls', '-vm', 'govc-made');
    expect(devices).toHaveLength(before + 3);
    expect(devices).toHaveLength(vm.get('config')!.hardware.device!.length);
    const disks = vm.get('config')!.hardware.device!.filter((device) => 'capacityInKB' in device) as VirtualDisk[];
    expect(disks.map(({ deviceInfo, capacityInKB }) => [deviceInfo?.label, Number(capacityInKB)])).toEqual([
      ['Hard disk 1', 1024 * 1024],
      ['Hard disk 2', 3 * 1024 * 1024],
    ]);
    const { name } = devices.find(({ type }: { type: string }) => type === 'VirtualCdrom');
    await govc('device.remove', '-vm', 'govc-made', name);
    expect((await govc.json('device.ls', '-vm', 'govc-made')).devices).toHaveLength(before + 2);
  });

  it('unregisters a VM and registers it again from its file', async () => {
    const vm = newVm(vcenter.world, 'govc-registered');
    const { datastore, pool, folder } = placeOf(vm);
    const file = vm.get('config')!.files.vmPathName!.replace(/^\[.*?\] /, '');
    await govc('vm.unregister', 'govc-registered');
    expect(vmNamed(vcenter.world, 'govc-registered')).toBeUndefined();
    await govc('vm.register', '-ds', datastore, '-pool', pool, '-folder', folder, file);
    expect(vmNamed(vcenter.world, 'govc-registered')?.get('config')?.files.vmPathName).toContain(file);
  });

  it('makes, renames and destroys folders', async () => {
    await govc('folder.create', '/DC0/vm/govc');
    await govc('object.rename', '/DC0/vm/govc', 'renamed');
    expect((await govc.json('find', '/DC0/vm', '-type', 'f')) as string[]).toContain('/DC0/vm/renamed');
    const again = await govc.try('folder.create', '/DC0/vm/renamed');
    expect(again.complaint).toMatch(/already exists/);
    await govc('object.destroy', '/DC0/vm/renamed');
    expect((await govc.json('find', '/DC0/vm', '-type', 'f')) as string[]).not.toContain('/DC0/vm/renamed');
  });

  it('reads the events and the tasks of a VM, newest last', async () => {
    const vm = newVm(vcenter.world, 'govc-history');
    const path = pathOf(vcenter.world, vm);
    await govc('vm.power', '-on', path);
    const events = await govc('events', '-n', '10', path);
    expect(events).toMatch(/govc-history on .* is powered on|Powered on/i);
    const tasks = await govc('tasks', '-l', '-n', '5', path);
    expect(tasks).toMatch(/success/);
  });

  it('finds and changes what tags a VM carries', async () => {
    const vm = newVm(vcenter.world, 'govc-tags');
    const path = pathOf(vcenter.world, vm);
    await govc('tags.category.create', '-m', '-t', 'VirtualMachine', 'govc-category');
    await govc('tags.create', '-c', 'govc-category', '-d', 'of the test', 'govc-tag');
    await govc('tags.attach', '-c', 'govc-category', 'govc-tag', path);
    expect(await govc.json('tags.attached.ls', '-r', path)).toEqual(['govc-tag']);
    const attached = await govc.json('tags.attached.ls', 'govc-tag');
    expect(JSON.stringify(attached)).toContain(vm.id);
    await govc('tags.detach', '-c', 'govc-category', 'govc-tag', path);
    await govc('tags.rm', '-c', 'govc-category', 'govc-tag');
    await govc('tags.category.rm', 'govc-category');
    expect(await govc('tags.category.ls')).not.toContain('govc-category');
  });

  it('is denied what the account may not do', async () => {
    const limited = await startVCenter({
      vms: 20,
      accounts: [{ name: 'reader', password: 'lab-password', may: (privilege) => privilege.startsWith('System.') }],
    });
    try {
      const vm = newVm(limited.world, 'govc-denied');
      const { exitCode, complaint } = await govcOf(limited).try('vm.power', '-on', pathOf(limited.world, vm));
      expect(exitCode).toBe(1);
      expect(complaint).toMatch(/NoPermission|Permission to perform this operation was denied/);
      expect(powerOf(vm)).toBe('poweredOff');
    } finally {
      await limited.stop();
    }
  });
});
