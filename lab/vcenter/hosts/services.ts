/** HostServiceSystem: the services of a host. */
import type { HostService } from '../../../src/vim25/generated/types.ts';
import { fault, invalidArgument, objectNotFound } from '../core/faults.ts';
import { type Call, type MethodTable, requires } from '../core/method.ts';
import type { World } from '../core/world.ts';
import { hostOfManager } from '../inventory/host-managers.ts';
import { type Host, invalidState, postHostEvent, requireConnected } from './subject.ts';

const PRIVILEGE = 'Host.Config.NetService';
const POLICIES: ReadonlySet<string> = new Set(['on', 'off', 'automatic']);

/** What ESXi tells of when it is switched, as extended events. */
const AUDITED: Readonly<Record<string, readonly [id: string, name: string]>> = {
  'TSM-SSH': ['ssh', 'SSH access'],
  TSM: ['shell', 'ESXi Shell'],
};

/** Errors: HostNotConnected, NotFound. */
function serviceOf({ world, self }: Call, id: string): { readonly host: Host; readonly service: HostService } {
  const host = hostOfManager(world, self);
  if (!host) throw objectNotFound(self.ref);
  requireConnected(host);
  const service = host.get('config')?.service?.service?.find(({ key }) => key === id);
  if (!service) throw fault('NotFound', {}, 'The object or item referred to could not be found.');
  return { host, service };
}

/** Tells the host's service manager, too: it shows a part of the host's configuration. */
export function setService(world: World, host: Host, key: string, changes: Partial<HostService>): void {
  const config = host.get('config');
  if (!config) return;
  const service = (config.service?.service ?? []).map((each) => (each.key === key ? { ...each, ...changes } : each));
  host.set({ config: { ...config, service: { service } } });
  world.objects.find(host.get('configManager').serviceSystem)?.touch();
}

function run(call: Call, id: string, running: boolean): void {
  const { host, service } = serviceOf(call, id);
  if (service.running === running) throw invalidState();
  setService(call.world, host, id, { running });
  audit(call, host, id, running);
}

function audit(call: Call, host: Host, id: string, running: boolean): void {
  if (!Object.hasOwn(AUDITED, id)) return;
  const [word, name] = AUDITED[id]!;
  const message = `${name} has been ${running ? 'enabled' : 'disabled'}.`;
  postHostEvent(call, 'EventEx', host, message, {
    eventTypeId: `esx.audit.${word}.${running ? 'enabled' : 'disabled'}`,
    severity: 'info',
    message,
    objectId: host.id,
    objectType: 'HostSystem',
    objectName: host.get('name'),
  });
}

export const serviceSystemMethods: MethodTable = {
  StartService: requires(PRIVILEGE, (call) => run(call, call.request.id, true)),
  StopService: requires(PRIVILEGE, (call) => run(call, call.request.id, false)),
  RestartService: requires(PRIVILEGE, (call) => {
    const { id } = call.request;
    if (!serviceOf(call, id).service.running) throw invalidState();
    run(call, id, false);
    run(call, id, true);
  }),
  UpdateServicePolicy: requires(PRIVILEGE, (call) => {
    const { id, policy } = call.request;
    const { host } = serviceOf(call, id);
    if (!POLICIES.has(policy)) throw invalidArgument('policy');
    setService(call.world, host, id, { policy });
  }),
  RefreshServices: requires(PRIVILEGE, ({ world, self }) => {
    const host = hostOfManager(world, self);
    if (host) requireConnected(host);
  }),
};
