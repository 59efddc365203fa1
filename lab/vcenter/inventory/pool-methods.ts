/** ResourcePool: making pools, what they are promised, what lies in them. */
import type { ResourceAllocationInfo, ResourceConfigSpec } from '../../../src/vim25/generated/types.ts';
import { fault, invalidArgument, notSupported, objectNotFound } from '../core/faults.ts';
import type { AnyObject, ManagedObject } from '../core/managed-object.ts';
import { type Call, type MethodTable, requires } from '../core/method.ts';
import { demand } from '../core/privileges.ts';
import type { World } from '../core/world.ts';
import { ancestorsOf, datacenterName } from './ancestry.ts';
import { dissolveChildren } from './destroy.ts';
import { keptName } from './names.ts';
import { buildPool, isRootPool, poolAllocation, poolArgument, requireFreePoolName } from './pools.ts';

type Pool = ManagedObject<'ResourcePool'>;

const MIB = 1024 * 1024;

export const poolMethods: MethodTable = {
  CreateResourcePool: requires('Resource.CreatePool', (call) => {
    const { world, self, request } = call;
    const parent = asPool(self);
    const name = keptName(request.name);
    requireFreePoolName(world, parent, name);
    const { cpuAllocation: cpu, memoryAllocation: memory } = completed(request.spec);
    requireRoom(parent, { cpu, memory });
    const pool = buildPool(world, { name, parent, cpu, memory });
    tell(
      call,
      'ResourcePoolCreatedEvent',
      pool,
      `Created resource pool ${name} in compute-resource {owner} in {datacenter}`,
      {
        parent: poolArgument(parent),
      },
    );
    return pool.ref;
  }),
  UpdateConfig: requires('Resource.EditPool', (call) => {
    const { world, self, request } = call;
    const pool = asPool(self);
    if (isRootPool(pool)) throw notSupported('it is the root pool');
    const parent = world.objects.get<'ResourcePool'>(pool.get('parent')!);
    const name = request.name === undefined ? undefined : keptName(request.name);
    if (name !== undefined) requireFreePoolName(world, parent, name, pool);
    const { config } = request;
    if (config) {
      const spec = completed(config, pool.get('config'));
      requireRoom(parent, { cpu: spec.cpuAllocation, memory: spec.memoryAllocation }, pool);
      pool.set({ config: { ...pool.get('config'), ...spec, changeVersion: nowIn(world), lastModified: nowIn(world) } });
    }
    if (name !== undefined) pool.set({ name });
    tell(
      call,
      'ResourcePoolReconfiguredEvent',
      pool,
      `Updated configuration for ${pool.get('name')} in compute-resource {owner} in {datacenter}`,
      {},
    );
  }),
  MoveIntoResourcePool: (call) => {
    const { world, self, request } = call;
    const target = asPool(self);
    const moved = request.list.map((ref) => world.objects.get(ref));
    for (const object of moved) checkMove(call, object, target);
    for (const object of moved) move(call, object, target);
  },
  DestroyChildren: requires('Resource.DeletePool', (call) => dissolveChildren(call, asPool(call.self))),
};

function asPool(object: AnyObject): Pool {
  const pool = object.as('ResourcePool');
  if (!pool) throw objectNotFound(object.ref);
  return pool;
}

function nowIn({ clock }: World): string {
  return new Date(clock.now()).toISOString();
}

const LEVELS: Readonly<Record<string, number>> = { low: 0.5, normal: 1, high: 2 };

/** What is left out stays as it was. Errors: InvalidArgument for what makes no sense. */
function completed(spec: ResourceConfigSpec, before?: ResourceConfigSpec): ResourceConfigSpec {
  const one = (field: 'cpuAllocation' | 'memoryAllocation', kind: 'cpu' | 'memory'): ResourceAllocationInfo => {
    const asked = spec[field] ?? {};
    const result = { ...(before?.[field] ?? poolAllocation(kind)), ...asked };
    const { reservation = 0, limit = -1 } = result;
    if (reservation < 0) throw invalidArgument(`spec.${field}.reservation`);
    if (limit < -1 || (limit !== -1 && limit < reservation)) throw invalidArgument(`spec.${field}.limit`);
    const { shares } = asked;
    if (!shares) return result;
    if (shares.level !== 'custom' && LEVELS[shares.level] === undefined)
      throw invalidArgument(`spec.${field}.shares.level`);
    if (shares.level === 'custom') return { ...result, shares };
    return {
      ...result,
      shares: { level: shares.level, shares: poolAllocation(kind).shares!.shares * LEVELS[shares.level]! },
    };
  };
  return {
    cpuAllocation: one('cpuAllocation', 'cpu'),
    memoryAllocation: one('memoryAllocation', 'memory'),
    ...(spec.scaleDescendantsShares !== undefined && { scaleDescendantsShares: spec.scaleDescendantsShares }),
  };
}

interface Allocations {
  readonly cpu: ResourceAllocationInfo;
  readonly memory: ResourceAllocationInfo;
}

/** Errors: InsufficientCpuResourcesFault, InsufficientMemoryResourcesFault for a reservation that the parent cannot give. */
function requireRoom(parent: Pool, asked: Allocations, except?: Pool): void {
  const runtime = parent.get('runtime');
  const own = except?.get('config');
  const freeCpu = runtime.cpu.unreservedForPool + (own?.cpuAllocation.reservation ?? 0);
  const freeMemory = runtime.memory.unreservedForPool / MIB + (own?.memoryAllocation.reservation ?? 0);
  const { reservation: cpu = 0 } = asked.cpu;
  const { reservation: memory = 0 } = asked.memory;
  if (cpu > freeCpu) {
    throw fault(
      'InsufficientCpuResourcesFault',
      { unreserved: freeCpu, requested: cpu },
      'The available CPU resources in the parent resource pool are insufficient for the operation.',
    );
  }
  if (memory > freeMemory) {
    throw fault(
      'InsufficientMemoryResourcesFault',
      { unreserved: freeMemory * MIB, requested: memory * MIB },
      'The available Memory resources in the parent resource pool are insufficient for the operation.',
    );
  }
}

function checkMove({ world, session }: Pick<Call, 'world' | 'session'>, object: AnyObject, target: Pool): void {
  const pool = object.as('ResourcePool');
  const vm = object.as('VirtualMachine');
  if (!pool && !vm) throw invalidArgument('list');
  demand(session, vm ? 'Resource.AssignVMToPool' : 'Resource.MovePool', object);
  const owner = pool?.get('owner') ?? world.objects.find(vm?.get('resourcePool'))?.as('ResourcePool')?.get('owner');
  // A template has no pool; a change of cluster is a migration.
  if (!owner || owner.value !== target.get('owner').value) throw invalidArgument('list');
  if (!pool) return;
  if (isRootPool(pool)) throw notSupported('it is the root pool');
  if ([target, ...ancestorsOf(target, world.objects)].includes(pool)) throw invalidArgument('list');
  requireFreePoolName(world, target, pool.get('name'), pool);
}

function move(call: Call, object: AnyObject, target: Pool): void {
  const { world } = call;
  const pool = object.as('ResourcePool');
  if (pool) {
    const oldParent = poolArgument(world.objects.get<'ResourcePool'>(pool.get('parent')!));
    pool.set({ parent: target.ref });
    tell(
      call,
      'ResourcePoolMovedEvent',
      pool,
      `Moved resource pool ${pool.get('name')} from ${oldParent.name} to ${target.get('name')} in compute-resource {owner} in {datacenter}`,
      {
        oldParent,
        newParent: poolArgument(target),
      },
    );
    return;
  }
  const vm = object.as('VirtualMachine')!;
  const before = world.objects.get<'ResourcePool'>(vm.get('resourcePool')!);
  const vApp = before.as('VirtualApp');
  const intoVApp = target.as('VirtualApp');
  vm.set({
    resourcePool: target.ref,
    parentVApp: intoVApp?.ref,
    // Out of a vApp it lies in the folder that shows the vApp; in one it lies in none.
    parent: intoVApp ? undefined : vApp ? vApp.get('parentFolder') : vm.get('parent'),
  });
  world.events.post('VmResourcePoolMovedEvent', {
    user: call.session.account?.name ?? '',
    entity: vm,
    message: `Moved ${vm.get('name')} from resource pool ${before.get('name')} to ${target.get('name')} in ${datacenterName(vm, world.objects)}`,
    fields: { template: false, oldParent: poolArgument(before), newParent: poolArgument(target) },
  });
}

type PoolEvent = 'ResourcePoolCreatedEvent' | 'ResourcePoolReconfiguredEvent' | 'ResourcePoolMovedEvent';

function tell(
  { world, session }: Pick<Call, 'world' | 'session'>,
  $type: PoolEvent,
  pool: Pool,
  sentence: string,
  fields: object,
): void {
  const owner = String(world.objects.find(pool.get('owner'))?.read('name'));
  world.events.post($type, {
    user: session.account?.name ?? '',
    entity: pool,
    message: sentence.replace('{owner}', owner).replace('{datacenter}', datacenterName(pool, world.objects)),
    fields: { resourcePool: poolArgument(pool), ...fields },
  });
}
