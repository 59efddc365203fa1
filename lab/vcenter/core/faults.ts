/** What a method throws to be answered by a fault of vSphere's. */
import type { DataObjects, LocalizedMethodFault } from '../../../src/vim25/generated/types.ts';
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';

export class VimFault extends Error {
  readonly fault: { readonly $type: string };

  constructor(fault: { readonly $type: string }, message: string) {
    super(message);
    this.fault = fault;
  }
}

/** A fault of the class `$type` with its fields; `message` is what vSphere's clients show. */
export function fault<T extends keyof DataObjects>(
  $type: T,
  fields: Omit<DataObjects[T], '$type' | 'faultCause' | 'faultMessage'>,
  message: string,
): VimFault {
  return new VimFault({ ...fields, $type }, message);
}

export function localized(error: VimFault): LocalizedMethodFault {
  return { fault: error.fault, localizedMessage: error.message };
}

export function objectNotFound(obj: ManagedObjectReference): VimFault {
  return fault(
    'ManagedObjectNotFound',
    { obj },
    `The object 'vim.${obj.type}:${obj.value}' has already been deleted or has not been completely created`,
  );
}

/** `property` is the argument's path, `configSpec.numCPUs` say. */
export function invalidArgument(property: string): VimFault {
  return fault('InvalidArgument', { invalidProperty: property }, `A specified parameter was not correct: ${property}`);
}

export function notSupported(what: string): VimFault {
  return fault('NotSupported', {}, `The operation is not supported on the object: ${what}`);
}
