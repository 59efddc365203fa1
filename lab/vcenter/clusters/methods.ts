/** ClusterComputeResource: asking DRS anew, and taking or dropping what it recommends. */
import type { ClusterMigrationAction, ClusterRecommendation } from '../../../src/vim25/generated/types.ts';
import { invalidArgument, objectNotFound } from '../core/faults.ts';
import { type Call, type MethodTable, requires } from '../core/method.ts';
import { isPoweredOn } from '../hosts/subject.ts';
import { couldRunOn, migrate } from './migration.ts';
import { type Cluster, refreshRecommendations, setRecommendations } from './recommendations.ts';

const MAX_HISTORY = 50;

function asCluster({ self }: Call): Cluster {
  const cluster = self.as('ClusterComputeResource');
  if (!cluster) throw objectNotFound(self.ref);
  return cluster;
}

/** Takes it off the list. Errors: InvalidArgument for a key that is not (or no longer) there. */
function take(cluster: Cluster, key: string): ClusterRecommendation {
  const all = cluster.get('recommendation');
  const found = all.find((each) => each.key === key);
  if (!found) throw invalidArgument('key');
  setRecommendations(
    cluster,
    all.filter((each) => each !== found),
  );
  return found;
}

function move(call: Call, cluster: Cluster, { drsMigration }: ClusterMigrationAction): void {
  const { world, session } = call;
  const vm = world.objects.find(drsMigration?.vm)?.as('VirtualMachine');
  const to = world.objects.find(drsMigration?.destination)?.as('HostSystem');
  if (!vm || !to) return;
  world.tasks.start(call, {
    descriptionId: 'Drm.ExecuteVMotionLRO',
    name: 'Drm.ExecuteVMotionLRO',
    entity: vm,
    run: () => {
      if (vm.get('runtime').host?.value === to.id) return;
      if (!isPoweredOn(vm) || !couldRunOn(vm, to)) throw invalidArgument('destination');
      migrate(world, vm, to, session.account?.name);
      const time = new Date(world.clock.now()).toISOString();
      const done = { time, action: { $type: 'ClusterMigrationAction', type: 'MigrationV1', target: vm.ref } };
      cluster.set({
        actionHistory: [done, ...cluster.get('actionHistory')].slice(0, MAX_HISTORY),
        ...(drsMigration && {
          migrationHistory: [{ ...drsMigration, time }, ...cluster.get('migrationHistory')].slice(0, MAX_HISTORY),
        }),
      });
    },
  });
}

export const clusterMethods: MethodTable = {
  RefreshRecommendation: requires('Host.Inventory.EditCluster', (call) => {
    refreshRecommendations(call.world, asCluster(call));
  }),
  ApplyRecommendation: requires('Resource.ApplyRecommendation', (call) => {
    const cluster = asCluster(call);
    const { action = [] } = take(cluster, call.request.key);
    for (const each of action) move(call, cluster, each);
  }),
  CancelRecommendation: requires('Resource.ApplyRecommendation', (call) => {
    take(asCluster(call), call.request.key);
  }),
};
