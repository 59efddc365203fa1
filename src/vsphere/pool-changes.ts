/** Resource pools before they are made, moved into or dissolved: what vSphere would refuse, said beforehand. */
import type { ResourceAllocationInfo, ResourceConfigSpec } from '../vim25/generated/types.ts';
import { InvalidStateError } from './errors.ts';
import type { InventoryObject } from './inventory.ts';
import { decodeName, quoted } from './names.ts';
import type { Reader } from './reader.ts';
import type { ManagedObjectReference } from './references.ts';
import { bytesToMb } from './units.ts';
import { hasDrs } from './vm-host-choice.ts';

export type Shares = 'low' | 'normal' | 'high' | number;

export interface AllocationWish {
  readonly shares?: Shares | undefined;
  /** MHz or MB, this and the limit. */
  readonly reservation?: number | undefined;
  /** Unset: no limit. */
  readonly limit?: number | undefined;
}

interface PoolWish {
  readonly name: string;
  readonly cpu: AllocationWish;
  readonly memory: AllocationWish;
}

/** vSphere wants every field of a new pool (ResourcePool.CreateResourcePool); a level brings its own number of shares. */
export function newPoolSpec({ cpu, memory }: Pick<PoolWish, 'cpu' | 'memory'>): ResourceConfigSpec {
  return { cpuAllocation: allocation(cpu), memoryAllocation: allocation(memory) };
}

const NO_LIMIT = -1;

function allocation({ shares = 'normal', reservation = 0, limit = NO_LIMIT }: AllocationWish): ResourceAllocationInfo {
  return {
    reservation,
    expandableReservation: true,
    limit,
    shares: typeof shares === 'number' ? { shares, level: 'custom' } : { shares: 0, level: shares },
  };
}

/** Errors: INVALID_STATE where the name is taken, the cluster has no DRS, or less is unreserved than is to be reserved. */
export async function requirePoolPossible(reader: Reader, parent: InventoryObject, wish: PoolWish): Promise<void> {
  const { props } = await reader.readOne('ResourcePool', parent.ref, ['resourcePool', 'owner', 'summary']);
  const { owner, summary } = props;
  if (owner?.type === 'ClusterComputeResource' && !(await hasDrs(reader, owner))) {
    throw new InvalidStateError(
      `The cluster of ${quoted(parent.path)} has no DRS, and so no resource pools but its root.`,
    );
  }
  const children = await reader.read('ResourcePool', props.resourcePool ?? [], ['name']);
  if (children.some(({ props: child }) => decodeName(child.name ?? '') === wish.name)) {
    throw new InvalidStateError(`${quoted(parent.path)} has a pool ${quoted(wish.name)} already: choose another name.`);
  }
  const { cpu, memory } = summary?.runtime ?? {};
  requireUnreserved('CPU', 'MHz', wish.cpu.reservation, cpu?.unreservedForPool);
  requireUnreserved('memory', 'MB', wish.memory.reservation, bytesToMb(memory?.unreservedForPool));
}

function requireUnreserved(what: string, unit: string, wanted = 0, free: number | undefined): void {
  if (wanted > 0 && free !== undefined && wanted > free) {
    throw new InvalidStateError(`Only ${free} ${unit} of ${what} can still be reserved there, not ${wanted}.`);
  }
}

export interface DissolvedPool {
  readonly parent: ManagedObjectReference;
  readonly vms: number;
  readonly pools: number;
}

/** Errors: INVALID_STATE for a root pool and for a vApp, whose VMs vSphere would delete with it. */
export async function requireDissolvable(reader: Reader, pool: InventoryObject): Promise<DissolvedPool> {
  if (pool.type === 'VirtualApp') {
    throw new InvalidStateError(`${quoted(pool.path)} is a vApp: deleting it would delete its VMs.`);
  }
  const { props } = await reader.readOne('ResourcePool', pool.ref, ['parent', 'vm', 'resourcePool']);
  const { parent, vm = [], resourcePool = [] } = props;
  if (parent === undefined || !isPool(parent)) {
    throw new InvalidStateError(`${quoted(pool.path)} is the root pool of its cluster or host and stays.`);
  }
  return { parent, vms: vm.length, pools: resourcePool.length };
}

function isPool({ type }: ManagedObjectReference): boolean {
  return type === 'ResourcePool' || type === 'VirtualApp';
}

/**
 * The pool that the VM is in now.
 *
 * Errors: INVALID_STATE for a template, a VM that is there already, and a pool of another cluster or host.
 */
export async function requirePoolChange(
  reader: Reader,
  vm: InventoryObject,
  pool: InventoryObject,
): Promise<ManagedObjectReference> {
  const { props } = await reader.readOne('VirtualMachine', vm.ref, ['resourcePool', 'config.template']);
  const present = props.resourcePool;
  if (props['config.template'] === true || present === undefined) {
    throw new InvalidStateError(`${quoted(vm.name)} is a template, and in no resource pool.`);
  }
  if (present.value === pool.id) throw new InvalidStateError(`${quoted(vm.name)} is in ${quoted(pool.path)} already.`);
  const owners = await reader.read('ResourcePool', [present, pool.ref], ['owner']);
  const [one, other] = owners.map(({ props: { owner } }) => owner?.value);
  if (one !== other) {
    throw new InvalidStateError(
      `${quoted(pool.path)} belongs to another cluster or host than ${quoted(vm.name)} is on: migrate_vm moves it there.`,
    );
  }
  return present;
}
