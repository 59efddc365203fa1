/** VMs on the move, to another host, pool or datastore: where each part goes, and what stands in the way of it. */
import { faultFromLocalized } from '../vim25/faults.ts';
import type { CheckResult, LocalizedMethodFault, VirtualMachineRelocateSpec } from '../vim25/generated/types.ts';
import { type Disk, disksOf } from './devices.ts';
import { InvalidStateError, listed, TaskFailedError } from './errors.ts';
import { isFault } from './faults.ts';
import type { InventoryObject } from './inventory.ts';
import { decodeName, quoted } from './names.ts';
import { type ManagedObjectReference, sameRef } from './references.ts';
import { bytesToGb } from './units.ts';
import { hasDrs } from './vm-host-choice.ts';
import type { VsphereCall } from './vsphere.ts';

/** Where each part of a VM is to go; what is left out stays. */
export type Relocation = VirtualMachineRelocateSpec;

export interface PlacedVm {
  readonly object: InventoryObject;
  readonly isTemplate: boolean;
  readonly running: boolean;
  readonly host: ManagedObjectReference;
  /** A template has none. */
  readonly pool: ManagedObjectReference | undefined;
  readonly datastores: readonly ManagedObjectReference[];
  readonly networks: readonly ManagedObjectReference[];
  readonly disks: readonly Disk[];
  /** The datastore that its configuration lies on, by name. */
  readonly home: string | undefined;
  /** Bytes that it takes on each datastore, by the datastore's id. */
  readonly used: ReadonlyMap<string, number>;
}

/** Errors: INVALID_STATE for a VM that its host has lost, which nobody can move. */
export async function readPlacedVm(vsphere: VsphereCall, object: InventoryObject): Promise<PlacedVm> {
  const { props } = await vsphere.readOne('VirtualMachine', object.ref, [
    'runtime',
    'resourcePool',
    'datastore',
    'network',
    'config',
    'storage.perDatastoreUsage',
  ]);
  const { runtime, config } = props;
  if (runtime?.host === undefined || config === undefined || runtime.connectionState !== 'connected') {
    throw new InvalidStateError(
      `${quoted(object.name)} is ${runtime?.connectionState ?? 'unreadable'}: it can be moved when its host reaches it again.`,
    );
  }
  return {
    object,
    isTemplate: config.template,
    running: runtime.powerState === 'poweredOn',
    host: runtime.host,
    pool: props.resourcePool,
    datastores: props.datastore ?? [],
    networks: props.network ?? [],
    disks: disksOf(config.hardware.device ?? []),
    home: /^\[([^\]]*)\]/.exec(config.files.vmPathName ?? '')?.[1],
    used: new Map((props['storage.perDatastoreUsage'] ?? []).map((use) => [use.datastore.value, use.committed])),
  };
}

/** Errors: INVALID_STATE where the host cannot be reached or gives up its VMs. */
export async function requireUsableHost(vsphere: VsphereCall, host: InventoryObject): Promise<void> {
  const { props } = await vsphere.readOne('HostSystem', host.ref, ['runtime']);
  const { connectionState, inMaintenanceMode } = props.runtime ?? {};
  if (connectionState !== 'connected') {
    throw new InvalidStateError(`The host ${quoted(host.name)} is ${connectionState}: choose one that is connected.`);
  }
  if (inMaintenanceMode === true) {
    throw new InvalidStateError(
      `The host ${quoted(host.name)} is in maintenance mode: choose another or end it first.`,
    );
  }
}

/**
 * Errors: INVALID_STATE where the host does not have one of the datastores, or, for a VM that runs, one of its
 * networks.
 */
export async function requireWithinReach(
  vsphere: VsphereCall,
  host: InventoryObject,
  datastores: readonly ManagedObjectReference[],
  networks: readonly ManagedObjectReference[],
): Promise<void> {
  const { props } = await vsphere.readOne('HostSystem', host.ref, ['datastore', 'network']);
  for (const [noun, wanted, there = []] of [
    ['datastore', datastores, props.datastore],
    ['network', networks, props.network],
  ] as const) {
    const lacking = wanted.filter((ref) => !there.some((each) => sameRef(each, ref)));
    if (lacking.length === 0) continue;
    const objects = await vsphere.inventory.describeAll(lacking);
    const names = listed(lacking.map(({ value }) => quoted(objects.get(value)?.name ?? value)));
    throw new InvalidStateError(
      `The host ${quoted(host.name)} does not have the ${noun} ${names}, which the VM needs.`,
    );
  }
}

/**
 * Errors: INVALID_STATE where the datastore cannot be written to, or has less room than what is to go there.
 *
 * @param bytes what comes, as far as it is known
 */
export async function requireRoomOn(vsphere: VsphereCall, datastore: InventoryObject, bytes: number): Promise<void> {
  const { props } = await vsphere.readOne('Datastore', datastore.ref, ['summary']);
  const { accessible, maintenanceMode = 'normal', freeSpace = 0 } = props.summary ?? {};
  const name = quoted(datastore.name);
  if (accessible !== true) throw new InvalidStateError(`The datastore ${name} is not accessible: choose another one.`);
  if (maintenanceMode !== 'normal' && maintenanceMode !== '') {
    throw new InvalidStateError(`The datastore ${name} is in maintenance: choose another one.`);
  }
  if (bytes > freeSpace) {
    throw new InvalidStateError(
      `The datastore ${name} has ${bytesToGb(freeSpace)} GB free, and ${bytesToGb(bytes)} GB would go there.`,
    );
  }
}

/** Bytes that go to a datastore when the whole VM does. Thick disks take all of their size. */
export function bytesTo(vm: PlacedVm, datastore: InventoryObject, thin: boolean | undefined): number {
  const elsewhere = [...vm.used].filter(([id]) => id !== datastore.id).reduce((sum, [, bytes]) => sum + bytes, 0);
  const moving = vm.disks.filter((disk) => disk.datastore !== datastore.name);
  return thin === false ? Math.max(elsewhere, sizeOf(moving)) : elsewhere;
}

function sizeOf(disks: readonly Disk[]): number {
  return disks.reduce((sum, { capacityBytes }) => sum + capacityBytes, 0);
}

/** Whether all of the VM is on that datastore. Names of datastores are unique in a datacenter. */
export function isWhollyOn(vm: PlacedVm, datastore: InventoryObject): boolean {
  const stored = [vm.home, ...vm.disks.map((disk) => disk.datastore)];
  return stored.every((name) => name === undefined || decodeName(name) === datastore.name);
}

interface Destination {
  readonly host: InventoryObject | undefined;
  readonly pool: InventoryObject | undefined;
}

/**
 * The host, pool and folder to name in a request: what was asked for, and what a move to another cluster or
 * datacenter cannot do without.
 *
 * Errors: INVALID_STATE where host and pool do not belong together, or a cluster without DRS needs a host.
 */
export async function destinationOf(
  vsphere: VsphereCall,
  vm: PlacedVm,
  { host, pool }: Destination,
): Promise<Pick<Relocation, 'host' | 'pool' | 'folder'>> {
  if (host === undefined && pool === undefined) return {};
  if (vm.isTemplate && pool !== undefined) {
    throw new InvalidStateError(
      `${quoted(vm.object.name)} is a template, and in no resource pool: leave the pool out.`,
    );
  }
  const present = await computeResourceOf(vsphere, vm.host);
  const chosen = host && (await computeResourceOf(vsphere, host.ref));
  const owner = pool && (await vsphere.readOne('ResourcePool', pool.ref, ['owner'])).props.owner;
  if (chosen !== undefined && owner !== undefined && !sameRef(chosen, owner)) {
    throw new InvalidStateError(
      `The pool ${quoted(pool!.path)} is not one of the cluster that ${quoted(host!.name)} is in.`,
    );
  }
  const target = chosen ?? owner ?? present;
  if (sameRef(target, present)) return { ...(host && { host: host.ref }), ...(pool && { pool: pool.ref }) };
  if (host === undefined && target.type === 'ClusterComputeResource' && !(await hasDrs(vsphere, target))) {
    throw new InvalidStateError(`The cluster of ${quoted(pool!.path)} has no DRS to choose a host: give host_name.`);
  }
  const root = (await vsphere.readOne('ComputeResource', target, ['resourcePool'])).props.resourcePool;
  const into = vm.isTemplate ? undefined : (pool?.ref ?? root);
  const folder = await folderIn(vsphere, vm, target);
  return { ...(host && { host: host.ref }), ...(into && { pool: into }), ...(folder && { folder }) };
}

async function computeResourceOf(vsphere: VsphereCall, host: ManagedObjectReference): Promise<ManagedObjectReference> {
  const { props } = await vsphere.readOne('HostSystem', host, ['parent']);
  if (props.parent === undefined) throw new InvalidStateError('The cluster of the host cannot be read.');
  return props.parent;
}

/** In another datacenter a VM needs another folder: the datacenter's own. */
async function folderIn(vsphere: VsphereCall, vm: PlacedVm, target: ManagedObjectReference) {
  const [here, there] = await Promise.all([
    vsphere.inventory.datacenterOf(vm.host),
    vsphere.inventory.datacenterOf(target),
  ]);
  if (there === undefined || sameRef(here?.ref, there.ref)) return undefined;
  return (await vsphere.readOne('Datacenter', there.ref, ['vmFolder'])).props.vmFolder;
}

/**
 * Asks vCenter whether it could be done, and what it warns of. A server that does not answer that says it by the move
 * itself.
 *
 * Errors: INVALID_STATE with every obstacle that vCenter sees.
 */
export async function checkRelocation(vsphere: VsphereCall, vm: InventoryObject, spec: Relocation): Promise<string[]> {
  const checker = vsphere.content.vmProvisioningChecker;
  if (checker === undefined) return [];
  const results = await checkResults(vsphere, checker, vm, spec);
  const errors = sentences(results.flatMap(({ error }) => error ?? []));
  if (errors.length > 0) {
    throw new InvalidStateError(`vSphere would not move ${quoted(vm.name)} there: ${listed(errors, 5)}`);
  }
  return sentences(results.flatMap(({ warning }) => warning ?? []));
}

async function checkResults(
  vsphere: VsphereCall,
  checker: ManagedObjectReference,
  vm: InventoryObject,
  spec: Relocation,
): Promise<readonly CheckResult[]> {
  try {
    const task = await vsphere.call('CheckRelocate_Task', { _this: checker, vm: vm.ref, spec });
    const { result } = await vsphere.tasks.wait(task);
    return Array.isArray(result) ? (result as CheckResult[]) : ((result as { items?: CheckResult[] })?.items ?? []);
  } catch (error) {
    if (isFault(error) || error instanceof TaskFailedError) return [];
    throw error;
  }
}

function sentences(faults: readonly LocalizedMethodFault[]): string[] {
  return [...new Set(faults.map((fault) => faultFromLocalized(fault).message))];
}
