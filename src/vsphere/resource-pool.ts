/** Resource pools: what they are promised and what they use. */
import type { ResourceAllocationInfo } from '../vim25/generated/types.ts';
import { decodeName } from './names.ts';
import type { ObjectProperties, Reader } from './reader.ts';
import type { ManagedObjectReference } from './references.ts';
import { bytesToMb } from './units.ts';
import { isUnreadable } from './unreadable.ts';

interface Allocation {
  readonly reservation: number | undefined;
  /** Absent for "no limit", which vSphere writes as -1. */
  readonly limit: number | undefined;
  readonly expandable: boolean;
  readonly shares: number | undefined;
  /** `low`, `normal`, `high` or `custom`. */
  readonly sharesLevel: string | undefined;
}

export interface ResourcePoolSummary {
  readonly ref: ManagedObjectReference;
  readonly id: string;
  readonly name: string;
  readonly parent: ManagedObjectReference | undefined;
  /** The cluster or the host's compute resource that it divides. */
  readonly owner: ManagedObjectReference | undefined;
  /** MHz */
  readonly cpu: Allocation;
  readonly cpuUsageMhz: number | undefined;
  /** MB */
  readonly memory: Allocation;
  readonly memoryUsageMb: number | undefined;
  /** Absent, as all but the name and the parent, where the account may not read the pool. */
  readonly vmCount: number | undefined;
  readonly unreadable: boolean;
}

const SUMMARY_PATHS = ['name', 'parent', 'owner', 'summary', 'vm'] as const;

export async function listResourcePools(
  reader: Reader,
  options?: { readonly within?: ManagedObjectReference },
): Promise<ResourcePoolSummary[]> {
  return (await reader.readAll('ResourcePool', SUMMARY_PATHS, options)).map(toSummary);
}

export async function readResourcePool(reader: Reader, pool: ManagedObjectReference): Promise<ResourcePoolSummary> {
  return toSummary(await reader.readOne('ResourcePool', pool, SUMMARY_PATHS));
}

function toSummary(object: ObjectProperties<'ResourcePool', (typeof SUMMARY_PATHS)[number]>): ResourcePoolSummary {
  const { ref, props } = object;
  const { summary } = props;
  const unreadable = isUnreadable(object);
  return {
    ref,
    id: ref.value,
    name: decodeName(props.name ?? ref.value),
    parent: props.parent,
    owner: props.owner,
    cpu: toAllocation(summary?.config?.cpuAllocation),
    cpuUsageMhz: summary?.runtime?.cpu?.overallUsage,
    memory: toAllocation(summary?.config?.memoryAllocation),
    // In bytes, unlike the reservation and the limit (ResourcePoolResourceUsage).
    memoryUsageMb: bytesToMb(summary?.runtime?.memory?.overallUsage),
    vmCount: unreadable ? undefined : (props.vm?.length ?? 0),
    unreadable,
  };
}

function toAllocation(info: ResourceAllocationInfo | undefined): Allocation {
  return {
    reservation: info?.reservation,
    limit: info?.limit === undefined || info.limit < 0 ? undefined : info.limit,
    expandable: info?.expandableReservation === true,
    shares: info?.shares?.shares,
    sharesLevel: info?.shares?.level,
  };
}
