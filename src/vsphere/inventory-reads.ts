/** The inventory of one server as one call sees it. */
import { NAME_AND_PARENT, readContainers, readUpwards, toEntities, toInventoryObject } from './ancestry.ts';
import { gone, ofObjects } from './connection.ts';
import { AmbiguousNameError, listed, ObjectNotFoundError } from './errors.ts';
import type { Inventory, InventoryKind, InventoryObject } from './inventory.ts';
import { nounOf, pluralOf } from './kinds.ts';
import { createLookup, datacenterOf } from './lookup.ts';
import type { Reader } from './reader.ts';
import type { ManagedObjectReference } from './references.ts';

/** Up to here, walking up from each object is less to read than the whole tree of folders. */
const FEW = 50;

export function createInventory(reader: Reader): Inventory {
  const root = reader.content.rootFolder;

  const inventory: Inventory = {
    find: (kind, wanted) => createLookup(reader).find(kind, wanted),

    async findAll(kind, wanted) {
      const lookup = createLookup(reader);
      const found: InventoryObject[] = [];
      for (const each of wanted) found.push(await lookup.find(kind, each));
      return found;
    },

    async describe(ref) {
      const object = toInventoryObject(await readUpwards(reader, [ref]), ref, root);
      if (object === undefined) throw gone(ref);
      return object;
    },

    async describeAll(refs) {
      const entities =
        refs.length <= FEW
          ? await readUpwards(reader, refs)
          : new Map([...(await readContainers(reader)), ...(await readEach(reader, refs))]);
      return byValue(refs.map((ref) => toInventoryObject(entities, ref, root)));
    },

    async paths(refs) {
      const objects = await inventory.describeAll(refs);
      return new Map([...objects].map(([value, { path }]) => [value, path]));
    },

    datacenterOf: (ref) => datacenterOf(reader, ref),

    async list(kind, options) {
      const objects = toEntities(
        kind === 'VirtualMachine'
          ? await reader.readAll(kind, ['name', 'parent', 'parentVApp'], options)
          : await reader.readAll(kind, ['name', 'parent'], options),
      );
      const entities = new Map([...(await readContainers(reader)), ...objects]);
      return [...objects.values()]
        .map(({ ref }) => toInventoryObject(entities, ref, root))
        .filter((object) => object !== undefined);
    },

    host: (name) => oneOf(inventory, 'HostSystem', 'host_name', name),
    resourcePool: (name) => oneOf(inventory, 'ResourcePool', 'name', name),
  };
  return inventory;
}

/** Names and parents only: what is above them is read with the tree. */
async function readEach(reader: Reader, refs: readonly ManagedObjectReference[]) {
  return toEntities(await reader.retrieve([ofObjects(refs, NAME_AND_PARENT)]));
}

function byValue(objects: readonly (InventoryObject | undefined)[]): Map<string, InventoryObject> {
  return new Map(objects.filter((object) => object !== undefined).map((object) => [object.id, object]));
}

/** Nothing ever acts on "the first": a name that was left out stands for the only one there is. */
async function oneOf(
  inventory: Inventory,
  kind: InventoryKind,
  argument: string,
  name: string | undefined,
): Promise<InventoryObject> {
  if (name !== undefined) return inventory.find(kind, name);
  const all = await inventory.list(kind);
  if (all.length === 1) return all[0]!;
  if (all.length === 0) throw new ObjectNotFoundError(`This server has no ${nounOf(kind)}.`);
  const names = new Set(all.map((object) => object.name));
  const told = all.map((object) => (names.size === all.length ? object.name : object.path)).sort();
  throw new AmbiguousNameError(
    `This server has ${all.length} ${pluralOf(kind)}; say which as ${argument}: ${listed(told)}`,
  );
}
