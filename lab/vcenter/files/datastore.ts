/** Datastore: how full it is follows from its files. */
import type { DatastoreInfo, DatastoreSummary } from '../../../src/vim25/generated/types.ts';
import { objectNotFound } from '../core/faults.ts';
import type { AnyObject, ManagedObject } from '../core/managed-object.ts';
import type { MethodTable } from '../core/method.ts';
import type { World } from '../core/world.ts';

/** By the class of a datastore's `info`. */
const TYPES: Readonly<Record<string, string>> = {
  VmfsDatastoreInfo: 'VMFS',
  NasDatastoreInfo: 'NFS',
  VsanDatastoreInfo: 'vsan',
  VvolDatastoreInfo: 'VVOL',
};

export function deriveDatastores({ objects, files }: Pick<World, 'objects' | 'files'>): void {
  objects.derive('Datastore', 'summary', (datastore): DatastoreSummary => {
    const tree = files.of(datastore);
    const info: DatastoreInfo | undefined = datastore.get('info');
    return {
      datastore: datastore.ref,
      name: tree.datastoreName,
      url: info?.url ?? `ds:///vmfs/volumes/${datastore.id}/`,
      capacity: tree.capacityBytes,
      freeSpace: tree.freeBytes(),
      uncommitted: tree.uncommittedBytes(),
      accessible: isMounted(datastore),
      multipleHostAccess: (datastore.get('host') ?? []).length > 1,
      type: TYPES[info?.$type ?? ''] ?? 'VMFS',
      maintenanceMode: 'normal',
    };
  });
}

/** Some host has it at hand; of a datastore without mounts nothing says the opposite. */
function isMounted(datastore: ManagedObject<'Datastore'>): boolean {
  const mounts = datastore.get('host') ?? [];
  return mounts.length === 0 || mounts.some(({ mountInfo }) => mountInfo.accessible !== false);
}

export const datastoreMethods: MethodTable = {
  RefreshDatastore: ({ self }) => refresh(self),
  RefreshDatastoreStorageInfo: ({ self }) => refresh(self),
};

function refresh(self: AnyObject): void {
  if (!self.as('Datastore')) throw objectNotFound(self.ref);
  self.touch();
}
