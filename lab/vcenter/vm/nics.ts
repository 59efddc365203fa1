/** Network cards of a VM: what they are plugged into. */
import type { VirtualDeviceBackingInfo, VirtualEthernetCard } from '../../../src/vim25/generated/types.ts';
import type { ManagedObject } from '../core/managed-object.ts';
import type { World } from '../core/world.ts';
import { devicesOf, is } from './devices.ts';
import type { Vm } from './subject.ts';

export function nicsOf(vm: Vm): VirtualEthernetCard[] {
  return devicesOf(vm).filter((device) => is(device, 'VirtualEthernetCard'));
}

/** The network or port group that a backing names; undefined where there is none such on the server. */
export function networkOf(
  world: World,
  backing: VirtualDeviceBackingInfo | undefined,
): ManagedObject<'Network'> | undefined {
  if (is(backing, 'VirtualEthernetCardNetworkBackingInfo')) {
    const known = world.objects.find(backing.network)?.as('Network');
    if (known) return known;
    for (const network of world.objects.all('Network')) {
      if (network.ref.type === 'Network' && network.get('name') === backing.deviceName) return network;
    }
    return undefined;
  }
  if (is(backing, 'VirtualEthernetCardDistributedVirtualPortBackingInfo')) {
    const { portgroupKey, switchUuid } = backing.port;
    for (const group of world.objects.all('DistributedVirtualPortgroup')) {
      if (group.get('key') !== portgroupKey) continue;
      const owner = world.objects.find(group.get('config').distributedVirtualSwitch);
      if (owner?.as('DistributedVirtualSwitch')?.get('uuid') === switchUuid) return group.as('Network');
    }
  }
  return undefined;
}

export function networkNameOf(world: World, { backing }: VirtualEthernetCard): string | undefined {
  return networkOf(world, backing)?.get('name');
}
