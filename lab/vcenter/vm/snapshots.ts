/** Taking, reverting to and removing snapshots, whoever asks for it: a task, or the seed. */
import type { VirtualDisk, VirtualMachineSnapshotTree } from '../../../src/vim25/generated/types.ts';
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import type { ManagedObject } from '../core/managed-object.ts';
import type { ObjectStore } from '../core/object-store.ts';
import type { World } from '../core/world.ts';
import { withDevices } from './config-changes.ts';
import { devicesOf, is } from './devices.ts';
import { consolidate, needsConsolidation, tidyingDisks } from './disk-chains.ts';
import { startRunning, stopRunning, suspend } from './power-state.ts';
import { addNode, dropNode, findNode, nodesOf } from './snapshot-tree.ts';
import { powerStateOf, type Vm } from './subject.ts';
import { placeOf, removeFile, withDelta } from './vm-disks.ts';

export type Snapshot = ManagedObject<'VirtualMachineSnapshot'>;

export interface NewSnapshot {
  readonly name: string;
  readonly description?: string;
  /** Of a running VM: with its memory, so that it runs again after a revert. */
  readonly memory?: boolean;
  readonly quiesce?: boolean;
  /** Milliseconds since the epoch; now where it is left out. */
  readonly at?: number;
}

const MIB = 1024 * 1024;
/** The number of a VM's last snapshot: never given again. */
const lastNumbers = new WeakMap<Vm, number>();

/** The lists of children follow from the trees. */
export function deriveSnapshots(objects: ObjectStore): void {
  objects.derive('VirtualMachineSnapshot', 'childSnapshot', (snapshot) => {
    const roots = objects.find(snapshot.get('vm'))?.as('VirtualMachine')?.get('snapshot')?.rootSnapshotList ?? [];
    return (findNode(roots, snapshot.ref)?.node.childSnapshotList ?? []).map((child) => child.snapshot);
  });
}

export function takeSnapshot(world: World, vm: Vm, wanted: NewSnapshot): Snapshot {
  const { rootSnapshotList = [], currentSnapshot } = vm.get('snapshot') ?? {};
  const config = vm.get('config')!;
  const state = powerStateOf(vm);
  const withMemory = state === 'poweredOn' && wanted.memory === true;
  const id = Math.max(lastNumbers.get(vm) ?? 0, ...rootSnapshotList.flatMap(nodesOf).map((node) => node.id)) + 1;
  writeStateFiles(world, vm, id, withMemory);
  const device = devicesOf(vm).map((each) =>
    is(each, 'VirtualDisk') ? withDelta(world, vm, each as VirtualDisk) : each,
  );
  const snapshot = world.objects.add('VirtualMachineSnapshot', { config, vm: vm.ref });
  lastNumbers.set(vm, id);
  const node: VirtualMachineSnapshotTree = {
    snapshot: snapshot.ref,
    vm: vm.ref,
    name: wanted.name,
    description: wanted.description ?? '',
    id,
    createTime: new Date(wanted.at ?? world.clock.now()).toISOString(),
    state: withMemory ? 'poweredOn' : state === 'poweredOn' ? 'poweredOff' : state,
    quiesced: wanted.quiesce === true && state === 'poweredOn' && !withMemory,
    replaySupported: false,
  };
  vm.set({
    config: withDevices(config, device),
    snapshot: {
      currentSnapshot: snapshot.ref,
      rootSnapshotList: addNode(rootSnapshotList, currentSnapshot, node),
    },
  });
  if (currentSnapshot) world.objects.find(currentSnapshot)?.touch();
  return snapshot;
}

/** `web01/web01-Snapshot2`, without the ending. */
function stateFile(vm: Vm, id: number): string {
  return `${(vm.get('config')?.files.vmPathName ?? '').replace(/\.vmt?x$/, '')}-Snapshot${id}`;
}

function writeStateFiles(world: World, vm: Vm, id: number, withMemory: boolean): void {
  const { tree, path } = placeOf(world, vm.get('runtime').host, stateFile(vm, id));
  if (withMemory) tree.write(`${path}.vmem`, { size: vm.get('config')!.hardware.memoryMB * MIB });
  tree.write(`${path}.vmsn`, { size: 29 * 1024 });
}

export interface RevertOptions {
  /** A snapshot with memory leaves the VM suspended. */
  readonly suppressPowerOn?: boolean | undefined;
  readonly host?: ManagedObjectReference | undefined;
}

/** The VM's configuration, disks and power state become those of the snapshot; what was since is lost. */
export function revertTo(
  world: World,
  vm: Vm,
  snapshot: Snapshot,
  { suppressPowerOn, host }: RevertOptions = {},
): void {
  const info = vm.get('snapshot')!;
  const state = findNode(info.rootSnapshotList, snapshot.ref)!.node.state;
  const now = vm.get('config')!;
  const then = snapshot.get('config');
  if (powerStateOf(vm) !== 'poweredOff') stopRunning(world, vm, { clean: false });
  world.guests.revert(vm, snapshot.ref);
  tidyingDisks(world, vm, () => {
    const independent = devicesOf(vm).filter((each) => is(each, 'VirtualDisk') && isIndependent(each as VirtualDisk));
    const device = (then.hardware.device ?? []).map((each) =>
      is(each, 'VirtualDisk')
        ? (independent.find(({ key }) => key === each.key) ?? withDelta(world, vm, each as VirtualDisk))
        : each,
    );
    vm.set({
      config: {
        ...withDevices(then, device),
        // What the inventory says of a VM is no part of its past.
        name: now.name,
        template: now.template,
        files: now.files,
        changeVersion: new Date(world.clock.now()).toISOString(),
      },
      snapshot: { ...info, currentSnapshot: snapshot.ref },
      ...(host && { runtime: { ...vm.get('runtime'), host } }),
    });
  });
  if (state === 'poweredOff') return;
  if (state === 'suspended' || suppressPowerOn === true) suspend(world, vm);
  else startRunning(world, vm);
}

function isIndependent({ backing }: VirtualDisk): boolean {
  return is(backing, 'VirtualDiskFlatVer2BackingInfo') && backing.diskMode.startsWith('independent');
}

export interface Removal {
  readonly withChildren: boolean;
  /** Default true. False: the disks' files stay as they are, and the VM says that they need consolidation. */
  readonly consolidate?: boolean | undefined;
}

export function removeSnapshot(world: World, vm: Vm, snapshot: Snapshot, removal: Removal): void {
  const { rootSnapshotList, currentSnapshot } = vm.get('snapshot')!;
  const { node, parent } = findNode(rootSnapshotList, snapshot.ref)!;
  const gone = removal.withChildren ? nodesOf(node) : [node];
  const roots = dropNode(rootSnapshotList, snapshot.ref, removal.withChildren);
  // Where the VM stood on what is gone, it stands on what was below.
  const current = gone.some((each) => each.snapshot.value === currentSnapshot?.value)
    ? parent?.snapshot
    : currentSnapshot;
  tidyingDisks(world, vm, () => {
    for (const each of gone) {
      world.objects.remove(world.objects.get(each.snapshot));
      removeFile(world, vm.get('runtime').host, `${stateFile(vm, each.id)}.vmsn`);
      removeFile(world, vm.get('runtime').host, `${stateFile(vm, each.id)}.vmem`);
    }
    vm.set({
      snapshot:
        roots.length > 0 ? { rootSnapshotList: roots, ...(current && { currentSnapshot: current }) } : undefined,
    });
    if (removal.consolidate !== false) consolidate(world, vm);
  });
  if (parent) world.objects.find(parent.snapshot)?.touch();
  const consolidationNeeded = needsConsolidation(world, vm);
  const runtime = vm.get('runtime');
  if (runtime.consolidationNeeded !== consolidationNeeded) vm.set({ runtime: { ...runtime, consolidationNeeded } });
}

export function removeAllSnapshots(world: World, vm: Vm, removal: Omit<Removal, 'withChildren'>): void {
  for (let left = vm.get('snapshot'); left; left = vm.get('snapshot')) {
    const snapshot = world.objects.get<'VirtualMachineSnapshot'>(left.rootSnapshotList[0]!.snapshot);
    removeSnapshot(world, vm, snapshot, { ...removal, withChildren: true });
  }
}
