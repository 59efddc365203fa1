/** Resource pools and vApps: making them, and what they and their VMs use. */
import type {
  ResourceAllocationInfo,
  ResourceConfigSpec,
  ResourcePoolEventArgument,
  ResourcePoolQuickStats,
  ResourcePoolRuntimeInfo,
  ResourcePoolSummary,
  VirtualAppSummary,
  VirtualMachineQuickStats,
} from '../../../src/vim25/generated/types.ts';
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import { fault } from '../core/faults.ts';
import type { AnyObject, ManagedObject } from '../core/managed-object.ts';
import type { World } from '../core/world.ts';
import { quickStatsOf as vmStats } from '../vm/quick-stats.ts';

type Pool = ManagedObject<'ResourcePool'>;

/** Normal shares of a pool, as vCenter gives them: 4,000 for CPU, 163,840 for memory. */
const SHARES = { cpu: 4000, memory: 163_840 } as const;

export function poolAllocation(
  kind: keyof typeof SHARES,
  over: Partial<ResourceAllocationInfo> = {},
): ResourceAllocationInfo {
  return {
    reservation: 0,
    expandableReservation: true,
    limit: -1,
    shares: { shares: SHARES[kind], level: 'normal' },
    ...over,
  };
}

export interface PoolPlan {
  readonly name: string;
  /** A pool, or the compute resource whose root it is. */
  readonly parent: AnyObject;
  /** MHz */
  readonly cpu?: Partial<ResourceAllocationInfo>;
  /** MB */
  readonly memory?: Partial<ResourceAllocationInfo>;
  readonly id?: string;
}

export function buildPool(world: World, plan: PoolPlan): Pool {
  const { name, parent, cpu, memory, id } = plan;
  return world.objects.add(
    'ResourcePool',
    {
      name,
      parent: parent.ref,
      owner: ownerOf(parent),
      // A root pool has what its hosts have.
      ...(parent.as('ResourcePool') && { config: poolConfig(world, cpu, memory) }),
    },
    id ?? world.objects.newId('resgroup'),
  );
}

function poolConfig(
  world: World,
  cpu?: Partial<ResourceAllocationInfo>,
  memory?: Partial<ResourceAllocationInfo>,
): ResourceConfigSpec {
  const now = new Date(world.clock.now()).toISOString();
  return {
    changeVersion: now,
    lastModified: now,
    cpuAllocation: poolAllocation('cpu', cpu),
    memoryAllocation: poolAllocation('memory', memory),
    scaleDescendantsShares: 'disabled',
  };
}

function ownerOf(parent: AnyObject): ManagedObjectReference {
  return parent.as('ResourcePool')?.get('owner') ?? parent.ref;
}

/** The pool that a compute resource brings: it stays as it is. */
export function isRootPool(pool: Pool): boolean {
  return pool.get('parent')?.value === pool.get('owner').value;
}

/** Errors: the fault DuplicateName. @param except what may have it: the pool itself */
export function requireFreePoolName({ objects }: World, parent: Pool, name: string, except?: AnyObject): void {
  for (const ref of parent.get('resourcePool')) {
    const other = objects.find(ref);
    if (!other || other === except || String(other.read('name')).toLowerCase() !== name.toLowerCase()) continue;
    throw fault('DuplicateName', { name, object: ref }, `The name '${name}' already exists.`);
  }
}

export function poolArgument(pool: Pool): ResourcePoolEventArgument {
  return { resourcePool: pool.ref, name: pool.get('name') };
}

export function buildVApp(
  world: World,
  { name, pool, folder, annotation = '' }: { name: string; pool: Pool; folder: AnyObject; annotation?: string },
): ManagedObject<'VirtualApp'> {
  const instanceUuid = `50${world.random.uuid().slice(2)}`;
  return world.objects.add('VirtualApp', {
    name,
    parent: pool.ref,
    parentFolder: folder.ref,
    owner: pool.get('owner'),
    config: poolConfig(world),
    vAppConfig: {
      annotation,
      instanceUuid,
      entityConfig: [],
      ipAssignment: { ipAllocationPolicy: 'dhcpPolicy', ipProtocol: 'IPv4' },
      installBootRequired: false,
      installBootStopDelay: 0,
    },
    childLink: [],
  });
}

/** Before anything is in the inventory. */
export function derivePools(world: World): void {
  const { objects } = world;
  objects.derive('ResourcePool', 'config', (pool) => rootConfigOf(world, pool));
  objects.derive('ResourcePool', 'runtime', (pool) => runtimeOf(world, pool));
  objects.derive('ResourcePool', 'summary', (pool) => summaryOf(world, pool));
  objects.derive('ResourcePool', 'childConfiguration', (pool) =>
    [...pool.get('resourcePool'), ...pool.get('vm')].flatMap((ref) => {
      const child = objects.find(ref);
      const config = child?.as('ResourcePool')?.get('config') ?? child?.as('VirtualMachine')?.get('resourceConfig');
      return config ? [{ ...config, entity: ref }] : [];
    }),
  );
}

const MIB = 1024 * 1024;

/** The VMs of a pool and of those below it. */
function* vmsBelow(world: World, pool: Pool): Iterable<ManagedObject<'VirtualMachine'>> {
  for (const ref of pool.get('vm')) {
    const vm = world.objects.find(ref)?.as('VirtualMachine');
    if (vm) yield vm;
  }
  for (const ref of pool.get('resourcePool')) {
    const child = world.objects.find(ref)?.as('ResourcePool');
    if (child) yield* vmsBelow(world, child);
  }
}

/** What the whole compute resource has: MHz and MB. */
function capacityOf(world: World, pool: Pool): { cpu: number; memory: number } {
  const summary = world.objects.find(pool.get('owner'))?.as('ComputeResource')?.get('summary');
  return { cpu: summary?.effectiveCpu ?? 0, memory: summary?.effectiveMemory ?? 0 };
}

function rootConfigOf(world: World, pool: Pool): ResourceConfigSpec {
  const { cpu, memory } = capacityOf(world, pool);
  const whole = (amount: number) => ({ reservation: amount, limit: amount });
  return {
    cpuAllocation: poolAllocation('cpu', whole(cpu)),
    memoryAllocation: poolAllocation('memory', whole(memory)),
    scaleDescendantsShares: 'disabled',
  };
}

function statsOf(world: World, pool: Pool): VirtualMachineQuickStats[] {
  return [...vmsBelow(world, pool)].map((vm) => vmStats(world, vm));
}

function runtimeOf(world: World, pool: Pool): ResourcePoolRuntimeInfo {
  const stats = statsOf(world, pool);
  const capacity = capacityOf(world, pool);
  const { cpuAllocation, memoryAllocation } = pool.get('config');
  const reserved = (kind: 'cpuAllocation' | 'memoryAllocation') =>
    pool.get('resourcePool').reduce((total, ref) => {
      const config = world.objects.find(ref)?.as('ResourcePool')?.get('config');
      return total + (config?.[kind].reservation ?? 0);
    }, 0);
  const usage = (used: number, own: ResourceAllocationInfo, all: number, children: number, unit: number) => {
    const most = own.limit === undefined || own.limit < 0 ? all : Math.min(all, own.limit);
    const free = Math.max(0, (own.expandableReservation ? most : (own.reservation ?? 0)) - children);
    return {
      reservationUsed: children * unit,
      reservationUsedForVm: 0,
      unreservedForPool: free * unit,
      unreservedForVm: free * unit,
      overallUsage: used * unit,
      maxUsage: most * unit,
    };
  };
  const cpuUsed = sum(stats, 'overallCpuUsage');
  const memoryUsed = sum(stats, 'hostMemoryUsage');
  return {
    memory: usage(memoryUsed, memoryAllocation, capacity.memory, reserved('memoryAllocation'), MIB),
    cpu: usage(cpuUsed, cpuAllocation, capacity.cpu, reserved('cpuAllocation'), 1),
    overallStatus: pool.get('overallStatus'),
    sharesScalable: 'none',
  };
}

function summaryOf(world: World, pool: Pool): ResourcePoolSummary {
  const summary: ResourcePoolSummary = {
    name: pool.get('name'),
    config: pool.get('config'),
    runtime: pool.get('runtime'),
    quickStats: quickStatsOf(statsOf(world, pool)),
    configuredMemoryMB: [...vmsBelow(world, pool)].reduce(
      (total, vm) => total + (vm.get('config')?.hardware.memoryMB ?? 0),
      0,
    ),
  };
  const vApp = pool.as('VirtualApp');
  if (!vApp) return { $type: 'ResourcePoolSummary', ...summary };
  const states = [...vmsBelow(world, pool)].map((vm) => vm.get('runtime').powerState);
  const inVApp: VirtualAppSummary = {
    ...summary,
    $type: 'VirtualAppSummary',
    vAppState: states.includes('poweredOn') ? 'started' : 'stopped',
    suspended: false,
    installBootRequired: false,
    instanceUuid: vApp.get('vAppConfig')?.instanceUuid ?? '',
  };
  return inVApp;
}

function quickStatsOf(stats: readonly VirtualMachineQuickStats[]): ResourcePoolQuickStats {
  return {
    overallCpuUsage: sum(stats, 'overallCpuUsage'),
    overallCpuDemand: sum(stats, 'overallCpuDemand'),
    guestMemoryUsage: sum(stats, 'guestMemoryUsage'),
    hostMemoryUsage: sum(stats, 'hostMemoryUsage'),
    distributedCpuEntitlement: sum(stats, 'distributedCpuEntitlement'),
    distributedMemoryEntitlement: sum(stats, 'distributedMemoryEntitlement'),
    staticCpuEntitlement: sum(stats, 'staticCpuEntitlement'),
    staticMemoryEntitlement: sum(stats, 'staticMemoryEntitlement'),
    privateMemory: sum(stats, 'privateMemory'),
    sharedMemory: sum(stats, 'sharedMemory'),
    swappedMemory: sum(stats, 'swappedMemory'),
    balloonedMemory: sum(stats, 'balloonedMemory'),
    overheadMemory: sum(stats, 'consumedOverheadMemory'),
    consumedOverheadMemory: sum(stats, 'consumedOverheadMemory'),
    compressedMemory: 0,
  };
}

type NumericStat = {
  [K in keyof VirtualMachineQuickStats]-?: VirtualMachineQuickStats[K] extends number | undefined ? K : never;
}[keyof VirtualMachineQuickStats];

function sum(stats: readonly VirtualMachineQuickStats[], field: NumericStat): number {
  return stats.reduce((total, each) => total + (each[field] ?? 0), 0);
}
