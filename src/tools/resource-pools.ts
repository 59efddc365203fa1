/** Resource pools: what each is promised and what it uses. */
import { z } from 'zod';
import { type ManagedObjectReference, refKey, sameRef } from '../vsphere/references.ts';
import {
  type ResourcePoolSummary,
  readResourcePool,
  listResourcePools as readResourcePools,
} from '../vsphere/resource-pool.ts';
import { cursor, limit, objectRef, toObjectRef } from './fields.ts';
import { objectPageFields, page, unreadableOf } from './page.ts';
import { defineTool } from './tool.ts';

const amount = z.number().optional();
const poolName = z
  .string()
  .min(1)
  .max(2048)
  .optional()
  .describe('Resource pool: name, path or id. Needed where there are several; root pools are all named Resources.');

const usage = { cpu_usage_mhz: amount, memory_usage_mb: amount, vm_count: z.int().optional() };

export const listResourcePools = defineTool({
  name: 'list_resource_pools',
  title: 'List resource pools',
  description:
    'The resource pools of one server by their paths, with use, parent, owner and VMs; each cluster and standalone host has a root pool named Resources. For reservations and limits use get_resource_pool_info.',
  permission: 'READ_ONLY',
  effect: 'read',
  input: { limit, cursor },
  output: {
    resource_pools: z.array(
      objectRef.extend({
        parent: z.string().optional().describe('path of the pool above; none above a root pool'),
        owner: z.string().optional().describe('path of the cluster or standalone host'),
        ...usage,
      }),
    ),
    ...objectPageFields,
  },
  async handler(given, { vsphere }) {
    const pools = await readResourcePools(vsphere);
    const refs = pools.flatMap(({ ref, parent, owner }) => [ref, parent, owner]).filter((ref) => ref !== undefined);
    const places = await vsphere.inventory.describeAll([...new Map(refs.map((ref) => [refKey(ref), ref])).values()]);
    const placed = pools.flatMap((pool) => {
      const place = places.get(pool.id);
      return place === undefined ? [] : [{ pool, place }];
    });
    // Root pools all have one name: only their paths put them in an order that means something.
    const { items, ...rest } = page('resource_pools', placed, ({ place }) => `${place.path}\0${place.id}`, given);
    const pathOf = (ref: ManagedObjectReference | undefined) => ref && places.get(ref.value)?.path;
    return {
      resource_pools: items.map(({ pool, place }) => ({
        ...toObjectRef(place),
        parent: isRoot(pool) ? undefined : pathOf(pool.parent),
        owner: pathOf(pool.owner),
        ...toUsage(pool),
      })),
      ...rest,
      ...unreadableOf(placed.map(({ pool }) => pool)),
    };
  },
});

export const getResourcePoolInfo = defineTool({
  name: 'get_resource_pool_info',
  title: 'Get resource pool info',
  description:
    'One resource pool: reservation, limit (absent: unlimited), shares and use of CPU and memory, and its number of VMs.',
  permission: 'READ_ONLY',
  effect: 'read',
  input: { name: poolName },
  output: {
    ...objectRef.shape,
    cpu_reservation_mhz: amount,
    cpu_limit_mhz: amount,
    cpu_expandable: z.boolean(),
    cpu_shares: amount,
    memory_reservation_mb: amount,
    memory_limit_mb: amount,
    memory_expandable: z.boolean(),
    memory_shares: amount,
    ...usage,
  },
  target: ({ name }) => name,
  async handler({ name }, { vsphere, reading }) {
    const found = await vsphere.inventory.resourcePool(name);
    reading(found);
    const pool = await readResourcePool(vsphere, found.ref);
    return {
      ...toObjectRef(found),
      cpu_reservation_mhz: pool.cpu.reservation,
      cpu_limit_mhz: pool.cpu.limit,
      cpu_expandable: pool.cpu.expandable,
      cpu_shares: pool.cpu.shares,
      memory_reservation_mb: pool.memory.reservation,
      memory_limit_mb: pool.memory.limit,
      memory_expandable: pool.memory.expandable,
      memory_shares: pool.memory.shares,
      ...toUsage(pool),
    };
  },
});

function isRoot({ parent, owner }: ResourcePoolSummary): boolean {
  return sameRef(parent, owner);
}

function toUsage({ cpuUsageMhz, memoryUsageMb, vmCount }: ResourcePoolSummary) {
  return { cpu_usage_mhz: cpuUsageMhz, memory_usage_mb: memoryUsageMb, vm_count: vmCount };
}
