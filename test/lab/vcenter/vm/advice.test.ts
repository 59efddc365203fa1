import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CheckResult, PlacementAction, StoragePlacementAction } from '../../../../src/vim25/generated/types.ts';
import { openStage, type Stage, type Vm } from './stage.ts';

describe('what a cluster can give, and where a VM might go', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await openStage();
  });
  afterAll(() => stage?.close());

  const cluster = () => stage.vcenter.world.objects.get<'ClusterComputeResource'>(stage.place.host.get('parent')!);
  const browser = () => cluster().get('environmentBrowser')!;
  const check = async (vm: Vm, spec: object) => {
    const _this = stage.client.serviceContent.vmProvisioningChecker!;
    const { result } = await stage.done(await stage.client.call('CheckRelocate_Task', { _this, vm: vm.ref, spec }));
    return (result as { items: CheckResult[] }).items;
  };

  it('names guests, versions and default devices', async () => {
    const option = await stage.client.call('QueryConfigOption', { _this: browser() });
    expect(option?.guestOSDescriptor.map(({ id }) => id)).toContain('debian12_64Guest');
    expect(option?.defaultDevice?.map(({ $type }) => $type)).toContain('VirtualIDEController');
    const spec = { key: 'vmx-19', guestId: ['otherGuest64'] };
    const narrow = await stage.client.call('QueryConfigOptionEx', { _this: browser(), spec });
    expect(narrow).toMatchObject({ version: 'vmx-19', guestOSDescriptor: [{ id: 'otherGuest64' }] });
    await expect(stage.client.call('QueryConfigOption', { _this: browser(), key: 'vmx-99' })).rejects.toMatchObject({
      faultType: 'InvalidArgument',
    });
  });

  it('names the datastores and networks of a cluster or of one of its hosts', async () => {
    const whole = await stage.client.call('QueryConfigTarget', { _this: browser() });
    const single = await stage.client.call('QueryConfigTarget', { _this: browser(), host: stage.place.host.ref });
    expect(whole!.datastore!.map(({ name }) => name)).toContain(stage.place.datastore.get('name'));
    expect(single!.network!.map(({ name }) => name)).toContain(stage.place.network.get('name'));
    expect(single!.distributedVirtualPortgroup!.some(({ uplinkPortgroup }) => uplinkPortgroup)).toBe(true);
    expect(single!.numCpus).toBeLessThan(whole!.numCpus);
    const foreign = [...stage.vcenter.world.objects.all('HostSystem')].find(
      (host) => host.get('parent')?.value !== cluster().id,
    )!;
    await expect(stage.client.call('QueryConfigTarget', { _this: browser(), host: foreign.ref })).rejects.toMatchObject(
      { faultType: 'InvalidArgument' },
    );
  });

  it('finds a move good, or says all that stands in its way', async () => {
    const vm = stage.vm('checked');
    const hosts = cluster()
      .get('host')
      .map((ref) => stage.vcenter.world.objects.get<'HostSystem'>(ref));
    const good = hosts.find((host) => host !== stage.place.host && !host.get('runtime').inMaintenanceMode)!;
    expect((await check(vm, { host: good.ref }))[0]).not.toHaveProperty('error');
    const foreign = [...stage.vcenter.world.objects.all('HostSystem')].find(
      (host) => !host.get('datastore').some(({ value }) => value === stage.place.datastore.id),
    )!;
    const [bad] = await check(vm, { host: foreign.ref });
    expect(bad!.error!.map(({ fault }) => fault.$type)).toContain('CannotAccessVmDisk');
    expect(vm.get('runtime').host).toEqual(stage.place.host.ref);
  });

  it('places a VM on hosts that can run it, best first', async () => {
    const vm = stage.vm('to-place');
    const place = (placementSpec: object) => stage.client.call('PlaceVm', { _this: cluster().ref, placementSpec });
    const { recommendations = [] } = await place({ vm: vm.ref });
    const hosts = recommendations.map(({ action }) => (action![0] as PlacementAction).targetHost!.value);
    expect(hosts.length).toBeGreaterThan(0);
    for (const id of hosts)
      expect(
        cluster()
          .get('host')
          .map(({ value }) => value),
      ).toContain(id);
    const away = [...stage.vcenter.world.objects.all('HostSystem')].find(
      (host) => host.get('parent')?.value !== cluster().id,
    )!;
    await expect(place({ vm: vm.ref, hosts: [away.ref] })).rejects.toMatchObject({ faultType: 'NoCompatibleHost' });
  });

  it('deploys to the member of a pod that has the most room', async () => {
    const { world } = stage.vcenter;
    const [pod] = world.objects.all('StoragePod');
    const _this = stage.client.serviceContent.storageResourceManager!;
    const storageSpec = { type: 'create', podSelectionSpec: { storagePod: pod!.ref } };
    const { recommendations } = await stage.client.call('RecommendDatastores', { _this, storageSpec });
    const { destination } = recommendations![0]!.action![0] as StoragePlacementAction;
    const free = (id: string) => world.files.of({ type: 'Datastore', value: id }).freeBytes();
    expect(free(destination.value)).toBe(Math.max(...pod!.get('childEntity').map(({ value }) => free(value))));
    const spec = { location: { datastore: destination }, template: false, powerOn: false };
    const request = { _this: stage.vm('for-pod').ref, folder: stage.place.folder.ref, name: 'in-pod', spec };
    const { result } = await stage.done(await stage.client.call('CloneVM_Task', request));
    expect(world.objects.get<'VirtualMachine'>(result as Vm['ref']).get('datastore')).toEqual([destination]);
    const none = { ...storageSpec, podSelectionSpec: {} };
    await expect(stage.client.call('RecommendDatastores', { _this, storageSpec: none })).rejects.toMatchObject({
      faultType: 'InvalidArgument',
    });
  });
});
