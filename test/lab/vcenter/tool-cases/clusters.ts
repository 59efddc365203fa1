import { expect } from 'vitest';
import { type Args, BAD_CURSOR, missing, refOf, type Stage, type ToolCases } from './case.ts';

const withDrs = (stage: Stage) =>
  stage.first('ClusterComputeResource', (cluster) => cluster.get('configuration').drsConfig.enabled === true);

const aCluster = (stage: Stage): Args => ({ cluster_name: withDrs(stage).id });

export const clusterCases: ToolCases = {
  list_clusters: {
    async works(stage) {
      const { clusters } = await stage.run('list_clusters');
      const there = [...stage.world.objects.all('ClusterComputeResource')];
      expect(there.length).toBeGreaterThan(1);
      expect(clusters).toHaveLength(there.length);
      for (const cluster of there) {
        const { drsConfig, dasConfig } = cluster.get('configuration');
        expect(clusters).toContainEqual(
          expect.objectContaining({
            ...refOf(cluster),
            host_count: cluster.get('host').length,
            drs: expect.objectContaining({ enabled: drsConfig.enabled ?? false }),
            ha: expect.objectContaining({ enabled: dasConfig.enabled ?? false }),
          }),
        );
      }
    },
    fails: BAD_CURSOR,
    denied: { args: {} },
  },
  get_cluster_info: {
    async works(stage) {
      const cluster = withDrs(stage);
      const { totalCpu, numCpuCores, effectiveCpu } = cluster.get('summary');
      const said = await stage.run('get_cluster_info', { cluster_name: cluster.id });
      expect(said).toMatchObject({
        ...refOf(cluster),
        total_cpu_mhz: totalCpu,
        cpu_cores: numCpuCores,
        effective_cpu_mhz: effectiveCpu,
        drs: { enabled: true, behavior: cluster.get('configuration').drsConfig.defaultVmBehavior },
      });
      expect(said.hosts.map(({ id }: Args) => id).sort()).toEqual(
        cluster
          .get('host')
          .map(({ value }) => value)
          .sort(),
      );
    },
    fails: missing('cluster_name'),
    denied: { args: aCluster },
  },
  get_drs_recommendations: {
    async works(stage) {
      const cluster = stage.first('ClusterComputeResource', (each) => (each.get('recommendation') ?? []).length > 0);
      const { recommendations } = await stage.run('get_drs_recommendations', { cluster_name: cluster.id });
      expect(recommendations.map(({ key, rating }: Args) => [key, rating])).toEqual(
        cluster.get('recommendation')?.map(({ key, rating }) => [key, rating]),
      );
    },
    fails: missing('cluster_name'),
    denied: { args: aCluster },
  },
  list_resource_pools: {
    async works(stage) {
      const said = await stage.run('list_resource_pools');
      const ids = (list: Iterable<{ readonly id: string }>) => [...list].map(({ id }) => id).sort();
      expect(ids(said.resource_pools)).toEqual(ids(stage.world.objects.all('ResourcePool')));
    },
    fails: BAD_CURSOR,
    denied: { args: {} },
  },
  get_resource_pool_info: {
    async works(stage) {
      const limited = stage.first('ResourcePool', (pool) => Number(pool.get('config').cpuAllocation.reservation) > 0);
      const { cpuAllocation, memoryAllocation } = limited.get('config');
      expect(await stage.run('get_resource_pool_info', { name: limited.id })).toMatchObject({
        ...refOf(limited),
        cpu_reservation_mhz: Number(cpuAllocation.reservation),
        memory_reservation_mb: Number(memoryAllocation.reservation),
        cpu_expandable: cpuAllocation.expandableReservation,
        vm_count: limited.get('vm').length,
      });
    },
    fails: missing('name'),
    denied: { args: (stage) => ({ name: stage.first('ResourcePool').id }) },
  },
};
