/** The swap file of a running VM: as large as its memory, for as long as it runs. */
import type { World } from '../core/world.ts';
import type { Vm } from './subject.ts';
import { findPlace } from './vm-disks.ts';

const MIB = 1024 * 1024;

function swapPlace(world: World, vm: Vm) {
  const { vmPathName = '' } = vm.get('config')?.files ?? {};
  return findPlace(world, vm.get('runtime').host, vmPathName.replace(/\.vmt?x$/, '.vswp'));
}

/** Errors: NoDiskSpace; FileNotFound where the VM's folder is gone. */
export function writeSwapFile(world: World, vm: Vm): void {
  const { hardware, memoryAllocation } = vm.get('config')!;
  const place = swapPlace(world, vm);
  // What is reserved is never swapped.
  const size = Math.max(0, hardware.memoryMB - (memoryAllocation?.reservation ?? 0)) * MIB;
  place?.tree.write(place.path, { size });
}

export function removeSwapFile(world: World, vm: Vm): void {
  const place = swapPlace(world, vm);
  if (place?.tree.stat(place.path)) place.tree.remove(place.path);
}
