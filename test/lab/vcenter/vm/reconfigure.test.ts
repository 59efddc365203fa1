import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  VirtualDevice,
  VirtualDeviceConfigSpec,
  VirtualDisk,
  VirtualEthernetCard,
  VirtualMachineConfigSpec,
} from '../../../../src/vim25/generated/types.ts';
import { connectTo } from '../../../vim25/connect.ts';
import { openStage, type Stage, type Vm } from './stage.ts';

const GIB_KB = 1024 * 1024;

describe('ReconfigVM_Task in the lab', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await openStage({
      tls: false,
      accounts: [
        { name: 'root', password: 'lab-password' },
        {
          name: 'clerk',
          password: 'lab-password',
          may: (privilege) => !/CPUCount|AddNewDisk|EditDevice/.test(privilege),
        },
      ],
    });
  });
  afterAll(() => stage?.close());

  const reconfigure = async (vm: Vm, spec: VirtualMachineConfigSpec) =>
    stage.done(await stage.client.call('ReconfigVM_Task', { _this: vm.ref, spec }));
  const change = (vm: Vm, ...deviceChange: VirtualDeviceConfigSpec[]) => reconfigure(vm, { deviceChange });
  const labels = (vm: Vm) => vm.get('config')!.hardware.device!.map(({ deviceInfo }) => deviceInfo?.label);
  const device = (vm: Vm, label: string) =>
    vm.get('config')!.hardware.device!.find(({ deviceInfo }) => deviceInfo?.label === label)!;
  const stat = (path: string) => stage.vcenter.world.files.of(stage.place.datastore).stat(path);
  const newDisk = (more: Partial<VirtualDisk> = {}, fileName = ''): VirtualDeviceConfigSpec => ({
    operation: 'add',
    fileOperation: 'create',
    device: {
      $type: 'VirtualDisk',
      key: -1,
      controllerKey: 1000,
      capacityInKB: 5 * GIB_KB,
      backing: { $type: 'VirtualDiskFlatVer2BackingInfo', fileName, diskMode: 'persistent', thinProvisioned: true },
      ...more,
    } as VirtualDevice,
  });
  const newNic = (more: Partial<VirtualEthernetCard> = {}): VirtualDeviceConfigSpec => ({
    operation: 'add',
    device: {
      $type: 'VirtualVmxnet3',
      key: -1,
      backing: { $type: 'VirtualEthernetCardNetworkBackingInfo', deviceName: stage.place.network.get('name') },
      ...more,
    } as VirtualDevice,
  });

  it('changes sizes, texts and options, and says so in an event', async () => {
    const vm = stage.vm('sizes');
    await stage.harness.run('reconfigure_vm', { name: 'sizes', cpu: 4, memory_mb: 8192, annotation: 'web' });
    const info = await stage.harness.run('get_vm_info', { name: 'sizes' });
    expect(info).toMatchObject({ cpu: 4, memory_mb: 8192, annotation: 'web' });
    expect(stage.eventsOf(vm)).toContain('VmReconfiguredEvent');
    await reconfigure(vm, {
      extraConfig: [
        { key: 'guestinfo.a', value: '1' },
        { key: 'svga.present', value: '' },
      ],
    });
    const options = vm.get('config')!.extraConfig!.map(({ key }) => key);
    expect(options).toContain('guestinfo.a');
    expect(options).not.toContain('svga.present');
  });

  it('takes a change only on the version that the client knows', async () => {
    const vm = stage.vm('versions');
    const { changeVersion } = vm.get('config')!;
    await reconfigure(vm, { changeVersion, annotation: 'first' });
    await expect(reconfigure(vm, { changeVersion, annotation: 'second' })).rejects.toMatchObject({
      faultType: 'ConcurrentAccess',
    });
    expect(vm.get('config')!.annotation).toBe('first');
  });

  it('adds disks where there is room, each with key, label and file', async () => {
    const vm = stage.vm('disks', { on: true });
    await change(
      vm,
      newDisk(),
      newDisk({ unitNumber: 9 }),
      newDisk({ key: -2 }, `[${stage.place.datastore.get('name')}] disks/own.vmdk`),
    );
    const { disks } = await stage.harness.run('list_disks', { vm_name: 'disks' });
    expect(
      disks.map(({ label, unit_number, file }: Record<string, unknown>) => [
        label,
        unit_number,
        String(file).replace(/.*\//, ''),
      ]),
    ).toEqual([
      ['Hard disk 1', 0, 'disks.vmdk'],
      ['Hard disk 2', 1, 'disks_1.vmdk'],
      ['Hard disk 4', 2, 'own.vmdk'],
      ['Hard disk 3', 9, 'disks_2.vmdk'],
    ]);
    expect(stat('disks/disks_1.vmdk')?.disk).toMatchObject({ capacityKb: 5 * GIB_KB, thin: true });
    await change(
      vm,
      { operation: 'remove', fileOperation: 'destroy', device: device(vm, 'Hard disk 2') },
      { operation: 'remove', device: device(vm, 'Hard disk 3') },
    );
    expect(labels(vm).filter((label) => label?.startsWith('Hard'))).toEqual(['Hard disk 1', 'Hard disk 4']);
    expect(stat('disks/disks_1.vmdk')).toBeUndefined();
    expect(stat('disks/disks_2.vmdk')).toBeDefined();
    const again = newDisk({}, `[${stage.place.datastore.get('name')}] disks/disks_2.vmdk`);
    const { fileOperation: _, ...attach } = again;
    await change(vm, attach);
    expect(device(vm, 'Hard disk 2')).toMatchObject({ capacityInKB: 5 * GIB_KB });
  });

  it('maps the keys of what a request adds to each other, whatever stands first', async () => {
    const vm = stage.vm('mapped');
    const controller: VirtualDeviceConfigSpec = {
      operation: 'add',
      device: { $type: 'VirtualLsiLogicSASController', key: -7, busNumber: 1, sharedBus: 'noSharing' } as VirtualDevice,
    };
    await change(vm, newDisk({ controllerKey: -7 }), controller);
    expect(device(vm, 'SCSI controller 1')).toMatchObject({ key: 1001, busNumber: 1, device: [2016] });
    expect(device(vm, 'Hard disk 2')).toMatchObject({ key: 2016, controllerKey: 1001, unitNumber: 0 });
  });

  it('grows a disk and never shrinks one, nor grows one under a snapshot', async () => {
    const vm = stage.vm('growing', { on: true });
    const sized = (capacityInKB: number) => ({
      operation: 'edit' as const,
      device: { ...device(vm, 'Hard disk 1'), capacityInKB } as VirtualDevice,
    });
    await change(vm, sized(20 * GIB_KB));
    expect(device(vm, 'Hard disk 1')).toMatchObject({
      capacityInKB: 20 * GIB_KB,
      capacityInBytes: 20 * GIB_KB * 1024,
      deviceInfo: { summary: '20,971,520 KB' },
    });
    expect(stat('growing/growing.vmdk')?.disk?.capacityKb).toBe(20 * GIB_KB);
    const refused = { fault: { $type: 'InvalidDeviceOperation', deviceIndex: 0, badOp: 'edit' } };
    await expect(change(vm, sized(10 * GIB_KB))).rejects.toMatchObject(refused);
    await stage.harness.run('create_snapshot', { name: 'growing', snapshot_name: 's', memory: false });
    await expect(change(vm, sized(30 * GIB_KB))).rejects.toMatchObject(refused);
  });

  it('makes no disk that does not fit, and leaves nothing of the request behind', async () => {
    const vm = stage.vm('full');
    const thick = (capacityInKB: number) =>
      newDisk({
        capacityInKB,
        backing: {
          $type: 'VirtualDiskFlatVer2BackingInfo',
          fileName: '',
          diskMode: 'persistent',
          thinProvisioned: false,
        } as VirtualDisk['backing'],
      });
    await expect(change(vm, thick(GIB_KB), thick(50_000 * GIB_KB))).rejects.toMatchObject({ faultType: 'NoDiskSpace' });
    expect(labels(vm)).not.toContain('Hard disk 2');
    expect(stat('full/full_1.vmdk')).toBeUndefined();
  });

  it('plugs cards into networks and port groups, with an address for each', async () => {
    const vm = stage.vm('cards', { on: true });
    const { world } = stage.vcenter;
    const group = stage.place.host
      .get('network')
      .map((ref) => world.objects.get<'DistributedVirtualPortgroup'>(ref))
      .find((each) => each.ref.type === 'DistributedVirtualPortgroup' && !each.get('config').uplink)!;
    const owner = world.objects.get<'DistributedVirtualSwitch'>(group.get('config').distributedVirtualSwitch!);
    const backing = {
      $type: 'VirtualEthernetCardDistributedVirtualPortBackingInfo',
      port: { switchUuid: owner.get('uuid'), portgroupKey: group.get('key') },
    };
    await change(
      vm,
      newNic({ backing } as Partial<VirtualEthernetCard>),
      newNic({ addressType: 'manual', macAddress: '00:50:56:01:02:03' }),
    );
    const { nics } = await stage.harness.run('list_nics', { vm_name: 'cards' });
    expect(nics.map(({ label, network }: Record<string, unknown>) => [label, network])).toEqual([
      ['Network adapter 1', stage.place.network.get('name')],
      ['Network adapter 2', group.get('name')],
      ['Network adapter 3', stage.place.network.get('name')],
    ]);
    expect(nics[1].mac_address).toMatch(/^00:50:56:[89ab]/);
    expect(nics[2].mac_address).toBe('00:50:56:01:02:03');
    expect(vm.get('network').map(({ value }) => value)).toContain(group.id);
    expect(group.get('vm').map(({ value }) => value)).toContain(vm.id);
    expect(vm.get('guest')?.net).toHaveLength(3);
    expect(stage.eventsOf(vm).filter((type) => type === 'VmMacAssignedEvent')).toHaveLength(2);
    await change(vm, {
      operation: 'edit',
      device: {
        ...device(vm, 'Network adapter 1'),
        connectable: { startConnected: false, allowGuestControl: true, connected: false },
      },
    });
    expect(device(vm, 'Network adapter 1').connectable).toMatchObject({ connected: false, startConnected: false });
  });

  it.each([
    [
      'a network that is not there',
      { backing: { $type: 'VirtualEthernetCardNetworkBackingInfo', deviceName: 'nowhere' } },
      'InvalidDeviceBacking',
    ],
    [
      'a port group of another switch',
      {
        backing: {
          $type: 'VirtualEthernetCardDistributedVirtualPortBackingInfo',
          port: { switchUuid: 'x', portgroupKey: 'dvportgroup-1' },
        },
      },
      'InvalidDeviceBacking',
    ],
    ['an address that is none', { addressType: 'manual', macAddress: 'zz' }, 'InvalidDeviceSpec'],
    ['an address of many cards', { addressType: 'manual', macAddress: '01:00:5e:00:00:01' }, 'InvalidDeviceSpec'],
    [
      "an address that is the server's to give",
      { addressType: 'manual', macAddress: '00:50:56:80:00:01' },
      'InvalidDeviceSpec',
    ],
  ])('refuses a card with %s', async (_, more, faultType) => {
    const vm = stage.vm(`nic ${faultType} ${Math.abs(JSON.stringify(more).length)}`);
    await expect(change(vm, newNic(more as Partial<VirtualEthernetCard>))).rejects.toMatchObject({ faultType });
  });

  it('puts an image in a drive, where it is there, and takes it out', async () => {
    const vm = stage.vm('media', { on: true });
    const tree = stage.vcenter.world.files.of(stage.place.datastore);
    tree.makeFolder('images', { parents: true });
    tree.write('images/a.iso', { size: 1024 });
    const iso = (path: string) => ({
      operation: 'edit' as const,
      device: {
        ...device(vm, 'CD/DVD drive 1'),
        backing: { $type: 'VirtualCdromIsoBackingInfo', fileName: `[${stage.place.datastore.get('name')}] ${path}` },
        connectable: { startConnected: true, allowGuestControl: true, connected: true },
      } as VirtualDevice,
    });
    await expect(change(vm, iso('images/b.iso'))).rejects.toMatchObject({ faultType: 'FileNotFound' });
    await change(vm, iso('images/a.iso'));
    expect(device(vm, 'CD/DVD drive 1')).toMatchObject({
      connectable: { connected: true, status: 'ok' },
      deviceInfo: { summary: expect.stringContaining('images/a.iso') },
    });
    const empty = {
      $type: 'VirtualCdromRemotePassthroughBackingInfo',
      deviceName: '',
      useAutoDetect: false,
      exclusive: false,
    };
    await change(vm, { operation: 'edit', device: { ...device(vm, 'CD/DVD drive 1'), backing: empty } });
    expect(device(vm, 'CD/DVD drive 1').backing).toEqual(empty);
  });

  it('adds a serial port to a VM that is off, and the gateway reads it', async () => {
    const vm = stage.vm('serial');
    const port: VirtualDeviceConfigSpec = {
      operation: 'add',
      device: {
        $type: 'VirtualSerialPort',
        key: -1,
        yieldOnPoll: true,
        backing: { $type: 'VirtualSerialPortURIBackingInfo', serviceURI: 'telnet://:2345', direction: 'server' },
      } as VirtualDevice,
    };
    await change(vm, port);
    expect(await stage.harness.run('get_serial_port', { name: 'serial' })).toMatchObject({
      configured: true,
      label: 'Serial port 1',
      service_uri: 'telnet://:2345',
      direction: 'server',
      yield_on_poll: true,
    });
    const on = stage.vm('serial-on', { on: true });
    await expect(change(on, port)).rejects.toMatchObject({ faultType: 'InvalidPowerState' });
  });

  it.each([
    ['more CPUs without hot add', { numCPUs: 4 }, 'CpuHotPlugNotSupported'],
    ['fewer CPUs', { numCPUs: 1 }, 'CpuHotPlugNotSupported'],
    ['more memory without hot add', { memoryMB: 4096 }, 'MemoryHotPlugNotSupported'],
    ['less memory', { memoryMB: 1024 }, 'MemoryHotPlugNotSupported'],
    ['another guest', { guestId: 'otherGuest' }, 'InvalidPowerState'],
    ['hot add switched on', { cpuHotAddEnabled: true }, 'InvalidPowerState'],
  ])('refuses a running VM %s', async (_, spec, faultType) => {
    const vm = stage.vm(`hot ${JSON.stringify(spec).replace(/\W/g, '')}`, { on: true });
    await expect(reconfigure(vm, spec)).rejects.toMatchObject({ faultType });
  });

  it('grows a running VM that has hot add', async () => {
    const vm = stage.vm('hot');
    await reconfigure(vm, { cpuHotAddEnabled: true, memoryHotAddEnabled: true });
    await stage.harness.run('power_on', { name: 'hot' });
    await reconfigure(vm, { numCPUs: 4, memoryMB: 4096 });
    expect(vm.get('summary').config).toMatchObject({ numCpu: 4, memorySizeMB: 4096 });
  });

  it.each([
    ['no CPU', { numCPUs: 0 }, 'InvalidArgument'],
    ['a thousand CPUs', { numCPUs: 1000 }, 'NumVirtualCpusNotSupported'],
    ['cores that do not divide its CPUs', { numCPUs: 4, numCoresPerSocket: 3 }, 'InvalidArgument'],
    ['no memory', { memoryMB: 0 }, 'MemorySizeNotSupported'],
    ['memory not in steps of 4 MB', { memoryMB: 1023 }, 'InvalidArgument'],
    ['a guest of no kind', { guestId: 'nonsense' }, 'InvalidArgument'],
    ['a name that is taken', { name: 'taken' }, 'DuplicateName'],
    ['no name', { name: '' }, 'InvalidName'],
    ['a key with a line break', { extraConfig: [{ key: 'a\nb', value: 'x' }] }, 'InvalidArgument'],
    [
      'a boot order of devices that it has not',
      { bootOptions: { bootOrder: [{ $type: 'VirtualMachineBootOptionsBootableDiskDevice', deviceKey: 9999 }] } },
      'InvalidArgument',
    ],
    ['a reservation above its limit', { cpuAllocation: { reservation: 2000, limit: 1000 } }, 'InvalidArgument'],
  ])('refuses a VM %s', async (what, spec, faultType) => {
    if (faultType === 'DuplicateName') stage.vm('taken');
    const vm = stage.vm(`wrong ${what}`.replace(/\W/g, '-').slice(0, 60));
    const before = vm.get('config');
    await expect(reconfigure(vm, spec as VirtualMachineConfigSpec)).rejects.toMatchObject({ faultType });
    expect(vm.get('config')).toBe(before);
  });

  it.each([
    ['a controller that is not there', () => newDisk({ controllerKey: 1003 }), 'InvalidController'],
    ['the unit of the controller itself', () => newDisk({ unitNumber: 7 }), 'InvalidDeviceSpec'],
    ['a unit that is taken', () => newDisk({ unitNumber: 0 }), 'InvalidDeviceSpec'],
    ['no size', () => newDisk({ capacityInKB: 0 }), 'InvalidDeviceSpec'],
    [
      'a mode of no kind',
      () =>
        newDisk({
          backing: { $type: 'VirtualDiskFlatVer2BackingInfo', fileName: '', diskMode: 'x' } as VirtualDisk['backing'],
        }),
      'InvalidDeviceSpec',
    ],
    ['a datastore that is not there', () => newDisk({}, '[nowhere] a.vmdk'), 'InvalidDatastorePath'],
    [
      'a way out of the datastore',
      () => newDisk({}, `[${stage.place.datastore.get('name')}] ../../etc/passwd.vmdk`),
      'InvalidDatastorePath',
    ],
    [
      'the file operation of a removal',
      () => ({ ...newDisk(), fileOperation: 'destroy' as const }),
      'InvalidDeviceOperation',
    ],
  ])('refuses a disk with %s', async (what, spec, faultType) => {
    const vm = stage.vm(`disk ${what}`.replace(/\W/g, '-').slice(0, 60));
    await expect(change(vm, spec())).rejects.toMatchObject({ faultType });
  });

  it('refuses to edit or remove what is not there, and to remove what every VM has', async () => {
    const vm = stage.vm('fixed');
    const absent = { $type: 'VirtualDisk', key: 2999 } as VirtualDevice;
    await expect(change(vm, { operation: 'edit', device: absent })).rejects.toMatchObject({
      faultType: 'DeviceNotFound',
    });
    await expect(change(vm, { operation: 'remove', device: device(vm, 'PCI controller 0') })).rejects.toMatchObject({
      faultType: 'InvalidDeviceOperation',
    });
    await expect(change(vm, { operation: 'remove', device: device(vm, 'SCSI controller 0') })).rejects.toMatchObject({
      faultType: 'InvalidController',
    });
    await expect(change(vm, ...Array.from({ length: 10 }, () => newNic()))).rejects.toMatchObject({
      faultType: 'TooManyDevices',
    });
  });

  it('keeps nothing that it could not show again', async () => {
    const vm = stage.vm('hostile');
    const { sessions } = stage.vcenter.world;
    const { id } = sessions.logIn(sessions.open(undefined, 'test'), 'root', 'lab-password');
    const send = async (device: string, more = '') => {
      const body =
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">' +
        `<soapenv:Body><ReconfigVM_Task xmlns="urn:vim25"><_this type="VirtualMachine">${vm.id}</_this><spec>${more}` +
        `<deviceChange><operation>add</operation>${device}</deviceChange></spec></ReconfigVM_Task></soapenv:Body></soapenv:Envelope>`;
      const answer = await fetch(stage.vcenter.url, {
        method: 'POST',
        body,
        headers: { cookie: `vmware_soap_session="${id}"` },
      });
      await stage.vcenter.world.tasks.idle();
      return [answer.status, await answer.text()] as const;
    };
    const serial = (fields: string, backing = 'VirtualSerialPortURIBackingInfo') =>
      `<device xsi:type="VirtualSerialPort"><key>-1</key><backing xsi:type="${backing}"><serviceURI>telnet://:1</serviceURI><direction>server</direction></backing>${fields}<yieldOnPoll>true</yieldOnPoll></device>`;
    expect(await send(serial('', 'VirtualSerialPortEvilBackingInfo'))).toEqual([
      500,
      expect.stringContaining('InvalidRequestFault'),
    ]);
    expect((await send('<device xsi:type="VirtualEvil"><key>-1</key></device>'))[0]).toBe(500);
    const managed = '<managedBy><extensionKey>a</extensionKey><type>b</type><evil>1</evil></managedBy>';
    expect((await send(serial('<evil><deep>1</deep></evil>'), managed))[0]).toBe(200);
    expect(labels(vm)).toContain('Serial port 1');
    const all = { propSet: [{ type: 'VirtualMachine', all: true }], objectSet: [{ obj: vm.ref }] };
    const paths: string[] = [];
    await stage.client.retrieveProperties([all], ({ propSet }) =>
      paths.push(...(propSet ?? []).map(({ name }) => name)),
    );
    expect(paths).toContain('config');
  });

  it('asks for the privilege of each part of a change', async () => {
    const vm = stage.vm('parts');
    const clerk = await connectTo({ ...stage.vcenter, user: 'clerk' });
    const call = (spec: VirtualMachineConfigSpec) => clerk.call('ReconfigVM_Task', { _this: vm.ref, spec });
    await expect(call({ numCPUs: 4 })).rejects.toMatchObject({ faultType: 'NoPermission' });
    await expect(call({ deviceChange: [newDisk()] })).rejects.toMatchObject({ faultType: 'NoPermission' });
    await expect(
      call({ deviceChange: [{ operation: 'edit', device: device(vm, 'Network adapter 1') }] }),
    ).rejects.toMatchObject({ faultType: 'NoPermission' });
    await stage.done(await call({ annotation: 'allowed' }));
    expect(vm.get('config')!.annotation).toBe('allowed');
    await clerk.close();
  });
});
