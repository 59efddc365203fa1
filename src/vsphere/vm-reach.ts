/** The datastores and networks that a VM can use: those of the host that it is on. */
import { parseDatastorePath } from './datastore-path.ts';
import { InvalidStateError, listed } from './errors.ts';
import type { Inventory, InventoryObject } from './inventory.ts';
import { quoted } from './names.ts';
import type { Reader } from './reader.ts';
import { sameRef } from './references.ts';
import { namesOf } from './virtual-machine.ts';
import type { VmHardware } from './vm-hardware.ts';

type Finder = Reader & { readonly inventory: Inventory };

interface Subject {
  readonly vm: InventoryObject;
  readonly hardware: VmHardware;
}

const PROPERTIES = { Datastore: 'datastore', Network: 'network' } as const;

/**
 * The one that a person means, by name, path or id. A name means the one that the VM's host has, also where another
 * datacenter has one of the same name.
 *
 * Errors: those of `Inventory.find`; INVALID_STATE for one that the host has not.
 */
export async function reachableFrom(
  { vm, hardware }: Subject,
  kind: keyof typeof PROPERTIES,
  wanted: string,
  vsphere: Finder,
): Promise<InventoryObject> {
  const { inventory } = vsphere;
  if (hardware.host === undefined) return inventory.find(kind, wanted);
  const { props } = await vsphere.readOne('HostSystem', hardware.host, ['datastore', 'network']);
  const there = props[PROPERTIES[kind]] ?? [];
  const names = await namesOf(vsphere, there);
  const named = there.filter(({ value }) => names.get(value) === wanted);
  if (named.length === 1) return inventory.describe(named[0]!);
  const found = await inventory.find(kind, wanted);
  if (!there.some((ref) => sameRef(ref, found.ref))) {
    const noun = PROPERTIES[kind];
    const choice = listed([...names.values()].sort().map(quoted));
    throw new InvalidStateError(
      `The host of ${quoted(vm.name)} has no ${noun} ${quoted(found.name)}; it has ${choice}`,
    );
  }
  return found;
}

/** The name of the datastore that the VM's own files are on. Errors: INVALID_STATE for a VM that has none. */
export function homeDatastore({ vm, hardware }: Subject): string {
  const { datastore } = hardware.file === undefined ? {} : parseDatastorePath(hardware.file);
  if (datastore !== undefined) return datastore;
  throw new InvalidStateError(`${quoted(vm.name)} does not say which datastore it is on: give one.`);
}
