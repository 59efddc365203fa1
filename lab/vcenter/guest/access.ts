/** Who gets into a guest: in the order in which vCenter asks, from its own privileges to the guest's password. */
import type { GuestAuthentication, Methods } from '../../../src/vim25/generated/types.ts';
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import { invalidArgument } from '../core/faults.ts';
import type { Call, Method } from '../core/method.ts';
import { demand } from '../core/privileges.ts';
import { asVm, invalidPowerState, powerStateOf, requireReachable, type Vm } from '../vm/subject.ts';
import { postGuestLoginFailure, postGuestOperation } from './events.ts';
import {
  guestOperationsUnavailable,
  invalidGuestLogin,
  operationNotSupportedByGuest,
  withFileFaults,
} from './faults.ts';
import type { GuestFiles } from './files/file-system.ts';
import type { Guest } from './guest.ts';
import type { GuestUser } from './machine.ts';

export type GuestPrivilege = 'Query' | 'Modify' | 'Execute';

export interface InGuest {
  readonly vm: Vm;
  readonly guest: Guest;
}

export interface LoggedIn extends InGuest {
  readonly user: GuestUser;
  readonly files: GuestFiles;
}

/** Errors: ManagedObjectNotFound, NoPermission, InvalidState, InvalidPowerState, GuestOperationsUnavailable. */
export function guestOf({ world, session }: Call, ref: ManagedObjectReference, privilege: GuestPrivilege): InGuest {
  const vm = asVm(world.objects.get(ref));
  demand(session, `VirtualMachine.GuestOperations.${privilege}`, vm);
  requireReachable(vm);
  if (powerStateOf(vm) !== 'poweredOn') throw invalidPowerState(vm, 'poweredOn');
  if (vm.get('guest')?.guestOperationsReady !== true) throw guestOperationsUnavailable();
  return { vm, guest: world.guests.of(vm) };
}

type InGuestRequest = { readonly vm: ManagedObjectReference; readonly auth: GuestAuthentication };

/** Methods that work in a guest as one of its users. */
type GuestMethod = {
  [M in keyof Methods]: Methods[M]['request'] extends InGuestRequest ? M : never;
}[keyof Methods];

/**
 * A method that works in a guest: who calls it is let in first, and what was changed there is in the event log.
 * Errors: those of `logInTo`; what goes wrong with files, as faults.
 */
export function inGuest<M extends GuestMethod>(
  name: M,
  privilege: GuestPrivilege,
  act: (call: Call<Methods[M]['request']>, loggedIn: LoggedIn) => Methods[M]['response'],
): Method<M> {
  return (call) => {
    const loggedIn = logInTo(call as unknown as Call<InGuestRequest>, privilege, name);
    const result = withFileFaults(() => act(call, loggedIn));
    if (privilege !== 'Query') postGuestOperation(call, loggedIn.vm, name);
    return result;
  };
}

/** Errors: those of `guestOf`; InvalidGuestLogin, OperationNotSupportedByGuest. */
function logInTo(call: Call<InGuestRequest>, privilege: GuestPrivilege, method: string): LoggedIn {
  const { vm, guest } = guestOf(call, call.request.vm, privilege);
  const user = authenticated(vm, guest, call.request.auth);
  if (!user) {
    postGuestLoginFailure(call, vm, method);
    throw invalidGuestLogin();
  }
  return { vm, guest, user, files: guest.filesOf(user) };
}

/** Undefined for whom the guest does not let in. Errors: GuestOperationsUnavailable, OperationNotSupportedByGuest. */
export function authenticated(vm: Vm, guest: Guest, auth: GuestAuthentication): GuestUser | undefined {
  const given = auth as GuestAuthentication & { readonly [field: string]: unknown };
  // Needs the Tools' part in a session on the desktop, which only a Windows where somebody is logged in has.
  if (given.interactiveSession === true && vm.get('guest')?.interactiveGuestOperationsReady !== true) {
    throw guestOperationsUnavailable();
  }
  return userOf(guest, given);
}

function userOf(guest: Guest, given: { readonly [field: string]: unknown }): GuestUser | undefined {
  switch (given.$type) {
    case 'NamePasswordAuthentication':
      return guest.logIn(String(given.username ?? ''), String(given.password ?? ''));
    case 'TicketedSessionAuthentication':
      return guest.holderOf(String(given.ticket ?? ''));
    case 'SAMLTokenAuthentication':
      return undefined;
    case 'SSPIAuthentication':
      if (guest.system.family !== 'windows') throw operationNotSupportedByGuest();
      return undefined;
    default:
      throw invalidArgument('auth');
  }
}
