/** What the lab holds, as the tests of foreign clients look it up. */
import type { ManagedObject } from '../../../lab/vcenter/core/managed-object.ts';
import type { World } from '../../../lab/vcenter/core/world.ts';
import { inventoryPath } from '../../../lab/vcenter/inventory/ancestry.ts';
import { buildVm } from '../../../lab/vcenter/vm/build.ts';

export type Vm = ManagedObject<'VirtualMachine'>;

/** The inventory paths of all of a type, sorted. */
export function pathsOf({ objects }: World, type: Parameters<World['objects']['all']>[0]): string[] {
  return [...objects.all(type)].map((object) => inventoryPath(object, objects)).sort();
}

/** A VM that runs, with Tools, an address, a disk and a card, and no snapshots. */
export function runningVm({ objects }: World): Vm {
  for (const vm of objects.all('VirtualMachine')) {
    const guest = vm.get('guest');
    const devices = vm.get('config')?.hardware.device ?? [];
    if (
      vm.get('runtime').powerState === 'poweredOn' &&
      vm.get('runtime').connectionState === 'connected' &&
      guest?.guestFamily === 'linuxGuest' &&
      guest.toolsRunningStatus === 'guestToolsRunning' &&
      guest.ipAddress !== undefined &&
      vm.get('parent') !== undefined &&
      vm.get('snapshot') === undefined &&
      devices.some((device) => 'macAddress' in device) &&
      devices.some((device) => 'capacityInKB' in device)
    ) {
      return vm;
    }
  }
  throw new Error('the lab has no VM that runs');
}

/** A VM of its own that is off, beside another one. */
export function newVm(world: World, name: string): Vm {
  const { objects } = world;
  const beside = runningVm(world);
  return buildVm(world, {
    name,
    folder: beside.get('parent')!,
    pool: beside.get('resourcePool')!,
    host: beside.get('runtime').host!,
    datastore: objects.get(beside.get('datastore')[0]!, 'Datastore'),
    guestId: 'debian12_64Guest',
    disks: [{ capacityKb: 1024 * 1024 }],
    nics: [{ network: objects.get(beside.get('network')[0]!, 'Network') }],
  });
}

export function pathOf({ objects }: World, object: Parameters<typeof inventoryPath>[0]): string {
  return inventoryPath(object, objects);
}

export function vmNamed({ objects }: World, name: string): Vm | undefined {
  return [...objects.all('VirtualMachine')].find((vm) => vm.get('name') === name);
}
