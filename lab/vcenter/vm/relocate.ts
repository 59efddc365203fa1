/** RelocateVM_Task and MigrateVM_Task: another host, pool, folder or datastore. */
import type { VirtualMachineConfigInfo, VirtualMachineRelocateSpec } from '../../../src/vim25/generated/types.ts';
import { invalidArgument } from '../core/faults.ts';
import { type Call, type MethodTable, requires } from '../core/method.ts';
import { demand } from '../core/privileges.ts';
import type { RunningTask } from '../core/tasks.ts';
import type { World } from '../core/world.ts';
import { noDiskSpace } from '../files/faults.ts';
import { requireFreeName } from '../inventory/names.ts';
import { freeDirectory } from './build.ts';
import { devicesOf, disksIn } from './devices.ts';
import { contentAs, type Destination, destinationsOf, thinAfter, withRenamedFiles } from './disk-moves.ts';
import { problemsOf } from './migration-checks.ts';
import { chooseHost, type Datastore, type Host, hostOf, poolOf, rootPoolOf, vmFolderOf } from './placement.ts';
import {
  asVm,
  invalidPowerState,
  isTemplate,
  powerStateOf,
  requireReachable,
  requireVCenter,
  type Vm,
} from './subject.ts';
import { chainOf, findPlace, placeOf } from './vm-disks.ts';
import { hostNameOf, postVmEvent } from './vm-events.ts';
import { splitDatastorePath } from './vm-files.ts';

export const relocateMethods: MethodTable = {
  RelocateVM_Task: (call) => {
    const vm = asVm(call.self);
    const { spec } = call.request;
    requireVCenter(call.world);
    demand(call.session, `Resource.${powerStateOf(vm) === 'poweredOn' ? 'HotMigrate' : 'ColdMigrate'}`, vm);
    return call.world.tasks.start(call, {
      descriptionId: 'VirtualMachine.relocate',
      name: 'RelocateVM_Task',
      entity: vm,
      run: (task) => relocate(call, vm, spec, task),
    });
  },
  MigrateVM_Task: requires('Resource.HotMigrate', (call) => {
    const vm = asVm(call.self);
    const { pool, host, state } = call.request;
    requireVCenter(call.world);
    if (pool === undefined && host === undefined) throw invalidArgument('host');
    return call.world.tasks.start(call, {
      descriptionId: 'VirtualMachine.migrate',
      name: 'MigrateVM_Task',
      entity: vm,
      run: (task) => {
        if (state !== undefined && state !== powerStateOf(vm)) throw invalidPowerState(vm, state as never);
        return relocate(call, vm, { ...(pool && { pool }), ...(host && { host }) }, task);
      },
    });
  }),
};

export interface Target {
  readonly host: Host;
  /** Undefined: a template's. */
  readonly pool: ReturnType<typeof poolOf> | undefined;
  readonly destination: Destination;
  readonly home: Datastore | undefined;
}

/** Errors: InvalidArgument for parts that do not belong together, NoCompatibleHost. */
export function targetOf(world: World, vm: Vm, spec: VirtualMachineRelocateSpec): Target {
  const destination = destinationsOf(world, spec, devicesOf(vm));
  const home = spec.datastore && world.objects.get<'Datastore'>(spec.datastore);
  const present = hostOf(world, vm.get('runtime').host!, 'spec.host');
  const named = spec.host && hostOf(world, spec.host, 'spec.host');
  if (isTemplate(vm)) {
    if (spec.pool) throw invalidArgument('spec.pool');
    return { host: named ?? present, pool: undefined, destination, home };
  }
  const current = vm.get('resourcePool');
  const rooted =
    named && named.get('parent')?.value !== present.get('parent')?.value ? rootPoolOf(world, named) : current;
  const pool = poolOf(world, spec.pool ?? rooted ?? rootPoolOf(world, present)!, 'spec.pool');
  const stays = !named && present.get('parent')?.value === pool.get('owner').value;
  if (named && named.get('parent')?.value !== pool.get('owner').value) throw invalidArgument('spec.host');
  const host =
    named ?? (stays ? present : chooseHost(world, { pool, host: undefined, datastore: home, property: 'spec.host' }));
  return { host, pool, destination, home };
}

async function relocate(
  call: Pick<Call, 'world' | 'session'>,
  vm: Vm,
  spec: VirtualMachineRelocateSpec,
  task: RunningTask,
): Promise<void> {
  const { world } = call;
  requireReachable(vm);
  const { host, pool, destination, home } = targetOf(world, vm, spec);
  const folder = spec.folder && vmFolderOf(world, spec.folder, 'spec.folder');
  if (folder && folder.id !== vm.get('parent')?.value) requireFreeName(world.objects, folder.ref, vm.get('name'));
  const [problem] = problemsOf(world, vm, host, destination);
  if (problem) throw problem;
  const before = vm.get('runtime').host!;
  const movesHost = host.id !== before.value;
  const moves = plannedMoves(world, vm, { destination, home, thin: thinAfter(spec) });
  const destHost = { name: host.get('name'), host: host.ref };
  const sourceHost = { name: hostNameOf(world, vm), host: before };
  const [source] = vm.get('datastore');
  const running = powerStateOf(vm) === 'poweredOn';
  const begin =
    moves.length > 0 ? 'VmBeingRelocatedEvent' : running ? 'VmBeingHotMigratedEvent' : 'VmBeingMigratedEvent';
  const verb = moves.length > 0 ? 'Relocating' : 'Migrating';
  postVmEvent(call, begin, vm, `${verb} ${vm.get('name')} from ${sourceHost.name} to ${destHost.name}`, { destHost });
  for (const percent of [15, 30, 45, 60, 75, 90]) await task.progress(percent);
  moveFiles(world, vm, moves);
  vm.set({
    ...(movesHost && { runtime: { ...vm.get('runtime'), host: host.ref } }),
    ...(pool && { resourcePool: pool.ref }),
    ...(folder && { parent: folder.ref }),
  });
  const sourceDatastore = source && {
    sourceDatastore: { name: world.objects.get<'Datastore'>(source).get('name'), datastore: source },
  };
  const end = moves.length > 0 ? 'VmRelocatedEvent' : 'VmMigratedEvent';
  const told =
    moves.length > 0
      ? 'Completed the relocation of the virtual machine'
      : `Migration of virtual machine ${vm.get('name')} from ${sourceHost.name} to ${destHost.name} completed`;
  postVmEvent(call, end, vm, told, { sourceHost, ...sourceDatastore });
}

interface Move {
  readonly from: string;
  readonly to: string;
  readonly datastore: Datastore;
  readonly capacityKb?: number;
  readonly thin?: boolean;
}

/** Each file that goes elsewhere, or becomes thin or thick where it is. */
function plannedMoves(
  world: World,
  vm: Vm,
  { destination, home, thin }: { destination: Destination; home: Datastore | undefined; thin: boolean | undefined },
): Move[] {
  const config = vm.get('config')!;
  const own = splitDatastorePath(config.files.vmPathName ?? '')!;
  const moves = new Map<string, Move>();
  const directories = new Map<string, string>();
  const directoryOn = (datastore: Datastore): string => {
    const known = directories.get(datastore.id) ?? freeDirectory(world, datastore, own.folder.split('/').at(-1) ?? '');
    directories.set(datastore.id, known);
    return known;
  };
  if (home && home.get('name') !== own.datastore) {
    const { tree } = placeOf(world, vm.get('runtime').host, config.files.vmPathName!);
    const mine = disksIn(devicesOf(vm)).flatMap((disk) => [...chainOf(disk)].map(({ fileName }) => fileName));
    for (const { name, kind, extentOf, disk } of tree.list(own.folder)) {
      const from = tree.pathOf(`${own.folder}/${name}`);
      if (kind === 'folder' || extentOf || (disk && !mine.includes(from))) continue;
      if (!disk) moves.set(from, { from, to: `[${home.get('name')}] ${directoryOn(home)}/${name}`, datastore: home });
    }
  }
  for (const disk of disksIn(devicesOf(vm))) {
    const to = destination(disk);
    if (!to) continue;
    for (const { fileName, parent, thinProvisioned } of chainOf(disk)) {
      const { datastore, file } = splitDatastorePath(fileName)!;
      const changes = thin !== undefined && !parent && thin !== (thinProvisioned ?? false);
      if (datastore === to.get('name') && !changes) continue;
      const target = datastore === to.get('name') ? fileName : `[${to.get('name')}] ${directoryOn(to)}/${file}`;
      const formatted = thin !== undefined && !parent ? { thin } : {};
      moves.set(fileName, { from: fileName, to: target, datastore: to, capacityKb: disk.capacityInKB, ...formatted });
    }
  }
  return [...moves.values()];
}

/** Errors: NoDiskSpace, before anything is moved. */
function moveFiles(world: World, vm: Vm, moves: readonly Move[]): void {
  const { host } = vm.get('runtime');
  const contentOf = ({ from, capacityKb, thin }: Move) => {
    const at = placeOf(world, host, from);
    return thin === undefined ? at.tree.stat(at.path) : contentAs(at, capacityKb ?? 0, thin);
  };
  const needed = new Map<Datastore, number>();
  for (const move of moves)
    needed.set(move.datastore, (needed.get(move.datastore) ?? 0) + (contentOf(move)?.size ?? 0));
  for (const [datastore, bytes] of needed) {
    if (bytes > world.files.of(datastore).freeBytes())
      throw noDiskSpace(`[${datastore.get('name')}]`, datastore.get('name'));
  }
  for (const move of moves) {
    const content = contentOf(move);
    const at = findPlace(world, host, move.from);
    const into = world.files.of(move.datastore);
    const path = move.to.replace(/^\[.*?\] ?/, '');
    const folder = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    if (!content || !at?.tree.stat(at.path)) continue;
    at.tree.remove(at.path);
    if (folder !== '' && !into.stat(folder)) into.makeFolder(folder, { parents: true });
    into.write(path, content);
  }
  if (moves.length === 0) return;
  emptyFolders(world, vm, moves);
  const renamed = new Map(
    moves.map(({ from, to, datastore, thin }) => [
      from,
      { fileName: to, datastore, ...(thin !== undefined && { thin }) },
    ]),
  );
  for (const snapshot of world.objects.all('VirtualMachineSnapshot')) {
    if (snapshot.get('vm').value !== vm.id) continue;
    snapshot.set({ config: atHome(withRenamedFiles(snapshot.get('config'), renamed), renamed) });
  }
  vm.set({ config: atHome(withRenamedFiles(vm.get('config')!, renamed), renamed) });
}

function emptyFolders(world: World, vm: Vm, moves: readonly Move[]): void {
  for (const { from } of moves) {
    const parts = splitDatastorePath(from)!;
    const at = findPlace(world, vm.get('runtime').host, `[${parts.datastore}] ${parts.folder}`);
    if (at && parts.folder !== '' && at.tree.stat(at.path)?.kind === 'folder' && at.tree.list(at.path).length === 0) {
      at.tree.remove(at.path);
    }
  }
}

function atHome(
  config: VirtualMachineConfigInfo,
  renamed: ReadonlyMap<string, { fileName: string }>,
): VirtualMachineConfigInfo {
  const vmPathName = renamed.get(config.files.vmPathName ?? '')?.fileName;
  if (vmPathName === undefined) return config;
  const folder = vmPathName.slice(0, vmPathName.lastIndexOf('/') + 1);
  const files = { vmPathName, snapshotDirectory: folder, suspendDirectory: folder, logDirectory: folder };
  return { ...config, files };
}
