/** Clusters and standalone hosts' compute resources: making them, and what they have in all. */
import type {
  ClusterComputeResourceSummary,
  ClusterConfigInfoEx,
  ClusterFailoverLevelAdmissionControlInfo,
  ClusterFailoverLevelAdmissionControlPolicy,
  ComputeResourceSummary,
} from '../../../src/vim25/generated/types.ts';
import type { AnyObject, ManagedObject } from '../core/managed-object.ts';
import type { World } from '../core/world.ts';
import { quickStatsOf } from '../vm/quick-stats.ts';
import { buildPool } from './pools.ts';

export interface ClusterPlan {
  readonly name: string;
  readonly parent: AnyObject;
  /** Undefined: no DRS. */
  readonly drs?: 'fullyAutomated' | 'partiallyAutomated' | 'manual';
  readonly ha: boolean;
}

/** A cluster and its root pool. */
export function buildCluster(world: World, plan: ClusterPlan): ManagedObject<'ClusterComputeResource'> {
  const { objects } = world;
  const configurationEx = clusterConfig(plan);
  const id = objects.newId('domain-c');
  const cluster = objects.add(
    'ClusterComputeResource',
    {
      name: plan.name,
      parent: plan.parent.ref,
      environmentBrowser: objects.addPlain('EnvironmentBrowser', `envbrowser-${id.slice('domain-c'.length)}`).ref,
      configurationEx,
      configuration: { dasConfig: configurationEx.dasConfig, drsConfig: configurationEx.drsConfig },
      recommendation: [],
      drsRecommendation: [],
      migrationHistory: [],
      actionHistory: [],
      drsFault: [],
      lifecycleManaged: false,
    },
    id,
  );
  cluster.set({ resourcePool: buildPool(world, { name: 'Resources', parent: cluster }).ref });
  return cluster;
}

/** What a standalone host lies in, and its root pool. Its name is the host's. */
export function buildStandalone(
  world: World,
  { name, parent, ids }: { name: string; parent: AnyObject; ids?: { own: string; pool: string; browser: string } },
): ManagedObject<'ComputeResource'> {
  const { objects } = world;
  const id = ids?.own ?? objects.newId('domain-s');
  const browser = ids?.browser ?? `envbrowser-${id.slice('domain-s'.length)}`;
  const owner = objects.add(
    'ComputeResource',
    {
      name,
      parent: parent.ref,
      environmentBrowser: objects.addPlain('EnvironmentBrowser', browser).ref,
      configurationEx: { $type: 'ComputeResourceConfigInfo', vmSwapPlacement: 'vmDirectory', spbmEnabled: false },
      lifecycleManaged: false,
    },
    id,
  );
  const pool = buildPool(world, { name: 'Resources', parent: owner, ...(ids && { id: ids.pool }) });
  owner.set({ resourcePool: pool.ref });
  return owner;
}

function clusterConfig({ drs, ha }: ClusterPlan): ClusterConfigInfoEx {
  const admissionControlPolicy: ClusterFailoverLevelAdmissionControlPolicy = {
    $type: 'ClusterFailoverLevelAdmissionControlPolicy',
    failoverLevel: 1,
    resourceReductionToToleratePercent: 100,
  };
  return {
    $type: 'ClusterConfigInfoEx',
    vmSwapPlacement: 'vmDirectory',
    spbmEnabled: true,
    dasConfig: {
      enabled: ha,
      vmMonitoring: 'vmMonitoringDisabled',
      hostMonitoring: 'enabled',
      vmComponentProtecting: 'enabled',
      failoverLevel: ha ? 1 : 0,
      admissionControlPolicy,
      admissionControlEnabled: ha,
      defaultVmSettings: { restartPriority: 'medium', restartPriorityTimeout: 600, isolationResponse: 'none' },
      option: [],
      heartbeatDatastore: [],
      hBDatastoreCandidatePolicy: 'allFeasibleDsWithUserPreference',
    },
    drsConfig: {
      enabled: drs !== undefined,
      enableVmBehaviorOverrides: true,
      defaultVmBehavior: drs ?? 'fullyAutomated',
      vmotionRate: 3,
      scaleDescendantsShares: 'disabled',
      option: [],
    },
    rule: [],
    group: [],
    dpmConfigInfo: { enabled: false, defaultDpmBehavior: 'automated', hostPowerActionRate: 3 },
  };
}

export function deriveComputeResources(world: World): void {
  const { objects } = world;
  objects.derive('ComputeResource', 'summary', (owner) => capacityOf(world, owner));
  objects.derive('ClusterComputeResource', 'summary', (cluster) => clusterSummary(world, cluster));
}

const MIB = 1024 * 1024;
/** What a host keeps for itself. */
const OWN_CPU_MHZ = 1_000;
const OWN_MEMORY_MB = 8_192;

function hostsOf({ objects }: World, owner: ManagedObject<'ComputeResource'>): ManagedObject<'HostSystem'>[] {
  return owner.get('host').flatMap((ref) => objects.find(ref)?.as('HostSystem') ?? []);
}

function capacityOf(world: World, owner: ManagedObject<'ComputeResource'>): ComputeResourceSummary {
  const hosts = hostsOf(world, owner);
  const effective = hosts.filter((host) => {
    const { connectionState, inMaintenanceMode, powerState } = host.get('runtime');
    return connectionState === 'connected' && powerState === 'poweredOn' && !inMaintenanceMode;
  });
  const sum = (of: readonly ManagedObject<'HostSystem'>[], value: (host: ManagedObject<'HostSystem'>) => number) =>
    Math.round(of.reduce((total, host) => total + value(host), 0));
  const cpu = (host: ManagedObject<'HostSystem'>) => {
    const info = host.get('hardware')?.cpuInfo;
    return info ? (info.numCpuCores * info.hz) / 1e6 : 0;
  };
  const memory = (host: ManagedObject<'HostSystem'>) => host.get('hardware')?.memorySize ?? 0;
  return {
    $type: 'ComputeResourceSummary',
    totalCpu: sum(hosts, cpu),
    totalMemory: sum(hosts, memory),
    numCpuCores: sum(hosts, (host) => host.get('hardware')?.cpuInfo.numCpuCores ?? 0),
    numCpuThreads: sum(hosts, (host) => host.get('hardware')?.cpuInfo.numCpuThreads ?? 0),
    effectiveCpu: sum(effective, (host) => cpu(host) - OWN_CPU_MHZ),
    effectiveMemory: sum(effective, (host) => memory(host) / MIB - OWN_MEMORY_MB),
    numHosts: hosts.length,
    numEffectiveHosts: effective.length,
    overallStatus: owner.get('overallStatus'),
  };
}

function clusterSummary(world: World, cluster: ManagedObject<'ClusterComputeResource'>): ClusterComputeResourceSummary {
  const capacity = capacityOf(world, cluster);
  const { dasConfig } = cluster.get('configurationEx') as ClusterConfigInfoEx;
  const vms = hostsOf(world, cluster)
    .flatMap((host) => host.get('vm'))
    .flatMap((ref) => world.objects.find(ref)?.as('VirtualMachine') ?? []);
  let cpuDemand = 0;
  let memoryDemand = 0;
  let off = 0;
  for (const vm of vms) {
    const { overallCpuDemand = 0, guestMemoryUsage = 0 } = quickStatsOf(world, vm);
    cpuDemand += overallCpuDemand;
    memoryDemand += guestMemoryUsage;
    if (vm.get('runtime').powerState !== 'poweredOn') off++;
  }
  const level = Math.max(0, capacity.numEffectiveHosts - 1);
  const admissionControlInfo: ClusterFailoverLevelAdmissionControlInfo = {
    $type: 'ClusterFailoverLevelAdmissionControlInfo',
    currentFailoverLevel: level,
  };
  const load = capacity.effectiveCpu > 0 ? cpuDemand / capacity.effectiveCpu : 0;
  const score = Math.round(100 - 30 * Math.min(1, load));
  return {
    ...capacity,
    $type: 'ClusterComputeResourceSummary',
    currentFailoverLevel: dasConfig.enabled ? level : 0,
    ...(dasConfig.enabled && { admissionControlInfo }),
    numVmotions: 117,
    targetBalance: 200,
    currentBalance: Math.round(load * 150),
    drsScore: score,
    numVmsPerDrsScoreBucket: [0, 0, 0, 0, vms.length - off],
    usageSummary: {
      totalCpuCapacityMhz: capacity.effectiveCpu,
      totalMemCapacityMB: capacity.effectiveMemory,
      cpuReservationMhz: 0,
      memReservationMB: 0,
      cpuDemandMhz: cpuDemand,
      memDemandMB: memoryDemand,
      statsGenNumber: 1,
      cpuEntitledMhz: cpuDemand,
      memEntitledMB: memoryDemand,
      poweredOffVmCount: off,
      totalVmCount: vms.length,
    },
    clusterMaintenanceModeStatus: 'notInMaintenance',
    vcsHealthStatus: 'healthy',
  };
}
