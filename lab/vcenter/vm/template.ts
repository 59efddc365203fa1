/** MarkAsTemplate and MarkAsVirtualMachine. */
import type { VirtualMachineConfigInfo } from '../../../src/vim25/generated/types.ts';
import { notSupported } from '../core/faults.ts';
import { type MethodTable, requires } from '../core/method.ts';
import type { World } from '../core/world.ts';
import { chooseHost, poolOf } from './placement.ts';
import {
  asVm,
  invalidPowerState,
  isTemplate,
  powerStateOf,
  requireReachable,
  requireVCenter,
  type Vm,
} from './subject.ts';
import { findPlace } from './vm-disks.ts';

export const templateMethods: MethodTable = {
  MarkAsTemplate: requires('VirtualMachine.Provisioning.MarkAsTemplate', ({ world, self }) => {
    const vm = asVm(self);
    requireVCenter(world);
    requireReachable(vm);
    world.tasks.requireFree(vm);
    if (isTemplate(vm)) throw notSupported('it is a template already');
    if (powerStateOf(vm) !== 'poweredOff') throw invalidPowerState(vm, 'poweredOff');
    vm.set({ config: marked(world, vm, true), resourcePool: undefined });
  }),
  MarkAsVirtualMachine: requires('VirtualMachine.Provisioning.MarkAsVM', ({ world, self, request }) => {
    const vm = asVm(self);
    requireVCenter(world);
    requireReachable(vm);
    world.tasks.requireFree(vm);
    if (!isTemplate(vm)) throw notSupported('it is no template');
    const pool = poolOf(world, request.pool, 'pool');
    const present = vm.get('runtime').host;
    const isThere = world.objects.find(present)?.as('HostSystem')?.get('parent')?.value === pool.get('owner').value;
    const wanted = request.host ?? (isThere ? present : undefined);
    const host = chooseHost(world, { pool, host: wanted, datastore: undefined, property: 'host' });
    vm.set({
      config: marked(world, vm, false),
      resourcePool: pool.ref,
      runtime: { ...vm.get('runtime'), host: host.ref },
    });
  }),
};

/** The configuration's file has another ending: a template's is not to be run by mistake. */
function marked(world: World, vm: Vm, template: boolean): VirtualMachineConfigInfo {
  const config = vm.get('config')!;
  const { vmPathName = '' } = config.files;
  const renamed = vmPathName.replace(/\.vmt?x$/, template ? '.vmtx' : '.vmx');
  const { host } = vm.get('runtime');
  const [from, to] = [findPlace(world, host, vmPathName), findPlace(world, host, renamed)];
  if (from && to && renamed !== vmPathName && from.tree.stat(from.path))
    from.tree.move(from.path, to.path, { force: true });
  return { ...config, template, files: { ...config.files, vmPathName: renamed } };
}
