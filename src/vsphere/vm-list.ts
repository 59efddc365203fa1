/** Every VM with what lists show of it, in one bulk read through one kept view: the cost is round trips, never VMs. */
import { ancestorsOf, toEntities, toInventoryObject } from './ancestry.ts';
import { throughView } from './connection.ts';
import type { InventoryObject } from './inventory.ts';
import type { ObjectProperties, Reader } from './reader.ts';
import type { ManagedObjectReference } from './references.ts';
import { isUnreadable } from './unreadable.ts';

export interface PlacedVm extends InventoryObject {
  /** Absent, as all but name and place, where the account may not read the VM. */
  readonly isTemplate: boolean | undefined;
  readonly powerState: string | undefined;
  readonly cpu: number | undefined;
  readonly memoryMb: number | undefined;
  /** The guest's name in words: `Ubuntu Linux (64-bit)`. */
  readonly guestOs: string | undefined;
  readonly host: ManagedObjectReference | undefined;
  /** Folders and vApps that it is in, nearest first. */
  readonly within: readonly ManagedObjectReference[];
  readonly unreadable: boolean;
}

const PATHS = [
  'name',
  'parent',
  'parentVApp',
  'runtime.powerState',
  'runtime.host',
  'config.template',
  'config.hardware.numCPU',
  'config.hardware.memoryMB',
  'config.guestFullName',
] as const;

type Read = ObjectProperties<'VirtualMachine', (typeof PATHS)[number]>;

/** VMs come with the folders above them, so that their paths need no further request. */
export async function listPlacedVms(reader: Reader): Promise<PlacedVm[]> {
  const objects = await reader.withView(['VirtualMachine', 'Folder', 'Datacenter', 'VirtualApp'], (view) =>
    reader.retrieve([
      throughView(view, [
        { type: 'VirtualMachine', pathSet: [...PATHS] },
        { type: 'Folder', pathSet: ['name', 'parent'] },
        { type: 'Datacenter', pathSet: ['name', 'parent'] },
        { type: 'VirtualApp', pathSet: ['name', 'parent', 'parentFolder', 'parentVApp'] },
      ]),
    ]),
  );
  const entities = toEntities(objects);
  const root = reader.content.rootFolder;
  return objects.flatMap((object) => {
    if (object.ref.type !== 'VirtualMachine') return [];
    const vm = toInventoryObject(entities, object.ref, root);
    if (vm === undefined) return [];
    const { props } = object as Read;
    const unreadable = isUnreadable(object);
    return {
      ...vm,
      isTemplate: unreadable ? undefined : props['config.template'] === true,
      powerState: props['runtime.powerState'],
      cpu: props['config.hardware.numCPU'],
      memoryMb: props['config.hardware.memoryMB'],
      guestOs: props['config.guestFullName'],
      host: props['runtime.host'],
      within: ancestorsOf(entities, object.ref, root).map(({ ref }) => ref),
      unreadable,
    };
  });
}
