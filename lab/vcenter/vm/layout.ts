/** A VM's files as vCenter lists them, read from its datastores. */
import type {
  VirtualMachineConfigInfo,
  VirtualMachineFileLayout,
  VirtualMachineFileLayoutEx,
  VirtualMachineFileLayoutExDiskUnit,
  VirtualMachineStorageInfo,
} from '../../../src/vim25/generated/types.ts';
import type { ManagedObject } from '../core/managed-object.ts';
import type { World } from '../core/world.ts';
import type { FileTree } from '../files/tree.ts';
import { datastoreNamed } from '../inventory/datastore-names.ts';
import { diskBacking, disksOf, splitDatastorePath } from './vm-files.ts';

type Vm = ManagedObject<'VirtualMachine'>;

const TYPES: readonly (readonly [pattern: RegExp, type: string])[] = [
  [/-(?:flat|delta|sesparse)\.vmdk$/, 'diskExtent'],
  [/\.vmdk$/, 'diskDescriptor'],
  [/\.vmx$|\.vmtx$/, 'config'],
  [/\.vmxf$/, 'extendedConfig'],
  [/\.vmsd$/, 'snapshotList'],
  [/\.vmsn$/, 'snapshotData'],
  [/\.vmem$/, 'snapshotMemory'],
  [/\.vmss$/, 'suspend'],
  [/\.nvram$/, 'nvram'],
  [/\.vswp$/, 'swap'],
  [/\.log$/, 'log'],
];

interface Folder {
  readonly tree: FileTree;
  readonly datastore: ManagedObject<'Datastore'>;
  readonly path: string;
}

/** The folders that hold files of a VM, its home first. */
function foldersOf(world: World, vm: Vm): Folder[] {
  const config = vm.get('config');
  if (!config) return [];
  const folders = new Map<string, Folder>();
  const add = (datastore: ManagedObject<'Datastore'> | undefined, path: string) => {
    if (datastore) folders.set(`${datastore.id}/${path}`, { datastore, path, tree: world.files.of(datastore) });
  };
  const home = splitDatastorePath(config.files.vmPathName ?? '');
  if (home) add(datastoreNamed(world.objects, vm.get('runtime').host, home.datastore), home.folder);
  for (const disk of disksOf(config.hardware.device)) {
    for (const { fileName, datastore } of chainOf(disk)) {
      const path = splitDatastorePath(fileName);
      if (path && datastore) add(world.objects.find(datastore)?.as('Datastore'), path.folder);
    }
  }
  return [...folders.values()];
}

/** A disk's backing and those that it is a delta of, the base first. */
function chainOf(disk: Parameters<typeof diskBacking>[0]) {
  const chain = [];
  for (let at: ReturnType<typeof diskBacking> | undefined = diskBacking(disk); at; at = at.parent) chain.push(at);
  return chain.reverse();
}

export function layoutExOf(world: World, vm: Vm): VirtualMachineFileLayoutEx {
  const own = baseNames(vm.get('config'));
  const file = foldersOf(world, vm)
    .flatMap(({ tree, path }) =>
      (tree.stat(path)?.kind === 'folder' ? tree.list(path) : [])
        .filter(({ kind, name }) => kind === 'file' && (path !== '' || own.some((base) => name.startsWith(base))))
        .map((entry) => ({ entry, name: tree.pathOf(path === '' ? entry.name : `${path}/${entry.name}`) })),
    )
    .flatMap(({ entry, name }) => {
      const type = TYPES.find(([pattern]) => pattern.test(entry.name))?.[1];
      // A disk's bytes are its extent's; its descriptor has next to none.
      return type ? [{ name, type, size: entry.disk ? 0 : entry.size }] : [];
    })
    .map(({ name, type, size }, key) => ({ key, name, type, size, uniqueSize: size, accessible: true }));
  const keys = new Map(file.map(({ name, key }) => [name, key]));
  const unit = (fileName: string): VirtualMachineFileLayoutExDiskUnit => ({
    fileKey: [fileName, ...['flat', 'delta', 'sesparse'].map((kind) => fileName.replace(/\.vmdk$/, `-${kind}.vmdk`))]
      .map((name) => keys.get(name))
      .filter((key) => key !== undefined),
  });
  return {
    file,
    disk: disksOf(vm.get('config')?.hardware.device).map((disk) => ({
      key: disk.key,
      chain: chainOf(disk).map(({ fileName }) => unit(fileName)),
    })),
    timestamp: new Date(world.clock.now()).toISOString(),
  };
}

/** In a datastore's root only what is called like the VM's own files is taken for one of them. */
function baseNames(config: VirtualMachineConfigInfo | undefined): string[] {
  const names = [
    config?.files.vmPathName,
    ...disksOf(config?.hardware.device).map((disk) => diskBacking(disk).fileName),
  ];
  return names.flatMap((name) => splitDatastorePath(name ?? '')?.file.replace(/\.[^.]*$/, '') ?? []);
}

export function layoutOf(vm: Vm): VirtualMachineFileLayout {
  const files = vm.get('layoutEx')?.file ?? [];
  const named = (type: string) => files.filter((each) => each.type === type).map(({ name }) => name);
  const inFolder = (name: string) => name.slice(name.lastIndexOf('/') + 1);
  const swap = named('swap')[0];
  return {
    configFile: [...named('nvram'), ...named('snapshotList')].map(inFolder),
    logFile: named('log').map(inFolder),
    disk: disksOf(vm.get('config')?.hardware.device).map((disk) => ({
      key: disk.key,
      diskFile: chainOf(disk).map(({ fileName }) => fileName),
    })),
    ...(swap && { swapFile: swap }),
  };
}

export function storageOf(world: World, vm: Vm): VirtualMachineStorageInfo {
  const perDatastoreUsage = new Map<
    string,
    { datastore: Folder['datastore']; committed: number; uncommitted: number }
  >();
  for (const { tree, datastore, path } of foldersOf(world, vm)) {
    const usage = perDatastoreUsage.get(datastore.id) ?? { datastore, committed: 0, uncommitted: 0 };
    perDatastoreUsage.set(datastore.id, usage);
    if (path === '' || tree.stat(path)?.kind !== 'folder') continue;
    for (const { disk, extentOf, size } of tree.list(path)) {
      if (extentOf) continue;
      usage.committed += size;
      if (disk?.thin) usage.uncommitted += Math.max(0, disk.capacityKb * 1024 - size);
    }
  }
  return {
    perDatastoreUsage: [...perDatastoreUsage.values()].map(({ datastore, committed, uncommitted }) => ({
      datastore: datastore.ref,
      committed,
      uncommitted,
      unshared: committed,
    })),
    timestamp: new Date(world.clock.now()).toISOString(),
  };
}
