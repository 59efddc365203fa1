/** Folders and datacenters: making them. */
import type { ManagedObject } from '../core/managed-object.ts';
import type { World } from '../core/world.ts';

/** What a folder is for: the letter in its id, and what may lie in it. */
const KINDS = {
  datacenter: ['group-d', ['Folder', 'Datacenter']],
  vm: ['group-v', ['Folder', 'VirtualMachine', 'VirtualApp']],
  host: ['group-h', ['Folder', 'ComputeResource']],
  datastore: ['group-s', ['Folder', 'Datastore', 'StoragePod']],
  network: ['group-n', ['Folder', 'Network', 'DistributedVirtualSwitch']],
} as const;

export type FolderKind = keyof typeof KINDS;

type Parent = ManagedObject<'Folder'> | ManagedObject<'Datacenter'>;

export function buildFolder(world: World, kind: FolderKind, name: string, parent: Parent): ManagedObject<'Folder'> {
  const [prefix, childType] = KINDS[kind];
  return world.objects.add(
    'Folder',
    { name, parent: parent.ref, childType: [...childType] },
    world.objects.newId(prefix),
  );
}

/** What a folder like this one is for, by what may lie in it. A pod is none. */
export function folderKind(folder: ManagedObject<'Folder'>): FolderKind | undefined {
  const types = folder.get('childType');
  return (Object.keys(KINDS) as FolderKind[]).find((kind) => types.includes(KINDS[kind][1][1]));
}

export interface BuiltDatacenter {
  readonly datacenter: ManagedObject<'Datacenter'>;
  readonly vm: ManagedObject<'Folder'>;
  readonly host: ManagedObject<'Folder'>;
  readonly datastore: ManagedObject<'Folder'>;
  readonly network: ManagedObject<'Folder'>;
}

/** A datacenter with its four folders. */
export function buildDatacenter(world: World, name: string, parent: ManagedObject<'Folder'>): BuiltDatacenter {
  const datacenter = world.objects.add('Datacenter', { name, parent: parent.ref });
  const vm = buildFolder(world, 'vm', 'vm', datacenter);
  const host = buildFolder(world, 'host', 'host', datacenter);
  const datastore = buildFolder(world, 'datastore', 'datastore', datacenter);
  const network = buildFolder(world, 'network', 'network', datacenter);
  datacenter.set({
    vmFolder: vm.ref,
    hostFolder: host.ref,
    datastoreFolder: datastore.ref,
    networkFolder: network.ref,
  });
  return { datacenter, vm, host, datastore, network };
}
