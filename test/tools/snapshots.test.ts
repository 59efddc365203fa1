import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startToolHarness, type ToolHarness } from '../support/tool-harness.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';

const OPERATOR = { groups: ['vsphere-operators'] };
const READER = { groups: ['vsphere-readers'] };

describe.skipIf(!(await vcsimAvailable()))('snapshots', () => {
  let vcsim: Vcsim;
  let harness: ToolHarness;

  beforeAll(async () => {
    vcsim = await startVcsim({ dc: 1, cluster: 0, vm: 8 });
    harness = await startToolHarness([{ vcsim }]);
  });

  afterAll(async () => {
    await harness?.close();
    await vcsim?.stop();
  });

  /** The names in a VM's tree, as vSphere's own answer has them. */
  async function namesThere(vm: string): Promise<string[]> {
    const vms = await harness.peer.properties('VirtualMachine', ['name', 'snapshot']);
    const tree = [...vms.values()].find(({ name }) => name === vm)?.snapshot ?? '';
    return [...tree.matchAll(/<name>([^<]*)<\/name>/g)].map(([, name]) => name!);
  }

  const create = (name: string, snapshot_name: string, more: Record<string, unknown> = {}) =>
    harness.run('create_snapshot', { name, snapshot_name, ...more }, OPERATOR);

  it('creates one below the other and lists them with their paths', async () => {
    const vm = 'DC0_H0_VM0';
    const made = await create(vm, 'base', { description: 'before the upgrade' });
    expect(made).toMatchObject({
      vm: { name: vm },
      snapshot: { name: 'base', path: '/base', id: expect.stringMatching(/^snapshot-/) },
      power_state: 'poweredOn',
      task: { state: 'success' },
    });
    await create(vm, 'patched', { memory: false });
    expect(await namesThere(vm)).toEqual(['base', 'patched']);

    const { snapshots, total } = await harness.run('list_snapshots', { name: vm }, READER);
    expect(total).toBe(2);
    expect(snapshots).toEqual([
      {
        ...made.snapshot,
        description: 'before the upgrade',
        created: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        state: 'poweredOn',
        quiesced: false,
        is_current: false,
      },
      expect.objectContaining({ name: 'patched', path: '/base/patched', state: 'poweredOff', is_current: true }),
    ]);
  });

  it('lists in pages', async () => {
    const first = await harness.run('list_snapshots', { name: 'DC0_H0_VM0', limit: 1 }, READER);
    expect(first.snapshots.map(({ path }: { path: string }) => path)).toEqual(['/base']);
    const second = await harness.run('list_snapshots', { name: 'DC0_H0_VM0', cursor: first.next_cursor }, READER);
    expect(second.snapshots.map(({ path }: { path: string }) => path)).toEqual(['/base/patched']);
  });

  it('lists none where there are none', async () => {
    const listed = await harness.run('list_snapshots', { name: 'DC0_H0_VM7' }, READER);
    expect(listed).toMatchObject({ snapshots: [], total: 0 });
  });

  it('reverts to the named one and to the current one', async () => {
    const vm = 'DC0_H0_VM1';
    const { snapshot } = await create(vm, 'base');
    await create(vm, 'second');
    for (const snapshot_name of ['base', '/base', snapshot.id]) {
      const result = await harness.run('revert_to_snapshot', { name: vm, snapshot_name }, OPERATOR);
      expect(result).toMatchObject({ vm: { name: vm }, snapshot, task: { state: 'success' } });
      expect(await currentOf(vm)).toBe(snapshot.id);
    }
    const current = await harness.run('revert_to_current_snapshot', { name: vm }, OPERATOR);
    expect(current).toMatchObject({ snapshot, task: { state: 'success' } });
    expect(harness.records().at(-1)).toMatchObject({ event: 'TOOL_OUTCOME', vcenter_task: current.task.id });
  });

  async function currentOf(vm: string): Promise<string | undefined> {
    const vms = await harness.peer.properties('VirtualMachine', ['name', 'snapshot']);
    const tree = [...vms.values()].find(({ name }) => name === vm)?.snapshot ?? '';
    return /<currentSnapshot[^>]*>([^<]+)</.exec(tree)?.[1];
  }

  it('never picks one of two snapshots of the same name', async () => {
    const vm = 'DC0_H0_VM2';
    const first = await create(vm, 'nightly');
    const second = await create(vm, 'nightly');
    for (const tool of ['revert_to_snapshot', 'delete_snapshot']) {
      await expect(harness.run(tool, { name: vm, snapshot_name: 'nightly' }, OPERATOR)).rejects.toMatchObject({
        code: 'AMBIGUOUS',
        message: expect.stringContaining(first.snapshot.id),
      });
    }
    expect(await namesThere(vm)).toEqual(['nightly', 'nightly']);
    await harness.run('delete_snapshot', { name: vm, snapshot_name: second.snapshot.id }, OPERATOR);
    expect(await namesThere(vm)).toEqual(['nightly']);
  });

  it('deletes one, with its children where asked', async () => {
    const vm = 'DC0_H0_VM3';
    await create(vm, 'root');
    await create(vm, 'a');
    await create(vm, 'b');
    await create(vm, 'c');
    const one = await harness.run('delete_snapshot', { name: vm, snapshot_name: 'a' }, OPERATOR);
    expect(one).toMatchObject({ deleted: { name: 'a', path: '/root/a' }, remaining: 3, task: { state: 'success' } });
    expect(await namesThere(vm)).toEqual(['root', 'b', 'c']);
    const two = await harness.run('delete_snapshot', { name: vm, snapshot_name: 'b', remove_children: true }, OPERATOR);
    expect(two).toMatchObject({ remaining: 1 });
    expect(await namesThere(vm)).toEqual(['root']);
  });

  it('deletes all', async () => {
    const vm = 'DC0_H0_VM4';
    await create(vm, 'one');
    await create(vm, 'two');
    const result = await harness.run('delete_all_snapshots', { name: vm }, OPERATOR);
    expect(result).toMatchObject({ deleted: 2, remaining: 0, task: { state: 'success' } });
    expect(await namesThere(vm)).toEqual([]);
  });

  it('does not flush file systems of a guest without Tools', async () => {
    await expect(create('DC0_H0_VM5', 'flushed', { quiesce: true, memory: false })).rejects.toMatchObject({
      code: 'INVALID_STATE',
      message: expect.stringContaining('quiesce'),
    });
    expect(await namesThere('DC0_H0_VM5')).toEqual([]);
  });

  it('keeps no memory of a VM that is off', async () => {
    const vm = 'DC0_H0_VM5';
    await harness.run('power_off', { name: vm });
    await create(vm, 'cold', { memory: true, quiesce: true });
    const { snapshots } = await harness.run('list_snapshots', { name: vm }, READER);
    expect(snapshots).toEqual([expect.objectContaining({ name: 'cold', state: 'poweredOff', quiesced: false })]);
  });

  it('answers before there is a snapshot where the caller does not wait', async () => {
    const vm = 'DC0_H0_VM6';
    const result = await create(vm, 'later', { wait: false });
    expect(result).toMatchObject({ vm: { name: vm }, task: { state: 'running' } });
    await harness.pipeline.idle();
    expect(await namesThere(vm)).toEqual(['later']);
  });

  // The simulator has no RenameSnapshot: what is shown is that it was asked, and that its refusal is told.
  it('asks vSphere for the new name, and tells when it refuses', async () => {
    const vm = 'DC0_H0_VM0';
    await expect(
      harness.run('rename_snapshot', { name: vm, snapshot_name: 'base', new_name: 'start' }, OPERATOR),
    ).rejects.toMatchObject({ code: expect.stringMatching(/^(UNSUPPORTED|VSPHERE_FAULT)$/) });
    expect(harness.records().at(-1)).toMatchObject({ event: 'TOOL_OUTCOME', tool: 'rename_snapshot' });
    expect(await namesThere(vm)).toContain('base');
  });

  it('is a success on the record when the snapshot was renamed and cannot be read back', async () => {
    harness.interruption = { method: 'RenameSnapshot', answeredHere: true };
    await expect(
      harness.run('rename_snapshot', { name: 'DC0_H0_VM0', snapshot_name: 'base', new_name: 'start' }, OPERATOR),
    ).rejects.toMatchObject({ code: 'RESULT_UNREAD' });
    harness.interruption = undefined;
    expect(harness.records().at(-1)).toMatchObject({ tool: 'rename_snapshot', result: 'success' });
  });

  it('renames nothing to nothing', async () => {
    await expect(
      harness.run('rename_snapshot', { name: 'DC0_H0_VM0', snapshot_name: 'base' }, OPERATOR),
    ).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  const WITH_SNAPSHOT = [
    ['revert_to_snapshot', {}],
    ['delete_snapshot', {}],
    ['rename_snapshot', { new_description: '' }],
  ] as const;

  it.each(WITH_SNAPSHOT)('%s does not know a snapshot that is not there', async (tool, more) => {
    const call = harness.run(tool, { name: 'DC0_H0_VM0', snapshot_name: 'bese', ...more }, OPERATOR);
    await expect(call).rejects.toMatchObject({ code: 'NOT_FOUND', message: expect.stringContaining('base') });
    const none = harness.run(tool, { name: 'DC0_H0_VM7', snapshot_name: 'base', ...more }, OPERATOR);
    await expect(none).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it.each(['delete_all_snapshots', 'revert_to_current_snapshot'])('%s says so where there are none', async (tool) => {
    await expect(harness.run(tool, { name: 'DC0_H0_VM7' }, OPERATOR)).rejects.toMatchObject({ code: 'INVALID_STATE' });
  });

  it.each([
    ['create_snapshot', { snapshot_name: 'x' }],
    ['revert_to_snapshot', { snapshot_name: 'base' }],
    ['revert_to_current_snapshot', {}],
    ['delete_snapshot', { snapshot_name: 'base' }],
    ['delete_all_snapshots', {}],
    ['rename_snapshot', { snapshot_name: 'base', new_name: 'x' }],
  ])('denies a reader who calls %s, and changes nothing', async (tool, args) => {
    const before = await namesThere('DC0_H0_VM0');
    await expect(harness.run(tool, { name: 'DC0_H0_VM0', ...args }, READER)).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
    });
    expect(await namesThere('DC0_H0_VM0')).toEqual(before);
  });

  it.each([
    ['', 'INVALID_INPUT'],
    ['x'.repeat(81), 'INVALID_INPUT'],
    [['a'], 'INVALID_INPUT'],
    ['a\u0000b', 'INVALID_INPUT'],
    ['a\nb', 'INVALID_INPUT'],
  ])('takes no snapshot named %j', async (snapshot_name, code) => {
    const call = harness.run('create_snapshot', { name: 'DC0_H0_VM7', snapshot_name }, OPERATOR);
    await expect(call).rejects.toMatchObject({ code });
    expect(await namesThere('DC0_H0_VM7')).toEqual([]);
  });
});
