/** DRS moves a running VM to another host of its cluster. */
import type { ManagedObject } from '../core/managed-object.ts';
import type { World } from '../core/world.ts';
import type { Host } from '../hosts/subject.ts';
import { ancestorsOf } from '../inventory/ancestry.ts';
import { isUsable, sees } from '../vm/placement.ts';

type Vm = ManagedObject<'VirtualMachine'>;

/** Whether the VM could run there: the host is up, and sees what the VM needs. */
export function couldRunOn(vm: Vm, host: Host): boolean {
  return (
    isUsable(host) &&
    vm.get('datastore').every((ref) => sees(host, 'datastore', ref)) &&
    vm.get('network').every((ref) => sees(host, 'network', ref))
  );
}

/** The other hosts of its cluster on which a VM could run, those with the fewest VMs first. */
export function hostsFor(world: World, vm: Vm, from: Host): Host[] {
  const owner = world.objects.find(from.get('parent'))?.as('ComputeResource');
  return (owner?.get('host') ?? [])
    .flatMap((ref) => world.objects.find(ref)?.as('HostSystem') ?? [])
    .filter((host) => host !== from && couldRunOn(vm, host))
    .sort((a, b) => a.get('vm').length - b.get('vm').length || (a.id < b.id ? -1 : 1));
}

/** Moves it and says so in the events; it goes on running. */
export function migrate(world: World, vm: Vm, to: Host, user = ''): void {
  const runtime = vm.get('runtime');
  const from = world.objects.find(runtime.host);
  vm.set({ runtime: { ...runtime, host: to.ref } });
  const datacenter = [...ancestorsOf(to, world.objects)].find(({ ref }) => ref.type === 'Datacenter');
  const hostName = String(from?.read('name') ?? '');
  const $type = runtime.powerState === 'poweredOn' ? 'DrsVmMigratedEvent' : 'VmMigratedEvent';
  world.events.post($type, {
    user,
    entity: vm,
    message: `${$type === 'DrsVmMigratedEvent' ? 'DRS migrated' : 'Migration of'} ${vm.get('name')} from ${hostName} to ${to.get('name')} in ${datacenter?.read('name') ?? 'ha-datacenter'}`,
    fields: { template: false, sourceHost: { name: hostName, host: from?.ref ?? to.ref } },
  });
}
