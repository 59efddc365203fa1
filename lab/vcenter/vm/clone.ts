/** CloneVM_Task: from a VM, a template or a snapshot. */
import type {
  VirtualDevice,
  VirtualDisk,
  VirtualEthernetCard,
  VirtualMachineCloneSpec,
  VirtualMachineConfigInfo,
} from '../../../src/vim25/generated/types.ts';
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import { invalidArgument } from '../core/faults.ts';
import type { Call, MethodTable } from '../core/method.ts';
import { demand } from '../core/privileges.ts';
import type { RunningTask } from '../core/tasks.ts';
import { keptName, requireFreeName } from '../inventory/names.ts';
import { newMac } from './addresses.ts';
import { buildVm, fileName, freeDirectory } from './build.ts';
import { disconnected } from './connection.ts';
import { checkCustomization } from './customization.ts';
import { is } from './devices.ts';
import { copyOfDisk, deltaOver, destinationsOf, thinAfter } from './disk-moves.ts';
import { toolsOf } from './guest-boot.ts';
import { silentGuest } from './guest-info.ts';
import { knownSpec } from './known-spec.ts';
import { chooseHost, type Datastore, type Host, hostOf, poolOf, requireUsable, vmFolderOf } from './placement.ts';
import { powerOn } from './power.ts';
import { reconfigure } from './reconfigure.ts';
import { asVm, isTemplate, requireReachable, requireVCenter, type Vm } from './subject.ts';
import { findPlace } from './vm-disks.ts';
import { hostNameOf, postVmEvent } from './vm-events.ts';
import { carryOut, type Effect } from './workbench.ts';

interface CloneRequest {
  readonly folder: ManagedObjectReference;
  readonly name: string;
  readonly spec: VirtualMachineCloneSpec;
}

export const cloneMethods: MethodTable = {
  CloneVM_Task: (call) => {
    const source = asVm(call.self);
    const { world, session, request } = call;
    requireVCenter(world);
    demand(session, `VirtualMachine.Provisioning.${isTemplate(source) ? 'DeployTemplate' : 'Clone'}`, source);
    const folder = vmFolderOf(world, request.folder, 'folder');
    demand(session, 'VirtualMachine.Inventory.CreateFromExisting', folder);
    requireFreeName(world.objects, folder.ref, keptName(request.name));
    if (request.spec.template && request.spec.powerOn) throw invalidArgument('spec.powerOn');
    return world.tasks.start(call, {
      descriptionId: 'VirtualMachine.clone',
      name: 'CloneVM_Task',
      entity: source,
      // A template is cloned by many at a time.
      locks: [],
      run: async (task) => (await clone(call, source, request, task)).ref,
    });
  },
};

async function clone(
  call: Pick<Call, 'world' | 'session'>,
  source: Vm,
  { folder, name: asked, spec }: CloneRequest,
  task: RunningTask,
): Promise<Vm> {
  const { world } = call;
  requireReachable(source);
  const name = keptName(asked);
  const origin = originOf(call, source, spec);
  const { host, pool } = placeFor(call, source, spec);
  const home = homeFor(call, source, origin, spec);
  if (!host.get('datastore').some(({ value }) => value === home.id)) throw invalidArgument('spec.location.datastore');
  if (spec.customization) checkCustomization(spec.customization, source, origin);
  const directory = freeDirectory(world, home, name);
  const { devices, effects } = copiedDevices(call, source, { origin, spec, host, home, directory, name });
  tellBegin(call, source, { folder, name, host });
  for (const percent of [20, 45, 70]) await task.progress(percent);
  requireFreeName(world.objects, folder, name);
  carryOut(effects);
  const vm = buildVm(world, {
    name,
    folder,
    ...(pool && { pool: pool.ref }),
    host: host.ref,
    datastore: home,
    directory,
    guestId: origin.guestId,
    devices,
    template: spec.template,
    numCpu: origin.hardware.numCPU,
    memoryMb: origin.hardware.memoryMB,
    version: origin.version,
    ...(origin.firmware !== undefined && { firmware: origin.firmware }),
    guest: silentGuest(origin, { tools: toolsOf(source) }),
  });
  vm.set({ config: inherited(vm.get('config')!, origin) });
  world.guests.copy(source, vm, spec.snapshot);
  if (spec.config) reconfigure(call, vm, { ...knownSpec(spec.config), changeVersion: undefined, name: undefined });
  tellEnd(call, source, vm);
  if (spec.powerOn && !spec.template) powerOn(call, vm);
  return vm;
}

/** The configuration that is copied: the VM's own, or that of one of its snapshots. */
function originOf({ world }: Pick<Call, 'world'>, source: Vm, spec: VirtualMachineCloneSpec): VirtualMachineConfigInfo {
  if (spec.snapshot === undefined) {
    // A linked clone's disks lie on those of a snapshot: a running VM's own change under it.
    if (isLinked(spec)) throw invalidArgument('spec.snapshot');
    return source.get('config')!;
  }
  const snapshot = world.objects.get(spec.snapshot).as('VirtualMachineSnapshot');
  if (snapshot?.get('vm').value !== source.id) throw invalidArgument('spec.snapshot');
  return snapshot.get('config');
}

function isLinked({ location }: VirtualMachineCloneSpec): boolean {
  return location.diskMoveType === 'createNewChildDiskBacking';
}

/** A template becomes a VM only where it is told a pool; a clone that is a template has none. */
function placeFor({ world }: Pick<Call, 'world'>, source: Vm, { location, template }: VirtualMachineCloneSpec) {
  const present = hostOf(world, source.get('runtime').host!, 'spec.location.host');
  const wanted = location.pool ?? (location.host ? undefined : source.get('resourcePool'));
  if (!wanted) {
    if (!template) throw invalidArgument('spec.location.pool');
    const host = location.host ? hostOf(world, location.host, 'spec.location.host') : present;
    requireUsable(host);
    return { host, pool: undefined };
  }
  const pool = poolOf(world, wanted, 'spec.location.pool');
  const stays = location.host === undefined && present.get('parent')?.value === pool.get('owner').value;
  const usable =
    stays && !present.get('runtime').inMaintenanceMode && present.get('runtime').connectionState === 'connected';
  const host = chooseHost(world, {
    pool,
    host: location.host ?? (usable ? present.ref : undefined),
    datastore: undefined,
    property: 'spec.location.host',
  });
  return { host, pool: template ? undefined : pool };
}

function homeFor(
  { world }: Pick<Call, 'world'>,
  source: Vm,
  origin: VirtualMachineConfigInfo,
  { location }: VirtualMachineCloneSpec,
): Datastore {
  if (location.datastore) {
    const datastore = world.objects.get(location.datastore).as('Datastore');
    if (!datastore) throw invalidArgument('spec.location.datastore');
    return datastore;
  }
  const place = findPlace(world, source.get('runtime').host, origin.files.vmPathName ?? '');
  const own = source.get('datastore').map((ref) => world.objects.get<'Datastore'>(ref));
  return own.find((each) => each.get('name') === place?.tree.datastoreName) ?? own[0]!;
}

interface CopyPlan {
  readonly origin: VirtualMachineConfigInfo;
  readonly spec: VirtualMachineCloneSpec;
  readonly host: Host;
  readonly home: Datastore;
  readonly directory: string;
  readonly name: string;
}

function copiedDevices(
  call: Pick<Call, 'world'>,
  source: Vm,
  plan: CopyPlan,
): { devices: VirtualDevice[]; effects: Effect[] } {
  const { world } = call;
  const { origin, spec, home, directory, name } = plan;
  const from = hostOf(world, source.get('runtime').host!, 'spec.location.host');
  const destination = destinationsOf(world, spec.location, origin.hardware.device ?? []);
  const effects: Effect[] = [];
  let disks = 0;
  const devices = disconnected(origin.hardware.device ?? []).map((device): VirtualDevice => {
    if (is(device, 'VirtualEthernetCard')) return withOwnAddress(call, device as VirtualEthernetCard);
    if (!is(device, 'VirtualDisk')) return device;
    const disk = device as VirtualDisk;
    const to = destination(disk) ?? home;
    const file = `[${to.get('name')}] ${directory}/${fileName(name)}${disks === 0 ? '' : `_${disks}`}.vmdk`;
    disks++;
    const copy = isLinked(spec)
      ? deltaOver(world, disk, { to, fileName: file })
      : copyOfDisk(world, disk, { from, to, fileName: file, thin: thinAfter(spec.location) });
    effects.push(copy.effect);
    return copy.device;
  });
  return { devices, effects };
}

function withOwnAddress({ world }: Pick<Call, 'world'>, nic: VirtualEthernetCard): VirtualEthernetCard {
  return nic.addressType === 'manual' ? nic : { ...nic, macAddress: newMac(world) };
}

/** All that is no identity of its own. */
function inherited(own: VirtualMachineConfigInfo, origin: VirtualMachineConfigInfo): VirtualMachineConfigInfo {
  const { name, uuid, instanceUuid, locationId, files, template, changeVersion, createDate, hardware } = own;
  return {
    ...origin,
    ...{ name, uuid, files, template, changeVersion },
    ...(instanceUuid !== undefined && { instanceUuid }),
    ...(locationId !== undefined && { locationId }),
    ...(createDate !== undefined && { createDate }),
    hardware: { ...origin.hardware, device: hardware.device ?? [] },
  };
}

function tellBegin(
  call: Pick<Call, 'world' | 'session'>,
  source: Vm,
  { folder, name, host }: { folder: ManagedObjectReference; name: string; host: Host },
): void {
  const srcTemplate = { name: source.get('name'), vm: source.ref };
  if (isTemplate(source)) {
    postVmEvent(call, 'VmBeingDeployedEvent', source, `Deploying ${name} from template ${source.get('name')}`, {
      srcTemplate,
    });
    return;
  }
  const destFolder = { name: call.world.objects.get<'Folder'>(folder).get('name'), folder };
  const destHost = { name: host.get('name'), host: host.ref };
  postVmEvent(call, 'VmBeingClonedEvent', source, `Cloning {vm} to ${name} on ${host.get('name')}`, {
    destFolder,
    destName: name,
    destHost,
  });
}

function tellEnd(call: Pick<Call, 'world' | 'session'>, source: Vm, vm: Vm): void {
  const origin = { name: source.get('name'), vm: source.ref };
  const on = hostNameOf(call.world, vm);
  if (isTemplate(source)) {
    postVmEvent(call, 'VmDeployedEvent', vm, `Template ${origin.name} deployed on host ${on}`, { srcTemplate: origin });
  } else {
    postVmEvent(call, 'VmClonedEvent', vm, `${origin.name} cloned to ${vm.get('name')} on ${on}`, { sourceVm: origin });
  }
}
