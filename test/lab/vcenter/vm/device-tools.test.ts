/** What stands in the way of changing a VM's devices, and what is left when a change goes wrong half way. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fault } from '../../../../lab/vcenter/core/faults.ts';
import type { VirtualDevice } from '../../../../src/vim25/generated/types.ts';
import { openStage, type Stage, type Vm } from './stage.ts';

const GIB = 2 ** 30;

describe('device tools in the lab', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await openStage({ tls: false });
  });
  afterAll(() => stage?.close());

  const run: Stage['harness']['run'] = (...call) => stage.harness.run(...call);
  const devices = (vm: Vm): readonly VirtualDevice[] => vm.get('config')!.hardware.device ?? [];
  const labelled = (vm: Vm, label: string) => devices(vm).find(({ deviceInfo }) => deviceInfo?.label === label);
  const files = () => stage.vcenter.world.files.of(stage.place.datastore);

  /** The call is refused, and nothing of the VM is touched. */
  async function refused(vm: Vm, tool: string, args: Record<string, unknown>, says: RegExp, code = 'INVALID_STATE') {
    const before = vm.get('config');
    await expect(run(tool, args)).rejects.toMatchObject({ code, message: expect.stringMatching(says) });
    expect(vm.get('config')).toBe(before);
  }

  it('nothing is changed of a suspended VM', async () => {
    const vm = stage.vm('suspended01', { on: true });
    await run('suspend_vm', { name: vm.id });
    await refused(vm, 'add_disk', { vm_name: vm.id, size_gb: 1 }, /suspended: power_on/);
    await refused(vm, 'connect_nic', { vm_name: vm.id, nic_label: 'Network adapter 1' }, /suspended/);
  });

  it('a thick disk needs its space, a thin one none', async () => {
    const vm = stage.vm('space01');
    const free = files().freeBytes();
    const size_gb = Math.min(63_488, Math.ceil(free / GIB) + 1);
    expect(size_gb * GIB).toBeGreaterThan(free);
    await refused(vm, 'add_disk', { vm_name: vm.id, size_gb, thin_provisioned: false }, /free, and .* are needed/);
    expect(await run('add_disk', { vm_name: vm.id, size_gb })).toMatchObject({ size_gb, thin_provisioned: true });
    const [disk] = (await run('list_disks', { vm_name: vm.id })).disks;
    expect(await run('extend_disk', { vm_name: vm.id, disk_label: disk.label, new_size_gb: size_gb })).toMatchObject({
      old_size_gb: 10,
      new_size_gb: size_gb,
    });
  });

  it('a datastore in maintenance takes no disk', async () => {
    const vm = stage.vm('maintenance01');
    const { datastore } = stage.place;
    const usual = datastore.get('summary');
    datastore.set({ summary: { ...usual, maintenanceMode: 'inMaintenance' } });
    try {
      await refused(vm, 'add_disk', { vm_name: vm.id, size_gb: 1 }, /in maintenance/);
    } finally {
      datastore.set({ summary: usual });
    }
  });

  it('a full controller gets another one beside it', async () => {
    const vm = stage.vm('many01', { disks: Array.from({ length: 15 }, () => ({ capacityKb: 1024 * 1024 })) });
    const said = await run('add_disk', { vm_name: vm.id, size_gb: 1 });
    expect(said).toMatchObject({ disk_label: 'Hard disk 16', controller: 'SCSI controller 1', unit_number: 0 });
    const [first, second] = ['SCSI controller 0', 'SCSI controller 1'].map((label) => labelled(vm, label)?.$type);
    expect(second).toBe(first);
  });

  it("a linked clone's disk does not grow", async () => {
    const vm = stage.vm('linked01');
    await run('create_snapshot', { name: vm.id, snapshot_name: 'base' });
    const { currentSnapshot } = vm.get('snapshot')!;
    const cloned = await stage.client.call('CloneVM_Task', {
      _this: vm.ref,
      folder: stage.place.folder.ref,
      name: 'linked02',
      spec: {
        location: { pool: stage.place.pool.ref, diskMoveType: 'createNewChildDiskBacking' },
        snapshot: currentSnapshot!,
        powerOn: false,
        template: false,
      },
    });
    const { result } = await stage.done(cloned);
    const clone = stage.vcenter.world.objects.get<'VirtualMachine'>(result as Vm['ref']);
    const args = { vm_name: clone.id, disk_label: 'Hard disk 1', new_size_gb: 20 };
    await refused(clone, 'extend_disk', args, /linked clone.*clone_vm/);
  });

  it('a name means what the host of the VM has, not what another datacenter has', async () => {
    const vm = stage.vm('near01');
    await expect(run('get_network_info', { name: 'VM Network' })).rejects.toMatchObject({ code: 'AMBIGUOUS' });
    const host = stage.place.host.get('network').map(({ value }) => value);
    const added = await run('add_nic', { vm_name: vm.id, network: 'VM Network' });
    const { network_id } = await run('get_nic_info', { vm_name: vm.id, nic_label: added.nic_label });
    expect(host).toContain(network_id);
    const { networks } = await run('list_networks', { limit: 1000 });
    const far = networks.find(
      ({ id, name }: { id: string; name: string }) => name === 'VM Network' && !host.includes(id),
    );
    await refused(vm, 'add_nic', { vm_name: vm.id, network: far.id }, /host of "near01" has no network .*it has/);
    await refused(vm, 'add_disk', { vm_name: vm.id, size_gb: 1, datastore: await farDatastore() }, /has no datastore/);
  });

  async function farDatastore(): Promise<string> {
    const own = stage.place.host.get('datastore').map(({ value }) => value);
    const { datastores } = await run('list_datastores', { limit: 1000 });
    return datastores.find(({ id }: { id: string }) => !own.includes(id)).id;
  }

  it('a running VM gets an image, and a drive by SATA', async () => {
    const vm = stage.vm('media01', { on: true });
    if (!files().stat('iso')) files().makeFolder('iso');
    files().write('iso/rescue (1).iso', { size: 4096 });
    const iso_path = `[${stage.place.datastore.get('name')}] iso/rescue (1).iso`;
    const attached = await run('attach_iso', { vm_name: vm.id, iso_path });
    expect(attached).toMatchObject({ connected: true, iso_path });
    const added = await run('add_cdrom', { vm_name: vm.id, iso_path });
    const drive = devices(vm).find(({ key }) => key === added.device_key);
    const controller = devices(vm).find(({ key }) => key === drive?.controllerKey);
    expect(controller?.$type).toBe('VirtualAHCIController');
    expect(drive?.connectable?.connected).toBe(true);
  });

  it('of several serial ports the caller says which', async () => {
    const vm = stage.vm('ports01', { serialPorts: ['telnet://:2001', 'telnet://:2002'] });
    await refused(
      vm,
      'remove_serial_port',
      { name: vm.id },
      /port_label: "Serial port 1", "Serial port 2"/,
      'AMBIGUOUS',
    );
    await refused(vm, 'setup_serial_port', { name: vm.id, port: 2003 }, /port_label/, 'AMBIGUOUS');
    const second = { name: vm.id, port_label: 'Serial port 2' };
    expect(await run('remove_serial_port', second)).toMatchObject({ service_uri: 'telnet://:2002', removed: true });
    expect(labelled(vm, 'Serial port 1')).toBeDefined();
    expect(labelled(vm, 'Serial port 2')).toBeUndefined();
  });

  it('says that a port stays unplugged when it cannot be plugged in again', async () => {
    const vm = stage.vm('clear01', { serialPorts: ['telnet://:2001'], on: true });
    const { world } = stage.vcenter;
    const unwatch = world.objects.watch(({ ref }) => {
      if (ref.value !== vm.id || labelled(vm, 'Serial port 1')?.connectable?.connected !== false) return;
      unwatch();
      world.tasks.failNext(fault('ResourceInUse', {}, 'The port is in use.'), 'ReconfigVM_Task');
    });
    await expect(run('clear_serial_port', { name: vm.id })).rejects.toMatchObject({
      code: 'TASK_FAILED',
      message: expect.stringMatching(/was unplugged; connect_serial_port plugs it in again/),
    });
    expect(labelled(vm, 'Serial port 1')?.connectable).toMatchObject({ connected: false, startConnected: true });
    expect(await run('connect_serial_port', { name: vm.id })).toMatchObject({ connected: true });
  });

  it('tells what vSphere says where a change fails all the same', async () => {
    const vm = stage.vm('fails01');
    stage.vcenter.world.tasks.failNext(fault('ResourceInUse', {}, 'The resource is in use.'), 'ReconfigVM_Task');
    await refused(vm, 'add_disk', { vm_name: vm.id, size_gb: 1 }, /in use/, 'TASK_FAILED');
  });

  it('finds a VM whose name holds a slash', async () => {
    const vm = stage.vm('a%2fb');
    const path = `${(await stage.harness.aside.inventory.describe(stage.place.folder.ref)).path}/a%2fb`;
    expect(await run('set_boot_order', { name: path, order: ['disk', 'cdrom'] })).toMatchObject({
      vm: { name: 'a/b', id: vm.id },
      boot_order: ['disk', 'cdrom'],
    });
  });
});
