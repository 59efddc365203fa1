/** HostDateTimeSystem: the clock of a host and where it takes the time from. */
import type { HostDateTimeConfig, HostDateTimeInfo, HostNtpConfig } from '../../../src/vim25/generated/types.ts';
import { invalidArgument, objectNotFound } from '../core/faults.ts';
import { type Call, type MethodTable, requires } from '../core/method.ts';
import { hostOfManager } from '../inventory/host-managers.ts';
import { setService } from './services.ts';
import { type Host, requireConnected } from './subject.ts';

const PRIVILEGE = 'Host.Config.DateTime';
const MAX_SERVERS = 32;
/** A name or an address: what an ntp.conf can hold on a line. */
const SERVER = /^[\w.:%-]{1,255}$/;
const DAEMONS = { ntp: 'ntpd', ptp: 'ptpd' } as const;
const FACTORY: HostDateTimeConfig = { ntpConfig: { server: [] }, protocol: 'ntp', enabled: false };

/** Milliseconds by which a host's clock is before the server's, as somebody has set it. */
const offsets = new WeakMap<Host, number>();

/** Errors: HostNotConnected. */
function connectedHost({ world, self }: Call): Host {
  const host = hostOfManager(world, self);
  if (!host) throw objectNotFound(self.ref);
  requireConnected(host);
  return host;
}

function withServers(present: HostNtpConfig | undefined, asked: HostNtpConfig): HostNtpConfig {
  const server = asked.server ?? [];
  if (server.length > MAX_SERVERS || !server.every((each) => SERVER.test(each))) {
    throw invalidArgument('config.ntpConfig.server');
  }
  return {
    server,
    configFile: (asked.configFile ?? present?.configFile ?? []).filter((line) => !/^server\b/.test(line)),
  };
}

function changed(present: HostDateTimeInfo, config: HostDateTimeConfig): HostDateTimeInfo {
  const { timeZone, ntpConfig, ptpConfig, protocol, enabled, disableEvents, disableFallback } = config;
  // ESXi knows no other zone than UTC (KB 1436).
  if (timeZone !== undefined && timeZone !== 'UTC') throw invalidArgument('config.timeZone');
  if (protocol !== undefined && !Object.hasOwn(DAEMONS, protocol)) throw invalidArgument('config.protocol');
  return {
    ...present,
    ...(ntpConfig && { ntpConfig: withServers(present.ntpConfig, ntpConfig) }),
    ...(ptpConfig && { ptpConfig }),
    ...(protocol !== undefined && { systemClockProtocol: protocol }),
    ...(enabled !== undefined && { enabled, serviceSync: enabled }),
    ...(disableEvents !== undefined && { disableEvents }),
    ...(disableFallback !== undefined && { disableFallback }),
  };
}

export const dateTimeSystemMethods: MethodTable = {
  QueryDateTime: (call) => {
    const host = connectedHost(call);
    return new Date(call.world.clock.now() + (offsets.get(host) ?? 0)).toISOString();
  },
  UpdateDateTime: requires(PRIVILEGE, (call) => {
    const host = connectedHost(call);
    const time = Date.parse(call.request.dateTime);
    if (Number.isNaN(time)) throw invalidArgument('dateTime');
    offsets.set(host, time - call.world.clock.now());
  }),
  UpdateDateTimeConfig: requires(PRIVILEGE, (call) => {
    const host = connectedHost(call);
    const config = host.get('config');
    const asked = call.request.config.resetToFactoryDefaults ? FACTORY : call.request.config;
    const dateTimeInfo = changed(config?.dateTimeInfo ?? { timeZone: UTC }, asked);
    if (config) host.set({ config: { ...config, dateTimeInfo } });
    call.world.objects.find(call.self.ref)?.touch();
    if (asked.enabled === undefined && asked.protocol === undefined) return;
    // Enabled: the daemon of the protocol starts now and with the host, and the other one does not run.
    for (const [protocol, daemon] of Object.entries(DAEMONS)) {
      const runs = dateTimeInfo.enabled === true && protocol === (dateTimeInfo.systemClockProtocol ?? 'ntp');
      setService(call.world, host, daemon, { running: runs, policy: runs ? 'on' : 'off' });
    }
  }),
  RefreshDateTimeSystem: requires(PRIVILEGE, (call) => void connectedHost(call)),
};

const UTC: HostDateTimeInfo['timeZone'] = { key: 'UTC', name: 'UTC', description: 'UTC', gmtOffset: 0 };
