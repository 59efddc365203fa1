/** Snapshots: points in time that a VM can go back to. */
import { z } from 'zod';
import { GatewayError } from '../lib/errors.ts';
import { InvalidStateError } from '../vsphere/errors.ts';
import type { InventoryObject } from '../vsphere/inventory.ts';
import { quoted } from '../vsphere/names.ts';
import { pickSnapshot, listSnapshots as readSnapshots, type Snapshot } from '../vsphere/snapshots.ts';
import { readPowerState, readVmState, requireNotTemplate, requireRunningTools } from '../vsphere/vm-state.ts';
import { cursor, limit, newName, objectRef, powerState, toObjectRef, vmName } from './fields.ts';
import { page, pageFields } from './page.ts';
import { defineTool, type ServerContext } from './tool.ts';

const snapshotName = z.string().min(1).max(2048).describe('Name, path (/parent/child) or id (snapshot-12).');
const description = z.string().max(4096);
const snapshotRef = z.object({ name: z.string(), path: z.string(), id: z.string() });
const target = ({ name }: { name: string }) => name;

export const listSnapshots = defineTool({
  name: 'list_snapshots',
  title: 'List snapshots',
  description:
    'Which snapshots a VM has, parents first, with their place in the tree; is_current marks the one it runs on.',
  permission: 'READ_ONLY',
  effect: 'read',
  input: { name: vmName, limit, cursor },
  output: {
    vm: objectRef,
    snapshots: z.array(
      snapshotRef.extend({
        description: z.string(),
        created: z.string(),
        state: z.string().describe('power state it holds'),
        quiesced: z.boolean(),
        is_current: z.boolean(),
      }),
    ),
    ...pageFields,
  },
  target,
  async handler({ name, limit, cursor }, { vsphere, reading }) {
    const vm = await vsphere.inventory.find('VirtualMachine', name);
    reading(vm);
    const all = await readSnapshots(vsphere, vm.ref);
    const { items, ...rest } = page('snapshots', all, ({ path, id }) => `${path}\0${id}`, { limit, cursor });
    const snapshots = items.map((snapshot) => ({
      ...toSnapshotRef(snapshot),
      description: snapshot.description,
      created: new Date(snapshot.created).toISOString(),
      state: snapshot.state,
      quiesced: snapshot.quiesced,
      is_current: snapshot.isCurrent,
    }));
    return { vm: toObjectRef(vm), snapshots, ...rest };
  },
});

export const createSnapshot = defineTool({
  name: 'create_snapshot',
  title: 'Create snapshot',
  description:
    'Take a snapshot of a VM, to go back to with revert_to_snapshot. The memory of a running one is kept too unless memory is false; quiesce flushes file systems and needs VMware Tools. Snapshots grow: delete them when done.',
  permission: 'POWER_OPS',
  effect: 'create',
  task: true,
  input: {
    name: vmName,
    snapshot_name: newName,
    description: description.default(''),
    memory: z.boolean().default(true).describe('Keep the memory of a running VM.'),
    quiesce: z.boolean().default(false).describe('Flush file systems first; of use with memory: false.'),
  },
  output: { vm: objectRef, snapshot: snapshotRef.optional(), power_state: powerState },
  target,
  async handler(given, context) {
    const { vsphere } = context;
    const vm = await vsphere.inventory.find('VirtualMachine', given.name);
    const state = await readVmState(vsphere, vm);
    requireNotTemplate(vm, state);
    const running = state.powerState === 'poweredOn';
    if (given.quiesce && running) requireRunningTools(vm, state, 'leave quiesce out.');
    await context.acting(vm);
    const started = await vsphere.call('CreateSnapshot_Task', {
      _this: vm.ref,
      name: given.snapshot_name,
      description: given.description,
      memory: given.memory && running,
      quiesce: given.quiesce && running,
    });
    const { task, result } = await context.follow(started);
    const snapshot = (await readSnapshots(vsphere, vm.ref)).find(({ id }) => id === idOf(result));
    return {
      vm: toObjectRef(vm),
      ...(snapshot ? { snapshot: toSnapshotRef(snapshot) } : {}),
      power_state: state.powerState,
      task,
    };
  },
});

export const revertToSnapshot = defineTool({
  name: 'revert_to_snapshot',
  title: 'Revert to snapshot',
  description:
    'Put a VM back to one of its snapshots: everything since on its disks and in its memory is lost. Take a snapshot of the present first if it may be needed.',
  permission: 'POWER_OPS',
  effect: 'update',
  destructive: true,
  task: true,
  input: { name: vmName, snapshot_name: snapshotName },
  output: { vm: objectRef, snapshot: snapshotRef, power_state: powerState },
  target,
  async handler({ name, snapshot_name }, context) {
    const { vsphere } = context;
    const { vm, snapshot } = await find(name, snapshot_name, context);
    await context.acting(vm);
    const { task } = await context.follow(await vsphere.call('RevertToSnapshot_Task', { _this: snapshot.ref }));
    return reverted(vm, snapshot, task, context);
  },
});

export const revertToCurrentSnapshot = defineTool({
  name: 'revert_to_current_snapshot',
  title: 'Revert to current snapshot',
  description:
    'Put a VM back to the snapshot that it runs on (is_current in list_snapshots): everything since is lost. revert_to_snapshot goes to any other.',
  permission: 'POWER_OPS',
  effect: 'update',
  destructive: true,
  task: true,
  input: { name: vmName },
  output: { vm: objectRef, snapshot: snapshotRef, power_state: powerState },
  target,
  async handler({ name }, context) {
    const { vsphere } = context;
    const vm = await vsphere.inventory.find('VirtualMachine', name);
    const snapshot = (await readSnapshots(vsphere, vm.ref)).find(({ isCurrent }) => isCurrent);
    if (snapshot === undefined) {
      throw new InvalidStateError(`${quoted(vm.name)} runs on no snapshot: there is nothing to revert to.`);
    }
    await context.acting(vm);
    const { task } = await context.follow(await vsphere.call('RevertToCurrentSnapshot_Task', { _this: vm.ref }));
    return reverted(vm, snapshot, task, context);
  },
});

export const deleteSnapshot = defineTool({
  name: 'delete_snapshot',
  title: 'Delete snapshot',
  description:
    'Remove one snapshot, with its children if asked. The VM keeps its present state; only the way back is lost. Merging a large snapshot takes long and loads the storage.',
  permission: 'POWER_OPS',
  effect: 'delete',
  task: true,
  input: { name: vmName, snapshot_name: snapshotName, remove_children: z.boolean().default(false) },
  output: { vm: objectRef, deleted: snapshotRef, remaining: z.int() },
  target,
  async handler({ name, snapshot_name, remove_children }, context) {
    const { vsphere } = context;
    const { vm, snapshot } = await find(name, snapshot_name, context);
    await context.acting(vm);
    const started = await vsphere.call('RemoveSnapshot_Task', {
      _this: snapshot.ref,
      removeChildren: remove_children,
      consolidate: true,
    });
    const { task } = await context.follow(started);
    const left = await readSnapshots(vsphere, vm.ref);
    return { vm: toObjectRef(vm), deleted: toSnapshotRef(snapshot), remaining: left.length, task };
  },
});

export const deleteAllSnapshots = defineTool({
  name: 'delete_all_snapshots',
  title: 'Delete all snapshots',
  description:
    'Remove every snapshot of a VM. The VM keeps its present state; every way back is lost. Merging takes long and loads the storage.',
  permission: 'POWER_OPS',
  effect: 'delete',
  task: true,
  input: { name: vmName },
  output: { vm: objectRef, deleted: z.int(), remaining: z.int() },
  target,
  async handler({ name }, context) {
    const { vsphere } = context;
    const vm = await vsphere.inventory.find('VirtualMachine', name);
    const before = await readSnapshots(vsphere, vm.ref);
    if (before.length === 0) throw new InvalidStateError(`${quoted(vm.name)} has no snapshots.`);
    await context.acting(vm);
    const started = await vsphere.call('RemoveAllSnapshots_Task', { _this: vm.ref, consolidate: true });
    const { task } = await context.follow(started);
    const left = await readSnapshots(vsphere, vm.ref);
    return { vm: toObjectRef(vm), deleted: before.length - left.length, remaining: left.length, task };
  },
});

export const renameSnapshot = defineTool({
  name: 'rename_snapshot',
  title: 'Rename snapshot',
  description: "Change a snapshot's name, its description, or both; an empty description clears it.",
  permission: 'POWER_OPS',
  effect: 'update',
  idempotent: true,
  input: {
    name: vmName,
    snapshot_name: snapshotName,
    new_name: newName.optional(),
    new_description: description.optional(),
  },
  output: { vm: objectRef, snapshot: snapshotRef.extend({ description: z.string() }) },
  target,
  async handler({ name, snapshot_name, new_name, new_description }, context) {
    if (new_name === undefined && new_description === undefined) {
      throw new GatewayError('INVALID_INPUT', 'Give new_name, new_description, or both.');
    }
    const { vsphere } = context;
    const { vm, snapshot } = await find(name, snapshot_name, context);
    await context.acting(vm);
    await vsphere.call('RenameSnapshot', {
      _this: snapshot.ref,
      ...(new_name === undefined ? {} : { name: new_name }),
      ...(new_description === undefined ? {} : { description: new_description }),
    });
    context.changed();
    const now = pickSnapshot(await readSnapshots(vsphere, vm.ref), snapshot.id);
    return { vm: toObjectRef(vm), snapshot: { ...toSnapshotRef(now), description: now.description } };
  },
});

async function find(name: string, snapshotName: string, { vsphere }: ServerContext) {
  const vm = await vsphere.inventory.find('VirtualMachine', name);
  return { vm, snapshot: pickSnapshot(await readSnapshots(vsphere, vm.ref), snapshotName) };
}

async function reverted<T>(vm: InventoryObject, snapshot: Snapshot, task: T, { vsphere }: ServerContext) {
  const state = await readPowerState(vsphere, vm);
  return { vm: toObjectRef(vm), snapshot: toSnapshotRef(snapshot), power_state: state, task };
}

function toSnapshotRef({ name, path, id }: Snapshot) {
  return { name, path, id };
}

/** The id in what a task returned: a reference to what it made. */
function idOf(result: unknown): string | undefined {
  return (result as { value?: string } | undefined)?.value;
}
