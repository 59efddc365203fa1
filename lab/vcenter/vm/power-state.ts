/** Changes of a VM's power state, whoever asked for them: a task, the guest itself, a snapshot. */
import type { GuestInfo } from '../../../src/vim25/generated/types.ts';
import type { World } from '../core/world.ts';
import { withDevices } from './config-changes.ts';
import { connectedAtStart, disconnected } from './connection.ts';
import { devicesOf, is } from './devices.ts';
import { bootGuest, stopGuest } from './guest-boot.ts';
import type { Vm } from './subject.ts';
import { removeSwapFile, writeSwapFile } from './swap-file.ts';
import { findPlace } from './vm-disks.ts';

/** Runs from now on: a new boot, or out of suspension with the guest as it was. Errors: NoDiskSpace for its swap file. */
export function startRunning(world: World, vm: Vm): void {
  const resumed = vm.get('runtime').powerState === 'suspended';
  const { suspendTime: _, ...runtime } = vm.get('runtime');
  writeSwapFile(world, vm);
  connectDevices(world, vm, resumed);
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

/** At power on each device is connected that is to be; out of suspension those that were. */
function connectDevices(world: World, vm: Vm, resumed: boolean): void {
  const config = vm.get('config');
  if (!config || resumed) return;
  const { host } = vm.get('runtime');
  const devices = connectedAtStart(devicesOf(vm), ({ $type, backing }) => {
    if ($type === 'VirtualCdrom' && !is(backing, 'VirtualCdromIsoBackingInfo')) return false;
    const place = is(backing, 'VirtualCdromIsoBackingInfo') ? findPlace(world, host, backing.fileName) : undefined;
    // Without its image a drive stays empty, and the VM runs all the same.
    return $type !== 'VirtualCdrom' || place?.tree.stat(place.path) !== undefined;
  });
  vm.set({ config: withDevices(config, devices) });
}

function disconnectDevices(vm: Vm): void {
  const config = vm.get('config');
  if (config) vm.set({ config: withDevices(config, disconnected(devicesOf(vm))) });
}

export function stopRunning(world: World, vm: Vm, { clean }: { readonly clean: boolean }): void {
  stopGuest(vm);
  const { bootTime: _, suspendTime: __, question: ___, ...runtime } = vm.get('runtime');
  disconnectDevices(vm);
  removeSwapFile(world, vm);
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
