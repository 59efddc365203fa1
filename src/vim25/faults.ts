/** What a vSphere server answers instead of a result, as typed errors. */
import { type ErrorCode, GatewayError } from '../lib/errors.ts';
import { describeFault } from './fault-sentences.ts';
import type { LocalizedMethodFault } from './generated/types.ts';
import { isSubtype } from './schema.ts';

export { describeFault };

/** The first ancestor found here gives the code: https://developer.broadcom.com/xapis/vsphere-web-services-api/latest/ */
const CODES: readonly (readonly [faultType: string, code: ErrorCode])[] = [
  ['InvalidLogin', 'UNAVAILABLE'],
  ['NotAuthenticated', 'UNAVAILABLE'],
  ['HostCommunication', 'UNAVAILABLE'],
  ['NoPermission', 'PERMISSION_DENIED'],
  ['RestrictedByAdministrator', 'PERMISSION_DENIED'],
  ['GuestPermissionDenied', 'PERMISSION_DENIED'],
  ['InvalidGuestLogin', 'PERMISSION_DENIED'],
  ['ManagedObjectNotFound', 'NOT_FOUND'],
  ['FileNotFound', 'NOT_FOUND'],
  ['NotFound', 'NOT_FOUND'],
  ['GuestProcessNotFound', 'NOT_FOUND'],
  ['RestrictedVersion', 'UNSUPPORTED'],
  ['MethodNotFound', 'UNSUPPORTED'],
  ['NotImplemented', 'UNSUPPORTED'],
  ['NotSupported', 'UNSUPPORTED'],
  ['OperationNotSupportedByGuest', 'UNSUPPORTED'],
  ['DuplicateName', 'INVALID_INPUT'],
  ['AlreadyExists', 'INVALID_INPUT'],
  ['FileAlreadyExists', 'INVALID_INPUT'],
  ['InvalidName', 'INVALID_INPUT'],
  ['InvalidDatastorePath', 'INVALID_INPUT'],
  ['InvalidArgument', 'INVALID_INPUT'],
  ['InvalidState', 'INVALID_STATE'],
  ['TaskInProgress', 'INVALID_STATE'],
  ['ResourceInUse', 'INVALID_STATE'],
  ['ConcurrentAccess', 'INVALID_STATE'],
  ['ToolsUnavailable', 'INVALID_STATE'],
  ['GuestOperationsUnavailable', 'INVALID_STATE'],
];

/** A fault: `message` is for the caller; what vSphere itself said stays inside. */
export class SoapFault extends GatewayError {
  /** The fault's class, `InvalidPowerState` say. */
  readonly faultType: string;
  /** vSphere's own, localized text. */
  readonly faultMessage: string;
  /** The fault's fields. */
  readonly detail: unknown;

  constructor(faultType: string, faultMessage: string, detail: unknown) {
    super(codeOf(faultType), describeFault(faultType, faultMessage, detail));
    this.faultType = faultType;
    this.faultMessage = faultMessage;
    this.detail = detail;
  }
}

function codeOf(faultType: string): ErrorCode {
  return CODES.find(([ancestor]) => isSubtype(faultType, ancestor))?.[1] ?? 'VSPHERE_FAULT';
}

/** A fault that arrived as data: in a task's `info.error`, in a property's `missingSet`. */
export function faultFromLocalized({ fault, localizedMessage }: LocalizedMethodFault): SoapFault {
  return new SoapFault(fault?.$type ?? 'MethodFault', localizedMessage ?? '', fault);
}

/** Whether `error` is the fault `type` or one of its subclasses. */
export function isSoapFault(error: unknown, type?: string): error is SoapFault {
  return error instanceof SoapFault && (type === undefined || isSubtype(error.faultType, type));
}

interface WireFault {
  readonly faultcode?: unknown;
  readonly faultstring?: unknown;
  readonly detail?: unknown;
}

/**
 * The Fault element of a SOAP answer. The type of the detail is the fault's class; a server that leaves the type
 * out names the element by it (`InvalidLoginFault`).
 */
export function faultFromWire({ faultcode, faultstring, detail }: WireFault): SoapFault {
  const message = typeof faultstring === 'string' ? faultstring : '';
  const [[element, fields] = []] = isObject(detail) ? Object.entries(detail).filter(([name]) => name !== '$type') : [];
  if (element !== undefined) {
    const said = isObject(fields) ? fields.$type : undefined;
    const faultType = typeof said === 'string' ? said : element.replace(/Fault$/, '');
    return new SoapFault(faultType, message, fields);
  }
  // A request that cannot be parsed is answered without a detail.
  const code = typeof faultcode === 'string' ? faultcode.replace(/^.*:/, '') : '';
  return new SoapFault(code === '' ? 'UnknownFault' : code, message, undefined);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
