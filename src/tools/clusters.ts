/** Clusters: which there are, one in full, and what its DRS recommends. */
import { z } from 'zod';
import {
  type ClusterSummary,
  readCluster,
  listClusters as readClusters,
  readRecommendations,
} from '../vsphere/cluster.ts';
import { cursor, limit, objectRef, toObjectRef } from './fields.ts';
import { objectPage } from './object-page.ts';
import { descending, page, pageFields } from './page.ts';
import { defineTool } from './tool.ts';

const text = z.string().optional();
const amount = z.number().optional();
const clusterName = z.string().min(1).max(2048).describe('Cluster: name, path or id.');

const clusterFields = {
  host_count: z.int(),
  total_cpu_mhz: amount,
  total_memory_gb: amount,
  effective_cpu_mhz: amount,
  effective_memory_gb: amount,
  drs: z.object({ enabled: z.boolean(), behavior: text }),
  ha: z.object({ enabled: z.boolean(), admission_control: z.boolean() }),
};

export const listClusters = defineTool({
  name: 'list_clusters',
  title: 'List clusters',
  description:
    'The clusters of a vCenter with their hosts, CPU and memory (effective: what is left for VMs), DRS and HA. get_cluster_info names the hosts of one; a lone ESXi host has no clusters.',
  permission: 'READ_ONLY',
  effect: 'read',
  input: { limit, cursor },
  output: { clusters: z.array(objectRef.extend(clusterFields)), ...pageFields },
  async handler(given, { vsphere }) {
    const { items, ...rest } = await objectPage(
      'clusters',
      vsphere,
      await readClusters(vsphere),
      given,
      (cluster, ref) => ({
        ...ref,
        ...toCluster(cluster),
      }),
    );
    return { clusters: items, ...rest };
  },
});

export const getClusterInfo = defineTool({
  name: 'get_cluster_info',
  title: 'Get cluster info',
  description:
    'One cluster in full: its hosts, CPU and memory, state, DRS with its score, HA with admission control. For how busy a host is use get_host_stats.',
  permission: 'READ_ONLY',
  effect: 'read',
  input: { cluster_name: clusterName },
  output: {
    ...objectRef.shape,
    ...clusterFields,
    effective_host_count: amount,
    cpu_cores: amount,
    overall_status: text.describe('green, yellow, red or gray'),
    drs: z.object({ enabled: z.boolean(), behavior: text, score_percent: amount }),
    hosts: z.array(objectRef),
  },
  target: ({ cluster_name }) => cluster_name,
  async handler({ cluster_name }, { vsphere, reading }) {
    vsphere.requireVcenter('get_cluster_info');
    const found = await vsphere.inventory.find('ClusterComputeResource', cluster_name);
    reading(found);
    const cluster = await readCluster(vsphere, found.ref);
    const hosts = await vsphere.inventory.describeAll(cluster.hosts);
    const { drs, ...fields } = toCluster(cluster);
    return {
      ...toObjectRef(found),
      ...fields,
      effective_host_count: cluster.effectiveHosts,
      cpu_cores: cluster.cpuCores,
      overall_status: cluster.overallStatus,
      drs: { ...drs, score_percent: cluster.drs.score },
      hosts: [...hosts.values()].map(toObjectRef).sort((a, b) => (a.path < b.path ? -1 : 1)),
    };
  },
});

export const getDrsRecommendations = defineTool({
  name: 'get_drs_recommendations',
  title: 'Get DRS recommendations',
  description:
    'What DRS would move in one cluster and why, the most urgent first. Empty where DRS is off, fully automated, or content. It only tells; nothing is moved.',
  permission: 'READ_ONLY',
  effect: 'read',
  input: { cluster_name: clusterName, limit, cursor },
  output: {
    cluster: objectRef,
    recommendations: z.array(
      z.object({
        key: z.string(),
        reason: z.string(),
        rating: z.int().describe('1 to 5, most urgent: 5'),
        type: z.string(),
        actions: z.array(z.object({ type: z.string(), target: objectRef.optional() })),
      }),
    ),
    ...pageFields,
  },
  target: ({ cluster_name }) => cluster_name,
  async handler({ cluster_name, ...paging }, { vsphere, reading }) {
    vsphere.requireVcenter('get_drs_recommendations');
    const cluster = await vsphere.inventory.find('ClusterComputeResource', cluster_name);
    reading(cluster);
    const found = await readRecommendations(vsphere, cluster.ref);
    const urgency = ({ rating, key }: (typeof found)[number]) => `${descending(rating)}\0${key}`;
    const { items, ...rest } = page('recommendations', found, urgency, paging);
    const targets = await vsphere.inventory.describeAll(
      items.flatMap(({ actions }) => actions.flatMap(({ target }) => target ?? [])),
    );
    const recommendations = items.map(({ key, reason, rating, type, actions }) => ({
      key,
      reason,
      rating,
      type,
      actions: actions.map((action) => {
        const target = action.target && targets.get(action.target.value);
        return { type: action.type, ...(target === undefined ? {} : { target: toObjectRef(target) }) };
      }),
    }));
    return { cluster: toObjectRef(cluster), recommendations, ...rest };
  },
});

function toCluster({ hostCount, drs, ha, ...cluster }: ClusterSummary) {
  return {
    host_count: hostCount,
    total_cpu_mhz: cluster.totalCpuMhz,
    total_memory_gb: cluster.totalMemoryGb,
    effective_cpu_mhz: cluster.effectiveCpuMhz,
    effective_memory_gb: cluster.effectiveMemoryGb,
    drs: { enabled: drs.enabled, behavior: drs.behavior },
    ha: { enabled: ha.enabled, admission_control: ha.admissionControl },
  };
}
