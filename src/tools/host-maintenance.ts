/** Emptying an ESXi host, and switching it off or restarting it. */
import { z } from 'zod';
import { readHostState, readMaintenanceMode } from '../vsphere/host-state.ts';
import { movesItsVms, requireDownable, requireEnterable, requireExitable, warningOf } from '../vsphere/maintenance.ts';
import { hostName, objectRef, toObjectRef } from './fields.ts';
import { defineTool, type ServerContext } from './tool.ts';

/** An evacuation moves hundreds of gigabytes of memory. */
const LONGEST_SECONDS = 6 * 3600;
/** vSphere is to end it before the gateway stops watching. */
const GRACE_SECONDS = 300;

const timeout = z.int().min(10).max(LONGEST_SECONDS).default(300).describe('vSphere gives up then.');
const output = { host: objectRef, action: z.string(), maintenance_mode: z.boolean() };

export const enterMaintenanceMode = defineTool({
  name: 'enter_maintenance_mode',
  title: 'Enter maintenance mode',
  description:
    'Empty an ESXi host for work on it: automated DRS moves its VMs away, and none starts there until exit_maintenance_mode. evacuate_vms=false leaves VMs that are off, and waits where others must be moved by hand.',
  permission: 'HOST_ADMIN',
  effect: 'update',
  idempotent: true,
  task: true,
  deadlineSeconds: LONGEST_SECONDS + GRACE_SECONDS,
  input: { host_name: hostName, evacuate_vms: z.boolean().default(true), timeout_seconds: timeout },
  output: { ...output, evacuate_vms: z.boolean() },
  target: ({ host_name }) => host_name,
  async handler({ host_name, evacuate_vms, timeout_seconds }, context) {
    const { vsphere } = context;
    const host = await vsphere.inventory.host(host_name);
    const state = await readHostState(vsphere, host);
    const drs = evacuate_vms && (await movesItsVms(vsphere, state));
    requireEnterable(host, state, { evacuate: evacuate_vms, drs });
    await context.acting(host);
    const { task } = await context.follow(
      await vsphere.call('EnterMaintenanceMode_Task', {
        _this: host.ref,
        timeout: timeout_seconds,
        // Without DRS it would never end while there are VMs that are off.
        evacuatePoweredOffVms: drs,
      }),
    );
    return { ...(await modeOf('enter', host, context)), evacuate_vms, task };
  },
});

export const exitMaintenanceMode = defineTool({
  name: 'exit_maintenance_mode',
  title: 'Exit maintenance mode',
  description:
    'Put an ESXi host back to work after enter_maintenance_mode: VMs can start on it and be moved to it again. What was moved away does not come back by itself.',
  permission: 'HOST_ADMIN',
  effect: 'update',
  idempotent: true,
  task: true,
  deadlineSeconds: LONGEST_SECONDS + GRACE_SECONDS,
  input: { host_name: hostName, timeout_seconds: timeout },
  output,
  target: ({ host_name }) => host_name,
  async handler({ host_name, timeout_seconds }, context) {
    const { vsphere } = context;
    const host = await vsphere.inventory.host(host_name);
    requireExitable(host, await readHostState(vsphere, host));
    await context.acting(host);
    const { task } = await context.follow(
      await vsphere.call('ExitMaintenanceMode_Task', { _this: host.ref, timeout: timeout_seconds }),
    );
    return { ...(await modeOf('exit', host, context)), task };
  },
});

async function modeOf(verb: string, host: Parameters<typeof toObjectRef>[0], { vsphere }: ServerContext) {
  return {
    host: toObjectRef(host),
    action: `${verb}_maintenance_mode`,
    maintenance_mode: await readMaintenanceMode(vsphere, host),
  };
}

const DOWN_DEADLINE_SECONDS = 10 * 60;
const force = z.boolean().default(false).describe('true: without maintenance mode, cutting off running VMs.');
const downOutput = { host: objectRef, action: z.string(), force: z.boolean(), warning: z.string() };

export const rebootHost = defineTool({
  name: 'reboot_host',
  title: 'Reboot ESXi host',
  description:
    'Restart an ESXi host. Needs enter_maintenance_mode first; only force goes without, and cuts off the VMs that run on it. Returns when the host goes down. For a VM use reboot_guest.',
  permission: 'HOST_ADMIN',
  effect: 'update',
  destructive: true,
  task: true,
  deadlineSeconds: DOWN_DEADLINE_SECONDS,
  input: { host_name: hostName, force },
  output: downOutput,
  target: ({ host_name }) => host_name,
  handler: (given, context) => bringDown('reboot', given, context),
});

export const shutdownHost = defineTool({
  name: 'shutdown_host',
  title: 'Shut down ESXi host',
  description:
    'Switch an ESXi host off; the gateway cannot switch it on again. Needs enter_maintenance_mode first; only force goes without, and cuts off its VMs. For a VM use shutdown_guest.',
  permission: 'HOST_ADMIN',
  effect: 'update',
  destructive: true,
  task: true,
  deadlineSeconds: DOWN_DEADLINE_SECONDS,
  input: { host_name: hostName, force },
  output: downOutput,
  target: ({ host_name }) => host_name,
  handler: (given, context) => bringDown('shutdown', given, context),
});

const METHODS = { reboot: 'RebootHost_Task', shutdown: 'ShutdownHost_Task' } as const;

/** What becomes of the host is not read back: it is going. */
async function bringDown(
  action: keyof typeof METHODS,
  given: { readonly host_name?: string | undefined; readonly force: boolean },
  context: ServerContext,
) {
  const { vsphere } = context;
  const host = await vsphere.inventory.host(given.host_name);
  const state = await readHostState(vsphere, host);
  requireDownable(host, state, { action, force: given.force });
  await context.acting(host);
  const { task } = await context.follow(await vsphere.call(METHODS[action], { _this: host.ref, force: given.force }));
  return { host: toObjectRef(host), action, force: given.force, warning: warningOf(action, state), task };
}
