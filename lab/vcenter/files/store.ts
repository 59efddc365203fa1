/** What lies on the datastores. */

import type { Clock } from '../../../src/lib/clock.ts';
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import type { AnyObject } from '../core/managed-object.ts';
import type { ObjectStore } from '../core/object-store.ts';
import { createFileTree, type FileTree } from './tree.ts';

export interface DatastoreFiles {
  /** The files of a datastore. */
  of(datastore: AnyObject | ManagedObjectReference): FileTree;
  /** Says how large a datastore is, before anything is written to it. */
  add(datastore: AnyObject, space: DatastoreSpace): FileTree;
  /** Whether the content of a file of that size is to be kept in memory: what is not reads as zeros. */
  mayKeep(bytes: number): boolean;
}

export interface DatastoreSpace {
  readonly capacityBytes: number;
  /** What of it is taken by what is not listed. Default: what VMFS needs for itself. */
  readonly foreignBytes?: number;
}

const DEFAULT_CAPACITY = 1024 ** 4;
const MIB = 1024 ** 2;
/** What clients send is bounded by their disks, not by this machine's memory. */
const MAX_KEPT_FILE = 64 * MIB;
const MAX_KEPT = 512 * MIB;
const METADATA_BYTES = 1_508 * MIB;

export function createDatastoreFiles({ clock, objects }: { clock: Clock; objects: ObjectStore }): DatastoreFiles {
  const trees = new Map<string, FileTree>();
  const files: DatastoreFiles = {
    of(datastore) {
      const id = 'ref' in datastore ? datastore.id : datastore.value;
      const object = objects.get<'Datastore'>({ type: 'Datastore', value: id });
      return trees.get(id) ?? files.add(object, { capacityBytes: DEFAULT_CAPACITY });
    },
    add(datastore, { capacityBytes, foreignBytes = METADATA_BYTES }) {
      const tree = createFileTree({
        name: () => String(datastore.read('name')),
        capacityBytes,
        foreignBytes,
        now: () => clock.now(),
        changed: () => datastore.touch(),
      });
      trees.set(datastore.id, tree);
      return tree;
    },
    mayKeep(bytes) {
      if (bytes > MAX_KEPT_FILE) return false;
      let kept = bytes;
      for (const tree of trees.values()) kept += tree.keptBytes();
      return kept <= MAX_KEPT;
    },
  };
  return files;
}
