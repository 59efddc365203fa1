import { readDatastore } from '../vsphere/datastore.ts';
import type { ResourceTemplate } from './resource.ts';

export const datastore: ResourceTemplate = {
  uriTemplate: 'datastore://{datastore_name}',
  name: 'datastore',
  title: 'Datastore',
  description:
    'One datastore of the default server, by name, path or id: type, size, free space, state, number of VMs.',
  permission: 'READ_ONLY',
  mirrors: 'get_datastore_info',
  async read(vsphere, nameOrPathOrId) {
    const { name, path, id, ref } = await vsphere.inventory.find('Datastore', nameOrPathOrId);
    const found = await readDatastore(vsphere, ref);
    return {
      host: vsphere.server,
      name,
      path,
      id,
      type: found.type,
      capacity_gb: found.capacityGb,
      free_gb: found.freeGb,
      used_gb: found.usedGb,
      used_percent: found.usedPercent,
      accessible: found.accessible,
      maintenance_mode: found.maintenanceMode,
      url: found.url,
      vm_count: found.vms?.length,
    };
  },
};
