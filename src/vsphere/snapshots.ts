/** Snapshots of a VM: the tree as a list, and the one that a person means. */
import type { VirtualMachineSnapshotTree } from '../vim25/generated/types.ts';
import { AmbiguousNameError, listed, ObjectNotFoundError } from './errors.ts';
import { decodeName, formatPath, quoted } from './names.ts';
import { nearNames } from './near-names.ts';
import type { Reader } from './reader.ts';
import { type ManagedObjectReference, sameRef } from './references.ts';

export interface Snapshot {
  readonly ref: ManagedObjectReference;
  /** `snapshot-42`: unique on the server, unlike the number that vSphere calls id. */
  readonly id: string;
  /** Unique within the VM only. */
  readonly number: number;
  readonly name: string;
  /** `/base/patched` */
  readonly path: string;
  readonly description: string;
  /** ISO 8601 */
  readonly created: string;
  /** The VM's power state when it was taken. */
  readonly state: string;
  readonly quiesced: boolean;
  readonly isCurrent: boolean;
  readonly children: number;
}

/** All snapshots, parents before children. */
export async function listSnapshots(reader: Reader, vm: ManagedObjectReference): Promise<Snapshot[]> {
  const { props } = await reader.readOne('VirtualMachine', vm, ['snapshot']);
  const { rootSnapshotList, currentSnapshot } = props.snapshot ?? {};
  return flattenSnapshots(rootSnapshotList ?? [], currentSnapshot);
}

export function flattenSnapshots(
  roots: readonly VirtualMachineSnapshotTree[],
  current: ManagedObjectReference | undefined,
): Snapshot[] {
  const found: Snapshot[] = [];
  // A chain of snapshots may be deep; a stack of our own holds any depth.
  const open = roots.map((node) => ({ node, above: '' })).reverse();
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { node } = next;
    const name = decodeName(node.name);
    const path = next.above + formatPath([name]);
    const children = node.childSnapshotList ?? [];
    found.push({
      ref: node.snapshot,
      id: node.snapshot.value,
      number: node.id,
      name,
      path,
      description: node.description,
      created: node.createTime,
      state: node.state,
      quiesced: node.quiesced,
      isCurrent: sameRef(node.snapshot, current),
      children: children.length,
    });
    open.push(...children.map((child) => ({ node: child, above: path })).reverse());
  }
  return found;
}

/** The one snapshot with this path, id or name; a name that several have is an error that lists their paths. */
export function pickSnapshot(snapshots: readonly Snapshot[], wanted: string): Snapshot {
  const byId = snapshots.find(({ id }) => id === wanted);
  if (byId !== undefined) return byId;
  const byPath = wanted.startsWith('/') ? snapshots.filter(({ path }) => path === wanted) : [];
  const fitting = byPath.length > 0 ? byPath : snapshots.filter(({ name }) => name === wanted);
  if (fitting.length === 1) return fitting[0]!;
  if (fitting.length > 1) {
    const places = listed(fitting.map(({ path, id }) => `${path} (${id})`));
    throw new AmbiguousNameError(`${fitting.length} snapshots are named ${quoted(wanted)}; give the id: ${places}`);
  }
  if (snapshots.length === 0) throw new ObjectNotFoundError('The VM has no snapshots.');
  const near = nearNames(
    wanted,
    snapshots.map(({ name }) => name),
  );
  const hint = near.length === 0 ? '' : ` Did you mean ${near.map(quoted).join(', ')}?`;
  throw new ObjectNotFoundError(`The VM has no snapshot ${quoted(wanted)}.${hint}`);
}
