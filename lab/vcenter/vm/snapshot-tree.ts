/** The tree that `VirtualMachine.snapshot` shows: values in, values out. */
import type { VirtualMachineSnapshotTree } from '../../../src/vim25/generated/types.ts';
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';

type Tree = VirtualMachineSnapshotTree;

/** The node of a snapshot, and of the one above it. */
export function findNode(
  roots: readonly Tree[],
  { value }: ManagedObjectReference,
): { node: Tree; parent: Tree | undefined; depth: number } | undefined {
  const open: { node: Tree; parent: Tree | undefined; depth: number }[] = roots.map((node) => ({
    node,
    parent: undefined,
    depth: 1,
  }));
  for (let next = open.pop(); next; next = open.pop()) {
    if (next.node.snapshot.value === value) return next;
    const { node, depth } = next;
    for (const child of node.childSnapshotList ?? []) open.push({ node: child, parent: node, depth: depth + 1 });
  }
  return undefined;
}

/** A node and all below it. */
export function nodesOf(node: Tree): Tree[] {
  return [node, ...(node.childSnapshotList ?? []).flatMap(nodesOf)];
}

export function addNode(roots: readonly Tree[], parent: ManagedObjectReference | undefined, node: Tree): Tree[] {
  if (!parent) return [...roots, node];
  return mapNode(roots, parent, (above) => [
    { ...above, childSnapshotList: [...(above.childSnapshotList ?? []), node] },
  ]);
}

/** Without the node; its children take its place, or go with it. */
export function dropNode(roots: readonly Tree[], ref: ManagedObjectReference, withChildren: boolean): Tree[] {
  return mapNode(roots, ref, ({ childSnapshotList = [] }) => (withChildren ? [] : [...childSnapshotList]));
}

export function mapNode(roots: readonly Tree[], ref: ManagedObjectReference, change: (node: Tree) => Tree[]): Tree[] {
  return roots.flatMap((node) => {
    if (node.snapshot.value === ref.value) return change(node);
    const { childSnapshotList, ...rest } = node;
    if (!childSnapshotList) return [node];
    const children = mapNode(childSnapshotList, ref, change);
    return [children.length > 0 ? { ...rest, childSnapshotList: children } : rest];
  });
}
