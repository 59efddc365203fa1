/** Snapshots over the API: of VirtualMachine, and of VirtualMachineSnapshot. */
import type { Methods } from '../../../src/vim25/generated/types.ts';
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import { fault, objectNotFound } from '../core/faults.ts';
import { type Call, type MethodTable, requires } from '../core/method.ts';
import type { World } from '../core/world.ts';
import { devicesOf, disksIn } from './devices.ts';
import { consolidate, needsConsolidation, tidyingDisks } from './disk-chains.ts';
import { toolsRunning } from './power-state.ts';
import { findNode, mapNode } from './snapshot-tree.ts';
import { removeAllSnapshots, removeSnapshot, revertTo, type Snapshot, takeSnapshot } from './snapshots.ts';
import { asVm, powerStateOf, requireNoTemplate, requireReachable, type Vm } from './subject.ts';
import { backingOf } from './vm-disks.ts';
import { vmOnHost } from './vm-events.ts';

/** Snapshots lie one below another at most that deep. */
const MAX_DEPTH = 32;
const MANAGE = 'VirtualMachine.State';

interface Wanted {
  readonly name: string;
  readonly description?: string | undefined;
  readonly memory: boolean;
  readonly quiesce: boolean;
}

/** Errors: InvalidName. */
function checkName(name: string): void {
  if (name.trim() !== '' && name.length <= 80) return;
  throw fault('InvalidName', { name }, `The name '${name}' is not valid.`);
}

function create(call: Call, method: 'CreateSnapshot_Task' | 'CreateSnapshotEx_Task', wanted: Wanted) {
  const vm = asVm(call.self);
  const { world } = call;
  checkName(wanted.name);
  return world.tasks.start(call, {
    descriptionId: 'VirtualMachine.createSnapshot',
    name: method,
    entity: vm,
    run: () => {
      requireSnapshotable(vm, wanted);
      const { description = '', name, memory, quiesce } = wanted;
      return takeSnapshot(world, vm, { name, description, memory, quiesce }).ref;
    },
  });
}

function requireSnapshotable(vm: Vm, { memory, quiesce }: Wanted): void {
  requireReachable(vm);
  requireNoTemplate(vm);
  const config = vm.get('config');
  if (config?.flags.snapshotDisabled) {
    throw fault('SnapshotDisabled', {}, 'Snapshots are disabled for this virtual machine.');
  }
  const { currentSnapshot, rootSnapshotList = [] } = vm.get('snapshot') ?? {};
  if (currentSnapshot && findNode(rootSnapshotList, currentSnapshot)!.depth >= MAX_DEPTH) {
    throw fault('TooManySnapshotLevels', {}, 'Snapshot hierarchy is too deep.');
  }
  if (powerStateOf(vm) !== 'poweredOn') return;
  const independent = disksIn(devicesOf(vm)).some((disk) => backingOf(disk)?.diskMode.startsWith('independent'));
  if (memory && independent) {
    throw fault(
      'MemorySnapshotOnIndependentDisk',
      {},
      'Cannot take a memory snapshot, since the virtual machine is configured with independent disks.',
    );
  }
  if (quiesce && !memory && !toolsRunning(vm.get('guest'))) {
    throw fault(
      'ApplicationQuiesceFault',
      {},
      "An error occurred while quiescing the virtual machine. See the virtual machine's event log for details.",
    );
  }
}

/** Errors: ManagedObjectNotFound. */
function snapshotOf({ world, self }: Call): { snapshot: Snapshot; vm: Vm } {
  const snapshot = self.as('VirtualMachineSnapshot');
  if (!snapshot) throw objectNotFound(self.ref);
  return { snapshot, vm: world.objects.get<'VirtualMachine'>(snapshot.get('vm')) };
}

interface RevertPlan {
  readonly vm: Vm;
  readonly name: string;
  readonly descriptionId: string;
  readonly snapshot: () => Snapshot;
  readonly entity?: Vm;
}

function revert(call: Call<Methods['RevertToSnapshot_Task']['request']>, plan: RevertPlan): ManagedObjectReference {
  const { world, session, request } = call;
  const { vm } = plan;
  if (request.host) world.objects.get(request.host, 'HostSystem');
  return world.tasks.start(call, {
    descriptionId: plan.descriptionId,
    name: plan.name,
    entity: vm,
    run: () => {
      requireReachable(vm);
      revertTo(world, vm, plan.snapshot(), request);
      const eventTypeId = 'com.vmware.vc.vm.VmStateRevertedToSnapshot';
      const message = `The execution state of the virtual machine ${vmOnHost(world, vm)} has been reverted to the state of snapshot`;
      const fields = { eventTypeId, severity: 'info', message: '', objectId: vm.id, objectType: 'VirtualMachine' };
      world.events.post('EventEx', {
        user: session.account?.name ?? '',
        entity: vm,
        message,
        fields: { ...fields, objectName: vm.get('name') },
      });
    },
  });
}

function currentSnapshot(world: World, vm: Vm): Snapshot {
  const current = vm.get('snapshot')?.currentSnapshot;
  if (!current) {
    throw fault('NotFound', {}, 'The object or item referred to could not be found.');
  }
  return world.objects.get<'VirtualMachineSnapshot'>(current);
}

export const vmSnapshotMethods: MethodTable = {
  CreateSnapshot_Task: requires(`${MANAGE}.CreateSnapshot`, (call) =>
    create(call, 'CreateSnapshot_Task', call.request),
  ),
  CreateSnapshotEx_Task: requires(`${MANAGE}.CreateSnapshot`, (call) => {
    const { name, description, memory, quiesceSpec } = call.request;
    return create(call, 'CreateSnapshotEx_Task', { name, description, memory, quiesce: quiesceSpec !== undefined });
  }),
  RevertToCurrentSnapshot_Task: requires(`${MANAGE}.RevertToSnapshot`, (call) => {
    const vm = asVm(call.self);
    return revert(call, {
      vm,
      name: 'RevertToCurrentSnapshot_Task',
      descriptionId: 'VirtualMachine.revertToCurrentSnapshot',
      snapshot: () => currentSnapshot(call.world, vm),
    });
  }),
  RemoveAllSnapshots_Task: requires(`${MANAGE}.RemoveSnapshot`, (call) => {
    const vm = asVm(call.self);
    const { consolidate: wanted } = call.request;
    return call.world.tasks.start(call, {
      descriptionId: 'VirtualMachine.removeAllSnapshots',
      name: 'RemoveAllSnapshots_Task',
      entity: vm,
      run: () => {
        requireReachable(vm);
        removeAllSnapshots(call.world, vm, { consolidate: wanted });
      },
    });
  }),
  ConsolidateVMDisks_Task: requires(`${MANAGE}.RemoveSnapshot`, (call) => {
    const vm = asVm(call.self);
    const { world } = call;
    return world.tasks.start(call, {
      descriptionId: 'VirtualMachine.consolidateDisks',
      name: 'ConsolidateVMDisks_Task',
      entity: vm,
      run: () => {
        requireReachable(vm);
        tidyingDisks(world, vm, () => consolidate(world, vm));
        vm.set({ runtime: { ...vm.get('runtime'), consolidationNeeded: needsConsolidation(world, vm) } });
      },
    });
  }),
};

export const snapshotMethods: MethodTable = {
  RevertToSnapshot_Task: requires(`${MANAGE}.RevertToSnapshot`, (call) => {
    const { snapshot, vm } = snapshotOf(call);
    return revert(call, {
      vm,
      name: 'RevertToSnapshot_Task',
      descriptionId: 'vm.Snapshot.revert',
      snapshot: () => stillThere(call, snapshot),
    });
  }),
  RemoveSnapshot_Task: requires(`${MANAGE}.RemoveSnapshot`, (call) => {
    const { snapshot, vm } = snapshotOf(call);
    const { removeChildren, consolidate: wanted } = call.request;
    return call.world.tasks.start(call, {
      descriptionId: 'vm.Snapshot.remove',
      name: 'RemoveSnapshot_Task',
      entity: vm,
      run: () => {
        requireReachable(vm);
        removeSnapshot(call.world, vm, stillThere(call, snapshot), {
          withChildren: removeChildren,
          consolidate: wanted,
        });
      },
    });
  }),
  RenameSnapshot: requires(`${MANAGE}.RenameSnapshot`, (call) => {
    const { snapshot, vm } = snapshotOf(call);
    const { name, description } = call.request;
    if (name !== undefined) checkName(name);
    const info = vm.get('snapshot')!;
    const rename = mapNode(info.rootSnapshotList, snapshot.ref, (node) => [
      { ...node, ...(name !== undefined && { name }), ...(description !== undefined && { description }) },
    ]);
    vm.set({ snapshot: { ...info, rootSnapshotList: rename } });
  }),
};

/** The snapshot, which may have gone since the task was queued. Errors: ManagedObjectNotFound. */
function stillThere({ world: { objects } }: Call, snapshot: Snapshot): Snapshot {
  return objects.get<'VirtualMachineSnapshot'>(snapshot.ref);
}
