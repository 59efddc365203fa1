/** Where a clone goes when nobody says: beside its source, on hosts that reach the source's storage. */
import type { VirtualMachineRelocateSpec } from '../vim25/generated/types.ts';
import { InvalidStateError } from './errors.ts';
import type { InventoryObject } from './inventory.ts';
import { quoted } from './names.ts';
import type { Reader } from './reader.ts';
import type { ManagedObjectReference } from './references.ts';
import { hasDrs } from './vm-host-choice.ts';

export interface CloneLocation {
  readonly location: VirtualMachineRelocateSpec;
  /** The source's folder; absent inside a vApp. */
  readonly folder: ManagedObjectReference | undefined;
}

/**
 * The source's resource pool, or for a template, which has none, the root pool of the hosts that it is registered
 * on. A cluster without DRS is told the source's host.
 *
 * @param datastore unset: where the source's files are
 */
export async function cloneLocation(
  reader: Reader,
  source: InventoryObject,
  datastore: ManagedObjectReference | undefined,
): Promise<CloneLocation> {
  const { props } = await reader.readOne('VirtualMachine', source.ref, ['parent', 'resourcePool', 'runtime.host']);
  const host = props['runtime.host'];
  const home = host && (await computeResourceOf(reader, host));
  const pool = props.resourcePool ?? home?.pool;
  if (pool === undefined) {
    throw new InvalidStateError(`The host of ${quoted(source.name)} cannot be read, so there is no place for a clone.`);
  }
  const told = home?.type === 'ClusterComputeResource' && !(await hasDrs(reader, home.ref));
  return {
    location: { pool, ...(datastore ? { datastore } : {}), ...(told ? { host } : {}) },
    folder: props.parent,
  };
}

async function computeResourceOf(reader: Reader, host: ManagedObjectReference) {
  const { props } = await reader.readOne('HostSystem', host, ['parent']);
  if (props.parent === undefined) return undefined;
  const { props: own } = await reader.readOne('ComputeResource', props.parent, ['resourcePool']);
  return { ref: props.parent, type: props.parent.type, pool: own.resourcePool };
}
