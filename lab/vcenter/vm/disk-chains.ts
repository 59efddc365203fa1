/**
 * Chains of disk files under a VM and its snapshots, and what becomes of them when snapshots go.
 *
 * A file in a chain on which one other file alone is based, and which no snapshot is at, is of no use by itself: the
 * two become one. That is all that removing a snapshot does to the disks.
 */
import type { VirtualDevice, VirtualMachineConfigInfo } from '../../../src/vim25/generated/types.ts';
import type { World } from '../core/world.ts';
import { is } from './devices.ts';
import type { Vm } from './subject.ts';
import { backingOf, chainOf, type DiskBacking, findPlace, removeFile } from './vm-disks.ts';

interface Holder {
  get(property: 'config'): VirtualMachineConfigInfo | undefined;
  set(changes: { config: VirtualMachineConfigInfo }): void;
}

/** The VM and its snapshots: whatever has disks of its own. */
function holdersOf(world: World, vm: Vm): Holder[] {
  const snapshots = [...world.objects.all('VirtualMachineSnapshot')].filter((each) => each.get('vm').value === vm.id);
  return [vm as Holder, ...snapshots];
}

function disksHeld(holder: Holder): VirtualDevice[] {
  return (holder.get('config')?.hardware.device ?? []).filter((device) => is(device, 'VirtualDisk'));
}

/** Every disk file that the VM or one of its snapshots needs. */
export function diskFilesOf(world: World, vm: Vm): Set<string> {
  const files = new Set<string>();
  for (const holder of holdersOf(world, vm)) {
    for (const disk of disksHeld(holder)) for (const { fileName } of chainOf(disk)) files.add(fileName);
  }
  return files;
}

/** Disk files that other VMs on the same datastores need: linked clones lie on those of another. */
export function filesOfOthers(world: World, vm: Vm): Set<string> {
  const files = new Set<string>();
  const note = (devices: readonly VirtualDevice[] = []) => {
    for (const disk of devices) for (const { fileName } of chainOf(disk)) files.add(fileName);
  };
  for (const ref of vm.get('datastore')) {
    for (const other of world.objects.find(ref)?.as('Datastore')?.get('vm') ?? []) {
      if (other.value !== vm.id) note(world.objects.find(other)?.as('VirtualMachine')?.get('config')?.hardware.device);
    }
  }
  for (const snapshot of world.objects.all('VirtualMachineSnapshot')) {
    if (snapshot.get('vm').value !== vm.id) note(snapshot.get('config').hardware.device);
  }
  return files;
}

/** Does it, and removes the disk files that nothing needs afterwards. */
export function tidyingDisks<T>(world: World, vm: Vm, change: () => T): T {
  const before = diskFilesOf(world, vm);
  const result = change();
  const after = new Set([...diskFilesOf(world, vm), ...filesOfOthers(world, vm)]);
  for (const file of before) if (!after.has(file)) removeFile(world, vm.get('runtime').host, file);
  return result;
}

/** Files that could become one: the lower one, and the one on top of it. */
function findMerge(
  world: World,
  vm: Vm,
  others: ReadonlySet<string>,
): { lower: DiskBacking; upper: string } | undefined {
  // What a linked clone lies on is left as it is.
  const tops = new Set(others);
  const above = new Map<string, Set<string>>();
  const known = new Map<string, DiskBacking>();
  for (const holder of holdersOf(world, vm)) {
    for (const disk of disksHeld(holder)) {
      tops.add(backingOf(disk)?.fileName ?? '');
      for (const backing of chainOf(disk)) {
        known.set(backing.fileName, backing);
        if (!backing.parent) continue;
        const { fileName } = backing.parent;
        above.set(fileName, (above.get(fileName) ?? new Set()).add(backing.fileName));
      }
    }
  }
  for (const [fileName, uppers] of above) {
    const [upper] = uppers;
    if (uppers.size === 1 && !tops.has(fileName)) return { lower: known.get(fileName)!, upper: upper! };
  }
  return undefined;
}

export function needsConsolidation(world: World, vm: Vm): boolean {
  return findMerge(world, vm, filesOfOthers(world, vm)) !== undefined;
}

export function consolidate(world: World, vm: Vm): void {
  const others = filesOfOthers(world, vm);
  for (let merge = findMerge(world, vm, others); merge; merge = findMerge(world, vm, others)) {
    const { lower, upper } = merge;
    for (const holder of holdersOf(world, vm)) {
      const config = holder.get('config');
      if (!config || !disksHeld(holder).some((disk) => [...chainOf(disk)].some(({ fileName }) => fileName === upper))) {
        continue;
      }
      const device = (config.hardware.device ?? []).map((each) => {
        const backing = is(each, 'VirtualDisk') ? backingOf(each) : undefined;
        return backing ? { ...each, backing: merged(backing, lower, upper) } : each;
      });
      holder.set({ config: { ...config, hardware: { ...config.hardware, device } } });
    }
    mergeFiles(world, vm, lower.fileName, upper);
  }
}

function merged(backing: DiskBacking, lower: DiskBacking, upper: string): DiskBacking {
  if (backing.fileName === upper) return { ...lower, diskMode: backing.diskMode };
  return backing.parent ? { ...backing, parent: merged(backing.parent, lower, upper) } : backing;
}

function mergeFiles(world: World, vm: Vm, lower: string, upper: string): void {
  const { host } = vm.get('runtime');
  const [below, over] = [findPlace(world, host, lower), findPlace(world, host, upper)];
  const base = below?.tree.stat(below.path);
  const delta = over?.tree.stat(over.path);
  if (over && delta) over.tree.remove(over.path);
  if (!below || !base?.disk) return;
  const size = Math.min(base.size + (delta?.size ?? 0), base.disk.capacityKb * 1024);
  below.tree.write(below.path, { size, disk: base.disk, ...(base.bytes && { bytes: base.bytes }) });
}
