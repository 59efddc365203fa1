import type { DataObjects } from './generated/types.ts';
import { isSubtype } from './schema.ts';

/** A data object that says its type, for a field that is declared with one of its bases. */
export function dataObject<T extends keyof DataObjects>(
  $type: T,
  fields: Omit<DataObjects[T], '$type'>,
): DataObjects[T] {
  return { ...fields, $type } as DataObjects[T];
}

/** Whether a decoded object is a `type` or one of its subclasses. */
export function isA<T extends keyof DataObjects>(value: unknown, type: T): value is DataObjects[T] {
  const $type = (value as { $type?: unknown } | null | undefined)?.$type;
  return typeof $type === 'string' && isSubtype($type, type);
}
