/** ManagedEntity.Destroy_Task for what holds others: folders, datacenters, pools, vApps. */
import { fault, notSupported } from '../core/faults.ts';
import type { AnyObject, ManagedObject } from '../core/managed-object.ts';
import { type Call, type MethodTable, requires } from '../core/method.ts';
import { membersBelow } from '../views/members.ts';
import { invalidPowerState, powerStateOf } from '../vm/subject.ts';
import { destroyVm } from '../vm/unregister.ts';
import { datacenterName } from './ancestry.ts';
import { isDatacentersOwn } from './folder-methods.ts';
import { isRootPool, poolArgument } from './pools.ts';

type Doing = Pick<Call, 'world' | 'session'>;

export const folderDestruction = destruction('Folder.Delete', (call, object) => {
  const folder = object.as('Folder')!;
  if (isDatacentersOwn(folder)) throw notSupported('it belongs to its datacenter');
  return () => destroyFolder(call, folder);
});

export const datacenterDestruction = destruction('Datacenter.Delete', (call, datacenter) => () => {
  const { objects } = call.world;
  const within = membersBelow(datacenter, { types: [], recursive: true }, objects);
  const used = within.find(({ type }) => type !== 'Folder');
  if (used) {
    const name = String(objects.get(used).read('name'));
    throw fault('ResourceInUse', { type: used.type, name }, `The resource '${name}' is in use.`);
  }
  for (const ref of within) objects.remove(objects.get(ref));
  objects.remove(datacenter);
});

export const poolDestruction = destruction('Resource.DeletePool', (call, object) => {
  const pool = object.as('ResourcePool')!;
  if (isRootPool(pool)) throw notSupported('it is the root pool');
  return () => dissolvePool(call, pool, call.world.objects.get<'ResourcePool'>(pool.get('parent')!));
});

/** A vApp goes with its VMs. */
export const vAppDestruction = destruction('VApp.Delete', (call, object) => () => {
  const vApp = object.as('VirtualApp')!;
  for (const vm of vmsOf(call, vApp)) if (powerStateOf(vm) === 'poweredOn') throw invalidPowerState(vm, 'poweredOff');
  for (const vm of vmsOf(call, vApp)) destroyVm(call, vm);
  call.world.objects.remove(vApp);
});

/** @param prepare checks what is refused at once, and gives what the task does */
function destruction(privilege: string, prepare: (call: Doing, object: AnyObject) => () => void): MethodTable {
  return {
    Destroy_Task: requires(privilege, (call) => {
      const run = prepare(call, call.self);
      return call.world.tasks.start(call, {
        descriptionId: call.self.ref.type === 'Folder' ? 'Folder.destroy' : 'ManagedEntity.destroy',
        name: 'Destroy_Task',
        entity: call.self,
        run,
      });
    }),
  };
}

/** With all that lies in it. A VM that is on stops it: what was before it in the list is gone by then. */
function destroyFolder(call: Doing, folder: ManagedObject<'Folder'>): void {
  const { objects } = call.world;
  for (const ref of folder.get('childEntity')) {
    const child = objects.find(ref);
    const below = child?.as('Folder');
    if (below) destroyFolder(call, below);
    const vm = child?.as('VirtualMachine');
    if (vm) destroyVm(call, vm);
    if (child && !below && !vm) {
      const name = String(child.read('name'));
      throw fault('ResourceInUse', { type: ref.type, name }, `The resource '${name}' is in use.`);
    }
  }
  objects.remove(folder);
}

function vmsOf({ world }: Doing, pool: ManagedObject<'ResourcePool'>): ManagedObject<'VirtualMachine'>[] {
  return pool.get('vm').flatMap((ref) => world.objects.find(ref)?.as('VirtualMachine') ?? []);
}

/** What was in the pool is in the one above then. */
function dissolvePool(call: Doing, pool: ManagedObject<'ResourcePool'>, heir: ManagedObject<'ResourcePool'>): void {
  const { objects, events } = call.world;
  for (const ref of pool.get('resourcePool')) objects.find(ref)?.as('ResourcePool')?.set({ parent: heir.ref });
  for (const vm of vmsOf(call, pool)) vm.set({ resourcePool: heir.ref });
  events.post('ResourcePoolDestroyedEvent', {
    user: call.session.account?.name ?? '',
    entity: pool,
    message: `Removed resource pool ${pool.get('name')} on ${objects.find(pool.get('owner'))?.read('name')} in ${datacenterName(pool, objects)}`,
    fields: { resourcePool: poolArgument(pool) },
  });
  objects.remove(pool);
}

/** Everything below a pool is dissolved into it. */
export function dissolveChildren(call: Doing, pool: ManagedObject<'ResourcePool'>): void {
  for (const ref of pool.get('resourcePool')) {
    const child = call.world.objects.find(ref)?.as('ResourcePool');
    if (!child || child.as('VirtualApp')) continue;
    dissolveChildren(call, child);
    dissolvePool(call, child, pool);
  }
}
