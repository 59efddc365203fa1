/** Starting and stopping the services of an ESXi host, and its time servers. */
import { z } from 'zod';
import { GatewayError } from '../lib/errors.ts';
import {
  carriesManagement,
  type HostServices,
  openHostServices,
  readService,
  requireDispensable,
  requireRunning,
} from '../vsphere/host-service-control.ts';
import { pickService, type Service } from '../vsphere/host-services.ts';
import {
  isTimeServer,
  NTP_SERVICE,
  openTime,
  readTimeServers,
  requireNtpService,
  setTimeServers,
} from '../vsphere/host-time.ts';
import type { InventoryObject } from '../vsphere/inventory.ts';
import { quoted } from '../vsphere/names.ts';
import { hostName, objectRef, toObjectRef } from './fields.ts';
import { defineTool, type ServerContext } from './tool.ts';

const serviceKey = z.string().min(1).max(100).describe('From list_services: TSM-SSH, ntpd.');
const input = { host_name: hostName, service_key: serviceKey };
const output = { host: objectRef, service: z.string(), action: z.string(), running: z.boolean() };

interface Subject {
  readonly host: InventoryObject;
  readonly services: HostServices;
  readonly service: Service;
}

type Given = { readonly host_name?: string | undefined; readonly service_key: string };

export const startService = defineTool({
  name: 'start_service',
  title: 'Start host service',
  description:
    'Start a service of an ESXi host, such as SSH, until the host restarts or stop_service ends it. Whether it starts with the host is set_service_policy.',
  permission: 'FULL_ADMIN',
  effect: 'update',
  idempotent: true,
  input,
  output,
  target: ({ host_name }) => host_name,
  handler: (given, context) =>
    run(given, context, 'start', ({ service }) =>
      requireRunning(service, false, 'there is nothing to start; restart_service restarts it.'),
    ),
});

export const stopService = defineTool({
  name: 'stop_service',
  title: 'Stop host service',
  description:
    'Stop a running service of an ESXi host. It starts again with the host where its policy says so: set_service_policy. Refused for those by which the host is managed.',
  permission: 'FULL_ADMIN',
  effect: 'update',
  destructive: true,
  idempotent: true,
  input,
  output,
  target: ({ host_name }) => host_name,
  handler: (given, context) =>
    run(given, context, 'stop', ({ host, service }) => {
      requireDispensable(context.vsphere, host, service);
      requireRunning(service, true, 'there is nothing to stop.');
    }),
});

export const restartService = defineTool({
  name: 'restart_service',
  title: 'Restart host service',
  description:
    'Stop and start a running service of an ESXi host, so that it reads its configuration again. One that does not run is started by start_service.',
  permission: 'FULL_ADMIN',
  effect: 'update',
  destructive: true,
  input,
  output: { ...output, warning: z.string().optional() },
  target: ({ host_name }) => host_name,
  async handler(given, context) {
    const result = await run(given, context, 'restart', ({ service }) =>
      requireRunning(service, true, 'start_service starts it.'),
    );
    const warning = 'The host is managed through this service: it may not be reachable for a minute.';
    return carriesManagement(context.vsphere, given.service_key) ? { ...result, warning } : result;
  },
});

const METHODS = { start: 'StartService', stop: 'StopService', restart: 'RestartService' } as const;

async function run(
  given: Given,
  context: ServerContext,
  action: keyof typeof METHODS,
  check: (subject: Subject) => void,
) {
  const { vsphere } = context;
  const subject = await subjectOf(given, context);
  check(subject);
  const { host, services, service } = subject;
  await context.acting(host);
  await vsphere.call(METHODS[action], { _this: services.system, id: service.key });
  context.changed();
  const { running } = await readService(vsphere, services, service.key);
  return { host: toObjectRef(host), service: service.key, action, running };
}

async function subjectOf({ host_name, service_key }: Given, { vsphere }: ServerContext): Promise<Subject> {
  const host = await vsphere.inventory.host(host_name);
  const services = await openHostServices(vsphere, host);
  return { host, services, service: pickService(services.services, service_key) };
}

export const setServicePolicy = defineTool({
  name: 'set_service_policy',
  title: 'Set host service policy',
  description:
    'Say when a service of an ESXi host starts by itself: on (with the host), off (never) or automatic (with its firewall ports). It goes on as it is now: start_service, stop_service.',
  permission: 'HOST_ADMIN',
  effect: 'update',
  idempotent: true,
  input: { ...input, policy: z.enum(['on', 'off', 'automatic']) },
  output: {
    host: objectRef,
    service: z.string(),
    action: z.string(),
    old_policy: z.string(),
    new_policy: z.string(),
  },
  target: ({ host_name }) => host_name,
  async handler({ policy, ...given }, context) {
    const { vsphere } = context;
    const { host, services, service } = await subjectOf(given, context);
    if (policy !== 'on') requireDispensable(vsphere, host, service);
    await context.acting(host);
    await vsphere.call('UpdateServicePolicy', { _this: services.system, id: service.key, policy });
    context.changed();
    const now = await readService(vsphere, services, service.key);
    return {
      host: toObjectRef(host),
      service: service.key,
      action: 'set_policy',
      old_policy: service.policy,
      new_policy: now.policy,
    };
  },
});

const MOST_TIME_SERVERS = 10;

export const configureNtp = defineTool({
  name: 'configure_ntp',
  title: 'Configure NTP',
  description:
    'Replace the NTP servers of an ESXi host, and start or restart its NTP service so that it uses them. get_ntp_config reads what is set.',
  permission: 'HOST_ADMIN',
  effect: 'update',
  idempotent: true,
  input: {
    host_name: hostName,
    ntp_servers: z
      .array(z.string().min(1).max(253).refine(isTimeServer, 'is no host name or IP address'))
      .min(1)
      .max(MOST_TIME_SERVERS)
      .refine((servers) => new Set(servers.map((each) => each.toLowerCase())).size === servers.length, 'has one twice')
      .describe('Host names or IP addresses.'),
    start_service: z.boolean().default(true),
  },
  output: {
    host: objectRef,
    action: z.string(),
    ntp_servers: z.array(z.string()),
    service_running: z.boolean().optional(),
    service_restarted: z.boolean().optional(),
    service_started: z.boolean().optional(),
    service_error: z.string().optional().describe('The servers are set all the same'),
  },
  target: ({ host_name }) => host_name,
  async handler({ host_name, ntp_servers, start_service }, context) {
    const { vsphere } = context;
    const host = await vsphere.inventory.host(host_name);
    const services = await openHostServices(vsphere, host);
    await openTime(vsphere, host);
    if (start_service) requireNtpService(host, services);
    await context.acting(host);
    await setTimeServers(vsphere, host, ntp_servers, { enable: start_service });
    context.changed();
    const service = start_service ? await useNewServers(services, context) : {};
    return {
      host: toObjectRef(host),
      action: 'configure_ntp',
      ntp_servers: [...(await readTimeServers(vsphere, host))],
      ...service,
    };
  },
});

/** Restarts what ran before, starts what did not. The servers are set by then, so a failure is a part of the result. */
async function useNewServers(before: HostServices, { vsphere }: ServerContext) {
  const ran = pickService(before.services, NTP_SERVICE).running;
  try {
    const { running } = await readService(vsphere, before, NTP_SERVICE);
    const request = { _this: before.system, id: NTP_SERVICE };
    if (ran && running) await vsphere.call('RestartService', request);
    // Newer hosts start it themselves when the configuration switches it on.
    else if (!running) await vsphere.call('StartService', request);
    const now = await readService(vsphere, before, NTP_SERVICE);
    return { service_running: now.running, [ran ? 'service_restarted' : 'service_started']: true };
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return { service_error: `${quoted(NTP_SERVICE)} could not be ${ran ? 'restarted' : 'started'}: ${error.message}` };
  }
}
