/** Resource pools come and go, and VMs move between them. */
import { z } from 'zod';
import { GatewayError } from '../lib/errors.ts';
import { isFault } from '../vsphere/faults.ts';
import { encodeName } from '../vsphere/names.ts';
import { newPoolSpec, requireDissolvable, requirePoolChange, requirePoolPossible } from '../vsphere/pool-changes.ts';
import { readResourcePool } from '../vsphere/resource-pool.ts';
import { newName, objectRef, poolName, toObjectRef, vmName } from './fields.ts';
import { defineTool, type ServerContext } from './tool.ts';

const shares = z.union([z.enum(['low', 'normal', 'high']), z.int().min(1).max(1_000_000)]).default('normal');
const amount = z.int().min(0).max(1e12).optional();
const number = z.number().optional();

export const createResourcePool = defineTool({
  name: 'create_resource_pool',
  title: 'Create resource pool',
  description:
    'Make a resource pool, which shares out CPU and memory among its VMs, in another pool. In a cluster it needs DRS. Reservations may grow into what the parent has free; without a limit there is none.',
  permission: 'VM_LIFECYCLE',
  effect: 'create',
  input: {
    name: newName,
    parent: poolName.optional().describe('Pool: name, path or id. Default: the root pool for new VMs.'),
    cpu_shares: shares,
    cpu_reservation_mhz: amount,
    cpu_limit_mhz: amount,
    memory_shares: shares,
    memory_reservation_mb: amount,
    memory_limit_mb: amount,
  },
  output: {
    action: z.string(),
    pool: objectRef,
    cpu_reservation_mhz: number,
    cpu_limit_mhz: number,
    memory_reservation_mb: number,
    memory_limit_mb: number,
  },
  target: ({ name }) => name,
  async handler(given, context) {
    const { vsphere } = context;
    const cpu = { shares: given.cpu_shares, reservation: given.cpu_reservation_mhz, limit: given.cpu_limit_mhz };
    const memory = {
      shares: given.memory_shares,
      reservation: given.memory_reservation_mb,
      limit: given.memory_limit_mb,
    };
    for (const { reservation = 0, limit } of [cpu, memory]) {
      if (limit !== undefined && limit < reservation) {
        throw new GatewayError('INVALID_INPUT', 'A limit must not be lower than what is reserved.');
      }
    }
    const parent =
      given.parent === undefined
        ? await vsphere.defaults.resourcePool()
        : await vsphere.inventory.find('ResourcePool', given.parent);
    await requirePoolPossible(vsphere, parent, { name: given.name, cpu, memory });
    await context.acting(parent);
    const request = { _this: parent.ref, name: encodeName(given.name), spec: newPoolSpec({ cpu, memory }) };
    const made = await vsphere.call('CreateResourcePool', request);
    context.changed();
    const pool = await vsphere.inventory.describe(made);
    context.reading(pool);
    const now = await readResourcePool(vsphere, made);
    return {
      action: 'created',
      pool: toObjectRef(pool),
      cpu_reservation_mhz: now.cpu.reservation,
      cpu_limit_mhz: now.cpu.limit,
      memory_reservation_mb: now.memory.reservation,
      memory_limit_mb: now.memory.limit,
    };
  },
});

export const deleteResourcePool = defineTool({
  name: 'delete_resource_pool',
  title: 'Delete resource pool',
  description:
    'Dissolve a resource pool: its VMs and pools move up into its parent and go on running, without its reservations and limits. No VM is deleted; root pools and vApps are refused.',
  permission: 'VM_LIFECYCLE',
  effect: 'delete',
  task: true,
  input: { name: poolName },
  output: {
    pool: objectRef,
    deleted: z.boolean().describe('false while the task runs'),
    parent: z.string(),
    vms_moved: z.int(),
    pools_moved: z.int(),
  },
  target: ({ name }) => name,
  async handler({ name }, context) {
    const { vsphere } = context;
    const pool = await vsphere.inventory.find('ResourcePool', name);
    const { parent, vms, pools } = await requireDissolvable(vsphere, pool);
    const { path } = await vsphere.inventory.describe(parent);
    await context.acting(pool);
    const { task } = await context.follow(await vsphere.call('Destroy_Task', { _this: pool.ref }));
    const left = await vsphere.read('ResourcePool', [pool.ref], ['name']);
    return {
      pool: toObjectRef(pool),
      deleted: left.length === 0,
      parent: path,
      vms_moved: vms,
      pools_moved: pools,
      task,
    };
  },
});

export const moveVmToResourcePool = defineTool({
  name: 'move_vm_to_resource_pool',
  title: 'Move VM to resource pool',
  description:
    'Put a VM into another resource pool of the cluster or host that it is on; it goes on running where it is, with the shares and limits of that pool. To another cluster it goes by migrate_vm.',
  permission: 'VM_LIFECYCLE',
  effect: 'update',
  idempotent: true,
  input: { vm_name: vmName, resource_pool: poolName },
  output: { vm: objectRef, action: z.string(), from_pool: z.string(), to_pool: z.string() },
  target: ({ vm_name }) => vm_name,
  async handler({ vm_name, resource_pool }, context) {
    const { vsphere } = context;
    const [vm, pool] = await Promise.all([
      vsphere.inventory.find('VirtualMachine', vm_name),
      vsphere.inventory.find('ResourcePool', resource_pool),
    ]);
    const from = await vsphere.inventory.describe(await requirePoolChange(vsphere, vm, pool));
    await context.acting(vm);
    await move(vm.ref, pool.ref, context);
    const { props } = await vsphere.readOne('VirtualMachine', vm.ref, ['resourcePool']);
    const now = props.resourcePool === undefined ? pool : await vsphere.inventory.describe(props.resourcePool);
    return { vm: toObjectRef(vm), action: 'moved', from_pool: from.path, to_pool: now.path };
  },
});

type Ref = ServerContext['vsphere']['content']['rootFolder'];

/** By itself where the server can, else as a relocation to the same host. */
async function move(vm: Ref, pool: Ref, { vsphere, changed, follow }: ServerContext): Promise<void> {
  try {
    await vsphere.call('MoveIntoResourcePool', { _this: pool, list: [vm] });
    changed();
  } catch (error) {
    const isUnknown = isFault(error, 'MethodNotFound') || isFault(error, 'NotImplemented');
    if (!isUnknown || !vsphere.isVcenter) throw error;
    await follow(await vsphere.call('RelocateVM_Task', { _this: vm, spec: { pool } }));
  }
}
