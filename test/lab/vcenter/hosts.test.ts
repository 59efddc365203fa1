import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ManagedObject } from '../../../lab/vcenter/core/managed-object.ts';
import { vmsOn } from '../../../lab/vcenter/hosts/subject.ts';
import { startVCenter, type VCenter } from '../../../lab/vcenter/vcenter.ts';
import type { VimClient } from '../../../src/vim25/client.ts';
import type { TaskInfo } from '../../../src/vim25/generated/types.ts';
import { startToolHarness, type ToolHarness } from '../../support/tool-harness.ts';
import { connectTo } from '../../vim25/connect.ts';

type Host = ManagedObject<'HostSystem'>;

let vcenter: VCenter;
let client: VimClient;
let denied: VimClient;
let harness: ToolHarness;

beforeAll(async () => {
  vcenter = await startVCenter({
    accounts: [
      { name: 'administrator@vsphere.local', password: 'lab-password' },
      { name: 'reader@vsphere.local', password: 'lab-password', may: (privilege) => !privilege.startsWith('Host.') },
    ],
  });
  client = await connectTo(vcenter);
  denied = await connectTo({ ...vcenter, user: 'reader@vsphere.local' });
  harness = await startToolHarness([{ vcsim: vcenter }]);
});
afterAll(async () => {
  await Promise.all([client?.close(), denied?.close(), harness?.close()]);
  await vcenter?.stop();
});

/** Hosts of the cluster with DRS in that automation, those that run first. */
function hostsOf(automation: 'fullyAutomated' | 'manual'): Host[] {
  const { objects } = vcenter.world;
  const cluster = [...objects.all('ClusterComputeResource')].find((each) => {
    const { enabled, defaultVmBehavior } = each.get('configuration').drsConfig;
    return enabled === true && defaultVmBehavior === automation && each.get('host').length > 1;
  })!;
  return cluster
    .get('host')
    .map((ref) => objects.get<'HostSystem'>(ref))
    .sort((a, b) => Number(a.get('runtime').inMaintenanceMode) - Number(b.get('runtime').inMaintenanceMode));
}

function runningOn(host: Host): string[] {
  return vmsOn(vcenter.world, host)
    .filter((vm) => vm.get('runtime').powerState === 'poweredOn')
    .map(({ id }) => id);
}

async function ended(task: TaskInfo['task']): Promise<TaskInfo> {
  await vcenter.world.tasks.idle();
  return vcenter.world.objects.get<'Task'>(task).get('info');
}

function lastEvents(host: Host, since: number): string[] {
  return vcenter.world.events
    .all()
    .filter(({ key, $type, host: at, vm }) => key > since && $type !== 'TaskEvent' && at?.host.value === host.id && !vm)
    .map(({ $type }) => $type ?? '');
}

const lastKey = () => vcenter.world.events.all().at(-1)?.key ?? 0;
const until = (holds: () => boolean) => expect.poll(holds, { timeout: 10_000 }).toBe(true);

describe('the services of a host', () => {
  it('start, stop and restart, as the tool that reads them shows', async () => {
    const [host] = hostsOf('fullyAutomated') as [Host];
    const _this = host.get('configManager').serviceSystem!;
    const status = () => harness.run('get_service_status', { host_name: host.id, service_key: 'TSM-SSH' });
    const since = lastKey();
    await client.call('StartService', { _this, id: 'TSM-SSH' });
    expect(await status()).toMatchObject({ running: true });
    await client.call('RestartService', { _this, id: 'TSM-SSH' });
    expect(await status()).toMatchObject({ running: true });
    await client.call('UpdateServicePolicy', { _this, id: 'TSM-SSH', policy: 'automatic' });
    await client.call('StopService', { _this, id: 'TSM-SSH' });
    expect(await status()).toMatchObject({ running: false, policy: 'automatic' });
    const events = vcenter.world.events.all().filter(({ key }) => key > since);
    expect(events.flatMap((event) => (event as { eventTypeId?: string }).eventTypeId ?? [])).toEqual([
      'esx.audit.ssh.enabled',
      'esx.audit.ssh.disabled',
      'esx.audit.ssh.enabled',
      'esx.audit.ssh.disabled',
    ]);
  });

  it.each([
    ['StartService', 'ntpd', 'InvalidState'],
    ['StopService', 'TSM', 'InvalidState'],
    ['RestartService', 'TSM', 'InvalidState'],
    ['StartService', 'nonsense', 'NotFound'],
    ['StopService', 'constructor', 'NotFound'],
    ['RestartService', `\u0009${'x'.repeat(100_000)}`, 'NotFound'],
  ] as const)('%s of %s is refused', async (method, id, faultType) => {
    const _this = hostsOf('fullyAutomated')[0]!.get('configManager').serviceSystem!;
    await expect(client.call(method, { _this, id })).rejects.toMatchObject({ faultType });
  });

  it('have one of three policies', async () => {
    const _this = hostsOf('fullyAutomated')[0]!.get('configManager').serviceSystem!;
    await expect(client.call('UpdateServicePolicy', { _this, id: 'ntpd', policy: 'maybe' })).rejects.toMatchObject({
      faultType: 'InvalidArgument',
    });
  });

  it('are not for everybody', async () => {
    const _this = hostsOf('fullyAutomated')[0]!.get('configManager').serviceSystem!;
    await expect(denied.call('StartService', { _this, id: 'TSM' })).rejects.toMatchObject({
      faultType: 'NoPermission',
    });
  });
});

describe('the clock of a host', () => {
  it('takes its servers from the configuration, and starts and stops the daemon', async () => {
    const host = hostsOf('fullyAutomated')[1]!;
    const _this = host.get('configManager').dateTimeSystem!;
    const server = ['ntp1.corp.example', '192.0.2.1', '2001:db8::1'];
    await client.call('UpdateDateTimeConfig', { _this, config: { ntpConfig: { server } } });
    const config = () => harness.run('get_ntp_config', { host_name: host.id });
    expect(await config()).toMatchObject({ ntp_servers: server, service_running: true, timezone: 'UTC' });
    await client.call('UpdateDateTimeConfig', { _this, config: { enabled: false } });
    expect(await config()).toMatchObject({ ntp_servers: server, service_running: false, service_policy: 'off' });
    await client.call('UpdateDateTimeConfig', { _this, config: { protocol: 'ptp', enabled: true } });
    const services = host.get('config')?.service?.service ?? [];
    expect(services.filter(({ key }) => ['ntpd', 'ptpd'].includes(key)).map(({ running }) => running)).toEqual([
      false,
      true,
    ]);
    await client.call('UpdateDateTimeConfig', { _this, config: { ntpConfig: {}, protocol: 'ntp', enabled: true } });
    expect(await config()).toMatchObject({ ntp_servers: [], service_running: true, service_policy: 'on' });
  });

  it('can be set', async () => {
    const _this = hostsOf('fullyAutomated')[1]!.get('configManager').dateTimeSystem!;
    await client.call('UpdateDateTime', { _this, dateTime: '2031-01-01T00:00:00Z' });
    expect(await client.call('QueryDateTime', { _this })).toMatch(/^2031-01-01T/);
  });

  it.each([
    ['a server of two lines', { ntpConfig: { server: ['a\nserver b'] } }],
    ['far too many servers', { ntpConfig: { server: Array.from({ length: 5000 }, () => 'ntp') } }],
    ['a zone that ESXi has not', { timeZone: 'Europe/Berlin' }],
    ['a protocol that there is not', { protocol: 'constructor' }],
  ])('refuses %s', async (_, config) => {
    const _this = hostsOf('fullyAutomated')[1]!.get('configManager').dateTimeSystem!;
    await expect(client.call('UpdateDateTimeConfig', { _this, config })).rejects.toMatchObject({
      faultType: 'InvalidArgument',
    });
  });
});

describe('maintenance mode', () => {
  it('is entered once DRS has moved the VMs to other hosts, and left', async () => {
    const host = hostsOf('fullyAutomated')[0]!;
    const before = runningOn(host);
    expect(before.length).toBeGreaterThan(0);
    const since = lastKey();
    const enter = { _this: host.ref, timeout: 0 };
    expect(await ended(await client.call('EnterMaintenanceMode_Task', enter))).toMatchObject({ state: 'success' });
    expect(runningOn(host)).toEqual([]);
    for (const id of before) {
      const vm = vcenter.world.objects.get<'VirtualMachine'>({ type: 'VirtualMachine', value: id });
      expect(vm.get('runtime')).toMatchObject({ powerState: 'poweredOn', connectionState: 'connected' });
    }
    const { hosts } = await harness.run('list_hosts');
    expect(hosts).toContainEqual(expect.objectContaining({ id: host.id, maintenance_mode: true }));
    expect(await ended(await client.call('EnterMaintenanceMode_Task', enter))).toMatchObject({
      state: 'error',
      error: { fault: { $type: 'InvalidState' } },
    });
    const leave = { _this: host.ref, timeout: 0 };
    expect(await ended(await client.call('ExitMaintenanceMode_Task', leave))).toMatchObject({ state: 'success' });
    expect(await ended(await client.call('ExitMaintenanceMode_Task', leave))).toMatchObject({ state: 'error' });
    expect(lastEvents(host, since)).toEqual([
      'EnteringMaintenanceModeEvent',
      'EnteredMaintenanceModeEvent',
      'ExitMaintenanceModeEvent',
    ]);
    const moved = vcenter.world.events.all().filter(({ key, $type }) => key > since && $type === 'DrsVmMigratedEvent');
    expect(moved.map(({ vm }) => vm?.vm.value).sort()).toEqual([...before].sort());
  });

  it('waits for somebody to move the VMs where DRS only recommends, and ends with the time for it', async () => {
    const host = hostsOf('manual').find((each) => runningOn(each).length > 0)!;
    const cluster = vcenter.world.objects.get<'ClusterComputeResource'>(host.get('parent')!);
    const task = await client.call('EnterMaintenanceMode_Task', { _this: host.ref, timeout: 1 });
    const ofHost = () => cluster.get('recommendation').filter(({ reason }) => reason === 'hostMaint');
    await until(() => ofHost().length === runningOn(host).length);
    expect(await ended(task)).toMatchObject({ state: 'error', error: { fault: { $type: 'Timedout' } } });
    expect(ofHost()).toEqual([]);
    expect(host.get('runtime').inMaintenanceMode).toBe(false);
  });

  it('is entered once the last VM is off', async () => {
    const host = hostsOf('manual').find((each) => runningOn(each).length > 0)!;
    const task = await client.call('EnterMaintenanceMode_Task', { _this: host.ref, timeout: 0 });
    for (const value of runningOn(host)) {
      await client.call('PowerOffVM_Task', { _this: { type: 'VirtualMachine', value } });
    }
    expect(await ended(task)).toMatchObject({ state: 'success' });
    expect(await ended(await client.call('ExitMaintenanceMode_Task', { _this: host.ref, timeout: 0 }))).toMatchObject({
      state: 'success',
    });
  });

  it('can be given up while it waits', async () => {
    const [from, to] = hostsOf('manual') as [Host, Host];
    const [vm] = [...vmsOn(vcenter.world, from), ...vmsOn(vcenter.world, to)].filter(
      (each) =>
        each.get('runtime').connectionState === 'connected' &&
        each.get('config')?.template === false &&
        each.get('runtime').powerState === 'poweredOff',
    );
    await ended(await client.call('PowerOnVM_Task', { _this: vm!.ref }));
    const host = vcenter.world.objects.get<'HostSystem'>(vm!.get('runtime').host!);
    const since = lastKey();
    const task = await client.call('EnterMaintenanceMode_Task', { _this: host.ref, timeout: 0 });
    await until(() => lastEvents(host, since).includes('EnteringMaintenanceModeEvent'));
    await client.call('CancelTask', { _this: task });
    expect(await ended(task)).toMatchObject({
      state: 'error',
      cancelled: true,
      error: { fault: { $type: 'RequestCanceled' } },
    });
    expect(lastEvents(host, since)).toEqual(['EnteringMaintenanceModeEvent', 'CanceledHostOperationEvent']);
  });

  it('is not for everybody', async () => {
    const _this = hostsOf('fullyAutomated')[0]!.ref;
    await expect(denied.call('EnterMaintenanceMode_Task', { _this, timeout: 0 })).rejects.toMatchObject({
      faultType: 'NoPermission',
    });
    await expect(denied.call('RebootHost_Task', { _this, force: true })).rejects.toMatchObject({
      faultType: 'NoPermission',
    });
  });
});

describe('a host', () => {
  it('reboots only in maintenance mode unless forced', async () => {
    const host = hostsOf('fullyAutomated')[0]!;
    expect(await ended(await client.call('RebootHost_Task', { _this: host.ref, force: false }))).toMatchObject({
      state: 'error',
      error: { fault: { $type: 'InvalidState' } },
    });
    expect(host.get('runtime').connectionState).toBe('connected');
  });

  it('goes away when it reboots, with an alarm, and comes back with its VMs off', async () => {
    const host = hostsOf('fullyAutomated').find((each) => runningOn(each).length > 0)!;
    const cut = runningOn(host);
    const since = lastKey();
    const booted = Date.parse(host.get('runtime').bootTime!);
    await client.call('StartService', { _this: host.get('configManager').serviceSystem!, id: 'TSM' });
    const task = await client.call('RebootHost_Task', { _this: host.ref, force: true });
    expect(await ended(task)).toMatchObject({ state: 'success' });
    await until(() => lastEvents(host, since).includes('HostConnectedEvent'));
    const runtime = host.get('runtime');
    expect(runtime).toMatchObject({ connectionState: 'connected', powerState: 'poweredOn' });
    expect(Date.parse(runtime.bootTime!)).toBeGreaterThan(booted);
    expect(await client.call('RetrieveHardwareUptime', { _this: host.ref })).toBeLessThan(60);
    expect(lastEvents(host, since)).toEqual([
      'EventEx',
      'HostShutdownEvent',
      'AlarmStatusChangedEvent',
      'HostConnectionLostEvent',
      'AlarmStatusChangedEvent',
      'HostConnectedEvent',
    ]);
    for (const value of cut) {
      const vm = vcenter.world.objects.get<'VirtualMachine'>({ type: 'VirtualMachine', value });
      expect(vm.get('runtime')).toMatchObject({ powerState: 'poweredOff', connectionState: 'connected' });
    }
    const running = host.get('config')?.service?.service?.filter((service) => service.running) ?? [];
    expect(running.map(({ key }) => key)).toContain('ntpd');
    expect(running.map(({ key }) => key)).not.toContain('TSM');
  });

  it('is disconnected and reconnected; meanwhile nothing is known of it', async () => {
    const host = hostsOf('fullyAutomated').at(-1)!;
    const [vm] = vmsOn(vcenter.world, hostsOf('fullyAutomated')[1]!);
    const owner = vm ? vcenter.world.objects.get<'HostSystem'>(vm.get('runtime').host!) : host;
    const reconnect = () => client.call('ReconnectHost_Task', { _this: owner.ref });
    expect(await ended(await reconnect())).toMatchObject({ error: { fault: { $type: 'InvalidState' } } });
    expect(await ended(await client.call('DisconnectHost_Task', { _this: owner.ref }))).toMatchObject({
      state: 'success',
    });
    const { hosts } = await harness.run('list_hosts');
    expect(hosts).toContainEqual(expect.objectContaining({ id: owner.id, connection_state: 'disconnected' }));
    expect(vm?.get('runtime').connectionState).toBe('disconnected');
    const { dateTimeSystem, serviceSystem } = owner.get('configManager');
    await expect(client.call('QueryDateTime', { _this: dateTimeSystem! })).rejects.toMatchObject({
      faultType: 'HostNotConnected',
    });
    await expect(client.call('StartService', { _this: serviceSystem!, id: 'TSM' })).rejects.toMatchObject({
      faultType: 'HostNotConnected',
    });
    expect(await ended(await reconnect())).toMatchObject({ state: 'success' });
    expect(vm?.get('runtime').connectionState).toBe('connected');
  });

  it('tells who it is to a server that would connect to it', async () => {
    const host = hostsOf('fullyAutomated')[0]!;
    const info = await client.call('QueryHostConnectionInfo', { _this: host.ref });
    expect(info).toMatchObject({
      inDasCluster: true,
      host: { config: { name: host.get('name') } },
    });
    expect(info.vm).toHaveLength(host.get('vm').length);
    expect(info.datastore).toHaveLength(host.get('datastore').length);
  });

  it('that was shut down stays away', async () => {
    const host = hostsOf('fullyAutomated')[0]!;
    await ended(await client.call('ShutdownHost_Task', { _this: host.ref, force: true }));
    await until(() => host.get('runtime').powerState === 'poweredOff');
    expect(host.get('runtime').connectionState).toBe('notResponding');
    const { alarms } = await harness.run('get_alarms');
    expect(alarms).toContainEqual(
      expect.objectContaining({ alarm: 'Host connection and power state', entity_id: host.id, status: 'red' }),
    );
    expect(await ended(await client.call('ReconnectHost_Task', { _this: host.ref }))).toMatchObject({
      error: { fault: { $type: 'HostConnectFault' } },
    });
  });
});

describe('a lone ESXi host', () => {
  it('ends every session when it reboots, and knows no vCenter to connect to', async () => {
    const esxi = await startVCenter({ kind: 'esxi', vms: 3 });
    const direct = await connectTo(esxi);
    try {
      const _this = { type: 'HostSystem', value: 'ha-host' };
      await expect(direct.call('DisconnectHost_Task', { _this })).rejects.toMatchObject({ faultType: 'NotSupported' });
      await direct.call('RebootHost_Task', { _this, force: true });
      await expect.poll(() => esxi.world.sessions.list().length, { timeout: 10_000 }).toBe(0);
      const { serviceSystem } = esxi.world.objects.get<'HostSystem'>(_this).get('configManager');
      await direct.call('StartService', { _this: serviceSystem!, id: 'TSM-SSH' });
      expect(esxi.world.sessions.list()).toHaveLength(1);
    } finally {
      await direct.close();
      await esxi.stop();
    }
  });
});
