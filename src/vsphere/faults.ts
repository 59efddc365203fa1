/** The questions this room asks about vSphere's faults. */
import { SoapFault } from '../vim25/faults.ts';
import type { LocalizedMethodFault } from '../vim25/generated/types.ts';
import type { ManagedObjectReference } from './references.ts';

export function isFault(error: unknown, type?: string): error is SoapFault {
  return error instanceof SoapFault && (type === undefined || error.faultType === type);
}

/** The object that a ManagedObjectNotFound names. */
export function goneObject(error: unknown): ManagedObjectReference | undefined {
  if (!isFault(error, 'ManagedObjectNotFound')) return undefined;
  return (error.detail as { obj?: ManagedObjectReference } | undefined)?.obj;
}

/** The class of a fault that arrived as data. */
export function faultTypeOf(fault: LocalizedMethodFault | undefined): string {
  return (fault?.fault as { $type?: string } | undefined)?.$type ?? 'MethodFault';
}
