/** VirtualMachine: shut down, reboot and stand by, as its guest does it when its Tools are asked to. */
import { fault } from '../core/faults.ts';
import { type Call, type MethodTable, requires } from '../core/method.ts';
import { restartRunning, stopRunning, suspend, toolsRunning } from './power-state.ts';
import { asVm, invalidPowerState, powerStateOf, requireNoTemplate, requireReachable, type Vm } from './subject.ts';
import { postVmEvent } from './vm-events.ts';

/** Errors: InvalidPowerState, ToolsUnavailable. */
function askable(call: Call): Vm {
  const vm = asVm(call.self);
  requireReachable(vm);
  requireNoTemplate(vm);
  if (powerStateOf(vm) !== 'poweredOn') throw invalidPowerState(vm, 'poweredOn');
  if (!toolsRunning(vm.get('guest'))) throw toolsUnavailable();
  return vm;
}

export function toolsUnavailable() {
  return fault(
    'ToolsUnavailable',
    {},
    'Cannot complete operation because VMware Tools is not running in this virtual machine.',
  );
}

/** The request is answered when the guest was asked; it takes its time to do it. */
function later(call: Call, vm: Vm, change: () => void): void {
  const { bootTime } = vm.get('runtime');
  const { world } = call;
  void (async () => {
    if (world.tasks.stepMs > 0) await world.clock.sleep(world.tasks.stepMs * 2);
    else await new Promise<void>((resolve) => setImmediate(resolve));
    const there = world.objects.find(vm.ref) === vm && powerStateOf(vm) === 'poweredOn';
    if (there && vm.get('runtime').bootTime === bootTime) change();
  })();
}

export const guestPowerMethods: MethodTable = {
  ShutdownGuest: requires('VirtualMachine.Interact.PowerOff', (call) => {
    const vm = askable(call);
    postVmEvent(call, 'VmGuestShutdownEvent', vm, 'Guest OS shut down for {vm}');
    later(call, vm, () => {
      stopRunning(call.world, vm, { clean: true });
      postVmEvent(call, 'VmPoweredOffEvent', vm, '{vm} is powered off');
    });
  }),
  RebootGuest: requires('VirtualMachine.Interact.Reset', (call) => {
    const vm = askable(call);
    postVmEvent(call, 'VmGuestRebootEvent', vm, 'Guest OS reboot for {vm}');
    later(call, vm, () => restartRunning(call.world, vm));
  }),
  StandbyGuest: requires('VirtualMachine.Interact.Suspend', (call) => {
    const vm = askable(call);
    postVmEvent(call, 'VmGuestStandbyEvent', vm, 'Guest OS standby for {vm}');
    later(call, vm, () => {
      suspend(call.world, vm);
      postVmEvent(call, 'VmSuspendedEvent', vm, '{vm} is suspended');
    });
  }),
};
