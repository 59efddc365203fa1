import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startVCenter, type VCenter } from '../../../lab/vcenter/vcenter.ts';
import { type Govc, govcAvailable, govcOf } from './govc.ts';
import { pathOf, pathsOf, runningVm } from './subjects.ts';

const available = await govcAvailable();

describe.skipIf(!available)('govc in the inventory of a vCenter', () => {
  let vcenter: VCenter;
  let govc: Govc;

  beforeAll(async () => {
    vcenter = await startVCenter({ vms: 40 });
    govc = govcOf(vcenter, { env: { GOVC_DATACENTER: 'DC0' } });
  });
  afterAll(() => vcenter?.stop());

  it('logs in, and is told what the server is', async () => {
    const { about } = await govc.json('about');
    expect(about).toMatchObject(vcenter.world.content.about);
  });

  it('is refused with another password', async () => {
    const stranger = govcOf(vcenter, { password: 'wrong' });
    const { exitCode, complaint } = await stranger.try('about');
    expect(exitCode).not.toBe(0);
    expect(complaint).toMatch(/incorrect user name or password/);
  });

  it('sees its own login among the sessions, and leaves none behind', async () => {
    const { sessionList } = await govc.json('session.ls');
    expect(sessionList).toEqual([expect.objectContaining({ userName: vcenter.user })]);
    expect(vcenter.world.sessions.list()).toEqual([]);
  });

  it.each([
    ['m', 'VirtualMachine'],
    ['h', 'HostSystem'],
    ['s', 'Datastore'],
    ['f', 'Folder'],
    ['n', 'Network'],
    ['c', 'ClusterComputeResource'],
    ['p', 'ResourcePool'],
    ['a', 'VirtualApp'],
    ['d', 'Datacenter'],
  ] as const)('finds every object of kind %s by walking down (%s)', async (kind, type) => {
    const found: string[] = (await govc.json('find', '/', '-type', kind)) ?? [];
    const unique = [...new Set(found.map((path) => (path === '/' ? '/' : path)))].sort();
    expect(unique).toEqual([...new Set(pathsOf(vcenter.world, type))].sort());
  });

  it('lists the members of a folder by its path', async () => {
    const vm = runningVm(vcenter.world);
    const folder = pathOf(vcenter.world, vm).split('/').slice(0, -1).join('/');
    const there = pathsOf(vcenter.world, 'ManagedEntity').filter(
      (path) => path.startsWith(`${folder}/`) && !path.slice(folder.length + 1).includes('/'),
    );
    const { elements } = await govc.json('ls', folder);
    expect(elements.map(({ Path }: { Path: string }) => Path).sort()).toEqual(there);
  });

  it('finds a folder whose name holds a slash', async () => {
    const escaped = pathsOf(vcenter.world, 'Folder').find((path) => path.includes('%2f'));
    const { elements } = await govc.json('ls', '-l', escaped!);
    expect(elements.length).toBeGreaterThan(0);
  });

  it('reads one VM in full, and finds it by its path, UUID, address and name in the network', async () => {
    const vm = runningVm(vcenter.world);
    const config = vm.get('config')!;
    const guest = vm.get('guest')!;
    const path = pathOf(vcenter.world, vm);
    const { virtualMachines } = await govc.json('vm.info', '-r', '-e', path);
    expect(virtualMachines).toEqual([
      expect.objectContaining({
        name: vm.get('name'),
        self: vm.ref,
        runtime: expect.objectContaining({ powerState: 'poweredOn', host: vm.get('runtime').host }),
      }),
    ]);
    const [{ config: read, guest: told, summary, datastore }] = virtualMachines;
    expect(read).toMatchObject({ uuid: config.uuid, instanceUuid: config.instanceUuid, guestId: config.guestId });
    expect(read.hardware.device).toHaveLength(config.hardware.device!.length);
    expect(told).toMatchObject({
      ipAddress: guest.ipAddress,
      hostName: guest.hostName,
      toolsRunningStatus: 'guestToolsRunning',
    });
    expect(summary.config).toMatchObject({ name: vm.get('name'), numCpu: config.hardware.numCPU, numVirtualDisks: 1 });
    expect(datastore).toEqual(vm.get('datastore'));
    for (const [flag, value] of [
      ['-vm.uuid', config.uuid],
      ['-vm.ip', guest.ipAddress!],
      ['-vm.dns', guest.hostName!],
      ['-vm.ipath', path],
    ] as const) {
      const found = await govc.json('vm.info', flag, value);
      expect(
        found.virtualMachines.map(({ self }: { self: unknown }) => self),
        flag,
      ).toEqual([vm.ref]);
    }
  });

  it('reads a host with its services, a datastore and a pool', async () => {
    const { objects } = vcenter.world;
    const [host] = objects.all('HostSystem');
    const name = host!.get('name');
    const { hostSystems } = await govc.json('host.info', '-host', name);
    expect(hostSystems[0].summary.hardware).toMatchObject({ uuid: host!.get('summary').hardware?.uuid });

    const services = await govc.json('host.service.ls', '-host', name);
    expect(services.map(({ key, running }: Record<string, unknown>) => [key, running])).toEqual(
      host!.get('config')?.service?.service?.map(({ key, running }) => [key, running]),
    );

    const [datastore] = objects.all('Datastore');
    const { datastores } = await govc.json('datastore.info', datastore!.get('name'));
    expect(datastores[0].summary).toMatchObject({
      capacity: Number(datastore!.get('summary').capacity),
      freeSpace: Number(datastore!.get('summary').freeSpace),
    });

    const [pool] = [...objects.all('ResourcePool')].filter(
      (each) => Number(each.get('config').cpuAllocation.reservation) > 0,
    );
    const { resourcePools } = await govc.json('pool.info', pathOf(vcenter.world, pool!));
    expect(resourcePools[0].config.cpuAllocation.reservation).toBe(
      Number(pool!.get('config').cpuAllocation.reservation),
    );
  });

  it('reads the clock of a host', async () => {
    const [host] = vcenter.world.objects.all('HostSystem');
    const said = await govc.json('host.date.info', '-host', host!.get('name'));
    expect(said.ntpConfig.server).toEqual(host!.get('config')?.dateTimeInfo?.ntpConfig?.server);
    expect(Date.parse(said.current)).toBeGreaterThan(Date.now() - 3_600_000);
  });

  it('samples what a VM uses', async () => {
    const vm = runningVm(vcenter.world);
    const path = pathOf(vcenter.world, vm);
    const names = await govc('metric.ls', path);
    expect(names).toContain('cpu.usage.average');
    const { sample } = await govc.json('metric.sample', '-n', '3', path, 'cpu.usage.average', 'mem.usage.average');
    expect(sample).toHaveLength(1);
    const [{ entity, value }] = sample;
    expect(entity).toEqual(vm.ref);
    for (const { value: values } of value) expect(values).toHaveLength(3);
  });
});

describe.skipIf(!available)('govc on a standalone ESXi', () => {
  let esxi: VCenter;
  let govc: Govc;

  beforeAll(async () => {
    esxi = await startVCenter({ kind: 'esxi', vms: 8 });
    govc = govcOf(esxi);
  });
  afterAll(() => esxi?.stop());

  it('finds its host, its VMs and its datastore', async () => {
    expect((await govc.json('about')).about).toMatchObject({ apiType: 'HostAgent' });
    for (const [kind, type] of [
      ['m', 'VirtualMachine'],
      ['h', 'HostSystem'],
      ['s', 'Datastore'],
    ] as const) {
      const found: string[] = await govc.json('find', '/', '-type', kind);
      expect([...new Set(found)].sort()).toEqual(pathsOf(esxi.world, type));
    }
  });

  it('switches a VM of it off and on, and lists the datastore', async () => {
    const vm = runningVm(esxi.world);
    await govc('vm.power', '-off', vm.get('name'));
    expect(vm.get('runtime').powerState).toBe('poweredOff');
    await govc('vm.power', '-on', vm.get('name'));
    expect(vm.get('runtime').powerState).toBe('poweredOn');
    expect(await govc('datastore.ls')).toContain(vm.get('config')!.files.vmPathName!.split(/[ /]/)[1]);
  });
});
