/** Where a new VM runs. DRS chooses by itself; a cluster without it must be told a host. */
import type { ClusterConfigInfoEx } from '../vim25/generated/types.ts';
import { InvalidStateError } from './errors.ts';
import type { InventoryObject } from './inventory.ts';
import { quoted } from './names.ts';
import type { Reader } from './reader.ts';
import { type ManagedObjectReference, sameRef } from './references.ts';
import { MIB } from './units.ts';
import { requireReadable } from './unreadable.ts';

interface Needs {
  readonly datastore: ManagedObjectReference;
  readonly network: ManagedObjectReference;
}

/**
 * The host to name in a request, or nothing where vSphere chooses: on a host of its own, and in a cluster with DRS.
 * Of the hosts that can be used, the one with the most memory free.
 *
 * Errors: INVALID_STATE where the compute resource cannot reach the datastore or the network, or no host is usable.
 */
export async function chooseHost(
  reader: Reader,
  computeResource: InventoryObject,
  needs: Needs,
): Promise<ManagedObjectReference | undefined> {
  const { props } = await reader.readOne('ComputeResource', computeResource.ref, ['host', 'datastore', 'network']);
  if (!includes(props.datastore, needs.datastore)) throw unreachable(computeResource, 'datastore');
  if (!includes(props.network, needs.network)) throw unreachable(computeResource, 'network');
  if (computeResource.type !== 'ClusterComputeResource' || (await hasDrs(reader, computeResource.ref)))
    return undefined;

  const hosts = await reader.read('HostSystem', props.host ?? [], [
    'datastore',
    'network',
    'runtime.connectionState',
    'runtime.inMaintenanceMode',
    'summary.hardware.memorySize',
    'summary.quickStats.overallMemoryUsage',
  ]);
  const usable = hosts
    .filter(({ props: host }) => host['runtime.connectionState'] === 'connected')
    .filter(({ props: host }) => host['runtime.inMaintenanceMode'] !== true)
    .filter(({ props: host }) => includes(host.datastore, needs.datastore) && includes(host.network, needs.network))
    .map(({ ref, props: host }) => ({
      ref,
      free: (host['summary.hardware.memorySize'] ?? 0) - (host['summary.quickStats.overallMemoryUsage'] ?? 0) * MIB,
    }))
    .sort((a, b) => b.free - a.free);
  const best = usable[0];
  if (best === undefined) {
    for (const host of hosts) await requireReadable(reader, host);
    throw new InvalidStateError(
      `No host of ${quoted(computeResource.name)} is connected, out of maintenance, and has both datastore and network.`,
    );
  }
  return best.ref;
}

export async function hasDrs(reader: Reader, cluster: ManagedObjectReference): Promise<boolean> {
  const { props } = await reader.readOne('ClusterComputeResource', cluster, ['configurationEx']);
  const config = props.configurationEx as Partial<ClusterConfigInfoEx> | undefined;
  return config?.drsConfig?.enabled === true;
}

function includes(refs: readonly ManagedObjectReference[] | undefined, wanted: ManagedObjectReference): boolean {
  return refs?.some((ref) => sameRef(ref, wanted)) === true;
}

function unreachable(computeResource: InventoryObject, what: string): InvalidStateError {
  return new InvalidStateError(
    `The hosts of ${quoted(computeResource.name)} cannot reach that ${what}: name one that they have.`,
  );
}
