/** Which files a running VM holds open. */
import type { ManagedObject } from '../core/managed-object.ts';
import type { World } from '../core/world.ts';
import { fileLocked } from './faults.ts';
import type { Located } from './locate.ts';

/** Errors: FileLocked for a file (or a folder with a file) of a VM that is on. */
export function refuseInUse(world: World, { datastore, text }: Located): void {
  for (const ref of datastore.get('vm') ?? []) {
    const vm = world.objects.find(ref)?.as('VirtualMachine');
    if (!vm || vm.get('runtime').powerState === 'poweredOff') continue;
    const held = heldBy(vm).find((file) => file === text || file.startsWith(`${text.replace(/\/$/, '')}/`));
    if (held !== undefined) throw fileLocked(held);
  }
}

function heldBy(vm: ManagedObject<'VirtualMachine'>): string[] {
  const config = vm.get('config');
  const backings = (config?.hardware.device ?? []).map(({ backing }) => backing as { fileName?: string } | undefined);
  return [config?.files.vmPathName, ...backings.map((backing) => backing?.fileName)].filter(
    (file) => file !== undefined && file !== '',
  ) as string[];
}
