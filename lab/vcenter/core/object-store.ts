/** Every managed object of the lab that outlives a session. */
import type { ManagedObjects } from '../../../src/vim25/generated/types.ts';
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import { objectNotFound } from './faults.ts';
import { type AnyObject, type Derived, ManagedObject, type ManagedType } from './managed-object.ts';
import { isManagedSubtype } from './type-tables.ts';

export interface ObjectStore {
  /** Makes an object; `id` is made up (`vm-1042`) from the prefix where it is left out. */
  add<T extends ManagedType>(type: T, values: Partial<ManagedObjects[T]>, id?: string): ManagedObject<T>;
  /** An id that no object has: `vm-1042`; a bare number for an empty prefix. */
  newId(prefix: string): string;
  /** An object of a type of which no property is known: a manager that has only methods. */
  addPlain(type: string, id: string): AnyObject;
  /** The object, or undefined. An id names one object whatever type a client says with it. */
  find(ref: ManagedObjectReference | undefined): AnyObject | undefined;
  /** Errors: the fault ManagedObjectNotFound. */
  get<T extends ManagedType>(ref: ManagedObjectReference, type?: T): ManagedObject<T>;
  remove(object: AnyObject): void;
  /** All of a type, its subtypes included, in the order they were made. */
  all<T extends ManagedType>(type: T): Iterable<ManagedObject<T>>;
  /** How a property of all objects of a type (and its subtypes) is worked out where none was set. */
  derive<T extends ManagedType, P extends string & keyof ManagedObjects[T]>(
    type: T,
    property: P,
    derive: (object: ManagedObject<T>) => ManagedObjects[T][P] | undefined,
  ): void;
  /** The derivation of a property, for objects that live elsewhere. */
  derived(type: string, property: string): Derived | undefined;
  /** Told of every change; returns the end of it. */
  watch(watcher: (object: AnyObject, kind: ChangeKind) => void): () => void;
  /** Tells of a change of an object that lives elsewhere: in a session. */
  changed(object: AnyObject): void;
  /** Objects added and removed so far: where it stands, no selection of objects can have changed but by properties. */
  readonly membership: number;
}

export type ChangeKind = 'enter' | 'modify' | 'leave';

const PREFIXES: Readonly<Record<string, string>> = {
  VirtualMachine: 'vm',
  VirtualMachineSnapshot: 'snapshot',
  HostSystem: 'host',
  ComputeResource: 'domain-s',
  VirtualApp: 'resgroup-v',
  ClusterComputeResource: 'domain-c',
  ResourcePool: 'resgroup',
  Folder: 'group',
  StoragePod: 'group-p',
  DistributedVirtualPortgroup: 'dvportgroup',
  VmwareDistributedVirtualSwitch: 'dvs',
  Alarm: 'alarm',
  Task: 'task',
};

export function createObjectStore(): ObjectStore {
  const objects = new Map<string, AnyObject>();
  const byType = new Map<string, Set<AnyObject>>();
  const derivations = new Map<string, Derived>();
  const resolved = new Map<string, Derived | null>();
  const watchers = new Set<(object: AnyObject, kind: ChangeKind) => void>();
  let lastId = 0;
  let membership = 0;

  const tell = (object: AnyObject, kind: ChangeKind) => {
    for (const watcher of watchers) watcher(object, kind);
  };
  const holder = {
    derived(type: string, property: string) {
      const key = `${type}.${property}`;
      const known = resolved.get(key);
      if (known !== undefined) return known ?? undefined;
      const found = [...derivations].find(([name]) => {
        const [owner, own] = name.split('.') as [string, string];
        return own === property && isManagedSubtype(type, owner);
      })?.[1];
      resolved.set(key, found ?? null);
      return found;
    },
    changed: (object: AnyObject) => {
      if (objects.get(object.id) === object) tell(object, 'modify');
    },
  };
  const store: ObjectStore = {
    newId: (prefix) => `${prefix}${prefix === '' || /-[a-z]$/.test(prefix) ? '' : '-'}${++lastId}`,
    add(type, values, id = store.newId(PREFIXES[type] ?? type.toLowerCase())) {
      if (objects.has(id)) throw new TypeError(`two objects have the id ${id}`);
      const object = new ManagedObject<typeof type>(holder, { type, value: id }, values);
      objects.set(id, object);
      const others = byType.get(type) ?? new Set();
      byType.set(type, others.add(object));
      membership++;
      tell(object, 'enter');
      return object;
    },
    addPlain: (type, id) => store.add(type as ManagedType, {}, id),
    find: (ref) => (ref ? objects.get(ref.value) : undefined),
    get(ref) {
      const object = objects.get(ref.value);
      if (!object) throw objectNotFound(ref);
      return object as never;
    },
    remove(object) {
      if (!objects.delete(object.id)) return;
      byType.get(object.ref.type)?.delete(object);
      membership++;
      tell(object, 'leave');
    },
    *all(type) {
      for (const [name, members] of byType) if (isManagedSubtype(name, type)) yield* members as Iterable<never>;
    },
    derive(type, property, derive) {
      derivations.set(`${type}.${property}`, derive as unknown as Derived);
      resolved.clear();
    },
    derived: holder.derived,
    watch(watcher) {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    changed: (object) => tell(object, 'modify'),
    get membership() {
      return membership;
    },
  };
  return store;
}
