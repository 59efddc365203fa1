/** A company's vCenter: a headquarters with two clusters, and a branch with a small one and a standalone host. */
import type { AnyObject, ManagedObject } from '../core/managed-object.ts';
import type { World } from '../core/world.ts';
import { buildCluster, buildStandalone } from '../inventory/compute-resources.ts';
import { buildDatastore, buildStoragePod } from '../inventory/datastores.ts';
import { type BuiltDatacenter, buildDatacenter, buildFolder } from '../inventory/folders.ts';
import { type BuiltSwitch, buildNetwork, buildSwitch } from '../inventory/networks.ts';
import { buildPool, buildVApp } from '../inventory/pools.ts';
import { BRANCH_SERVER, RACK_SERVER } from './host-hardware.ts';
import { proxySwitch } from './host-network.ts';
import { buildHost } from './hosts.ts';
import { capacityFor, type Place, planVms, type VmPlan } from './vm-plans.ts';
import { seedVm } from './vms.ts';

type Host = ManagedObject<'HostSystem'>;
type Datastore = ManagedObject<'Datastore'>;

/** Where the VMs of a place go. */
interface Site {
  readonly datacenter: BuiltDatacenter;
  readonly rootPool: AnyObject;
  readonly pools: ReadonlyMap<string, AnyObject>;
  readonly vApps: ReadonlyMap<string, AnyObject>;
  readonly hosts: readonly Host[];
  readonly datastores: readonly Datastore[];
  readonly networks: ReadonlyMap<string, AnyObject>;
}

const TIB = 1024 ** 4;
const YEAR_MS = 365 * 86_400_000;
const VMS_PER_HOST = 250;
const VMS_PER_DATASTORE = 400;
const PORT_GROUPS = [
  { name: 'VM Network', vlanId: 0 },
  { name: 'DMZ', vlanId: 50 },
];

export function seedVcenter(world: World, { vms }: { vms: number }): void {
  const { objects, content, random } = world;
  const root = objects.add(
    'Folder',
    { name: 'Datacenters', childType: ['Folder', 'Datacenter'] },
    content.rootFolder.value,
  );
  const plans = planVms(vms, random);
  const of = (place: Place) => plans.filter((plan) => plan.place === place);
  const addresses = hostAddresses();
  const headquarters = seedHeadquarters(world, root, addresses, {
    production: of('production'),
    test: of('test'),
  });
  const branch = seedBranch(world, root, addresses, { branch: of('branch'), remote: of('remote') });
  const sites: Readonly<Record<Place, Site>> = { ...headquarters, ...branch };
  const folders = createFolders(world);
  for (const plan of plans) placeVm(world, plan, { site: sites[plan.place], folders });
}

/** `esx-01`, 10.0.1.11, and so on. */
function hostAddresses(): () => { readonly name: string; readonly address: string } {
  let last = 0;
  return () => {
    last++;
    return { name: `esx-${String(last).padStart(2, '0')}`, address: `10.0.1.${10 + last}` };
  };
}

type Addresses = ReturnType<typeof hostAddresses>;

function seedHeadquarters(
  world: World,
  root: ManagedObject<'Folder'>,
  addresses: Addresses,
  vms: Readonly<Record<'production' | 'test', readonly VmPlan[]>>,
): { production: Site; test: Site } {
  const datacenter = buildDatacenter(world, 'DC0', root);
  const hostFolder = buildFolder(world, 'host', 'Racks', datacenter.host);
  const production = buildCluster(world, { name: 'Production', parent: hostFolder, drs: 'fullyAutomated', ha: true });
  const test = buildCluster(world, { name: 'Test', parent: hostFolder, drs: 'manual', ha: false });
  const hosts = (parent: AnyObject, number: number, maintained?: number): Host[] =>
    Array.from({ length: number }, (_, index) =>
      buildHost(world, {
        ...addresses(),
        model: RACK_SERVER,
        parent: parent.ref,
        portGroups: PORT_GROUPS,
        inMaintenanceMode: index === maintained,
      }),
    );
  const productionHosts = hosts(production, Math.max(4, 1 + Math.ceil(vms.production.length / VMS_PER_HOST)), 3);
  const testHosts = hosts(test, Math.max(2, Math.ceil(vms.test.length / VMS_PER_HOST)));
  const all = [...productionHosts, ...testHosts];

  const networks = new Map<string, AnyObject>(
    PORT_GROUPS.map(({ name }) => [name, buildNetwork(world, { name, parent: datacenter.network, hosts: all })]),
  );
  const built = buildSwitch(world, {
    name: 'dvs-hq',
    parent: buildFolder(world, 'network', 'Distributed', datacenter.network),
    hosts: all,
    pnics: ['vmnic2', 'vmnic3'],
    portGroups: [
      { name: 'prod-web', vlanId: 110 },
      { name: 'prod-app', vlanId: 120 },
      { name: 'prod-db', vlanId: 130 },
      { name: 'test', vlanId: 210 },
    ],
    createdAt: world.clock.now() - 2 * YEAR_MS,
  });
  for (const group of built.portGroups) networks.set(group.get('name'), group);
  for (const host of all) joinSwitch(host, built, ['vmnic2', 'vmnic3']);

  const pod = buildStoragePod(world, 'prod-pod', datacenter.datastore);
  const podSize = Math.max(2, Math.ceil(vms.production.length / VMS_PER_DATASTORE));
  const members = Array.from({ length: podSize }, (_, index) =>
    buildDatastore(world, {
      name: `prod-ssd-${String(index + 1).padStart(2, '0')}`,
      type: 'VMFS',
      capacityBytes: capacityFor(vms.production, podSize),
      parent: pod,
      hosts: productionHosts,
    }),
  );
  const testSize = Math.max(1, Math.ceil(vms.test.length / VMS_PER_DATASTORE));
  const testDatastores = Array.from({ length: testSize }, (_, index) =>
    buildDatastore(world, {
      name: `test-vmfs-${String(index + 1).padStart(2, '0')}`,
      type: 'VMFS',
      capacityBytes: capacityFor(vms.test, testSize),
      parent: datacenter.datastore,
      hosts: all,
    }),
  );
  const local = buildFolder(world, 'datastore', 'local', datacenter.datastore);
  for (const host of all) localDatastore(world, host, local);
  seedShares(world, datacenter, all);

  const rootPool = objectOf(world, production.get('resourcePool'));
  const testRoot = objectOf(world, test.get('resourcePool'));
  const prod = buildPool(world, {
    name: 'prod',
    parent: rootPool,
    cpu: { shares: { shares: 8000, level: 'high' }, reservation: 40_000 },
    memory: { shares: { shares: 327_680, level: 'high' }, reservation: 262_144 },
  });
  const databases = buildPool(world, {
    name: 'databases',
    parent: prod,
    cpu: { reservation: 20_000, expandableReservation: false },
    memory: { reservation: 131_072, expandableReservation: false },
  });
  const staging = buildPool(world, {
    name: 'staging',
    parent: testRoot,
    cpu: { limit: 60_000, shares: { shares: 2000, level: 'low' } },
    memory: { limit: 524_288, shares: { shares: 81_920, level: 'low' } },
  });
  const shop = buildVApp(world, {
    name: 'shop',
    pool: rootPool.as('ResourcePool')!,
    folder: datacenter.vm,
    annotation: 'The web shop: starts database first',
  });
  return {
    production: {
      datacenter,
      rootPool,
      networks,
      pools: new Map<string, AnyObject>([
        ['prod', prod],
        ['prod/databases', databases],
      ]),
      vApps: new Map([['shop', shop]]),
      hosts: productionHosts.filter((host) => !host.get('runtime').inMaintenanceMode),
      datastores: members,
    },
    test: {
      datacenter,
      rootPool: testRoot,
      networks,
      pools: new Map([['staging', staging]]),
      vApps: new Map(),
      hosts: testHosts,
      datastores: testDatastores,
    },
  };
}

function seedBranch(
  world: World,
  root: ManagedObject<'Folder'>,
  addresses: Addresses,
  vms: Readonly<Record<'branch' | 'remote', readonly VmPlan[]>>,
): { branch: Site; remote: Site } {
  const datacenter = buildDatacenter(world, 'DC1', root);
  const cluster = buildCluster(world, { name: 'Branch', parent: datacenter.host, drs: 'partiallyAutomated', ha: true });
  const model = { model: BRANCH_SERVER, portGroups: PORT_GROUPS };
  const clusterHosts = Array.from({ length: Math.max(1, Math.ceil(vms.branch.length / VMS_PER_HOST)) }, () =>
    buildHost(world, { ...addresses(), ...model, parent: cluster.ref }),
  );
  const own = addresses();
  const standalone = buildStandalone(world, { name: `${own.name}.corp.example`, parent: datacenter.host });
  const host = buildHost(world, { ...own, ...model, parent: standalone.ref });
  const networks = new Map<string, AnyObject>(
    PORT_GROUPS.map(({ name }) => [
      name,
      buildNetwork(world, { name, parent: datacenter.network, hosts: [...clusterHosts, host] }),
    ]),
  );
  const shared = buildDatastore(world, {
    name: 'branch-vmfs-01',
    type: 'VMFS',
    capacityBytes: capacityFor(vms.branch, 1),
    parent: datacenter.datastore,
    hosts: [...clusterHosts, host],
  });
  const local = localDatastore(world, host, datacenter.datastore, capacityFor(vms.remote, 1));
  const none = { pools: new Map(), vApps: new Map() };
  return {
    branch: {
      ...none,
      datacenter,
      networks,
      rootPool: objectOf(world, cluster.get('resourcePool')),
      hosts: clusterHosts,
      datastores: [shared],
    },
    remote: {
      ...none,
      datacenter,
      networks,
      rootPool: objectOf(world, standalone.get('resourcePool')),
      hosts: [host],
      datastores: [local],
    },
  };
}

function objectOf(world: World, ref: AnyObject['ref'] | undefined): AnyObject {
  return world.objects.get(ref!);
}

function localDatastore(world: World, host: Host, parent: AnyObject, capacityBytes = TIB): Datastore {
  return buildDatastore(world, {
    name: `${host.get('name').split('.')[0]}-local`,
    type: 'VMFS',
    capacityBytes,
    parent,
    hosts: [host],
    local: true,
  });
}

/** Where the company keeps images and backups. */
function seedShares(world: World, { datastore }: BuiltDatacenter, hosts: readonly Host[]): void {
  const images = buildDatastore(world, {
    name: 'nfs-iso',
    type: 'NFS',
    capacityBytes: 2 * TIB,
    parent: datastore,
    hosts,
    remote: 'filer1.corp.example:/exports/iso',
  });
  const files = world.files.of(images);
  const at = world.clock.now() - YEAR_MS / 2;
  for (const folder of ['linux', 'windows', 'tools']) files.makeFolder(folder);
  files.write('linux/debian-12.9.0-amd64-netinst.iso', { size: 662_700_032 }, at);
  files.write('linux/ubuntu-24.04.1-live-server-amd64.iso', { size: 2_773_874_688 }, at);
  files.write('windows/win-server-2022-eval.iso', { size: 5_044_094_976 }, at);
  files.write('tools/README.txt', { size: 28, bytes: Buffer.from('Ask platform@ for new images') }, at);
  buildDatastore(world, {
    name: 'nfs-backup',
    type: 'NFS',
    capacityBytes: 40 * TIB,
    foreignBytes: Math.round(36.4 * TIB),
    parent: datastore,
    hosts,
    remote: 'filer2.corp.example:/exports/backup',
  });
}

function joinSwitch(host: Host, { dvs }: BuiltSwitch, pnics: readonly string[]): void {
  const config = host.get('config')!;
  const own = proxySwitch({ name: dvs.get('name'), uuid: dvs.get('uuid') }, pnics);
  host.set({ config: { ...config, network: { ...config.network, proxySwitch: [own] } } });
}

/** Folders of VMs, made when the first VM comes. */
function createFolders(world: World): (datacenter: BuiltDatacenter, path: string) => ManagedObject<'Folder'> {
  const made = new Map<string, ManagedObject<'Folder'>>();
  const folderAt = (datacenter: BuiltDatacenter, path: string): ManagedObject<'Folder'> => {
    if (path === '') return datacenter.vm;
    const key = `${datacenter.datacenter.id}/${path}`;
    const known = made.get(key);
    if (known) return known;
    const slash = path.lastIndexOf('/');
    const parent = folderAt(datacenter, path.slice(0, Math.max(0, slash)));
    const folder = buildFolder(world, 'vm', path.slice(slash + 1), parent);
    made.set(key, folder);
    return folder;
  };
  return folderAt;
}

function fewest<T>(from: readonly T[], measure: (of: T) => number): T {
  return from.reduce((best, each) => (measure(each) < measure(best) ? each : best));
}

function placeVm(
  world: World,
  plan: VmPlan,
  { site, folders }: { site: Site; folders: ReturnType<typeof createFolders> },
): void {
  const vApp = plan.vApp === undefined ? undefined : site.vApps.get(plan.vApp);
  const pool = plan.pool === undefined ? site.rootPool : site.pools.get(plan.pool);
  const images = plan.iso && [...world.objects.all('Datastore')].find((each) => each.get('name') === 'nfs-iso');
  seedVm(world, plan, {
    host: fewest(site.hosts, (host) => host.get('vm').length),
    // As DRS for storage recommends it.
    datastore: fewest(site.datastores, (datastore) => -world.files.of(datastore).freeBytes()),
    folder: vApp ? undefined : folders(site.datacenter, plan.folder),
    pool: plan.template || vApp ? undefined : pool,
    vApp,
    network: site.networks.get(plan.network)!,
    ...(images && { iso: { iso: '[nfs-iso] linux/debian-12.9.0-amd64-netinst.iso', datastore: images } }),
  });
}
