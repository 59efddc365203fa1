/** Events of VMs, with the sentences that vCenter has for them. */
import type { DataObjects } from '../../../src/vim25/generated/types.ts';
import type { Call } from '../core/method.ts';
import type { World } from '../core/world.ts';
import { ancestorsOf } from '../inventory/ancestry.ts';
import { isTemplate, type Vm } from './subject.ts';

/** Who does it: a call, or the user of one that ended long ago. */
export type Doer = Pick<Call, 'world' | 'session'>;

/** `web01 on esx01 in DC0` */
export function vmOnHost(world: World, vm: Vm): string {
  const datacenter = [...ancestorsOf(vm, world.objects)].find(({ ref }) => ref.type === 'Datacenter');
  return `${vm.get('name')} on ${hostNameOf(world, vm)} in ${datacenter?.read('name') ?? 'ha-datacenter'}`;
}

export function hostNameOf(world: World, vm: Vm): string {
  return String(world.objects.find(vm.get('runtime').host)?.read('name') ?? 'unknown');
}

type VmEventType = Extract<keyof DataObjects, `${string}Event`>;

/** @param sentence with `{vm}` for `web01 on esx01 in DC0` */
export function postVmEvent<T extends VmEventType>(
  { world, session }: Doer,
  $type: T,
  vm: Vm,
  sentence: string,
  fields: Partial<DataObjects[T]> = {},
): void {
  world.events.post($type, {
    user: session.account?.name ?? '',
    entity: vm,
    message: sentence.replace('{vm}', vmOnHost(world, vm)),
    fields: { template: isTemplate(vm), ...fields },
  });
}
