/** Where objects are in the inventory tree: names and parents, read upwards from an object or for the whole tree. */
import type { PropertyFilterSpec } from '../vim25/generated/types.ts';
import { throughView } from './connection.ts';
import type { InventoryObject } from './inventory.ts';
import { decodeName, formatPath } from './names.ts';
import type { ObjectProperties, Reader } from './reader.ts';
import { type ManagedObjectReference, refKey, sameRef } from './references.ts';

/** Objects by `refKey`, ancestors among them. */
export type Entities = Map<string, Entity>;

interface Entity {
  readonly ref: ManagedObjectReference;
  /** Decoded. Absent where the account may not read it. */
  readonly name?: string;
  readonly parent?: ManagedObjectReference;
}

/** vSphere's inventory has at most a few levels; what has more is no tree. */
const DEEPEST = 100;

export const NAME_AND_PARENT: PropertyFilterSpec['propSet'] = [
  { type: 'ManagedEntity', pathSet: ['name', 'parent'] },
  { type: 'VirtualMachine', pathSet: ['parentVApp'] },
  { type: 'VirtualApp', pathSet: ['parentFolder', 'parentVApp'] },
];

/** Whatever can hold other objects. */
const CONTAINERS = ['Folder', 'Datacenter', 'ComputeResource', 'ResourcePool'];

/** The objects and all that they are in, in one round trip. Objects that are gone are left out. */
export async function readUpwards(reader: Reader, refs: readonly ManagedObjectReference[]): Promise<Entities> {
  if (refs.length === 0) return new Map();
  const objectSet = refs.map((obj) => ({ obj, skip: false, selectSet: upwards() }));
  return toEntities(
    await reader.retrieve([{ propSet: NAME_AND_PARENT, objectSet, reportMissingObjectsInResults: true }]),
  );
}

/** Every folder, datacenter, cluster and pool, in one round trip through a kept view. */
export async function readContainers(reader: Reader): Promise<Entities> {
  return toEntities(await reader.withView(CONTAINERS, (view) => reader.retrieve([throughView(view, NAME_AND_PARENT)])));
}

function upwards(): NonNullable<PropertyFilterSpec['objectSet'][number]['selectSet']> {
  const spec = (name: string, type: string, path: string) => ({
    $type: 'TraversalSpec',
    name,
    type,
    path,
    skip: false,
    selectSet: ['parent', 'parentVApp', 'folderOfVApp', 'vappOfVApp'].map((other) => ({ name: other })),
  });
  return [
    spec('parent', 'ManagedEntity', 'parent'),
    spec('parentVApp', 'VirtualMachine', 'parentVApp'),
    spec('folderOfVApp', 'VirtualApp', 'parentFolder'),
    spec('vappOfVApp', 'VirtualApp', 'parentVApp'),
  ];
}

export function toEntities(objects: readonly ObjectProperties[]): Entities {
  return new Map(objects.map((object) => [refKey(object.ref), toEntity(object)]));
}

/** A vApp shows where its VMs are for people; it stands in the folder tree and in the pool tree. */
function toEntity({ ref, props }: ObjectProperties): Entity {
  const { name, parent, parentVApp, parentFolder } = props as {
    name?: string;
    parent?: ManagedObjectReference;
    parentVApp?: ManagedObjectReference;
    parentFolder?: ManagedObjectReference;
  };
  const above = parentFolder ?? parentVApp ?? parent;
  return {
    ref,
    ...(name === undefined ? {} : { name: decodeName(name) }),
    ...(above === undefined ? {} : { parent: above }),
  };
}

/** The object's ancestors, nearest first, without the root; as far as the account can see them. */
export function ancestorsOf(entities: Entities, ref: ManagedObjectReference, root: ManagedObjectReference): Entity[] {
  const found: Entity[] = [];
  let next = entities.get(refKey(ref))?.parent;
  while (next !== undefined && !sameRef(next, root) && found.length < DEEPEST) {
    const entity = entities.get(refKey(next));
    if (entity === undefined) break;
    found.push(entity);
    next = entity.parent;
  }
  return found;
}

/** An object with its path; undefined when `entities` does not have it. */
export function toInventoryObject(
  entities: Entities,
  ref: ManagedObjectReference,
  root: ManagedObjectReference,
): InventoryObject | undefined {
  const entity = entities.get(refKey(ref));
  if (entity === undefined) return undefined;
  const names = [entity, ...ancestorsOf(entities, ref, root)].map(nameOf).reverse();
  return {
    ref: entity.ref,
    type: entity.ref.type,
    id: entity.ref.value,
    name: nameOf(entity),
    path: sameRef(ref, root) ? '/' : formatPath(names),
  };
}

function nameOf({ name, ref }: Entity): string {
  return name ?? ref.value;
}
