/** The host that a call is about, and the events of hosts. */
import type { DataObjects, HostRuntimeInfo } from '../../../src/vim25/generated/types.ts';
import { fault, objectNotFound, type VimFault } from '../core/faults.ts';
import type { AnyObject, ManagedObject } from '../core/managed-object.ts';
import type { Session } from '../core/sessions.ts';
import type { World } from '../core/world.ts';
import { ancestorsOf } from '../inventory/ancestry.ts';

export type Host = ManagedObject<'HostSystem'>;

/** Errors: ManagedObjectNotFound for what is no host. */
export function asHost(object: AnyObject): Host {
  const host = object.as('HostSystem');
  if (!host) throw objectNotFound(object.ref);
  return host;
}

export function setRuntime(host: Host, changes: Partial<HostRuntimeInfo>): void {
  host.set({ runtime: { ...host.get('runtime'), ...changes } });
}

/** What may run on a host: the fault has no fields that say more. */
export function invalidState(): VimFault {
  return fault('InvalidState', {}, 'The operation is not allowed in the current state.');
}

/** Errors: HostNotConnected. */
export function requireConnected(host: Host): void {
  if (host.get('runtime').connectionState === 'connected') return;
  throw fault('HostNotConnected', {}, 'Unable to communicate with the remote host, since it is disconnected.');
}

/** `esx01 in DC0` */
function hostInDatacenter(world: World, host: Host): string {
  const datacenter = [...ancestorsOf(host, world.objects)].find(({ ref }) => ref.type === 'Datacenter');
  return `${host.get('name')} in ${datacenter?.read('name') ?? 'ha-datacenter'}`;
}

/** @param sentence with `{host}` for `esx01 in DC0`; without a session the server itself does it */
export function postHostEvent<T extends Extract<keyof DataObjects, `${string}Event`> | 'EventEx'>(
  { world, session }: { readonly world: World; readonly session?: Session | undefined },
  $type: T,
  host: Host,
  sentence: string,
  fields: Partial<DataObjects[T]> = {},
): void {
  world.events.post($type, {
    user: session?.account?.name ?? '',
    entity: host,
    message: sentence.replace('{host}', hostInDatacenter(world, host)),
    fields,
  });
}

export function vmsOn(world: World, host: Host): ManagedObject<'VirtualMachine'>[] {
  return host.get('vm').flatMap((ref) => world.objects.find(ref)?.as('VirtualMachine') ?? []);
}

export function isPoweredOn(vm: ManagedObject<'VirtualMachine'>): boolean {
  return vm.get('runtime').powerState === 'poweredOn';
}
