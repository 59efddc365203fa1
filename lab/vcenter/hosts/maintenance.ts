/** HostSystem: into maintenance mode and out of it. */

import { hostsFor, migrate } from '../clusters/migration.ts';
import { proposeEvacuation } from '../clusters/recommendations.ts';
import { fault } from '../core/faults.ts';
import { type Call, type MethodTable, requires } from '../core/method.ts';
import type { RunningTask } from '../core/tasks.ts';
import type { World } from '../core/world.ts';
import {
  asHost,
  type Host,
  invalidState,
  isPoweredOn,
  postHostEvent,
  requireConnected,
  setRuntime,
  vmsOn,
} from './subject.ts';

const PRIVILEGE = 'Host.Config.Maintenance';

type Automation = 'none' | 'manual' | 'automatic';

function automationOf({ objects }: World, host: Host): Automation {
  const drs = objects.find(host.get('parent'))?.as('ClusterComputeResource')?.get('configuration').drsConfig;
  if (drs?.enabled !== true) return 'none';
  return drs.defaultVmBehavior === 'fullyAutomated' ? 'automatic' : 'manual';
}

/** What DRS can move elsewhere is moved; the rest stays. */
async function evacuate(
  world: World,
  host: Host,
  task: RunningTask,
  { off }: { readonly off: boolean },
): Promise<void> {
  const vms = vmsOn(world, host).filter((vm) => off || isPoweredOn(vm));
  for (const [index, vm] of vms.entries()) {
    await task.progress(10 + (80 * index) / vms.length);
    const [to] = hostsFor(world, vm, host);
    if (to) migrate(world, vm, to);
  }
}

/** Resolves when no VM runs on the host. Errors: Timedout, RequestCanceled. */
function untilEmpty(world: World, host: Host, timeoutSeconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const over = new AbortController();
    const unwatch = world.objects.watch((object) => {
      if (object === host || object.ref.type === 'VirtualMachine') check();
    });
    const end = (how: () => void) => {
      over.abort();
      unwatch();
      signal.removeEventListener('abort', cancelled);
      how();
    };
    const check = () => {
      if (!vmsOn(world, host).some(isPoweredOn)) end(resolve);
    };
    const cancelled = () => end(() => reject(fault('RequestCanceled', {}, 'The task was canceled by a user.')));
    signal.addEventListener('abort', cancelled);
    if (timeoutSeconds > 0) {
      world.clock.sleep(timeoutSeconds * 1000, over.signal).then(
        () => end(() => reject(fault('Timedout', {}, 'Operation timed out.'))),
        () => {},
      );
    }
    if (signal.aborted) cancelled();
    else check();
  });
}

async function enter(call: Call<{ timeout: number; evacuatePoweredOffVms?: boolean }>, host: Host, task: RunningTask) {
  const { world, request } = call;
  requireConnected(host);
  if (host.get('runtime').inMaintenanceMode) throw invalidState();
  postHostEvent(call, 'EnteringMaintenanceModeEvent', host, 'Host {host} has started to enter maintenance mode');
  const automation = automationOf(world, host);
  try {
    if (automation === 'automatic') await evacuate(world, host, task, { off: request.evacuatePoweredOffVms === true });
    const forget = automation === 'manual' ? proposeEvacuation(world, host) : () => {};
    await untilEmpty(world, host, request.timeout, task.signal).finally(forget);
  } catch (error) {
    postHostEvent(call, 'CanceledHostOperationEvent', host, 'The operation performed on host {host} was canceled');
    throw error;
  }
  setRuntime(host, { inMaintenanceMode: true });
  postHostEvent(call, 'EnteredMaintenanceModeEvent', host, 'Host {host} has entered maintenance mode');
}

export const maintenanceMethods: MethodTable = {
  EnterMaintenanceMode_Task: requires(PRIVILEGE, (call) => {
    const host = asHost(call.self);
    return call.world.tasks.start(call, {
      descriptionId: 'HostSystem.enterMaintenanceMode',
      name: 'EnterMaintenanceMode_Task',
      entity: host,
      run: (task) => enter(call, host, task),
    });
  }),
  ExitMaintenanceMode_Task: requires(PRIVILEGE, (call) => {
    const host = asHost(call.self);
    return call.world.tasks.start(call, {
      descriptionId: 'HostSystem.exitMaintenanceMode',
      name: 'ExitMaintenanceMode_Task',
      entity: host,
      run: () => {
        requireConnected(host);
        if (!host.get('runtime').inMaintenanceMode) throw invalidState();
        setRuntime(host, { inMaintenanceMode: false });
        postHostEvent(call, 'ExitMaintenanceModeEvent', host, 'Host {host} has exited maintenance mode');
      },
    });
  }),
};
