/** Changes of a VM's power state, whoever asked for them: a task, the guest itself, a snapshot. */
import type { GuestInfo } from '../../../src/vim25/generated/types.ts';
import type { World } from '../core/world.ts';
import { bootGuest, stopGuest } from './guest-boot.ts';
import type { Vm } from './subject.ts';

/** Runs from now on: a new boot, or out of suspension with the guest as it was. */
export function startRunning(world: World, vm: Vm): void {
  const resumed = vm.get('runtime').powerState === 'suspended';
  const { suspendTime: _, ...runtime } = vm.get('runtime');
  vm.set({
    runtime: {
      ...runtime,
      powerState: 'poweredOn',
      bootTime: new Date(world.clock.now()).toISOString(),
      cleanPowerOff: false,
    },
  });
  bootGuest(world, vm, { resumed });
}

export function stopRunning(vm: Vm, { clean }: { readonly clean: boolean }): void {
  stopGuest(vm);
  const { bootTime: _, suspendTime: __, question: ___, ...runtime } = vm.get('runtime');
  vm.set({ runtime: { ...runtime, powerState: 'poweredOff', cleanPowerOff: clean, toolsInstallerMounted: false } });
}

export function suspend(world: World, vm: Vm): void {
  stopGuest(vm);
  vm.set({
    runtime: {
      ...vm.get('runtime'),
      powerState: 'suspended',
      suspendTime: new Date(world.clock.now()).toISOString(),
    },
  });
}

export function restartRunning(world: World, vm: Vm): void {
  vm.set({ runtime: { ...vm.get('runtime'), bootTime: new Date(world.clock.now()).toISOString() } });
  stopGuest(vm);
  bootGuest(world, vm, { resumed: false });
}

export function toolsRunning(guest: GuestInfo | undefined): boolean {
  return guest?.toolsRunningStatus === 'guestToolsRunning';
}
