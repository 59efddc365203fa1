/**
 * What a fault of vSphere means for the person who made the call: one short sentence, with what to do about it.
 *
 * Safe to show: written here, or vSphere's own sentence without control characters and cut short; from the
 * fault's fields only names that the caller may know (a privilege, a VM's state, the object's id).
 */

export interface FaultDetail {
  readonly $type?: string;
  readonly [field: string]: unknown;
}

import { plainText } from '../lib/plain-text.ts';

const MAX_SENTENCE = 300;

type Sentence = string | ((detail: FaultDetail, said: string) => string);

const SENTENCES: Readonly<Record<string, Sentence>> = {
  // State of the object
  InvalidPowerState: (detail) =>
    `The VM is ${powerState(detail.existingState) ?? 'in another power state'}${
      powerState(detail.requestedState) ? `; it would have to be ${powerState(detail.requestedState)}` : ''
    }.`,
  InvalidState: (_, said) => withSaid("The object's present state does not allow this.", said),
  InvalidHostState: (_, said) => withSaid("The host's present state does not allow this.", said),
  TaskInProgress: 'Another task is at work on this object: wait for it to end, then try again.',
  ResourceInUse: (detail, said) => withSaid(`${named(detail.name) ?? 'The resource'} is in use.`, said),
  ConcurrentAccess: 'Someone else changed the object at the same time: read it again, then try again.',
  QuestionPending: 'The VM waits for the answer to a question; it has to be answered in the vSphere Client first.',
  MethodDisabled: 'vSphere has disabled this operation for this object for now.',
  HostNotConnected: 'The ESXi host is not connected to vCenter.',
  HostCommunication: 'vCenter cannot reach the ESXi host.',
  HostNotReachable: 'vCenter cannot reach the ESXi host.',
  VmToolsUpgradeFault: (_, said) => withSaid('VMware Tools could not be upgraded.', said),
  ToolsUnavailable: 'VMware Tools are not running in this VM, and this operation needs them.',
  // Names and things
  DuplicateName: (detail) => `The name ${named(detail.name) ?? ''} is taken already.`.replace('  ', ' '),
  AlreadyExists: (detail) => `${named(detail.name) ?? 'It'} exists already.`,
  InvalidName: (detail) => `${named(detail.name) ?? 'The name'} is not a name that vSphere takes.`,
  ManagedObjectNotFound: (detail) =>
    `The object${reference(detail.obj)} does not exist (any more), or the account may not see it.`,
  NotFound: 'vSphere did not find what was asked for.',
  // Rights and licences
  NoPermission: (detail) =>
    `The gateway's vSphere account lacks the privilege ${privilege(detail)}${
      reference(detail.object) ? ` on${reference(detail.object)}` : ''
    }.`,
  InvalidLogin:
    "vSphere refused the gateway's user name or password: its operator has to look at VCENTER_USER and " +
    'VCENTER_PASSWORD, or ESXI_USER and ESXI_PASS.',
  NotAuthenticated: 'The session with vSphere was lost.',
  RestrictedByAdministrator: 'A vSphere administrator has restricted this operation.',
  RestrictedVersion:
    "The host's licence does not allow this: a free ESXi has a read-only API. It takes a licensed host or a vCenter.",
  LicenseExpired: 'The vSphere licence has expired.',
  NotEnoughLicenses: 'There are not enough vSphere licences for this.',
  // What the server can do
  NotSupported: (_, said) => withSaid('vSphere does not support this here.', said),
  NotImplemented: 'This vSphere server does not implement this operation.',
  MethodNotFound: 'This vSphere server does not know this operation.',
  InvalidRequest: (_, said) => withSaid('vSphere could not understand the request.', said),
  InvalidArgument: (detail, said) =>
    withSaid(`vSphere does not accept the value of ${plain(detail.invalidProperty, 80) || 'an argument'}.`, said),
  // Resources
  InsufficientResourcesFault: (_, said) => withSaid('There are not enough resources for this.', said),
  InsufficientCpuResourcesFault: 'There is not enough CPU left in the host, cluster or resource pool.',
  InsufficientMemoryResourcesFault: 'There is not enough memory left in the host, cluster or resource pool.',
  InsufficientFailoverResourcesFault: 'vSphere HA would not have enough resources left for a failover.',
  InsufficientHostCapacityFault: 'No host has enough capacity left for this.',
  InsufficientStorageSpace: 'There is not enough space left on the storage.',
  NoDiskSpace: (detail) =>
    `There is no space left on the datastore${named(detail.datastore) ? ` ${named(detail.datastore)}` : ''}.`,
  NoCompatibleHost: 'No host fits this VM.',
  // Files
  FileNotFound: (detail) => `The file ${named(detail.file) ?? ''} does not exist.`.replace('  ', ' '),
  FileAlreadyExists: (detail) => `The file ${named(detail.file) ?? ''} exists already.`.replace('  ', ' '),
  FileLocked: (detail) => `The file ${named(detail.file) ?? ''} is locked: something uses it.`.replace('  ', ' '),
  FileTooLarge: 'The file is too large for the datastore.',
  DirectoryNotEmpty: 'The directory is not empty.',
  CannotAccessFile: (detail) => `vSphere cannot access the file ${named(detail.file) ?? ''}.`.replace(' .', '.'),
  CannotCreateFile: (detail) => `vSphere cannot create the file ${named(detail.file) ?? ''}.`.replace(' .', '.'),
  CannotDeleteFile: (detail) => `vSphere cannot delete the file ${named(detail.file) ?? ''}.`.replace(' .', '.'),
  InvalidDatastore: 'The datastore does not exist or cannot be used for this.',
  InvalidDatastorePath: 'That is no datastore path: it reads `[datastore] folder/file`.',
  // In the guest
  GuestOperationsUnavailable: 'The guest cannot be reached: the VM is off, or its VMware Tools do not run (yet).',
  InvalidGuestLogin: 'The guest refused the user name or password.',
  GuestPermissionDenied: "The guest's user may not do this.",
  GuestProcessNotFound: 'There is no such process in the guest.',
  GuestComponentsOutOfDate: 'The VMware Tools in the guest are too old for this.',
  OperationDisabledByGuest: "The guest's VMware Tools are configured to refuse this.",
  OperationNotSupportedByGuest: "The guest's operating system does not support this.",
  TooManyGuestLogons: 'Too many users are logged on in the guest.',
  // Time
  Timedout: 'vSphere gave up: the operation took too long.',
  RequestCanceled: 'The task was cancelled.',
};

/**
 * A sentence for the caller, at most about 300 characters.
 *
 * @param message vSphere's own, localized text
 * @param detail the fault's fields, where they were decoded
 */
export function describeFault(faultType: string, message: string, detail?: unknown): string {
  const said = plain(message, MAX_SENTENCE);
  const sentence = Object.hasOwn(SENTENCES, faultType) ? SENTENCES[faultType] : undefined;
  if (typeof sentence === 'string') return sentence;
  if (sentence) return plain(sentence(fieldsOf(detail), said), MAX_SENTENCE);
  const name = plain(faultType, 80) || 'a fault';
  return said === '' ? `vSphere answered with ${name}.` : plain(`${name}: ${said}`, MAX_SENTENCE);
}

function fieldsOf(detail: unknown): FaultDetail {
  return typeof detail === 'object' && detail !== null ? (detail as FaultDetail) : {};
}

function plain(text: unknown, most: number): string {
  return typeof text === 'string' ? plainText(text, most - 1) : '';
}

function withSaid(sentence: string, said: string): string {
  return said === '' ? sentence : `${sentence} (${said})`;
}

function named(name: unknown): string | undefined {
  const text = plain(name, 120);
  return text === '' ? undefined : `"${text}"`;
}

function powerState(state: unknown): string | undefined {
  if (state === 'poweredOn') return 'powered on';
  if (state === 'poweredOff') return 'powered off';
  return state === 'suspended' ? 'suspended' : undefined;
}

function reference(ref: unknown): string {
  const value = plain((ref as { value?: unknown } | null | undefined)?.value, 80);
  return value === '' ? '' : ` ${value}`;
}

/** From 7.0.3.1 there may be several, in `missingPrivileges`. */
function privilege({ privilegeId, missingPrivileges }: FaultDetail): string {
  const missing = Array.isArray(missingPrivileges)
    ? missingPrivileges.flatMap((each: { privilegeIds?: unknown } | null) =>
        Array.isArray(each?.privilegeIds) ? each.privilegeIds : [],
      )
    : [];
  const ids = new Set([privilegeId, ...missing].map((id) => plain(id, 80)).filter((id) => id !== ''));
  return [...ids].slice(0, 5).join(', ') || 'for this';
}
