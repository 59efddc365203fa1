/** SearchIndex: finding VMs and hosts by what is known of them. */
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import { invalidArgument } from '../core/faults.ts';
import type { AnyObject, ManagedObject } from '../core/managed-object.ts';
import type { MethodTable } from '../core/method.ts';
import type { World } from '../core/world.ts';
import { ancestorsOf } from './ancestry.ts';
import { findByPath, findChild } from './paths.ts';

type Vm = ManagedObject<'VirtualMachine'>;
type Host = ManagedObject<'HostSystem'>;

interface Wanted {
  readonly datacenter?: ManagedObjectReference;
  readonly vmSearch: boolean;
}

/** Every VM (or host) of the datacenter for which the test holds. Errors: ManagedObjectNotFound for the datacenter. */
function* matching(
  world: World,
  { datacenter, vmSearch }: Wanted,
  tests: { readonly vm: (vm: Vm) => boolean; readonly host: (host: Host) => boolean },
): Iterable<AnyObject> {
  const { objects } = world;
  const within = datacenter && objects.get(datacenter);
  const lies = (object: AnyObject) => !within || [...ancestorsOf(object, objects)].includes(within);
  if (vmSearch) {
    for (const vm of objects.all('VirtualMachine')) if (tests.vm(vm) && lies(vm)) yield vm;
  } else {
    for (const host of objects.all('HostSystem')) if (tests.host(host) && lies(host)) yield host;
  }
}

function first(found: Iterable<AnyObject>): ManagedObjectReference | undefined {
  for (const { ref } of found) return ref;
  return undefined;
}

function all(found: Iterable<AnyObject>): ManagedObjectReference[] {
  return [...found].map(({ ref }) => ref);
}

function byUuid(world: World, wanted: Wanted & { readonly uuid: string; readonly instanceUuid?: boolean }) {
  const uuid = wanted.uuid.toLowerCase();
  return matching(world, wanted, {
    vm: (vm) => (wanted.instanceUuid ? vm.get('config')?.instanceUuid : vm.get('config')?.uuid) === uuid,
    host: (host) => host.get('hardware')?.systemInfo.uuid === uuid,
  });
}

function byIp(world: World, wanted: Wanted & { readonly ip: string }) {
  const ip = wanted.ip.toLowerCase();
  return matching(world, wanted, {
    vm: (vm) => {
      const guest = vm.get('guest');
      return guest?.ipAddress === ip || (guest?.net ?? []).some(({ ipAddress = [] }) => ipAddress.includes(ip));
    },
    host: (host) => (host.get('config')?.network?.vnic ?? []).some(({ spec }) => spec.ip?.ipAddress === ip),
  });
}

function byDnsName(world: World, wanted: Wanted & { readonly dnsName: string }) {
  const name = wanted.dnsName.toLowerCase();
  return matching(world, wanted, {
    vm: (vm) => vm.get('guest')?.hostName?.toLowerCase() === name,
    host: (host) => host.get('name').toLowerCase() === name,
  });
}

export const searchMethods: MethodTable = {
  FindByInventoryPath: ({ world, request: { inventoryPath } }) =>
    findByPath(world.objects, world.content.rootFolder, inventoryPath)?.ref,
  FindChild: ({ world, request: { entity, name } }) => findChild(world.objects, world.objects.get(entity), name)?.ref,
  FindByUuid: ({ world, request }) => first(byUuid(world, request)),
  FindAllByUuid: ({ world, request }) => all(byUuid(world, request)),
  FindByIp: ({ world, request }) => first(byIp(world, request)),
  FindAllByIp: ({ world, request }) => all(byIp(world, request)),
  FindByDnsName: ({ world, request }) => first(byDnsName(world, request)),
  FindAllByDnsName: ({ world, request }) => all(byDnsName(world, request)),
  FindByDatastorePath: ({ world, request: { datacenter, path } }) => {
    if (!/^\[[^\]]+\]/.test(path)) throw invalidArgument('path');
    const wanted = path.replace(/^(\[[^\]]+\]) */, '$1 ');
    return first(
      matching(
        world,
        { datacenter, vmSearch: true },
        {
          vm: (vm) => vm.get('config')?.files.vmPathName === wanted,
          host: () => false,
        },
      ),
    );
  },
};
