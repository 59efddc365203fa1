import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startVCenter, type VCenter } from '../../../lab/vcenter/vcenter.ts';
import type { VimClient } from '../../../src/vim25/client.ts';
import { startToolHarness, type ToolHarness } from '../../support/tool-harness.ts';
import { connectTo } from '../../vim25/connect.ts';

let vcenter: VCenter;
let client: VimClient;
let denied: VimClient;
let harness: ToolHarness;

beforeAll(async () => {
  vcenter = await startVCenter({
    accounts: [
      { name: 'administrator@vsphere.local', password: 'lab-password' },
      { name: 'reader@vsphere.local', password: 'lab-password', may: (privilege) => privilege.startsWith('System.') },
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

const NOBODY = { type: 'VirtualMachine', value: 'vm-999999' };
const manager = () => client.serviceContent.alarmManager!;
const raisedNow = async () => (await harness.run('get_alarms')).alarms;

describe('alarms', () => {
  it('that are raised below show on the root folder, on what is between, and on the object', async () => {
    const { world } = vcenter;
    const [vm] = world.objects.all('VirtualMachine');
    const host = world.objects.get<'HostSystem'>(vm!.get('runtime').host!);
    world.alarms.set('vmLatency', vm!, 'yellow');
    expect(await raisedNow()).toContainEqual(
      expect.objectContaining({
        alarm: 'Virtual machine total disk latency',
        entity: vm!.get('name'),
        entity_id: vm!.id,
        status: 'yellow',
        acknowledged: false,
      }),
    );
    for (const at of [vm!, host, world.objects.get<'Folder'>(vm!.get('parent')!)]) {
      expect(at.read('triggeredAlarmState')).toContainEqual(expect.objectContaining({ entity: vm!.ref }));
    }
    expect(vm!.get('overallStatus')).toBe('yellow');
    world.alarms.set('vmLatency', vm!, 'green');
    expect(vm!.get('overallStatus')).toBe('green');
    expect((await raisedNow()).map(({ entity_id }: { entity_id: string }) => entity_id)).not.toContain(vm!.id);
  });

  it('are acknowledged by the one who asks, and change nothing else', async () => {
    const [state] = vcenter.world.objects
      .get<'Folder'>(vcenter.world.content.rootFolder)
      .get('triggeredAlarmState')
      .filter(({ acknowledged }) => !acknowledged);
    const { alarm, entity } = state!;
    await client.call('AcknowledgeAlarm', { _this: manager(), alarm, entity });
    expect(await raisedNow()).toContainEqual(
      expect.objectContaining({
        alarm_id: alarm.value,
        entity_id: entity.value,
        status: state!.overallStatus,
        acknowledged: true,
        acknowledged_by: vcenter.user,
      }),
    );
    expect(vcenter.world.events.all().at(-1)).toMatchObject({
      $type: 'AlarmAcknowledgedEvent',
      alarm: { alarm },
      userName: vcenter.user,
    });
  });

  it('that are not raised cannot be acknowledged, nor by everybody', async () => {
    const [vm] = vcenter.world.objects.all('VirtualMachine');
    const [alarm] = await client.call('GetAlarm', { _this: manager() });
    const _this = manager();
    await expect(client.call('AcknowledgeAlarm', { _this, alarm: alarm!, entity: vm!.ref })).rejects.toMatchObject({
      faultType: 'InvalidArgument',
    });
    await expect(client.call('AcknowledgeAlarm', { _this, alarm: alarm!, entity: NOBODY })).rejects.toMatchObject({
      faultType: 'ManagedObjectNotFound',
    });
    await expect(client.call('AcknowledgeAlarm', { _this, alarm: vm!.ref, entity: vm!.ref })).rejects.toMatchObject({
      faultType: 'ManagedObjectNotFound',
    });
    await expect(denied.call('AcknowledgeAlarm', { _this, alarm: alarm!, entity: vm!.ref })).rejects.toMatchObject({
      faultType: 'NoPermission',
    });
  });

  it('are declared with a state for every object that they watch', async () => {
    const [vm] = vcenter.world.objects.all('VirtualMachine');
    const states = await client.call('GetAlarmState', { _this: manager(), entity: vm!.ref });
    const alarms = await client.call('GetAlarm', { _this: manager(), entity: client.serviceContent.rootFolder });
    expect(alarms.length).toBeGreaterThan(states.length);
    expect(states.length).toBeGreaterThan(2);
    for (const { entity, key, alarm } of states) {
      expect(entity).toEqual(vm!.ref);
      expect(key).toBe(`${alarm.value}.${vm!.id}`);
    }
  });

  it('follow how full a datastore is', async () => {
    const { world } = vcenter;
    const datastore = [...world.objects.all('Datastore')].find(
      (each) => each.get('summary').accessible && each.get('triggeredAlarmState').length === 0,
    )!;
    const files = world.files.of(datastore);
    const { freeSpace, capacity } = datastore.get('summary');
    files.write('/alarm.bin', { size: freeSpace - Math.floor(capacity * 0.2) });
    expect(datastore.get('overallStatus')).toBe('yellow');
    files.write('/alarm.bin', { size: freeSpace - Math.floor(capacity * 0.1) });
    expect(await raisedNow()).toContainEqual(
      expect.objectContaining({ alarm: 'Datastore usage on disk', entity_id: datastore.id, status: 'red' }),
    );
    files.remove('/alarm.bin');
    expect(datastore.get('triggeredAlarmState')).toEqual([]);
    const changes = world.events
      .all()
      .filter((event) => event.$type === 'AlarmStatusChangedEvent' && event.ds?.datastore.value === datastore.id);
    expect(changes.map((event) => (event as { to?: string }).to)).toEqual(['yellow', 'red', 'green']);
  });

  it('tell a client that waits for changes', async () => {
    const { world } = vcenter;
    const root = client.serviceContent.rootFolder;
    const _this = await client.call('CreatePropertyCollector', { _this: client.serviceContent.propertyCollector });
    const spec = { propSet: [{ type: 'Folder', pathSet: ['triggeredAlarmState'] }], objectSet: [{ obj: root }] };
    await client.call('CreateFilter', { _this, spec, partialUpdates: false });
    const first = await client.call('WaitForUpdatesEx', { _this, version: '', options: { maxWaitSeconds: 0 } });
    const waiting = client.call('WaitForUpdatesEx', { _this, version: first!.version }, { longPoll: true });
    const [cluster] = world.objects.all('ClusterComputeResource');
    world.alarms.set('clusterHa', cluster!, 'red');
    const update = await waiting;
    expect(JSON.stringify(update)).toContain(cluster!.id);
    world.alarms.set('clusterHa', cluster!, 'green');
  });

  it('are cleared by status and kind of object', async () => {
    const { world } = vcenter;
    const [vm] = world.objects.all('VirtualMachine');
    const [host] = world.objects.all('HostSystem');
    world.alarms.set('vmCpu', vm!, 'red');
    world.alarms.set('hostCpu', host!, 'red');
    const filter = { status: ['red'], typeEntity: 'entityTypeVm' };
    await expect(denied.call('ClearTriggeredAlarms', { _this: manager(), filter })).rejects.toMatchObject({
      faultType: 'NoPermission',
    });
    await client.call('ClearTriggeredAlarms', { _this: manager(), filter });
    const left = (await raisedNow()).map(({ entity_id }: { entity_id: string }) => entity_id);
    expect(left).not.toContain(vm!.id);
    expect(left).toContain(host!.id);
  });
});

describe('DRS', () => {
  const cluster = () => {
    const found = [...vcenter.world.objects.all('ClusterComputeResource')].find(
      (each) => each.get('configuration').drsConfig.defaultVmBehavior === 'manual',
    );
    return found!;
  };

  it('recommends in a cluster where it may not act, and does it when told to', async () => {
    const _this = cluster().ref;
    // Uneven at any time of the day: everything that runs is on one host.
    const { objects } = vcenter.world;
    const hosts = cluster()
      .get('host')
      .map((ref) => objects.get<'HostSystem'>(ref));
    for (const vm of hosts.flatMap((host) => host.get('vm')).map((ref) => objects.get<'VirtualMachine'>(ref))) {
      vm.set({ runtime: { ...vm.get('runtime'), host: hosts[0]!.ref } });
    }
    await client.call('RefreshRecommendation', { _this });
    const { recommendations } = await harness.run('get_drs_recommendations', { cluster_name: cluster().id });
    expect(recommendations.length).toBeGreaterThan(0);
    const [{ key, actions }] = recommendations;
    const vm = vcenter.world.objects.get<'VirtualMachine'>({ type: 'VirtualMachine', value: actions[0].target.id });
    const from = vm.get('runtime').host;
    await client.call('ApplyRecommendation', { _this, key });
    await vcenter.world.tasks.idle();
    const info = await harness.run('get_vm_info', { name: vm.id });
    const to = vcenter.world.objects.get<'HostSystem'>(vm.get('runtime').host!);
    expect(to.ref).not.toEqual(from);
    expect(JSON.stringify(info)).toContain(to.get('name'));
    expect(
      cluster()
        .get('recommendation')
        .map((each) => each.key),
    ).not.toContain(key);
    expect(cluster().get('actionHistory')[0]?.action.target).toEqual(vm.ref);
    const { events } = await harness.run('list_recent_events', { event_types: ['DrsVmMigratedEvent'], hours_back: 1 });
    expect(events[0]).toMatchObject({ vm: vm.get('name') });
    const { tasks } = await harness.run('list_recent_tasks', { max_count: 5 });
    expect(tasks[0]).toMatchObject({ name: 'Drm.ExecuteVMotionLRO', entity_id: vm.id, state: 'success' });
  });

  it('forgets what somebody drops, and knows no other keys', async () => {
    const _this = cluster().ref;
    const [vm] = cluster()
      .get('host')
      .flatMap((ref) => vcenter.world.objects.get<'HostSystem'>(ref).get('vm'));
    expect(vm).toBeDefined();
    await client.call('RefreshRecommendation', { _this });
    for (const { key } of cluster().get('recommendation')) await client.call('CancelRecommendation', { _this, key });
    expect(cluster().get('recommendation')).toEqual([]);
    for (const key of ['1', 'nonsense', '']) {
      await expect(client.call('ApplyRecommendation', { _this, key })).rejects.toMatchObject({
        faultType: 'InvalidArgument',
      });
    }
    await expect(denied.call('RefreshRecommendation', { _this })).rejects.toMatchObject({ faultType: 'NoPermission' });
  });

  it('recommends nothing where it acts by itself', async () => {
    const automatic = [...vcenter.world.objects.all('ClusterComputeResource')].find(
      (each) => each.get('configuration').drsConfig.defaultVmBehavior === 'fullyAutomated',
    )!;
    await client.call('RefreshRecommendation', { _this: automatic.ref });
    expect(automatic.get('recommendation')).toEqual([]);
  });
});
