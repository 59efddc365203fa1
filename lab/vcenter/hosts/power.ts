/** HostSystem: reboot and shutdown. The host is gone for some steps, and a rebooted one comes back. */
import { type Call, type MethodTable, requires } from '../core/method.ts';
import type { World } from '../core/world.ts';
import { stopRunning } from '../vm/power-state.ts';
import { findHostAgain, loseHost } from './connection.ts';
import { setService } from './services.ts';
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
const STEPS_TO_BOOT = 4;

async function steps({ tasks, clock }: World, count: number): Promise<void> {
  if (tasks.stepMs > 0) await clock.sleep(tasks.stepMs * count);
  else await new Promise<void>((resolve) => setImmediate(resolve));
}

/** VMs that still ran are cut off, and are off when the host is back: nobody starts them elsewhere. */
function goDown(world: World, host: Host): void {
  for (const vm of vmsOn(world, host)) if (isPoweredOn(vm)) stopRunning(world, vm, { clean: false });
  if (world.kind === 'esxi') world.sessions.endAll();
  else loseHost({ world }, host);
}

/** Their policy starts them with the host, and they end at once while nobody has set them up. */
const NOT_SET_UP: ReadonlySet<string> = new Set(['sfcbd-watchdog', 'snmpd', 'vltd', 'xorg']);

/** Services that start with the host run, the others do not. */
function boot(world: World, host: Host): void {
  for (const { key, policy, running } of host.get('config')?.service?.service ?? []) {
    const starts = policy === 'on' && (running || !NOT_SET_UP.has(key));
    if (running !== starts) setService(world, host, key, { running: starts });
  }
  setRuntime(host, { bootTime: new Date(world.clock.now()).toISOString() });
  if (world.kind === 'vcenter') findHostAgain({ world }, host);
}

function powerTask(call: Call<{ force: boolean }>, kind: 'reboot' | 'shutdown') {
  const { world, request } = call;
  const host = asHost(call.self);
  return world.tasks.start(call, {
    descriptionId: `HostSystem.${kind}`,
    name: kind === 'reboot' ? 'RebootHost_Task' : 'ShutdownHost_Task',
    entity: host,
    cancelable: false,
    run: () => {
      requireConnected(host);
      if (!request.force && !host.get('runtime').inMaintenanceMode) throw invalidState();
      const reason = kind === 'reboot' ? 'Reboot was requested' : 'Shutdown was requested';
      postHostEvent(call, 'HostShutdownEvent', host, `Shut down of {host}: ${reason}`, { reason });
      void (async () => {
        await steps(world, 1);
        goDown(world, host);
        if (kind === 'shutdown') {
          setRuntime(host, { powerState: 'poweredOff' });
          return;
        }
        await steps(world, STEPS_TO_BOOT);
        boot(world, host);
      })();
    },
  });
}

export const hostPowerMethods: MethodTable = {
  RebootHost_Task: requires(PRIVILEGE, (call) => powerTask(call, 'reboot')),
  ShutdownHost_Task: requires(PRIVILEGE, (call) => powerTask(call, 'shutdown')),
  RetrieveHardwareUptime: ({ world, self }) => {
    const { bootTime } = asHost(self).get('runtime');
    return bootTime === undefined ? 0 : Math.max(0, Math.floor((world.clock.now() - Date.parse(bootTime)) / 1000));
  },
};
