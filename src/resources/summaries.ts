/** The inventory's lists as resources: the same in short as the list tools tell, without paging. */
import { listClusters } from '../vsphere/cluster.ts';
import { listDatastores } from '../vsphere/datastore.ts';
import { listHosts } from '../vsphere/host-system.ts';
import { listNetworks } from '../vsphere/network.ts';
import type { ManagedObjectReference } from '../vsphere/references.ts';
import { listResourcePools } from '../vsphere/resource-pool.ts';
import { listPlacedVms } from '../vsphere/vm-list.ts';
import type { VsphereCall } from '../vsphere/vsphere.ts';
import type { Resource } from './resource.ts';

/** A client that reads a resource gets it whole: beyond this many, the list tools are the way. */
const MOST_ITEMS = 1000;

export const vms: Resource = {
  uri: 'esxi://vms',
  name: 'vms',
  title: 'VMs',
  description: `The VMs of the default server with power state and size, at most ${MOST_ITEMS}; list_vms pages through more.`,
  permission: 'READ_ONLY',
  mirrors: 'list_vms',
  async read(vsphere) {
    const found = (await listPlacedVms(vsphere)).filter(({ isTemplate }) => !isTemplate);
    return inShort(
      vsphere,
      'vms',
      found.map(({ id, name, path, powerState, cpu, memoryMb, guestOs }) => ({
        name,
        path,
        id,
        power_state: powerState,
        cpu,
        memory_mb: memoryMb,
        guest_os: guestOs,
      })),
    );
  },
};

export const hosts: Resource = {
  uri: 'esxi://hosts',
  name: 'hosts',
  title: 'ESXi hosts',
  description: 'The ESXi hosts of the default server with their state, size and number of VMs.',
  permission: 'READ_ONLY',
  mirrors: 'list_hosts',
  async read(vsphere) {
    const found = await placed(vsphere, await listHosts(vsphere));
    return inShort(
      vsphere,
      'hosts',
      found.map(({ place, item }) => ({
        ...place,
        connection_state: item.connectionState,
        power_state: item.powerState,
        maintenance_mode: item.inMaintenanceMode,
        model: item.model,
        cpu_cores: item.cpuCores,
        memory_gb: item.memoryTotalGb,
        vm_count: item.vmCount,
      })),
    );
  },
};

export const datastores: Resource = {
  uri: 'esxi://datastores',
  name: 'datastores',
  title: 'Datastores',
  description: 'The datastores of the default server with type, size and free space.',
  permission: 'READ_ONLY',
  mirrors: 'list_datastores',
  async read(vsphere) {
    const found = await placed(vsphere, await listDatastores(vsphere));
    return inShort(
      vsphere,
      'datastores',
      found.map(({ place, item }) => ({
        ...place,
        type: item.type,
        capacity_gb: item.capacityGb,
        free_gb: item.freeGb,
        used_percent: item.usedPercent,
        accessible: item.accessible,
        vm_count: item.vms?.length,
      })),
    );
  },
};

export const networks: Resource = {
  uri: 'esxi://networks',
  name: 'networks',
  title: 'Networks',
  description: 'The networks and distributed port groups of the default server.',
  permission: 'READ_ONLY',
  mirrors: 'list_networks',
  async read(vsphere) {
    const found = await placed(vsphere, await listNetworks(vsphere));
    return inShort(
      vsphere,
      'networks',
      found.map(({ place, item }) => ({
        ...place,
        type: item.type,
        accessible: item.accessible,
        vm_count: item.vmCount,
        host_count: item.hostCount,
      })),
    );
  },
};

export const clusters: Resource = {
  uri: 'esxi://clusters',
  name: 'clusters',
  title: 'Clusters',
  description: 'The clusters of the default server with their hosts, CPU, memory, DRS and HA.',
  permission: 'READ_ONLY',
  mirrors: 'list_clusters',
  async read(vsphere) {
    const found = await placed(vsphere, await listClusters(vsphere));
    return inShort(
      vsphere,
      'clusters',
      found.map(({ place, item }) => ({
        ...place,
        host_count: item.hostCount,
        total_cpu_mhz: item.totalCpuMhz,
        total_memory_gb: item.totalMemoryGb,
        drs_enabled: item.drs.enabled,
        ha_enabled: item.ha.enabled,
      })),
    );
  },
};

export const resourcePools: Resource = {
  uri: 'esxi://resource-pools',
  name: 'resource-pools',
  title: 'Resource pools',
  description: 'The resource pools of the default server with their use and number of VMs.',
  permission: 'READ_ONLY',
  mirrors: 'list_resource_pools',
  async read(vsphere) {
    const found = await placed(vsphere, await listResourcePools(vsphere));
    return inShort(
      vsphere,
      'resource_pools',
      found.map(({ place, item }) => ({
        ...place,
        cpu_usage_mhz: item.cpuUsageMhz,
        memory_usage_mb: item.memoryUsageMb,
        vm_count: item.vmCount,
      })),
    );
  },
};

interface Place {
  readonly name: string;
  readonly path: string;
  readonly id: string;
}

function inShort<T extends Place>({ server }: VsphereCall, noun: string, items: readonly T[]) {
  const sorted = [...items].sort((a, b) => (a.path < b.path || (a.path === b.path && a.id < b.id) ? -1 : 1));
  return { host: server, [noun]: sorted.slice(0, MOST_ITEMS), total: items.length };
}

/** Objects that are gone by the time they are asked where they are, are left out. */
async function placed<T extends { readonly ref: ManagedObjectReference; readonly id: string }>(
  vsphere: VsphereCall,
  items: readonly T[],
): Promise<{ place: Place; item: T }[]> {
  const objects = await vsphere.inventory.describeAll(items.map(({ ref }) => ref));
  return items.flatMap((item) => {
    const object = objects.get(item.id);
    return object === undefined ? [] : [{ place: { name: object.name, path: object.path, id: object.id }, item }];
  });
}
