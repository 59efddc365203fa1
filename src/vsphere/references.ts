/** vSphere's name for an object on the wire, in the shape that the rooms above may use. */
import type { ManagedObjectReference as WireReference } from '../vim25/managed-object-reference.ts';

export type ManagedObjectReference = WireReference;

/** One text per object, to key maps by. */
export function refKey(ref: ManagedObjectReference): string {
  return `${ref.type}:${ref.value}`;
}

export function sameRef(a: ManagedObjectReference | undefined, b: ManagedObjectReference | undefined): boolean {
  return a?.value === b?.value && a?.type === b?.type;
}
