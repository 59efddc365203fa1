import { describe, expect, it } from 'vitest';
import type { VirtualMachineSnapshotTree } from '../vim25/generated/types.ts';
import { flattenSnapshots, pickSnapshot } from './snapshots.ts';

function node(id: number, name: string, children: VirtualMachineSnapshotTree[] = []): VirtualMachineSnapshotTree {
  return {
    snapshot: { type: 'VirtualMachineSnapshot', value: `snapshot-${id}` },
    vm: { type: 'VirtualMachine', value: 'vm-1' },
    name,
    description: '',
    id,
    createTime: '2026-01-02T03:04:05Z',
    state: 'poweredOff',
    quiesced: false,
    childSnapshotList: children,
  } as VirtualMachineSnapshotTree;
}

const tree = [node(1, 'base', [node(2, 'patched', [node(4, 'base')]), node(3, 'a%2fb')]), node(5, 'other')];
const flat = flattenSnapshots(tree, { type: 'VirtualMachineSnapshot', value: 'snapshot-4' });

describe('snapshots', () => {
  it('are listed parents first, with their paths and decoded names', () => {
    expect(flat.map(({ path }) => path)).toEqual([
      '/base',
      '/base/patched',
      '/base/patched/base',
      '/base/a%2fb',
      '/other',
    ]);
    expect(flat[3]!.name).toBe('a/b');
  });

  it('mark the one the VM runs on', () => {
    expect(flat.filter(({ isCurrent }) => isCurrent).map(({ id }) => id)).toEqual(['snapshot-4']);
  });

  it('are picked by name, path or id', () => {
    expect(pickSnapshot(flat, 'patched').id).toBe('snapshot-2');
    expect(pickSnapshot(flat, '/base/patched/base').id).toBe('snapshot-4');
    expect(pickSnapshot(flat, 'snapshot-1').id).toBe('snapshot-1');
    expect(pickSnapshot(flat, 'a/b').id).toBe('snapshot-3');
  });

  it('are never picked by a name that two have', () => {
    expect(() => pickSnapshot(flat, 'base')).toThrow('/base (snapshot-1), /base/patched/base (snapshot-4)');
  });

  it('are never picked by a near name, which is suggested', () => {
    expect(() => pickSnapshot(flat, 'Patched')).toThrow('"patched"');
    expect(() => pickSnapshot([], 'x')).toThrow('The VM has no snapshots.');
  });

  it('may be as deep as a VM lets them be', () => {
    let deep = node(0, 's');
    for (let i = 1; i < 5000; i++) deep = node(i, 's', [deep]);
    expect(flattenSnapshots([deep], undefined)).toHaveLength(5000);
  });
});
