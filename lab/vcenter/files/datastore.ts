/** Datastore's own methods: how full it is follows from its files. */
import { objectNotFound } from '../core/faults.ts';
import type { AnyObject } from '../core/managed-object.ts';
import type { MethodTable } from '../core/method.ts';

export const datastoreMethods: MethodTable = {
  RefreshDatastore: ({ self }) => refresh(self),
  RefreshDatastoreStorageInfo: ({ self }) => refresh(self),
};

function refresh(self: AnyObject): void {
  if (!self.as('Datastore')) throw objectNotFound(self.ref);
  self.touch();
}
