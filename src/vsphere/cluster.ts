/** Clusters: their size, their DRS and their HA. */
import type { ClusterConfigInfoEx, ClusterRecommendation } from '../vim25/generated/types.ts';
import { decodeName } from './names.ts';
import type { ObjectProperties, Reader } from './reader.ts';
import type { ManagedObjectReference } from './references.ts';
import { bytesToGb, round } from './units.ts';
import { isUnreadable } from './unreadable.ts';

export interface ClusterSummary {
  readonly ref: ManagedObjectReference;
  readonly id: string;
  readonly name: string;
  readonly hosts: readonly ManagedObjectReference[];
  /** Absent, as all but the name, where the account may not read the cluster. */
  readonly hostCount: number | undefined;
  readonly effectiveHosts: number | undefined;
  readonly totalCpuMhz: number | undefined;
  readonly totalMemoryGb: number | undefined;
  readonly effectiveCpuMhz: number | undefined;
  readonly effectiveMemoryGb: number | undefined;
  readonly cpuCores: number | undefined;
  readonly overallStatus: string | undefined;
  /** `behavior`: `fullyAutomated`, `partiallyAutomated` or `manual`. */
  readonly drs: {
    readonly enabled: boolean | undefined;
    readonly behavior: string | undefined;
    readonly score: number | undefined;
  };
  readonly ha: { readonly enabled: boolean | undefined; readonly admissionControl: boolean | undefined };
  readonly unreadable: boolean;
}

const SUMMARY_PATHS = ['name', 'host', 'summary', 'configurationEx'] as const;

export async function listClusters(
  reader: Reader,
  options?: { readonly within?: ManagedObjectReference },
): Promise<ClusterSummary[]> {
  return (await reader.readAll('ClusterComputeResource', SUMMARY_PATHS, options)).map(toSummary);
}

export async function readCluster(reader: Reader, cluster: ManagedObjectReference): Promise<ClusterSummary> {
  return toSummary(await reader.readOne('ClusterComputeResource', cluster, SUMMARY_PATHS));
}

const MB_PER_GB = 1024;

function toSummary(object: ObjectProperties<'ClusterComputeResource', (typeof SUMMARY_PATHS)[number]>): ClusterSummary {
  const { ref, props } = object;
  const { summary } = props;
  const unreadable = isUnreadable(object);
  const known = (value: boolean) => (unreadable ? undefined : value);
  const config = props.configurationEx as Partial<ClusterConfigInfoEx> | undefined;
  const score = (summary as { drsScore?: number } | undefined)?.drsScore;
  return {
    ref,
    id: ref.value,
    name: decodeName(props.name ?? ref.value),
    hosts: props.host ?? [],
    hostCount: unreadable ? undefined : (props.host?.length ?? 0),
    effectiveHosts: summary?.numEffectiveHosts,
    totalCpuMhz: summary?.totalCpu,
    totalMemoryGb: bytesToGb(summary?.totalMemory),
    effectiveCpuMhz: summary?.effectiveCpu,
    // In megabytes, unlike the total (ComputeResourceSummary.effectiveMemory).
    effectiveMemoryGb: summary?.effectiveMemory === undefined ? undefined : round(summary.effectiveMemory / MB_PER_GB),
    cpuCores: summary?.numCpuCores,
    overallStatus: summary?.overallStatus,
    drs: {
      enabled: known(config?.drsConfig?.enabled === true),
      behavior: config?.drsConfig?.defaultVmBehavior,
      score,
    },
    ha: {
      enabled: known(config?.dasConfig?.enabled === true),
      admissionControl: known(config?.dasConfig?.admissionControlEnabled === true),
    },
    unreadable,
  };
}

export interface DrsRecommendation {
  readonly key: string;
  readonly reason: string;
  /** 1 to 5 stars. */
  readonly rating: number;
  readonly type: string;
  readonly actions: readonly { readonly type: string; readonly target: ManagedObjectReference | undefined }[];
}

export async function readRecommendations(
  reader: Reader,
  cluster: ManagedObjectReference,
): Promise<DrsRecommendation[]> {
  const { props } = await reader.readOne('ClusterComputeResource', cluster, ['recommendation']);
  return (props.recommendation ?? []).map(toRecommendation);
}

export function toRecommendation(recommendation: ClusterRecommendation): DrsRecommendation {
  const { key, reason, reasonText, rating, type, action = [] } = recommendation;
  return {
    key,
    reason: reasonText || reason,
    rating,
    type,
    actions: action.map((each) => ({ type: each.type, target: each.target })),
  };
}
