/** One ESXi host by itself: fixed ids, no folders, clusters, templates. */
import type { World } from '../core/world.ts';
import { buildStandalone } from '../inventory/compute-resources.ts';
import { buildDatastore } from '../inventory/datastores.ts';
import { buildNetwork } from '../inventory/networks.ts';
import { BRANCH_SERVER } from './host-hardware.ts';
import { buildHost, DOMAIN } from './hosts.ts';
import { capacityFor, planVms } from './vm-plans.ts';
import { seedVm } from './vms.ts';

const NAME = 'esx-lab';
const FOLDERS = {
  vmFolder: ['ha-folder-vm', 'vm', ['VirtualMachine']],
  hostFolder: ['ha-folder-host', 'host', ['ComputeResource']],
  datastoreFolder: ['ha-folder-datastore', 'datastore', ['Datastore']],
  networkFolder: ['ha-folder-network', 'network', ['Network']],
} as const;

export function seedEsxi(world: World, { vms }: { vms: number }): void {
  const { objects, content, random } = world;
  const plans = planVms(vms, random);
  const root = objects.add('Folder', { name: 'ha-folder-root', childType: ['Datacenter'] }, content.rootFolder.value);
  const datacenter = objects.add('Datacenter', { name: 'ha-datacenter', parent: root.ref }, 'ha-datacenter');
  const folder = (of: keyof typeof FOLDERS) => {
    const [id, name, childType] = FOLDERS[of];
    const made = objects.add('Folder', { name, parent: datacenter.ref, childType: [...childType] }, id);
    datacenter.set({ [of]: made.ref });
    return made;
  };
  const vmFolder = folder('vmFolder');
  const hostFolder = folder('hostFolder');
  const datastoreFolder = folder('datastoreFolder');
  const networkFolder = folder('networkFolder');

  const owner = buildStandalone(world, {
    name: `${NAME}.${DOMAIN}`,
    parent: hostFolder,
    ids: { own: 'ha-compute-res', pool: 'ha-root-pool', browser: 'ha-env-browser' },
  });
  const host = buildHost(world, {
    name: NAME,
    address: '10.0.1.200',
    model: BRANCH_SERVER,
    parent: owner.ref,
    portGroups: [{ name: 'VM Network', vlanId: 0 }],
    id: 'ha-host',
  });
  const network = buildNetwork(world, {
    name: 'VM Network',
    parent: networkFolder,
    hosts: [host],
    id: 'HaNetwork-VM Network',
  });
  const datastore = buildDatastore(world, {
    name: 'datastore1',
    type: 'VMFS',
    capacityBytes: capacityFor(plans, 1),
    parent: datastoreFolder,
    hosts: [host],
    local: true,
  });
  const files = world.files.of(datastore);
  files.makeFolder('iso');
  files.write('iso/debian-12.9.0-amd64-netinst.iso', { size: 662_700_032 });

  const pool = objects.get(owner.get('resourcePool')!);
  const taken = new Set<string>();
  for (const plan of plans) {
    // A host by itself has neither templates nor folders: names have to differ.
    const name = taken.has(plan.name) ? `${plan.name}-2` : plan.name;
    taken.add(name);
    const { template: _template, connection: _connection, ...rest } = plan;
    seedVm(world, { ...rest, name }, { host, datastore, folder: vmFolder, pool, vApp: undefined, network });
  }
}
