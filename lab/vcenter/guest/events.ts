/** What vCenter writes into its event log of what is done in guests. */
import type { Call } from '../core/method.ts';
import type { Vm } from '../vm/subject.ts';

type Doer = Pick<Call, 'world' | 'session'>;

/** `MakeDirectoryInGuest` is `Make Directory`. */
function operationName(method: string): string {
  return method.replace(/InGuest$/, '').replace(/(?<=[a-z])(?=[A-Z])/g, ' ');
}

function post({ world, session }: Doer, vm: Vm, kind: string, severity: 'info' | 'warning', message: string): void {
  // An ESXi keeps no record of it.
  if (world.kind !== 'vcenter') return;
  world.events.post('EventEx', {
    user: session.account?.name ?? '',
    entity: vm,
    message,
    fields: {
      eventTypeId: `com.vmware.vc.guestOperations.${kind}`,
      severity,
      message,
      objectId: vm.id,
      objectType: 'VirtualMachine',
      objectName: vm.get('name'),
    },
  });
}

export function postGuestOperation(doer: Doer, vm: Vm, method: string): void {
  const message = `Guest operation ${operationName(method)} performed on Virtual machine ${vm.get('name')}.`;
  post(doer, vm, 'GuestOperation', 'info', message);
}

export function postGuestLoginFailure(doer: Doer, vm: Vm, method: string): void {
  const what = `operation ${operationName(method)} on Virtual machine ${vm.get('name')}`;
  post(doer, vm, 'GuestOperationAuthFailure', 'warning', `Guest operation authentication failed for ${what}.`);
}
