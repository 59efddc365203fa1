/** The arguments and results that many tools share, so that one thing has one name and one shape everywhere. */
import { z } from 'zod';
import type { InventoryObject } from '../vsphere/inventory.ts';

/** Names in vSphere have at most 80 characters; paths and ids are told apart by the inventory. */
const objectName = z.string().min(1).max(2048);

export const vmName = objectName.describe('VM: name, path (/DC/vm/folder/name) or id (vm-42).');
export const hostName = objectName
  .optional()
  .describe('ESXi host: name, path or id. Needed where the server manages several.');
export const datastoreName = objectName.describe('Datastore: name, path or id.');
export const networkName = objectName.describe('Network or distributed port group: name, path or id.');
/**
 * vSphere would take a line feed in a name, or a mark that turns its direction: no person could type such a name
 * again, and two of them may look the same.
 */
export const newName = z
  .string()
  .min(1)
  .max(80)
  .refine((name) => !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(name), 'holds control or invisible characters');

export const limit = z.int().min(1).max(1000).default(200);
export const cursor = z.string().max(8192).optional().describe('The last next_cursor.');

/** How a result names the object it is about. */
export const objectRef = z.object({ name: z.string(), path: z.string(), id: z.string() });

export function toObjectRef({ name, path, id }: InventoryObject): z.output<typeof objectRef> {
  return { name, path, id };
}

export const powerState = z.string().describe('poweredOn, poweredOff or suspended');
