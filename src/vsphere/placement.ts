/**
 * Where new things go on a server when the caller does not say: chosen once, logged, chosen anew when it is gone.
 * Only the datastore is chosen anew by each call, by the space that is free then, unless one is configured.
 */
import type { InventoryObject } from './inventory.ts';

/** What the configuration wants, by name, path or id; everything left out is chosen. */
export interface PlacementPreferences {
  readonly datacenter?: string | undefined;
  readonly cluster?: string | undefined;
  readonly datastore?: string | undefined;
  readonly network?: string | undefined;
}

export interface Placement {
  /** The configured datacenter or the first. */
  datacenter(): Promise<InventoryObject>;
  /** The configured cluster or the datacenter's first cluster; a standalone host's compute resource where it has none. */
  computeResource(): Promise<InventoryObject>;
  /** The configured datastore, or the one with the most free space that the compute resource's hosts can use. */
  datastore(): Promise<InventoryObject>;
  /** The configured network, or "VM Network", or the first that the compute resource has. */
  network(): Promise<InventoryObject>;
  /** The root pool of the compute resource. */
  resourcePool(): Promise<InventoryObject>;
  /** The datacenter's VM folder. */
  vmFolder(): Promise<InventoryObject>;
}
