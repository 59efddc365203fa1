import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fault } from '../../../../lab/vcenter/core/faults.ts';
import { startVCenter } from '../../../../lab/vcenter/vcenter.ts';
import type {
  VirtualDevice,
  VirtualDisk,
  VirtualEthernetCard,
  VirtualMachineCloneSpec,
  VirtualMachineConfigSpec,
} from '../../../../src/vim25/generated/types.ts';
import { startToolHarness } from '../../../support/tool-harness.ts';
import { connectTo } from '../../../vim25/connect.ts';
import { openStage, type Stage, type Vm } from './stage.ts';

const ADMIN = { groups: ['vsphere-admins'] };
const GIB_KB = 1024 * 1024;

describe('VMs made, copied and moved in the lab', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await openStage({
      accounts: [
        { name: 'root', password: 'lab-password' },
        { name: 'clerk', password: 'lab-password', may: (privilege) => /^System/.test(privilege) },
      ],
    });
  });
  afterAll(() => stage?.close());

  const named = (name: string): Vm | undefined =>
    [...stage.vcenter.world.objects.all('VirtualMachine')].find((vm) => vm.get('name') === name);
  const files = (folder: string, datastore = stage.place.datastore) => {
    const tree = stage.vcenter.world.files.of(datastore);
    return tree.stat(folder) ? tree.list(folder).map(({ name }) => name) : undefined;
  };
  const create = async (config: VirtualMachineConfigSpec, more: object = {}) => {
    const request = { _this: stage.place.folder.ref, pool: stage.place.pool.ref, config, ...more };
    const { result } = await stage.done(await stage.client.call('CreateVM_Task', request));
    return stage.vcenter.world.objects.get<'VirtualMachine'>(result as Vm['ref']);
  };
  const clone = async (vm: Vm, name: string, spec: Partial<VirtualMachineCloneSpec> = {}) => {
    const request = {
      _this: vm.ref,
      folder: stage.place.folder.ref,
      name,
      spec: { location: {}, template: false, powerOn: false, ...spec },
    };
    const { result } = await stage.done(await stage.client.call('CloneVM_Task', request));
    return stage.vcenter.world.objects.get<'VirtualMachine'>(result as Vm['ref']);
  };
  const otherHost = () => {
    const { world } = stage.vcenter;
    const hosts = [...world.objects.all('HostSystem')].filter(
      (host) => host.get('parent')?.value === stage.place.host.get('parent')?.value,
    );
    return hosts.find(
      (host) =>
        host !== stage.place.host &&
        !host.get('runtime').inMaintenanceMode &&
        host.get('runtime').connectionState === 'connected',
    )!;
  };
  const otherDatastore = () =>
    stage.place.host
      .get('datastore')
      .map((ref) => stage.vcenter.world.objects.get<'Datastore'>(ref))
      .find(
        (each) =>
          each !== stage.place.datastore &&
          each.get('summary').accessible &&
          each.get('summary').maintenanceMode === 'normal' &&
          each.get('host').length > 1,
      )!;
  const home = () => `[${stage.place.datastore.get('name')}]`;

  describe('CreateVM_Task', () => {
    it('makes what the gateway asks for', async () => {
      const { vm } = await stage.harness.run('create_vm', { name: 'made', cpu: 4, memory_mb: 2048, disk_gb: 5 }, ADMIN);
      const info = await stage.harness.run('get_vm_info', { name: vm.id });
      expect(info).toMatchObject({
        name: 'made',
        cpu: 4,
        memory_mb: 2048,
        power_state: 'poweredOff',
        disks: [{ capacity_gb: 5, thin_provisioned: true }],
        nics: [{ label: 'Network adapter 1' }],
      });
      const made = named('made')!;
      expect(stage.eventsOf(made)).toEqual([
        'VmBeingCreatedEvent',
        'VmInstanceUuidAssignedEvent',
        'VmUuidAssignedEvent',
        'VmCreatedEvent',
      ]);
      expect(files('made', stage.vcenter.world.objects.get<'Datastore'>(made.get('datastore')[0]!))).toEqual(
        expect.arrayContaining(['made.vmx', 'made.vmdk']),
      );
      await expect(stage.harness.run('power_on', { name: vm.id }, ADMIN)).resolves.toMatchObject({
        power_state: 'poweredOn',
      });
    });

    it('escapes its name, and gives it a folder of its own beside one that is there', async () => {
      stage.vcenter.world.files.of(stage.place.datastore).makeFolder('a_b');
      const vm = await create({ name: 'a/b', files: { vmPathName: home() } });
      expect(vm.get('name')).toBe('a%2fb');
      expect(vm.get('config')!.files.vmPathName).toBe(`${home()} a_b_1/a_b.vmx`);
      expect(vm.get('config')!.hardware.device!.map(({ $type }) => $type)).not.toContain('VirtualDisk');
    });

    it.each([
      ['no name', { name: undefined }, 'InvalidArgument'],
      ['an empty name', { name: '' }, 'InvalidName'],
      ['a long name', { name: 'x'.repeat(81) }, 'InvalidName'],
      ['a name that is taken', { name: 'Taken' }, 'DuplicateName'],
      ['no place for its files', { files: undefined }, 'InvalidArgument'],
      ['a datastore that is not there', { files: { vmPathName: '[nowhere]' } }, 'InvalidDatastorePath'],
      ['a path that is none', { files: { vmPathName: 'nonsense' } }, 'InvalidDatastorePath'],
      ['no CPU', { numCPUs: 0 }, 'InvalidArgument'],
      [
        'a device without a controller',
        {
          deviceChange: [
            {
              operation: 'add',
              fileOperation: 'create',
              device: {
                $type: 'VirtualDisk',
                key: -1,
                controllerKey: -9,
                capacityInKB: GIB_KB,
                backing: { $type: 'VirtualDiskFlatVer2BackingInfo', fileName: '', diskMode: 'persistent' },
              } as VirtualDevice,
            },
          ],
        },
        'InvalidController',
      ],
    ])('makes none with %s, and leaves nothing', async (_, config, faultType) => {
      if (faultType === 'DuplicateName' && !named('taken')) stage.vm('taken');
      const count = [...stage.vcenter.world.objects.all('VirtualMachine')].length;
      const wanted = { name: 'wrong', files: { vmPathName: home() }, ...config } as VirtualMachineConfigSpec;
      await expect(create(wanted)).rejects.toMatchObject({ faultType });
      expect([...stage.vcenter.world.objects.all('VirtualMachine')]).toHaveLength(count);
      expect(files('wrong')).toBeUndefined();
    });

    it('makes none for those without the privilege, nor in what is no folder for VMs', async () => {
      const config = { name: 'denied', files: { vmPathName: home() } };
      const clerk = await connectTo({ ...stage.vcenter, user: 'clerk' });
      await expect(
        clerk.call('CreateVM_Task', { _this: stage.place.folder.ref, pool: stage.place.pool.ref, config }),
      ).rejects.toMatchObject({ faultType: 'NoPermission' });
      await clerk.close();
      const { rootFolder } = stage.vcenter.world.content;
      await expect(create(config, { _this: rootFolder })).rejects.toMatchObject({ faultType: 'InvalidArgument' });
      await expect(create(config, { pool: stage.place.host.ref })).rejects.toMatchObject({
        faultType: 'InvalidArgument',
      });
    });
  });

  describe('CloneVM_Task', () => {
    it('copies a VM with an identity of its own', async () => {
      const source = stage.vm('source', { annotation: 'golden' });
      const copy = await stage.harness.run(
        'clone_vm',
        { template_name: 'source', new_name: 'copy', power_on: true },
        ADMIN,
      );
      expect(copy).toMatchObject({ power_state: 'poweredOn' });
      const vm = named('copy')!;
      expect(vm.get('config')).toMatchObject({
        annotation: 'golden',
        hardware: { numCPU: 2, memoryMB: 2048 },
        template: false,
      });
      expect(vm.get('config')!.uuid).not.toBe(source.get('config')!.uuid);
      const macs = [source, vm].map(
        (each) =>
          (each.get('config')!.hardware.device!.find(({ key }) => key === 4000) as VirtualEthernetCard).macAddress,
      );
      expect(new Set(macs).size).toBe(2);
      expect(files('copy')).toEqual(expect.arrayContaining(['copy.vmx', 'copy.vmdk']));
      expect(stage.eventsOf(source)).toContain('VmBeingClonedEvent');
      expect(stage.eventsOf(vm)).toContain('VmClonedEvent');
      expect(vm.get('guest')?.ipAddress).toBeDefined();
    });

    it('deploys from a template, which needs to be told a pool', async () => {
      const template = stage.vm('golden-image');
      template.set({ resourcePool: undefined, config: { ...template.get('config')!, template: true } });
      await expect(clone(template, 'nowhere')).rejects.toMatchObject({
        fault: { $type: 'InvalidArgument', invalidProperty: 'spec.location.pool' },
      });
      const vm = await clone(template, 'deployed', { location: { pool: stage.place.pool.ref } });
      expect(stage.eventsOf(vm)).toContain('VmDeployedEvent');
      expect(vm.get('config')!.template).toBe(false);
      const again = await clone(template, 'golden-copy', { template: true });
      expect(again.get('config')!.template).toBe(true);
      expect(again.get('resourcePool')).toBeUndefined();
    });

    it('copies a snapshot: its hardware and its disks, without its chain', async () => {
      const vm = stage.vm('with-past');
      await stage.harness.run('create_snapshot', { name: 'with-past', snapshot_name: 'small' });
      await stage.harness.run('reconfigure_vm', { name: 'with-past', cpu: 8 });
      const snapshot = vm.get('snapshot')!.currentSnapshot!;
      const copy = await clone(vm, 'from-past', { snapshot });
      expect(copy.get('config')!.hardware.numCPU).toBe(2);
      const disk = copy.get('config')!.hardware.device!.find(({ key }) => key === 2000)!;
      expect(disk.backing).not.toHaveProperty('parent');
      await expect(clone(stage.vm('stranger'), 'mixed', { snapshot })).rejects.toMatchObject({
        faultType: 'InvalidArgument',
      });
    });

    it('links a clone to a snapshot, whose disks stay for it when the VM goes', async () => {
      const vm = stage.vm('linked-source');
      await stage.harness.run('create_snapshot', { name: 'linked-source', snapshot_name: 'base' });
      const snapshot = vm.get('snapshot')!.currentSnapshot!;
      const copy = await clone(vm, 'linked', { snapshot, location: { diskMoveType: 'createNewChildDiskBacking' } });
      const disk = copy.get('config')!.hardware.device!.find(({ key }) => key === 2000)!;
      expect(disk.backing).toMatchObject({
        fileName: `${home()} linked/linked.vmdk`,
        parent: { fileName: `${home()} linked-source/linked-source.vmdk` },
      });
      const second = await clone(vm, 'linked-too', {
        snapshot,
        location: { diskMoveType: 'createNewChildDiskBacking' },
      });
      await stage.done(await stage.client.call('Destroy_Task', { _this: second.ref }));
      expect(files('linked-source')).toContain('linked-source.vmdk');
      await stage.harness.run('delete_all_snapshots', { name: 'linked-source' });
      await stage.harness.run('delete_vm', { name: 'linked-source' }, ADMIN);
      expect(files('linked-source')).toEqual(expect.arrayContaining(['linked-source.vmdk']));
      await expect(stage.harness.run('power_on', { name: 'linked' })).resolves.toMatchObject({
        power_state: 'poweredOn',
      });
    });

    it('gives each disk the place and the form that were asked for, and changes what is to be changed', async () => {
      const vm = stage.vm('placed', { disks: [{ capacityKb: GIB_KB }, { capacityKb: GIB_KB }] });
      const datastore = otherDatastore();
      const copy = await clone(vm, 'placed-copy', {
        location: { transform: 'flat', disk: [{ diskId: 2001, datastore: datastore.ref }] },
        config: { numCPUs: 6, annotation: 'changed' },
      });
      const backings = (
        copy.get('config')!.hardware.device!.filter(({ $type }) => $type === 'VirtualDisk') as VirtualDisk[]
      ).map(({ backing }) => backing as { fileName: string; thinProvisioned: boolean });
      expect(backings.map(({ thinProvisioned }) => thinProvisioned)).toEqual([false, false]);
      expect(backings[1]!.fileName).toContain(`[${datastore.get('name')}]`);
      expect(copy.get('config')).toMatchObject({ annotation: 'changed', hardware: { numCPU: 6 } });
      expect(
        copy
          .get('datastore')
          .map(({ value }) => value)
          .sort(),
      ).toEqual([datastore.id, stage.place.datastore.id].sort());
    });

    it.each([
      ['a name that is taken', 'taken-too', {}, 'DuplicateName'],
      ['power on of a template', 'c1', { template: true, powerOn: true }, 'InvalidArgument'],
      [
        'a disk that it has not',
        'c2',
        { location: { disk: [{ diskId: 2042, datastore: { type: 'Datastore', value: 'DATASTORE' } }] } },
        'InvalidArgument',
      ],
      [
        'a datastore that is gone',
        'c3',
        { location: { datastore: { type: 'Datastore', value: 'datastore-0' } } },
        'ManagedObjectNotFound',
      ],
      [
        'a linked clone of no snapshot',
        'c4',
        { location: { diskMoveType: 'createNewChildDiskBacking' } },
        'InvalidArgument',
      ],
      [
        'settings for more cards than it has',
        'c5',
        {
          customization: {
            identity: { $type: 'CustomizationIdentitySettings' },
            globalIPSettings: {},
            nicSettingMap: [],
          },
        },
        'CustomizationFault',
      ],
    ])('refuses %s', async (_, name, spec, faultType) => {
      if (faultType === 'DuplicateName') stage.vm(name);
      const text = JSON.stringify(spec).replace('DATASTORE', stage.place.datastore.id);
      await expect(clone(stage.vm(`origin-${name}`), name, JSON.parse(text))).rejects.toMatchObject({ faultType });
    });
  });

  describe('moves', () => {
    it('takes a running VM to another host, keeping it running', async () => {
      const vm = stage.vm('traveller', { on: true });
      const { bootTime } = vm.get('runtime');
      const host = otherHost();
      await stage.done(await stage.client.call('RelocateVM_Task', { _this: vm.ref, spec: { host: host.ref } }));
      expect(vm.get('runtime')).toMatchObject({ host: host.ref, powerState: 'poweredOn', bootTime });
      expect(host.get('vm').map(({ value }) => value)).toContain(vm.id);
      expect(stage.place.host.get('vm').map(({ value }) => value)).not.toContain(vm.id);
      expect(stage.eventsOf(vm).slice(-2)).toEqual(['VmBeingHotMigratedEvent', 'VmMigratedEvent']);
      const back = { _this: vm.ref, host: stage.place.host.ref, priority: 'defaultPriority' };
      await stage.done(await stage.client.call('MigrateVM_Task', back));
      expect(vm.get('runtime').host).toEqual(stage.place.host.ref);
      const wrong = await stage.client.call('MigrateVM_Task', { ...back, state: 'poweredOff' });
      await expect(stage.done(wrong)).rejects.toMatchObject({ faultType: 'InvalidPowerState' });
    });

    it('takes its files to another datastore, snapshots and all, and thin or thick', async () => {
      const vm = stage.vm('mover', { on: true });
      await stage.harness.run('create_snapshot', { name: 'mover', snapshot_name: 's', memory: false });
      const datastore = otherDatastore();
      await stage.done(
        await stage.client.call('RelocateVM_Task', { _this: vm.ref, spec: { datastore: datastore.ref } }),
      );
      expect(vm.get('datastore')).toEqual([datastore.ref]);
      expect(files('mover')).toBeUndefined();
      expect(files('mover', datastore)).toEqual(
        expect.arrayContaining(['mover.vmx', 'mover.vmdk', 'mover-000001.vmdk', 'mover-Snapshot1.vmsn']),
      );
      await stage.harness.run('revert_to_current_snapshot', { name: 'mover' });
      await stage.harness.run('delete_all_snapshots', { name: 'mover' });
      expect(vm.get('config')!.hardware.device!.find(({ key }) => key === 2000)!.backing).toMatchObject({
        fileName: `[${datastore.get('name')}] mover/mover.vmdk`,
        datastore: datastore.ref,
      });
      const flat = { _this: vm.ref, spec: { datastore: stage.place.datastore.ref, transform: 'flat' } };
      await stage.done(await stage.client.call('RelocateVM_Task', flat));
      expect(vm.get('config')!.hardware.device!.find(({ key }) => key === 2000)!.backing).toMatchObject({
        thinProvisioned: false,
      });
      expect(stage.vcenter.world.files.of(stage.place.datastore).stat('mover/mover.vmdk')?.size).toBe(10 * 1024 ** 3);
    });

    it('moves one disk alone', async () => {
      const vm = stage.vm('one-disk', { disks: [{ capacityKb: GIB_KB }, { capacityKb: GIB_KB }] });
      const datastore = otherDatastore();
      await stage.done(
        await stage.client.call('RelocateVM_Task', {
          _this: vm.ref,
          spec: { disk: [{ diskId: 2001, datastore: datastore.ref }] },
        }),
      );
      expect(files('one-disk')).toEqual(expect.arrayContaining(['one-disk.vmx', 'one-disk.vmdk']));
      expect(files('one-disk')).not.toContain('one-disk_1.vmdk');
      expect(files('one-disk', datastore)).toContain('one-disk_1.vmdk');
    });

    it('leaves everything where it is when it does not fit or cannot be reached', async () => {
      const { world } = stage.vcenter;
      const vm = stage.vm('stays', { on: true });
      const relocate = async (spec: object) =>
        stage.done(await stage.client.call('RelocateVM_Task', { _this: vm.ref, spec }));
      const before = vm.get('config');
      const datastore = otherDatastore();
      const tree = world.files.of(datastore);
      const foreign = tree.foreignBytes;
      tree.foreignBytes = tree.capacityBytes;
      await expect(relocate({ datastore: datastore.ref })).rejects.toMatchObject({ faultType: 'NoDiskSpace' });
      tree.foreignBytes = foreign;
      expect(vm.get('config')).toBe(before);
      const foreignHost = [...world.objects.all('HostSystem')].find(
        (host) =>
          !host.get('datastore').some(({ value }) => value === stage.place.datastore.id) &&
          host.get('runtime').connectionState === 'connected',
      )!;
      await expect(relocate({ host: foreignHost.ref })).rejects.toMatchObject({ faultType: 'CannotAccessVmDisk' });
      await expect(relocate({ host: foreignHost.ref, pool: stage.place.pool.ref })).rejects.toMatchObject({
        faultType: 'InvalidArgument',
      });
      const maintained = otherHost();
      maintained.set({ runtime: { ...maintained.get('runtime'), inMaintenanceMode: true } });
      await expect(relocate({ host: maintained.ref })).rejects.toMatchObject({ faultType: 'InvalidHostState' });
      maintained.set({ runtime: { ...maintained.get('runtime'), inMaintenanceMode: false } });
      expect(vm.get('runtime').host).toEqual(stage.place.host.ref);
    });

    it('fails by what a test wants it to fail by', async () => {
      const vm = stage.vm('doomed');
      stage.vcenter.world.tasks.failNext(fault('NoCompatibleHost', {}, 'No host is compatible.'), 'RelocateVM_Task');
      const task = await stage.client.call('RelocateVM_Task', { _this: vm.ref, spec: { host: otherHost().ref } });
      await expect(stage.done(task)).rejects.toMatchObject({ faultType: 'NoCompatibleHost' });
    });
  });

  describe('customization', () => {
    it('is checked against the cards and the guest of a VM that is off', async () => {
      const customize = async (vm: Vm, cards: number) => {
        const spec = {
          identity: { $type: 'CustomizationIdentitySettings' },
          globalIPSettings: {},
          nicSettingMap: Array.from({ length: cards }, () => ({
            adapter: { ip: { $type: 'CustomizationDhcpIpGenerator' } },
          })),
        };
        return stage.done(await stage.client.call('CustomizeVM_Task', { _this: vm.ref, spec }));
      };
      const vm = stage.vm('customized');
      await expect(customize(vm, 1)).resolves.toMatchObject({ state: 'success' });
      await expect(customize(vm, 2)).rejects.toMatchObject({ faultType: 'CustomizationFault' });
      await expect(customize(stage.vm('custom-on', { on: true }), 1)).rejects.toMatchObject({
        faultType: 'InvalidPowerState',
      });
      await expect(stage.client.call('RefreshStorageInfo', { _this: vm.ref })).resolves.toBeUndefined();
    });
  });

  describe('templates', () => {
    it('marks a VM that is off, and back with a pool', async () => {
      const vm = stage.vm('to-mark');
      await stage.client.call('MarkAsTemplate', { _this: vm.ref });
      const { templates } = await stage.harness.run('list_templates', {});
      expect(templates.map(({ name }: { name: string }) => name)).toContain('to-mark');
      expect(vm.get('resourcePool')).toBeUndefined();
      expect(files('to-mark')).toContain('to-mark.vmtx');
      await expect(stage.client.call('MarkAsTemplate', { _this: vm.ref })).rejects.toMatchObject({
        faultType: 'NotSupported',
      });
      await stage.client.call('MarkAsVirtualMachine', { _this: vm.ref, pool: stage.place.pool.ref });
      expect(vm.get('resourcePool')).toEqual(stage.place.pool.ref);
      expect(files('to-mark')).toContain('to-mark.vmx');
      await expect(
        stage.client.call('MarkAsTemplate', { _this: stage.vm('marked-on', { on: true }).ref }),
      ).rejects.toMatchObject({ faultType: 'InvalidPowerState' });
      await expect(
        stage.client.call('MarkAsVirtualMachine', { _this: vm.ref, pool: stage.place.pool.ref }),
      ).rejects.toMatchObject({ faultType: 'NotSupported' });
    });
  });

  describe('the end of a VM', () => {
    it("goes with its files, and with what is no one else's", async () => {
      const vm = stage.vm('gone', { on: true });
      await stage.harness.run('create_snapshot', { name: 'gone', snapshot_name: 's' });
      stage.vcenter.world.files.of(stage.place.datastore).write('gone/notes.txt', { size: 10 });
      await expect(stage.done(await stage.client.call('Destroy_Task', { _this: vm.ref }))).rejects.toMatchObject({
        fault: { $type: 'InvalidPowerState', existingState: 'poweredOn', requestedState: 'poweredOff' },
      });
      await stage.harness.run('delete_vm', { name: 'gone' }, ADMIN);
      expect(named('gone')).toBeUndefined();
      expect(files('gone')).toEqual(['notes.txt']);
      expect(stage.eventsOf(vm)).toContain('VmRemovedEvent');
      await expect(stage.client.call('PowerOnVM_Task', { _this: vm.ref })).rejects.toMatchObject({
        faultType: 'ManagedObjectNotFound',
      });
      const whole = stage.vm('gone-whole');
      await stage.done(await stage.client.call('Destroy_Task', { _this: whole.ref }));
      expect(files('gone-whole')).toBeUndefined();
    });

    it('leaves its files when unregistered, and comes back from them', async () => {
      const vm = stage.vm('away', { annotation: 'kept' });
      await expect(
        stage.client.call('UnregisterVM', { _this: stage.vm('away-on', { on: true }).ref }),
      ).rejects.toMatchObject({ faultType: 'InvalidPowerState' });
      const { vmPathName } = vm.get('config')!.files;
      await stage.client.call('UnregisterVM', { _this: vm.ref });
      expect(named('away')).toBeUndefined();
      const register = async (more: object = {}) =>
        stage.done(
          await stage.client.call('RegisterVM_Task', {
            _this: stage.place.folder.ref,
            path: vmPathName!,
            asTemplate: false,
            pool: stage.place.pool.ref,
            ...more,
          }),
        );
      const { result } = await register({ name: 'returned' });
      const back = stage.vcenter.world.objects.get<'VirtualMachine'>(result as Vm['ref']);
      expect(back.get('config')).toMatchObject({
        name: 'returned',
        annotation: 'kept',
        uuid: vm.get('config')!.uuid,
        files: { vmPathName },
      });
      expect(stage.eventsOf(back)).toEqual(['VmRegisteredEvent']);
      await expect(register({ name: 'twice' })).rejects.toMatchObject({ faultType: 'AlreadyExists' });
      await expect(register({ path: `${home()} nowhere/x.vmx` })).rejects.toMatchObject({ faultType: 'FileNotFound' });
      await expect(register({ path: '[nowhere] x/x.vmx' })).rejects.toMatchObject({
        faultType: 'InvalidDatastorePath',
      });
      await expect(register({ path: 'x.vmx' })).rejects.toMatchObject({ faultType: 'InvalidDatastorePath' });
      await expect(register({ asTemplate: true })).rejects.toMatchObject({ faultType: 'InvalidArgument' });
    });

    it('is not for those without the privilege', async () => {
      const vm = stage.vm('safe');
      const clerk = await connectTo({ ...stage.vcenter, user: 'clerk' });
      const denied = { faultType: 'NoPermission' };
      await expect(clerk.call('Destroy_Task', { _this: vm.ref })).rejects.toMatchObject(denied);
      await expect(clerk.call('UnregisterVM', { _this: vm.ref })).rejects.toMatchObject(denied);
      await expect(clerk.call('MarkAsTemplate', { _this: vm.ref })).rejects.toMatchObject(denied);
      await expect(clerk.call('RelocateVM_Task', { _this: vm.ref, spec: {} })).rejects.toMatchObject(denied);
      const spec = { location: {}, template: false, powerOn: false };
      await expect(
        clerk.call('CloneVM_Task', { _this: vm.ref, folder: stage.place.folder.ref, name: 'x', spec }),
      ).rejects.toMatchObject(denied);
      await clerk.close();
      expect(named('safe')).toBe(vm);
    });
  });
});

describe('a VM of a host without a vCenter', () => {
  let stage: Stage;

  beforeAll(async () => {
    const vcenter = await startVCenter({ kind: 'esxi', vms: 4 });
    const harness = await startToolHarness([{ vcsim: vcenter, kind: 'esxi' }]);
    stage = { vcenter, harness } as Stage;
  });
  afterAll(async () => {
    await stage?.harness.close();
    await stage?.vcenter.stop();
  });

  it('is made, run, kept in a snapshot and removed, and never cloned or a template', async () => {
    const { harness, vcenter } = stage;
    const { vm } = await harness.run('create_vm', { name: 'lone', disk_gb: 1 }, ADMIN);
    await harness.run('power_on', { name: 'lone' }, ADMIN);
    await harness.run('create_snapshot', { name: 'lone', snapshot_name: 's', memory: true }, ADMIN);
    await harness.run('revert_to_current_snapshot', { name: 'lone' }, ADMIN);
    await harness.run('delete_all_snapshots', { name: 'lone' }, ADMIN);
    const object = vcenter.world.objects.get<'VirtualMachine'>({ type: 'VirtualMachine', value: vm.id });
    expect(object.get('runtime').powerState).toBe('poweredOn');
    await harness.run('delete_vm', { name: 'lone' }, ADMIN);
    const client = await connectTo(vcenter);
    const [other] = vcenter.world.objects.all('VirtualMachine');
    const refused = { faultType: 'NotSupported' };
    await expect(client.call('MarkAsTemplate', { _this: other!.ref })).rejects.toMatchObject(refused);
    await expect(client.call('RelocateVM_Task', { _this: other!.ref, spec: {} })).rejects.toMatchObject(refused);
    const spec = { location: {}, template: false, powerOn: false };
    const folder = other!.get('parent')!;
    await expect(client.call('CloneVM_Task', { _this: other!.ref, folder, name: 'x', spec })).rejects.toMatchObject(
      refused,
    );
    await client.close();
  });
});
