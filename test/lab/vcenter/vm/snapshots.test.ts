import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { takeSnapshot } from '../../../../lab/vcenter/vm/snapshots.ts';
import type { VirtualDisk } from '../../../../src/vim25/generated/types.ts';
import { connectTo } from '../../../vim25/connect.ts';
import { openStage, type Stage, type Vm } from './stage.ts';

const OPERATOR = { groups: ['vsphere-operators'] };
const KIB_PER_GIB = 1024 * 1024;

describe('snapshots in the lab', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await openStage({
      accounts: [
        { name: 'root', password: 'lab-password' },
        { name: 'clerk', password: 'lab-password', may: (privilege) => !/Snapshot/.test(privilege) },
      ],
    });
  });
  afterAll(() => stage?.close());

  const create = (name: string, snapshot_name: string, more: object = {}) =>
    stage.harness.run('create_snapshot', { name, snapshot_name, ...more }, OPERATOR);
  const disksIn = (vm: Vm) =>
    vm.get('config')!.hardware.device!.filter((each) => each.$type === 'VirtualDisk') as VirtualDisk[];
  const topFile = (vm: Vm) => (disksIn(vm)[0]!.backing as { fileName: string }).fileName;
  const filesOf = (vm: Vm) =>
    stage.vcenter.world.files
      .of(stage.place.datastore)
      .list(vm.get('name'))
      .map(({ name }) => name)
      .filter((name) => /\.(?:vmdk|vmsn|vmem)$/.test(name) && !/-(?:flat|sesparse)\.vmdk$/.test(name))
      .sort();
  const paths = async (name: string) => {
    const { snapshots } = await stage.harness.run('list_snapshots', { name });
    return snapshots.map(
      ({ path, is_current }: { path: string; is_current: boolean }) => `${path}${is_current ? ' *' : ''}`,
    );
  };

  it('keeps the tree that was made, with the disks of each on files of their own', async () => {
    const vm = stage.vm('tree', { on: true });
    await create('tree', 'base', { memory: true });
    await create('tree', 'patched', { memory: false, description: 'after the patch' });
    await stage.harness.run('revert_to_snapshot', { name: 'tree', snapshot_name: '/base' }, OPERATOR);
    await create('tree', 'other', { memory: false });
    expect((await paths('tree')).sort()).toEqual(['/base', '/base/other *', '/base/patched']);
    // What the VM wrote between the snapshot and the revert is gone; its file's name is free again.
    expect(filesOf(vm)).toEqual([
      'tree-000001.vmdk',
      'tree-000002.vmdk',
      'tree-000003.vmdk',
      'tree-Snapshot1.vmem',
      'tree-Snapshot1.vmsn',
      'tree-Snapshot2.vmsn',
      'tree-Snapshot3.vmsn',
      'tree.vmdk',
    ]);
    const [base] = vm.get('snapshot')!.rootSnapshotList;
    const object = stage.vcenter.world.objects.get<'VirtualMachineSnapshot'>(base!.snapshot);
    expect(object.get('childSnapshot')).toHaveLength(2);
  });

  it('goes back to the hardware, the files and the power state of the snapshot', async () => {
    const vm = stage.vm('back', { on: true });
    await create('back', 'running', { memory: true });
    await stage.harness.run('power_off', { name: 'back' }, OPERATOR);
    await stage.harness.run('reconfigure_vm', { name: 'back', cpu: 8, memory_mb: 4096, annotation: 'changed' });
    const between = topFile(vm);
    const { power_state } = await stage.harness.run('revert_to_current_snapshot', { name: 'back' }, OPERATOR);
    expect(power_state).toBe('poweredOn');
    expect(vm.get('config')).toMatchObject({ annotation: '', hardware: { numCPU: 2, memoryMB: 2048 } });
    expect(topFile(vm)).not.toBe(between);
    expect(vm.get('guest')?.ipAddress).toBeDefined();

    await create('back', 'cold', { memory: false });
    await stage.harness.run('revert_to_snapshot', { name: 'back', snapshot_name: '/running/cold' }, OPERATOR);
    expect(vm.get('runtime').powerState).toBe('poweredOff');
  });

  it('merges the disks when snapshots go, down to the one file that there was', async () => {
    const vm = stage.vm('merge');
    for (const name of ['a', 'b', 'c']) await create('merge', name);
    await stage.harness.run('delete_snapshot', { name: 'merge', snapshot_name: '/a/b' }, OPERATOR);
    expect(await paths('merge')).toEqual(['/a', '/a/c *']);
    await stage.harness.run('delete_snapshot', { name: 'merge', snapshot_name: '/a/c' }, OPERATOR);
    expect(await paths('merge')).toEqual(['/a *']);
    await stage.harness.run('delete_all_snapshots', { name: 'merge' }, OPERATOR);
    expect(await paths('merge')).toEqual([]);
    expect(filesOf(vm)).toEqual(['merge.vmdk']);
    expect(topFile(vm)).toContain('merge/merge.vmdk');
    expect(disksIn(vm)[0]!.backing).not.toHaveProperty('parent');
    expect(vm.get('snapshot')).toBeUndefined();
  });

  it('removes a root that is current, and its children where asked', async () => {
    const vm = stage.vm('root-gone');
    await create('root-gone', 'one');
    await stage.harness.run('delete_snapshot', { name: 'root-gone', snapshot_name: 'one' }, OPERATOR);
    expect(vm.get('snapshot')).toBeUndefined();
    for (const name of ['one', 'two', 'three']) await create('root-gone', name);
    const removed = await stage.harness.run(
      'delete_snapshot',
      { name: 'root-gone', snapshot_name: 'one', remove_children: true },
      OPERATOR,
    );
    expect(removed.remaining).toBe(0);
    expect(filesOf(vm)).toEqual(['root-gone.vmdk']);
  });

  it('leaves the disks as they are where told so, until they are consolidated', async () => {
    const vm = stage.vm('later');
    await create('later', 'one');
    const { snapshot } = vm.get('snapshot')!.rootSnapshotList[0]!;
    await stage.done(
      await stage.client.call('RemoveSnapshot_Task', { _this: snapshot, removeChildren: false, consolidate: false }),
    );
    expect(vm.get('runtime').consolidationNeeded).toBe(true);
    expect(filesOf(vm)).toEqual(['later-000001.vmdk', 'later.vmdk']);
    await stage.done(await stage.client.call('ConsolidateVMDisks_Task', { _this: vm.ref }));
    expect(vm.get('runtime').consolidationNeeded).toBe(false);
    expect(filesOf(vm)).toEqual(['later.vmdk']);
  });

  it('renames, and clears a description', async () => {
    stage.vm('names');
    await create('names', 'old', { description: 'text' });
    await stage.harness.run(
      'rename_snapshot',
      { name: 'names', snapshot_name: 'old', new_name: 'new', new_description: '' },
      OPERATOR,
    );
    const { snapshots } = await stage.harness.run('list_snapshots', { name: 'names' });
    expect(snapshots).toEqual([expect.objectContaining({ name: 'new', description: '' })]);
  });

  it('leaves an independent disk alone, and takes no memory with one', async () => {
    const vm = stage.vm('independent', { disks: [{ capacityKb: KIB_PER_GIB }, { capacityKb: KIB_PER_GIB }], on: true });
    const config = vm.get('config')!;
    const device = config.hardware.device!.map((each) =>
      each.key === 2001 ? { ...each, backing: { ...each.backing, diskMode: 'independent_persistent' } } : each,
    );
    vm.set({ config: { ...config, hardware: { ...config.hardware, device } } });
    const call = (memory: boolean) =>
      stage.client.call('CreateSnapshot_Task', { _this: vm.ref, name: 's', memory, quiesce: false });
    await expect(stage.done(await call(true))).rejects.toMatchObject({ faultType: 'MemorySnapshotOnIndependentDisk' });
    await stage.done(await call(false));
    expect(disksIn(vm).map(({ backing }) => (backing as { fileName: string }).fileName.replace(/.*\//, ''))).toEqual([
      'independent-000001.vmdk',
      'independent_1.vmdk',
    ]);
  });

  it('refuses what vSphere refuses', async () => {
    const vm = stage.vm('refusals', { on: true });
    const create_ = (fields: object) =>
      stage.client.call('CreateSnapshot_Task', { _this: vm.ref, name: 's', memory: false, quiesce: false, ...fields });
    for (const name of ['', ' ', 'x'.repeat(81)]) {
      await expect(create_({ name })).rejects.toMatchObject({ faultType: 'InvalidName' });
    }
    vm.set({ guest: { ...vm.get('guest')!, toolsRunningStatus: 'guestToolsNotRunning' } });
    await expect(stage.done(await create_({ quiesce: true }))).rejects.toMatchObject({
      faultType: 'ApplicationQuiesceFault',
    });
    const without = stage.client.call('RevertToCurrentSnapshot_Task', { _this: vm.ref });
    await expect(stage.done(await without)).rejects.toMatchObject({ faultType: 'NotFound' });
    for (let depth = 0; depth < 32; depth++) takeSnapshot(stage.vcenter.world, vm, { name: `level ${depth}` });
    await expect(stage.done(await create_({}))).rejects.toMatchObject({ faultType: 'TooManySnapshotLevels' });
    await stage.done(await stage.client.call('RemoveAllSnapshots_Task', { _this: vm.ref }));
    expect(filesOf(vm)).toEqual(['refusals.vmdk']);
    const gone = { type: 'VirtualMachineSnapshot', value: 'snapshot-0' };
    await expect(stage.client.call('RevertToSnapshot_Task', { _this: gone })).rejects.toMatchObject({
      faultType: 'ManagedObjectNotFound',
    });
  });

  it('refuses those without the privilege', async () => {
    const vm = stage.vm('not-yours');
    const snapshot = takeSnapshot(stage.vcenter.world, vm, { name: 'kept' });
    const clerk = await connectTo({ ...stage.vcenter, user: 'clerk' });
    const denied = { faultType: 'NoPermission' };
    await expect(
      clerk.call('CreateSnapshot_Task', { _this: vm.ref, name: 's', memory: false, quiesce: false }),
    ).rejects.toMatchObject(denied);
    await expect(clerk.call('RemoveAllSnapshots_Task', { _this: vm.ref })).rejects.toMatchObject(denied);
    await expect(clerk.call('RevertToSnapshot_Task', { _this: snapshot.ref })).rejects.toMatchObject(denied);
    await expect(clerk.call('RenameSnapshot', { _this: snapshot.ref, name: 'x' })).rejects.toMatchObject(denied);
    await clerk.close();
  });
});
