import { expect } from 'vitest';
import type { ManagedObject } from '../../../../lab/vcenter/core/managed-object.ts';
import { vmsOn } from '../../../../lab/vcenter/hosts/subject.ts';
import { type Args, refOf, type Stage, type ToolCases } from './case.ts';

type Host = ManagedObject<'HostSystem'>;

const isUp = (host: Host) =>
  host.get('runtime').connectionState === 'connected' && !host.get('runtime').inMaintenanceMode;
const runsVms = (stage: Stage, host: Host) =>
  vmsOn(stage.world, host).some((vm) => vm.get('runtime').powerState === 'poweredOn');

/** Of a cluster with DRS in that automation, with VMs that run on it. */
function busy(stage: Stage, automation: 'fullyAutomated' | 'manual'): Host {
  return stage.first('HostSystem', (host) => {
    const cluster = stage.world.objects.find(host.get('parent'))?.as('ClusterComputeResource');
    const drs = cluster?.get('configuration').drsConfig;
    return isUp(host) && runsVms(stage, host) && drs?.enabled === true && drs.defaultVmBehavior === automation;
  });
}

const up = (stage: Stage) => stage.first('HostSystem', isUp);

/** In maintenance mode: one that is, or is put there behind the gateway's back. */
function resting(stage: Stage): Host {
  const connected = (host: Host) => host.get('runtime').connectionState === 'connected';
  const host = stage.first('HostSystem', (each) => connected(each) && !runsVms(stage, each));
  host.set({ runtime: { ...host.get('runtime'), inMaintenanceMode: true } });
  return host;
}

function serviceOf(host: Host, key: string) {
  return host.get('config')?.service?.service?.find((each) => each.key === key);
}

const onService =
  (service_key: string, more: Args = {}) =>
  (stage: Stage): Args => ({ host_name: up(stage).id, service_key, ...more });

export const hostChangeCases: ToolCases = {
  enter_maintenance_mode: {
    async works(stage) {
      const host = busy(stage, 'fullyAutomated');
      const said = await stage.run('enter_maintenance_mode', { host_name: host.id });
      expect(said).toMatchObject({
        host: refOf(host),
        action: 'enter_maintenance_mode',
        maintenance_mode: true,
        evacuate_vms: true,
        task: { state: 'success' },
      });
      expect(host.get('runtime').inMaintenanceMode).toBe(true);
      expect(runsVms(stage, host)).toBe(false);
      await stage.run('exit_maintenance_mode', { host_name: host.id });
    },
    fails: {
      args: (stage) => ({ host_name: busy(stage, 'manual').id }),
      code: 'INVALID_STATE',
      says: /migrate_vm or shutdown_guest them first.*evacuate_vms=false/,
    },
    denied: {
      args: (stage) => ({ host_name: busy(stage, 'fullyAutomated').id }),
      without: 'Host.Config.Maintenance',
    },
  },
  exit_maintenance_mode: {
    async works(stage) {
      const host = resting(stage);
      const said = await stage.run('exit_maintenance_mode', { host_name: host.id });
      expect(said).toMatchObject({ host: refOf(host), action: 'exit_maintenance_mode', maintenance_mode: false });
      expect(host.get('runtime').inMaintenanceMode).toBe(false);
    },
    fails: {
      args: (stage) => ({ host_name: up(stage).id }),
      code: 'INVALID_STATE',
      says: /not in maintenance mode/,
    },
    denied: { args: (stage) => ({ host_name: resting(stage).id }), without: 'Host.Config.Maintenance' },
  },
  start_service: {
    async works(stage) {
      const host = up(stage);
      const said = await stage.run('start_service', { host_name: host.id, service_key: 'slpd' });
      expect(said).toMatchObject({ host: refOf(host), service: 'slpd', action: 'start', running: true });
      expect(serviceOf(host, 'slpd')?.running).toBe(true);
    },
    fails: { args: onService('ntpd'), code: 'INVALID_STATE', says: /"ntpd" runs already/ },
    denied: { args: onService('TSM'), without: 'Host.Config.NetService' },
  },
  stop_service: {
    async works(stage) {
      const host = up(stage);
      const said = await stage.run('stop_service', { host_name: host.id, service_key: 'entropyd' });
      expect(said).toMatchObject({ host: refOf(host), service: 'entropyd', action: 'stop', running: false });
      expect(serviceOf(host, 'entropyd')?.running).toBe(false);
    },
    fails: { args: onService('vpxa'), code: 'INVALID_STATE', says: /managed through "vpxa"/ },
    denied: { args: onService('DCUI'), without: 'Host.Config.NetService' },
  },
  restart_service: {
    async works(stage) {
      const host = up(stage);
      const changes: boolean[] = [];
      const unwatch = stage.world.objects.watch((object) => {
        if (object.id === host.id) changes.push(serviceOf(host, 'lbtd')?.running === true);
      });
      const said = await stage.run('restart_service', { host_name: host.id, service_key: 'lbtd' });
      unwatch();
      expect(said).toMatchObject({ host: refOf(host), service: 'lbtd', action: 'restart', running: true });
      expect(said).not.toHaveProperty('warning');
      expect(changes).toEqual([false, true]);
    },
    fails: { args: onService('snmpd'), code: 'INVALID_STATE', says: /start_service/ },
    denied: { args: onService('lbtd'), without: 'Host.Config.NetService' },
  },
  set_service_policy: {
    async works(stage) {
      const host = up(stage);
      const args = { host_name: host.id, service_key: 'TSM-SSH', policy: 'automatic' };
      expect(await stage.run('set_service_policy', args)).toMatchObject({
        host: refOf(host),
        service: 'TSM-SSH',
        action: 'set_policy',
        old_policy: 'off',
        new_policy: 'automatic',
      });
      expect(serviceOf(host, 'TSM-SSH')?.policy).toBe('automatic');
    },
    fails: { args: onService('nonsense', { policy: 'on' }), code: 'NOT_FOUND', says: /nonsense/ },
    denied: { args: onService('ntpd', { policy: 'off' }), without: 'Host.Config.NetService' },
  },
  configure_ntp: {
    async works(stage) {
      const host = up(stage);
      const ntp_servers = ['ntp1.corp.example', '192.0.2.7', '2001:db8::7'];
      expect(await stage.run('configure_ntp', { host_name: host.id, ntp_servers })).toMatchObject({
        host: refOf(host),
        action: 'configure_ntp',
        ntp_servers,
        service_running: true,
        service_restarted: true,
      });
      expect(host.get('config')?.dateTimeInfo?.ntpConfig?.server).toEqual(ntp_servers);
      expect(await stage.run('get_ntp_config', { host_name: host.id })).toMatchObject({ ntp_servers });
    },
    fails: {
      args: (stage) => ({ host_name: up(stage).id, ntp_servers: ['ntp1.corp.example\nrestrict default'] }),
      code: 'INVALID_INPUT',
      says: /ntp_servers/,
    },
    denied: {
      args: (stage) => ({ host_name: up(stage).id, ntp_servers: ['192.0.2.1'] }),
      without: 'Host.Config.DateTime',
    },
  },
  reboot_host: {
    async works(stage) {
      const host = resting(stage);
      const booted = host.get('runtime').bootTime;
      expect(await stage.run('reboot_host', { host_name: host.id })).toMatchObject({
        host: refOf(host),
        action: 'reboot',
        force: false,
        warning: expect.stringMatching(/out of reach.*maintenance mode/),
      });
      await expect.poll(() => host.get('runtime').bootTime).not.toBe(booted);
      await expect.poll(() => host.get('runtime').connectionState).toBe('connected');
      host.set({ runtime: { ...host.get('runtime'), inMaintenanceMode: false } });
    },
    fails: {
      args: (stage) => ({ host_name: busy(stage, 'fullyAutomated').id }),
      code: 'INVALID_STATE',
      says: /run.* on it.*enter_maintenance_mode first, or say force=true/,
    },
    denied: { args: (stage) => ({ host_name: resting(stage).id }), without: 'Host.Config.Maintenance' },
  },
  shutdown_host: {
    async works(stage) {
      const host = resting(stage);
      expect(await stage.run('shutdown_host', { host_name: host.id })).toMatchObject({
        host: refOf(host),
        action: 'shutdown',
        force: false,
        warning: expect.stringMatching(/stays off/),
      });
      await expect.poll(() => host.get('runtime').powerState).toBe('poweredOff');
      host.set({
        runtime: {
          ...host.get('runtime'),
          powerState: 'poweredOn',
          connectionState: 'connected',
          inMaintenanceMode: false,
        },
      });
    },
    fails: {
      args: (stage) => ({ host_name: up(stage).id }),
      code: 'INVALID_STATE',
      says: /not in maintenance mode/,
    },
    denied: { args: (stage) => ({ host_name: resting(stage).id }), without: 'Host.Config.Maintenance' },
  },
};
