/** What the inputs of tagging operations are made of. */
import { z } from 'zod';
import type { ManagedObjectReference } from '../../../../src/vim25/managed-object-reference.ts';

export const nothing = z.object({});
export const urn = z.string().min(1).max(1024);
export const name = z.string().min(1).max(256);
export const description = z.string().max(2048);

/** `DynamicID`: an object of the inventory. */
export const dynamicId = z.object({ type: z.string().min(1).max(256), id: z.string().min(1).max(1024) });

export function referenceOf({ type, id }: z.output<typeof dynamicId>): ManagedObjectReference {
  return { type, value: id };
}

export function dynamicIdOf({ type, value }: ManagedObjectReference): { type: string; id: string } {
  return { type, id: value };
}
