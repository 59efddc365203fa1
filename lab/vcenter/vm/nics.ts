/** Network cards of a VM: what they are plugged into. */
import type { VirtualDeviceBackingInfo, VirtualEthernetCard } from '../../../src/vim25/generated/types.ts';
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import type { ManagedObject } from '../core/managed-object.ts';
import type { World } from '../core/world.ts';
import { devicesOf, is } from './devices.ts';
import type { Vm } from './subject.ts';

export function nicsOf(vm: Vm): VirtualEthernetCard[] {
  return devicesOf(vm).filter((device) => is(device, 'VirtualEthernetCard'));
}

/** The network or port group that a backing names, of those that a host has; undefined where there is none such. */
export function networkOf(
  world: World,
  backing: VirtualDeviceBackingInfo | undefined,
  host: ManagedObjectReference | undefined,
): ManagedObject<'Network'> | undefined {
  const onHost = world.objects.find(host)?.as('HostSystem')?.get('network') ?? [];
  const networks = onHost.flatMap((ref) => world.objects.find(ref)?.as('Network') ?? []);
  if (is(backing, 'VirtualEthernetCardNetworkBackingInfo')) {
    const { network: ref, deviceName } = backing;
    const standard = networks.filter((network) => network.ref.type === 'Network');
    return standard.find(({ id }) => id === ref?.value) ?? standard.find((each) => each.get('name') === deviceName);
  }
  if (is(backing, 'VirtualEthernetCardDistributedVirtualPortBackingInfo')) {
    const { portgroupKey, switchUuid } = backing.port;
    return networks.find((network) => {
      const group = network.as('DistributedVirtualPortgroup');
      if (group?.get('key') !== portgroupKey) return false;
      const owner = world.objects.find(group?.get('config').distributedVirtualSwitch);
      return owner?.as('DistributedVirtualSwitch')?.get('uuid') === switchUuid;
    });
  }
  return undefined;
}

export function networkNameOf(world: World, vm: Vm, { backing }: VirtualEthernetCard): string | undefined {
  return networkOf(world, backing, vm.get('runtime').host)?.get('name');
}
