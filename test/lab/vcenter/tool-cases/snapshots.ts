import { expect } from 'vitest';
import type { VirtualMachineSnapshotTree } from '../../../../src/vim25/generated/types.ts';
import type { Args, Stage, ToolCases, Vm } from './case.ts';
import { missing } from './case.ts';

const STATE = 'VirtualMachine.State';

/** A VM with the snapshots `first` and, below it, `second`. */
async function withSnapshots(stage: Stage): Promise<Vm> {
  const vm = stage.vm('poweredOff');
  for (const snapshot_name of ['first', 'second']) {
    await stage.run('create_snapshot', { name: vm.id, snapshot_name, memory: false });
  }
  return vm;
}

function namesOf(vm: Vm): string[] {
  const below = (trees: readonly VirtualMachineSnapshotTree[] = []): string[] =>
    trees.flatMap(({ name, childSnapshotList }) => [name, ...below(childSnapshotList)]);
  return below(vm.get('snapshot')?.rootSnapshotList);
}

const about =
  (more: Args = {}) =>
  async (stage: Stage): Promise<Args> => ({ name: (await withSnapshots(stage)).id, ...more });

export const snapshotCases: ToolCases = {
  list_snapshots: {
    async works(stage) {
      const vm = await withSnapshots(stage);
      const { snapshots } = await stage.run('list_snapshots', { name: vm.id });
      expect(snapshots.map(({ path }: { path: string }) => path)).toEqual(['/first', '/first/second']);
      expect(snapshots.at(-1)).toMatchObject({ is_current: true, id: vm.get('snapshot')?.currentSnapshot?.value });
    },
    fails: missing('name'),
    denied: { args: about() },
  },
  create_snapshot: {
    async works(stage) {
      const vm = stage.vm('poweredOn');
      const { snapshot } = await stage.run('create_snapshot', { name: vm.id, snapshot_name: 'before', memory: true });
      expect(vm.get('snapshot')?.rootSnapshotList).toEqual([
        expect.objectContaining({
          name: 'before',
          state: 'poweredOn',
          snapshot: expect.objectContaining({ value: snapshot.id }),
        }),
      ]);
    },
    fails: missing('name', { snapshot_name: 'before' }),
    denied: {
      args: (stage) => ({ name: stage.vm('poweredOff').id, snapshot_name: 'before', memory: false }),
      without: `${STATE}.CreateSnapshot`,
    },
  },
  revert_to_snapshot: {
    async works(stage) {
      const vm = await withSnapshots(stage);
      await stage.run('reconfigure_vm', { name: vm.id, annotation: 'after both' });
      const { snapshot } = await stage.run('revert_to_snapshot', { name: vm.id, snapshot_name: 'first' });
      expect(vm.get('snapshot')?.currentSnapshot?.value).toBe(snapshot.id);
      expect(vm.get('config')?.annotation ?? '').not.toBe('after both');
    },
    fails: { args: about({ snapshot_name: 'third' }), code: 'NOT_FOUND', says: /third/ },
    denied: { args: about({ snapshot_name: 'first' }), without: `${STATE}.RevertToSnapshot` },
  },
  revert_to_current_snapshot: {
    async works(stage) {
      const vm = await withSnapshots(stage);
      await stage.run('power_on', { name: vm.id });
      const { power_state } = await stage.run('revert_to_current_snapshot', { name: vm.id });
      expect(power_state).toBe('poweredOff');
      expect(vm.get('runtime').powerState).toBe('poweredOff');
    },
    fails: { args: (stage) => ({ name: stage.vm('poweredOff').id }), code: 'INVALID_STATE' },
    denied: { args: about(), without: `${STATE}.RevertToSnapshot` },
  },
  delete_snapshot: {
    async works(stage) {
      const vm = await withSnapshots(stage);
      await stage.run('delete_snapshot', { name: vm.id, snapshot_name: 'first' });
      expect(namesOf(vm)).toEqual(['second']);
    },
    fails: { args: about({ snapshot_name: 'third' }), code: 'NOT_FOUND', says: /third/ },
    denied: { args: about({ snapshot_name: 'first' }), without: `${STATE}.RemoveSnapshot` },
  },
  delete_all_snapshots: {
    async works(stage) {
      const vm = await withSnapshots(stage);
      expect(await stage.run('delete_all_snapshots', { name: vm.id })).toMatchObject({ deleted: 2, remaining: 0 });
      expect(vm.get('snapshot')).toBeUndefined();
    },
    fails: missing('name'),
    denied: { args: about(), without: `${STATE}.RemoveSnapshot` },
  },
  rename_snapshot: {
    async works(stage) {
      const vm = await withSnapshots(stage);
      await stage.run('rename_snapshot', {
        name: vm.id,
        snapshot_name: 'second',
        new_name: 'kept',
        new_description: 'why',
      });
      expect(namesOf(vm)).toEqual(['first', 'kept']);
    },
    fails: { args: about({ snapshot_name: 'third', new_name: 'x' }), code: 'NOT_FOUND', says: /third/ },
    denied: { args: about({ snapshot_name: 'first', new_name: 'x' }), without: `${STATE}.RenameSnapshot` },
  },
};
