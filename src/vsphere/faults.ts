/** The questions this room asks about vSphere's faults. */
import { isSoapFault, type SoapFault } from '../vim25/faults.ts';
import type { LocalizedMethodFault } from '../vim25/generated/types.ts';
import type { ManagedObjectReference } from './references.ts';

/** Whether the server answered with a fault: of this class or one of its subclasses, or any. */
export function isFault(error: unknown, type?: string): error is SoapFault {
  return isSoapFault(error, type);
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
