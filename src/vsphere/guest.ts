/**
 * The operating system inside a VM, as one of its users has it through VMware Tools.
 *
 * The password of that user is revealed only into the requests that need it, and kept nowhere else. Files travel
 * between the gateway and the ESXi host of the VM, by addresses that vSphere hands out: the host is known by its
 * certificate's thumbprint, and gets neither the session nor the password.
 */
import type { Clock } from '../lib/clock.ts';
import type { Secret } from '../lib/secret.ts';
import { TransportError } from '../vim25/errors.ts';
import type { FileRequest, FileTransfer } from '../vim25/file-transfer.ts';
import type { GuestAuthentication } from '../vim25/generated/types.ts';
import type { HttpResponse } from '../vim25/transport.ts';
import { InvalidStateError, UnsupportedError } from './errors.ts';
import type { GuestFamily } from './guest-command-line.ts';
import { explainGuestFault } from './guest-faults.ts';
import type { InventoryObject } from './inventory.ts';
import { quoted } from './names.ts';
import type { CallMethod, ObjectProperties, Reader } from './reader.ts';
import type { ManagedObjectReference } from './references.ts';
import { requireNotTemplate, requirePowerState, requireRunningTools } from './vm-state.ts';

export interface GuestLogin {
  readonly username: string;
  readonly password: Secret;
}

interface GuestMethodArguments {
  readonly vm: ManagedObjectReference;
  readonly auth: GuestAuthentication;
}

export interface Guest {
  readonly vm: InventoryObject;
  readonly family: GuestFamily;
  readonly username: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly files: ManagedObjectReference;
  readonly programs: ManagedObjectReference;
  readonly call: CallMethod;
  readonly withTemporary: Reader['withTemporary'];
  /** What each method of a guest begins with. */
  user(): GuestMethodArguments;
  /** Rejects with the guest's fault where it does not let the user in. Changes nothing. */
  validateLogin(): Promise<void>;
  /** A file out of the guest, or into it, at an address that vSphere has handed out for that. */
  transfer<T>(url: string, request: TransferRequest, consume: (response: HttpResponse) => Promise<T>): Promise<T>;
  /** Runs what asks about a path; a fault says what is wrong with that path. */
  about<T>(path: string, ask: () => Promise<T>): Promise<T>;
}

type TransferRequest = Omit<FileRequest, 'signal'>;

/** What guests are reached by: what a call has. */
export interface GuestAccess {
  readonly reader: Reader;
  readonly transfer: FileTransfer;
  readonly clock: Clock;
}

export interface Guests {
  /**
   * The guest of a VM in which something can be done: on, with Tools that answer.
   *
   * Errors: INVALID_STATE with what to do; UNSUPPORTED for a server that has no guests.
   */
  open(vm: InventoryObject, login: GuestLogin): Promise<Guest>;
}

export function createGuests(access: GuestAccess): Guests {
  return { open: (vm, login) => openGuest(access, vm, login) };
}

const STATE = [
  'runtime.powerState',
  'runtime.host',
  'config.template',
  'config.guestId',
  'guest.toolsRunningStatus',
  'guest.guestOperationsReady',
  'guest.guestFamily',
] as const;

async function openGuest(
  { reader, transfer, clock }: GuestAccess,
  vm: InventoryObject,
  { username, password }: GuestLogin,
): Promise<Guest> {
  const { guestOperationsManager: manager } = reader.content;
  if (manager === undefined) throw new UnsupportedError('This server has no guest operations.');
  const [{ props: state }, { props: managers }] = await Promise.all([
    reader.readOne('VirtualMachine', vm.ref, STATE),
    reader.readOne('GuestOperationsManager', manager, ['authManager', 'fileManager', 'processManager']),
  ]);
  requireReady(vm, state);
  const { authManager, fileManager, processManager } = managers;
  if (!authManager || !fileManager || !processManager) {
    throw new UnsupportedError('This server has no guest operations, or its account may not see them.');
  }
  const { call, signal } = reader;
  const user = (): GuestMethodArguments => ({
    vm: vm.ref,
    auth: {
      $type: 'NamePasswordAuthentication',
      interactiveSession: false,
      username,
      password: password.reveal(),
    } as GuestAuthentication,
  });
  const host = state['runtime.host'];
  let thumbprint: Promise<string | undefined> | undefined;

  return {
    vm,
    family: familyOf(state['guest.guestFamily'], state['config.guestId']),
    username,
    clock,
    signal,
    files: fileManager,
    programs: processManager,
    call,
    withTemporary: reader.withTemporary,
    user,
    validateLogin: async () => {
      await call('ValidateCredentialsInGuest', { _this: authManager, ...user() });
    },
    async transfer(url, request, consume) {
      // `*` is the managed server itself, which is known already.
      const elsewhere = !/^https?:\/\/\*[:/]/.test(url);
      if (elsewhere) thumbprint ??= thumbprintOf(reader, host);
      const known = elsewhere ? await thumbprint : undefined;
      try {
        return await transfer.at({ url, ...(known ? { thumbprint: known } : {}) }, { ...request, signal }, consume);
      } catch (error) {
        throw elsewhere ? explainHostFailure(url, error, known !== undefined) : error;
      }
    },
    async about(path, ask) {
      try {
        return await ask();
      } catch (error) {
        throw explainGuestFault(error, path, username);
      }
    },
  };
}

type State = ObjectProperties<'VirtualMachine', (typeof STATE)[number]>['props'];

function requireReady(vm: InventoryObject, props: State): void {
  const state = {
    powerState: props['runtime.powerState'] ?? 'unknown',
    isTemplate: props['config.template'] === true,
    toolsRunning: props['guest.toolsRunningStatus'] === 'guestToolsRunning',
  };
  requireNotTemplate(vm, state);
  requirePowerState(vm, state, ['poweredOn'], 'power_on starts it, and with it its guest.');
  requireRunningTools(vm, state, 'without them nothing can be done inside it. get_vm_tools_status tells more.');
  if (props['guest.guestOperationsReady'] === false) {
    const advice = 'it may still be starting: try again in a minute.';
    throw new InvalidStateError(`The guest of ${quoted(vm.name)} takes no operations at present: ${advice}`);
  }
}

/** What the Tools have found out goes before what the VM was made for. */
function familyOf(found: string | undefined, guestId = ''): GuestFamily {
  return (found ? found === 'windowsGuest' : /^win/i.test(guestId)) ? 'windows' : 'posix';
}

async function thumbprintOf(reader: Reader, host: ManagedObjectReference | undefined): Promise<string | undefined> {
  if (host === undefined) return undefined;
  const { props } = await reader.readOne('HostSystem', host, ['summary.config.sslThumbprint']);
  return props['summary.config.sslThumbprint'];
}

/** What an operator has to see to where the host is the right one, and cannot be spoken to. */
function explainHostFailure(url: string, error: unknown, pinned: boolean): unknown {
  if (!(error instanceof TransportError) || !URL.canParse(url)) return error;
  const host = quoted(new URL(url).host);
  const { failure, maybeExecuted } = error;
  const say = (message: string) => new TransportError(failure, message, { cause: error, maybeExecuted });
  switch (failure) {
    case 'tls':
      if (!pinned) return error;
      return say(
        `${host} does not present the certificate that vSphere knows of this ESXi host: nothing was sent to it.`,
      );
    case 'connect':
      return say(
        `${error.message} Files of guests, and what commands say, come from the ESXi host: the gateway has to reach it.`,
      );
    default:
      return error;
  }
}
