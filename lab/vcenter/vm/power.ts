/** VirtualMachine: on, off, reset, suspend. */
import type { VirtualMachinePowerState } from '../../../src/vim25/generated/types.ts';
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import { localized, VimFault } from '../core/faults.ts';
import { type Call, type MethodTable, requires } from '../core/method.ts';
import { restartRunning, startRunning, stopRunning, suspend } from './power-state.ts';
import { hostHasDrs, requireRunnable } from './run-requirements.ts';
import { asVm, invalidPowerState, powerStateOf, requireNoTemplate, requireReachable, type Vm } from './subject.ts';
import { postVmEvent } from './vm-events.ts';

interface PowerChange {
  readonly descriptionId: string;
  readonly name: string;
  readonly from: readonly VirtualMachinePowerState[];
  /** What the fault says the VM should be in. */
  readonly requested: VirtualMachinePowerState;
  readonly change: (call: Call, vm: Vm) => void;
}

function powerTask(call: Call, { descriptionId, name, from, requested, change }: PowerChange): ManagedObjectReference {
  const vm = asVm(call.self);
  return call.world.tasks.start(call, {
    descriptionId,
    name,
    entity: vm,
    run: () => {
      requireReachable(vm);
      requireNoTemplate(vm);
      if (!from.includes(powerStateOf(vm))) throw invalidPowerState(vm, requested);
      change(call, vm);
    },
  });
}

/** Errors: InvalidPowerState, InvalidState, and what keeps the VM from running on its host. */
export function powerOn(call: Pick<Call, 'world' | 'session'>, vm: Vm): void {
  const { world } = call;
  const resumes = powerStateOf(vm) === 'suspended';
  postVmEvent(call, resumes ? 'VmResumingEvent' : 'VmStartingEvent', vm, `{vm} is ${resumes ? 'resumed' : 'starting'}`);
  try {
    requireRunnable(world, vm);
    startRunning(world, vm);
  } catch (error) {
    if (!(error instanceof VimFault)) throw error;
    const told = `Failed to power on {vm}: ${error.message}`;
    postVmEvent(call, 'VmFailedToPowerOnEvent', vm, told, { reason: localized(error) });
    throw error;
  }
  const byDrs = hostHasDrs(world, vm);
  postVmEvent(call, byDrs ? 'DrsVmPoweredOnEvent' : 'VmPoweredOnEvent', vm, '{vm} is powered on');
}

function powerOff(call: Pick<Call, 'world' | 'session'>, vm: Vm): void {
  const { world } = call;
  postVmEvent(call, 'VmStoppingEvent', vm, '{vm} is stopping');
  stopRunning(world, vm, { clean: false });
  postVmEvent(call, 'VmPoweredOffEvent', vm, '{vm} is powered off');
}

export const powerMethods: MethodTable = {
  PowerOnVM_Task: requires('VirtualMachine.Interact.PowerOn', (call) => {
    const { host } = call.request;
    if (host) call.world.objects.get(host, 'HostSystem');
    return powerTask(call, {
      descriptionId: 'VirtualMachine.powerOn',
      name: 'PowerOnVM_Task',
      from: ['poweredOff', 'suspended'],
      requested: 'poweredOn',
      change: (_, vm) => {
        if (host) vm.set({ runtime: { ...vm.get('runtime'), host } });
        powerOn(call, vm);
      },
    });
  }),
  PowerOffVM_Task: requires('VirtualMachine.Interact.PowerOff', (call) =>
    powerTask(call, {
      descriptionId: 'VirtualMachine.powerOff',
      name: 'PowerOffVM_Task',
      from: ['poweredOn', 'suspended'],
      requested: 'poweredOff',
      change: powerOff,
    }),
  ),
  ResetVM_Task: requires('VirtualMachine.Interact.Reset', (call) =>
    powerTask(call, {
      descriptionId: 'VirtualMachine.reset',
      name: 'ResetVM_Task',
      from: ['poweredOn'],
      requested: 'poweredOn',
      change: (_, vm) => {
        postVmEvent(call, 'VmResettingEvent', vm, '{vm} is reset');
        restartRunning(call.world, vm);
      },
    }),
  ),
  SuspendVM_Task: requires('VirtualMachine.Interact.Suspend', (call) =>
    powerTask(call, {
      descriptionId: 'VirtualMachine.suspend',
      name: 'SuspendVM_Task',
      from: ['poweredOn'],
      requested: 'suspended',
      change: (_, vm) => {
        postVmEvent(call, 'VmSuspendingEvent', vm, '{vm} is being suspended');
        suspend(call.world, vm);
        postVmEvent(call, 'VmSuspendedEvent', vm, '{vm} is suspended');
      },
    }),
  ),
};
