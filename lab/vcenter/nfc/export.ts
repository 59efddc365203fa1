/** VirtualMachine.ExportVm: a lease to fetch the disks of a VM. */
import type { Method } from '../core/method.ts';
import { asVm, invalidPowerState, powerStateOf, requireReachable } from '../vm/subject.ts';
import { leasedDisks } from './devices.ts';
import { openLease } from './lease.ts';

/** Errors: InvalidPowerState for a VM that is not off, InvalidState, TaskInProgress. */
export const exportVm: Method<'ExportVm'> = (call) => {
  const vm = asVm(call.self);
  requireReachable(vm);
  if (powerStateOf(vm) !== 'poweredOff') throw invalidPowerState(vm, 'poweredOff');
  return openLease(call, {
    mode: 'export',
    taskName: 'ExportVm',
    descriptionId: 'VirtualMachine.ExportVmLRO',
    entity: vm,
    locks: [vm],
    prepare: () => ({ vm, devices: leasedDisks(call.world, vm) }),
    finish: () => undefined,
    undo: () => {},
  });
};
