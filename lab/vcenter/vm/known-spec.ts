/**
 * What a client sends is kept and shown to all others, so that nothing may be in it that cannot be said again: fields
 * that a type has not are left out, and a type that there is not is no valid request.
 */
import { dataType } from '../../../src/vim25/schema.ts';
import { UNKNOWN_FIELDS } from '../../../src/vim25/unknown-fields.ts';
import { fault } from '../core/faults.ts';

/** Errors: the fault InvalidRequest. */
export function knownSpec<T>(value: T): T {
  if (Array.isArray(value)) return value.map(knownSpec) as T;
  if (typeof value !== 'object' || value === null || value instanceof Date || ArrayBuffer.isView(value)) return value;
  const { $type, [UNKNOWN_FIELDS]: unknown = [] } = value as { $type?: string; [UNKNOWN_FIELDS]?: readonly string[] };
  if ($type !== undefined && !$type.startsWith('xsd:') && !$type.startsWith('ArrayOf') && !dataType($type)) {
    throw fault('InvalidRequest', {}, `The request names a type that is not known: ${$type}`);
  }
  const kept = Object.entries(value).filter(([name]) => !unknown.includes(name));
  return Object.fromEntries(kept.map(([name, each]) => [name, knownSpec(each)])) as T;
}
