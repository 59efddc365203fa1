/** What is looked at before a host is changed, and what a half success says. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { fault } from '../../lab/vcenter/core/faults.ts';
import type { ManagedObject } from '../../lab/vcenter/core/managed-object.ts';
import { vmsOn } from '../../lab/vcenter/hosts/subject.ts';
import { startVCenter, type VCenter } from '../../lab/vcenter/vcenter.ts';
import { startToolHarness, type ToolHarness } from '../support/tool-harness.ts';

type Host = ManagedObject<'HostSystem'>;

const ADMIN = { groups: ['vsphere-super-admins'] };

/** Each with arguments that would do for a host. */
const TOOLS: readonly (readonly [tool: string, args: object])[] = [
  ['enter_maintenance_mode', {}],
  ['exit_maintenance_mode', {}],
  ['start_service', { service_key: 'TSM' }],
  ['stop_service', { service_key: 'ntpd' }],
  ['restart_service', { service_key: 'ntpd' }],
  ['set_service_policy', { service_key: 'ntpd', policy: 'on' }],
  ['configure_ntp', { ntp_servers: ['192.0.2.1'] }],
  ['reboot_host', { force: true }],
  ['shutdown_host', { force: true }],
];

let vcenter: VCenter;
let harness: ToolHarness;

beforeAll(async () => {
  vcenter = await startVCenter();
  harness = await startToolHarness([{ vcsim: vcenter }]);
  // Its login is no event of a tool under test.
  await harness.run('list_hosts');
});
afterEach(() => vcenter.interference.reset());
afterAll(async () => {
  await harness?.close();
  await vcenter?.stop();
});

function hostWhere(holds: (host: Host) => boolean): Host {
  for (const host of vcenter.world.objects.all('HostSystem')) {
    const { connectionState, inMaintenanceMode } = host.get('runtime');
    if (connectionState === 'connected' && !inMaintenanceMode && holds(host)) return host;
  }
  throw new Error('the lab has no such host left');
}

const anyHost = () => hostWhere(() => true);
const runningOn = (host: Host) =>
  vmsOn(vcenter.world, host).filter((vm) => vm.get('runtime').powerState === 'poweredOn');
const serviceOf = (host: Host, key: string) => host.get('config')?.service?.service?.find((each) => each.key === key);
const timeOf = (host: Host) => host.get('config')?.dateTimeInfo;

/** Which hosts change, or get a task or an event, while that runs. */
async function touched(work: () => Promise<unknown>): Promise<string[]> {
  const ids: string[] = [];
  const unwatch = vcenter.world.objects.watch(({ ref }) => ids.push(ref.type));
  await work().finally(unwatch);
  return ids.filter((type) => ['HostSystem', 'VirtualMachine', 'Task', 'EventManager'].includes(type));
}

describe.each(TOOLS)('%s', (tool, args) => {
  it('never takes one of several hosts by itself', async () => {
    const changed = await touched(() =>
      expect(harness.run(tool, { ...args }, ADMIN)).rejects.toMatchObject({ code: 'AMBIGUOUS' }),
    );
    expect(changed).toEqual([]);
  });

  it('does nothing to a host that is not connected', async () => {
    const host = anyHost();
    const runtime = host.get('runtime');
    host.set({ runtime: { ...runtime, connectionState: 'notResponding' } });
    try {
      const changed = await touched(() =>
        expect(harness.run(tool, { ...args, host_name: host.id }, ADMIN)).rejects.toMatchObject({
          code: 'INVALID_STATE',
          message: expect.stringMatching(/notResponding.*reconnected first/),
        }),
      );
      expect(changed).toEqual([]);
    } finally {
      host.set({ runtime });
    }
  });
});

describe('services', () => {
  it.each([
    ['stop_service', 'vpxa', {}, /managed through/],
    ['stop_service', 'vmsyslogd', {}, /requires the service/],
    ['stop_service', 'TSM', {}, /does not run/],
    ['set_service_policy', 'vpxa', { policy: 'off' }, /managed through/],
    ['set_service_policy', 'vmsyslogd', { policy: 'automatic' }, /requires the service/],
    ['start_service', 'x\u202Ey', {}, /no service/],
    ['start_service', 'constructor', {}, /no service/],
  ])('%s of %s is refused before anything is done', async (tool, service_key, more, says) => {
    const args = { host_name: anyHost().id, service_key, ...more };
    const changed = await touched(() =>
      expect(harness.run(tool, args, ADMIN)).rejects.toMatchObject({ message: expect.stringMatching(says) }),
    );
    expect(changed).toEqual([]);
  });

  it('restart the agent of vCenter, with a warning', async () => {
    const args = { host_name: anyHost().id, service_key: 'vpxa' };
    expect(await harness.run('restart_service', args, ADMIN)).toMatchObject({
      running: true,
      warning: expect.stringContaining('not be reachable'),
    });
  });

  it('are on the record with their host, and announced on it', async () => {
    const host = anyHost();
    await harness.run('start_service', { host_name: host.id, service_key: 'pcscd' }, ADMIN);
    expect(harness.records().at(-1)).toMatchObject({
      tool: 'start_service',
      result: 'success',
      target: { type: 'HostSystem', id: host.id },
      vcenter_event: 'logged',
    });
  });
});

describe('configure_ntp', () => {
  const configure = (host: Host, args: object) => harness.run('configure_ntp', { host_name: host.id, ...args }, ADMIN);

  it.each([
    [[]],
    [['']],
    [['a b']],
    [['ntp.example\n']],
    [['-u root']],
    [['ntp..example']],
    [['192.0.2.256']],
    [['fe80::1%eth0']],
    [['x'.repeat(254)]],
    [['ntp.example', 'NTP.example']],
    [Array.from({ length: 11 }, (_, at) => `ntp${at}.example`)],
    ['ntp.example'],
    [[{ server: 'ntp.example' }]],
  ])('takes no %j for servers', async (ntp_servers) => {
    const host = anyHost();
    const before = timeOf(host);
    await expect(configure(host, { ntp_servers })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    expect(timeOf(host)).toEqual(before);
  });

  it('starts the service where it did not run', async () => {
    const host = anyHost();
    await harness.run('stop_service', { host_name: host.id, service_key: 'ntpd' }, ADMIN);
    const said = await configure(host, { ntp_servers: ['ntp_1.corp.example'] });
    expect(said).toMatchObject({ service_started: true, service_running: true });
    expect(said).not.toHaveProperty('service_restarted');
    expect(serviceOf(host, 'ntpd')?.running).toBe(true);
    expect(timeOf(host)).toMatchObject({ enabled: true, systemClockProtocol: 'ntp' });
  });

  it('leaves the service alone with start_service=false', async () => {
    const host = anyHost();
    await harness.run('stop_service', { host_name: host.id, service_key: 'ntpd' }, ADMIN);
    const said = await configure(host, { ntp_servers: ['192.0.2.9'], start_service: false });
    expect(said).toMatchObject({ ntp_servers: ['192.0.2.9'] });
    expect(said).not.toHaveProperty('service_started');
    expect(serviceOf(host, 'ntpd')?.running).toBe(false);
    await harness.run('start_service', { host_name: host.id, service_key: 'ntpd' }, ADMIN);
  });

  it('says what is wrong with the service when the servers are set all the same', async () => {
    const host = anyHost();
    vcenter.interference.failNext(fault('HostConfigFault', {}, 'No such daemon.'), 'RestartService');
    const said = await configure(host, { ntp_servers: ['192.0.2.10'] });
    expect(said).toMatchObject({
      ntp_servers: ['192.0.2.10'],
      service_error: expect.stringMatching(/"ntpd" could not be restarted: .*No such daemon/),
    });
    expect(harness.records().at(-1)).toMatchObject({ result: 'success' });
  });

  it('does not speak of what hosts before 7.0.3 do not know', async () => {
    const host = anyHost();
    const config = host.get('config')!;
    await harness.run('stop_service', { host_name: host.id, service_key: 'ntpd' }, ADMIN);
    const { enabled, systemClockProtocol, ...old } = config.dateTimeInfo!;
    host.set({
      config: {
        ...host.get('config')!,
        product: { ...config.product, apiVersion: '7.0.2.0' },
        dateTimeInfo: old,
      },
    });
    const said = await configure(host, { ntp_servers: ['192.0.2.11'] });
    expect(said).toMatchObject({ service_started: true, service_running: true });
    expect(timeOf(host)).not.toHaveProperty('enabled');
    host.set({ config });
  });
});

describe('maintenance mode', () => {
  it('waits where nothing moves the VMs and the caller will, until none runs', async () => {
    const host = hostWhere((each) => {
      const cluster = vcenter.world.objects.find(each.get('parent'))?.as('ClusterComputeResource');
      const automated = cluster?.get('configuration').drsConfig.defaultVmBehavior === 'fullyAutomated';
      return !automated && runningOn(each).length > 0;
    });
    const vms = runningOn(host);
    const said = await harness.run(
      'enter_maintenance_mode',
      { host_name: host.id, evacuate_vms: false, wait: false },
      ADMIN,
    );
    expect(said).toMatchObject({ maintenance_mode: false, evacuate_vms: false, task: { state: 'running' } });
    expect(runningOn(host)).toEqual(vms);
    for (const vm of vms) await harness.run('power_off', { name: vm.id }, ADMIN);
    await expect.poll(() => host.get('runtime').inMaintenanceMode).toBe(true);
    await expect(harness.run('enter_maintenance_mode', { host_name: host.id }, ADMIN)).rejects.toMatchObject({
      code: 'INVALID_STATE',
      message: expect.stringContaining('in maintenance mode already'),
    });
    await harness.run('exit_maintenance_mode', { host_name: host.id }, ADMIN);
  });
});

describe('a host that goes down', () => {
  it.each(['reboot_host', 'shutdown_host'])('is not touched by %s while VMs run on it', async (tool) => {
    const host = hostWhere((each) => runningOn(each).length > 0);
    const changed = await touched(() =>
      expect(harness.run(tool, { host_name: host.id }, ADMIN)).rejects.toMatchObject({ code: 'INVALID_STATE' }),
    );
    expect(changed).toEqual([]);
  });

  it('cuts off its VMs with force, and the result names them', async () => {
    const host = hostWhere((each) => runningOn(each).length > 0);
    const vms = runningOn(host);
    const said = await harness.run('reboot_host', { host_name: host.id, force: true }, ADMIN);
    expect(said).toMatchObject({ force: true, warning: expect.stringContaining('without regard to its VMs') });
    await expect.poll(() => vms.map((vm) => vm.get('runtime').powerState)).not.toContain('poweredOn');
  });
});

describe('a lone ESXi', () => {
  let esxi: VCenter;
  let alone: ToolHarness;

  beforeAll(async () => {
    esxi = await startVCenter({ kind: 'esxi', vms: 3 });
    alone = await startToolHarness([{ vcsim: esxi, kind: 'esxi' }]);
  });
  afterAll(async () => {
    await alone?.close();
    await esxi?.stop();
  });

  it('is the host that is meant where none is named', async () => {
    const said = await alone.run('start_service', { service_key: 'TSM-SSH' }, ADMIN);
    expect(said).toMatchObject({ host: { id: 'ha-host' }, running: true });
    expect(await alone.run('configure_ntp', { ntp_servers: ['192.0.2.1'] }, ADMIN)).toMatchObject({
      ntp_servers: ['192.0.2.1'],
    });
  });

  it('is not put into maintenance mode while its VMs would have to go elsewhere', async () => {
    await expect(alone.run('enter_maintenance_mode', {}, ADMIN)).rejects.toMatchObject({
      code: 'INVALID_STATE',
      message: expect.stringContaining('shutdown_guest'),
    });
  });
});
