/**
 * The inventory as people name it. Whatever a person writes (a name, an inventory path, an id) becomes exactly
 * one object or an error that says what to write instead: nothing ever acts on the first of several matches.
 */
import type { ManagedObjectReference } from './references.ts';

/** What a person may ask for by name. A kind includes its subtypes: `Network` the distributed port groups. */
export type InventoryKind =
  | 'VirtualMachine'
  | 'HostSystem'
  | 'Datastore'
  | 'Network'
  | 'Folder'
  | 'ResourcePool'
  | 'ComputeResource'
  | 'ClusterComputeResource'
  | 'Datacenter';

export interface InventoryObject {
  readonly ref: ManagedObjectReference;
  /** The concrete type: `DistributedVirtualPortgroup` where a `Network` was asked for. */
  readonly type: string;
  readonly id: string;
  /** Decoded: `a/b` where vSphere stores `a%2fb`. */
  readonly name: string;
  /** `/DC0/vm/prod/web01`; a `/` inside a name is written `%2f` here. */
  readonly path: string;
}

export interface Inventory {
  /**
   * The one object that a person means: by its exact name, by its inventory path (`/DC0/vm/web01`) or by its id
   * (`vm-42`). On a vCenter the id of a VM wins over an equal name of another, so that the cost by path or id does not
   * grow with the inventory; anywhere else the two are ambiguous.
   *
   * Errors: NOT_FOUND (with near names), AMBIGUOUS (with the paths), INVALID_INPUT (the path of another kind).
   */
  find(kind: InventoryKind, nameOrPathOrId: string): Promise<InventoryObject>;
  /** Like `find`, for several, in the same order, in as few round trips as one takes. */
  findAll(kind: InventoryKind, namesOrPathsOrIds: readonly string[]): Promise<InventoryObject[]>;
  /** Name and path of a reference; NOT_FOUND when the object is gone. */
  describe(ref: ManagedObjectReference): Promise<InventoryObject>;
  /** Name and path of many, by `ref.value`; objects that are gone are left out. */
  describeAll(refs: readonly ManagedObjectReference[]): Promise<Map<string, InventoryObject>>;
  /** Paths of many, by `ref.value`; objects that are gone are left out. */
  paths(refs: readonly ManagedObjectReference[]): Promise<Map<string, string>>;
  /** The datacenter that an object is in; undefined for what is in none. */
  datacenterOf(ref: ManagedObjectReference): Promise<InventoryObject | undefined>;
  /** Every object of a kind, in any order; `within` limits it to what is below a folder, pool, host or cluster. */
  list(kind: InventoryKind, options?: { readonly within?: ManagedObjectReference }): Promise<InventoryObject[]>;
  /** The ESXi host that is meant: the named one, or the only one; else an error that lists the hosts. */
  host(name?: string): Promise<InventoryObject>;
  /** The resource pool that is meant: the named one, or the only one there is; else an error that lists the pools. */
  resourcePool(name?: string): Promise<InventoryObject>;
}
