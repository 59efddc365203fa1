/** Where a VM may be: pools, hosts and datastores that belong together. */
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import { fault, invalidArgument, type VimFault } from '../core/faults.ts';
import type { ManagedObject } from '../core/managed-object.ts';
import type { World } from '../core/world.ts';

export type Host = ManagedObject<'HostSystem'>;
export type Datastore = ManagedObject<'Datastore'>;
type Ref = ManagedObjectReference | undefined;

/** Errors: ManagedObjectNotFound, InvalidArgument for what is no resource pool. */
export function poolOf(world: World, ref: ManagedObjectReference, property: string): ManagedObject<'ResourcePool'> {
  const pool = world.objects.get(ref).as('ResourcePool');
  if (!pool) throw invalidArgument(property);
  return pool;
}

export function hostOf(world: World, ref: ManagedObjectReference, property: string): Host {
  const host = world.objects.get(ref).as('HostSystem');
  if (!host) throw invalidArgument(property);
  return host;
}

/** A pod is none: a client asks RecommendDatastores which of its members to take. */
export function datastoreOf(world: World, ref: ManagedObjectReference, property: string): Datastore {
  const datastore = world.objects.get(ref).as('Datastore');
  if (!datastore) throw invalidArgument(property);
  return datastore;
}

function isOwnedBy(pool: ManagedObject<'ResourcePool'>, host: Host): boolean {
  return pool.get('owner').value === host.get('parent')?.value;
}

/** The root pool of a host's cluster, or of the host itself. */
export function rootPoolOf(world: World, host: Host): Ref {
  return world.objects.find(host.get('parent'))?.as('ComputeResource')?.get('resourcePool');
}

export function isUsable(host: Host): boolean {
  const { connectionState, inMaintenanceMode } = host.get('runtime');
  return connectionState === 'connected' && !inMaintenanceMode;
}

/** Errors: HostNotConnected, InvalidHostState. */
export function requireUsable(host: Host): void {
  const { connectionState, inMaintenanceMode } = host.get('runtime');
  if (connectionState !== 'connected') {
    throw fault('HostNotConnected', {}, 'Unable to communicate with the remote host, since it is disconnected.');
  }
  if (inMaintenanceMode) {
    throw fault(
      'InvalidHostState',
      { host: host.ref },
      'The operation is not allowed in the current state of the host.',
    );
  }
}

export function sees(
  viewer: { get(property: 'datastore' | 'network'): readonly ManagedObjectReference[] },
  what: 'datastore' | 'network',
  ref: ManagedObjectReference,
): boolean {
  return viewer.get(what).some(({ value }) => value === ref.value);
}

interface HostWish {
  readonly pool: ManagedObject<'ResourcePool'>;
  readonly host: Ref;
  readonly datastore: Datastore | undefined;
  /** The argument's name, for the fault. */
  readonly property: string;
}

/**
 * The host that was named, or the one with the fewest VMs where DRS or a lone host leaves no need to name one.
 *
 * Errors: InvalidArgument for a host of another cluster, or none named where there is no DRS; NoCompatibleHost.
 */
export function chooseHost(world: World, { pool, host: named, datastore, property }: HostWish): Host {
  if (named) {
    const host = hostOf(world, named, property);
    if (!isOwnedBy(pool, host)) throw invalidArgument(property);
    requireUsable(host);
    if (datastore && !sees(host, 'datastore', datastore.ref)) throw cannotReach(datastore);
    return host;
  }
  const owner = world.objects.get(pool.get('owner'));
  const cluster = owner.as('ClusterComputeResource');
  if (cluster && cluster.get('configuration').drsConfig.enabled !== true) throw invalidArgument(property);
  const hosts = (owner.as('ComputeResource')?.get('host') ?? []).map((ref) => world.objects.get<'HostSystem'>(ref));
  const [best] = hosts
    .filter(isUsable)
    .filter((host) => !datastore || sees(host, 'datastore', datastore.ref))
    .sort((a, b) => a.get('vm').length - b.get('vm').length);
  if (best) return best;
  if (datastore && hosts.some(isUsable)) throw cannotReach(datastore);
  throw fault('NoCompatibleHost', {}, 'No host is compatible with the virtual machine.');
}

function cannotReach(datastore: Datastore): VimFault {
  const name = datastore.get('name');
  return fault(
    'InvalidDatastore',
    { datastore: datastore.ref, name },
    `The datastore '${name}' is not accessible from the host.`,
  );
}

/** Errors: InaccessibleDatastore. */
export function requireAccessible(datastore: Datastore): void {
  if (datastore.get('summary').accessible !== false) return;
  const name = datastore.get('name');
  throw fault('InaccessibleDatastore', { datastore: datastore.ref, name }, `Unable to access the datastore '${name}'.`);
}

/** A folder for VMs. Errors: InvalidArgument for any other. */
export function vmFolderOf(world: World, ref: ManagedObjectReference, property: string): ManagedObject<'Folder'> {
  const folder = world.objects.get(ref).as('Folder');
  if (!folder?.get('childType')?.includes('VirtualMachine')) throw invalidArgument(property);
  return folder;
}
