/** What DRS recommends where it may not act by itself: to even out the load, or to empty a host. */
import type { ClusterMigrationAction, ClusterRecommendation } from '../../../src/vim25/generated/types.ts';
import type { ManagedObject } from '../core/managed-object.ts';
import type { World } from '../core/world.ts';
import { type Host, isPoweredOn, vmsOn } from '../hosts/subject.ts';
import { isUsable } from '../vm/placement.ts';
import { couldRunOn, hostsFor } from './migration.ts';

export type Cluster = ManagedObject<'ClusterComputeResource'>;
type Vm = ManagedObject<'VirtualMachine'>;

const MOST = 3;
/** Parts of a host's CPU: below that hosts count as even. */
const EVEN = 0.002;

interface Reason {
  readonly code: string;
  readonly text: string;
  readonly rating: number;
}

const MAINTENANCE: Reason = { code: 'hostMaint', text: 'Host is entering maintenance mode', rating: 5 };

const lastKeys = new WeakMap<Cluster, number>();

/** Whether DRS asks before it moves something. */
export function asksFirst(cluster: Cluster): boolean {
  const { enabled, defaultVmBehavior } = cluster.get('configuration').drsConfig;
  return enabled === true && defaultVmBehavior !== 'fullyAutomated';
}

/** Recommendations of a reason stay until somebody applies or cancels them, or this works them out anew. */
export function refreshRecommendations(world: World, cluster: Cluster): void {
  const others = cluster.get('recommendation').filter(({ reason }) => reason === MAINTENANCE.code);
  const balancing = asksFirst(cluster) ? balance(world, cluster) : [];
  setRecommendations(cluster, [...others, ...balancing]);
}

export function setRecommendations(cluster: Cluster, recommendation: readonly ClusterRecommendation[]): void {
  cluster.set({ recommendation });
}

/** Recommends to move every running VM off a host; returns what takes the recommendations back. */
export function proposeEvacuation(world: World, host: Host): () => void {
  const cluster = world.objects.find(host.get('parent'))?.as('ClusterComputeResource');
  if (!cluster) return () => {};
  const proposed = vmsOn(world, host)
    .filter(isPoweredOn)
    .flatMap((vm) => {
      const [to] = hostsFor(world, vm, host);
      return to ? [recommend(world, cluster, { vm, from: host, to }, MAINTENANCE)] : [];
    });
  const keys = new Set(proposed.map(({ key }) => key));
  setRecommendations(cluster, [...cluster.get('recommendation'), ...proposed]);
  return () =>
    setRecommendations(
      cluster,
      cluster.get('recommendation').filter(({ key }) => !keys.has(key)),
    );
}

interface Loaded {
  readonly host: Host;
  /** MHz used, and in all. */
  used: number;
  readonly all: number;
}

function balance(world: World, cluster: Cluster): ClusterRecommendation[] {
  const loads = cluster
    .get('host')
    .flatMap((ref) => world.objects.find(ref)?.as('HostSystem') ?? [])
    .filter(isUsable)
    .map(loadOf);
  const moved = new Set<Vm>();
  const found: ClusterRecommendation[] = [];
  while (found.length < MOST) {
    const [least, ...more] = loads.sort((a, b) => a.used / a.all - b.used / b.all);
    const most = more.at(-1);
    if (!least || !most) break;
    const gap = most.used / most.all - least.used / least.all;
    const vm = gap > EVEN ? bestToMove(world, most, least, moved) : undefined;
    if (!vm) break;
    const used = vm.get('summary').quickStats.overallCpuUsage ?? 0;
    moved.add(vm);
    most.used -= used;
    least.used += used;
    const reason = { code: 'fairnessCpuAvg', text: 'Balance average CPU loads', rating: ratingOf(gap) };
    found.push(recommend(world, cluster, { vm, from: most.host, to: least.host }, reason));
  }
  return found;
}

function loadOf(host: Host): Loaded {
  const { hardware, quickStats } = host.get('summary');
  const all = (hardware?.numCpuCores ?? 1) * (hardware?.cpuMhz ?? 1);
  return { host, used: quickStats.overallCpuUsage ?? 0, all };
}

/** The VM whose move brings the two nearest to each other without turning them round. */
function bestToMove(world: World, from: Loaded, to: Loaded, moved: ReadonlySet<Vm>): Vm | undefined {
  const half = (from.used - to.used) / 2;
  const candidates = vmsOn(world, from.host)
    .filter((vm) => !moved.has(vm) && isPoweredOn(vm) && couldRunOn(vm, to.host))
    .map((vm) => ({ vm, used: vm.get('summary').quickStats.overallCpuUsage ?? 0 }))
    .filter(({ used }) => used > 0 && used <= half * 1.5)
    .sort((a, b) => Math.abs(half - a.used) - Math.abs(half - b.used));
  return candidates[0]?.vm;
}

function ratingOf(gap: number): number {
  const limits = [0.02, 0.05, 0.1, 0.2];
  return 1 + limits.filter((limit) => gap > limit).length;
}

function recommend(
  world: World,
  cluster: Cluster,
  { vm, from, to }: { readonly vm: Vm; readonly from: Host; readonly to: Host },
  { code, text, rating }: Reason,
): ClusterRecommendation {
  const key = String((lastKeys.get(cluster) ?? 0) + 1);
  lastKeys.set(cluster, Number(key));
  const time = new Date(world.clock.now()).toISOString();
  const action: ClusterMigrationAction = {
    $type: 'ClusterMigrationAction',
    type: 'MigrationV1',
    target: vm.ref,
    drsMigration: { key, time, vm: vm.ref, source: from.ref, destination: to.ref },
  };
  return { key, type: 'V1', time, rating, reason: code, reasonText: text, action: [action], target: cluster.ref };
}
