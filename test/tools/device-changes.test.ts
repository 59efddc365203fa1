/** Disks, drives, cards, serial ports and boot order: the same on a simulator that others wrote and on the lab. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startVCenter } from '../../lab/vcenter/vcenter.ts';
import { startToolHarness, type ToolHarness, type ToolOutput } from '../support/tool-harness.ts';
import { startVcsim, vcsimAvailable } from '../support/vcsim.ts';

const ADMIN = { groups: ['vsphere-admins'] };
const OPERATOR = { groups: ['vsphere-operators'] };

interface Simulator {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  stop(): Promise<void>;
}

type Kind = 'vcenter' | 'esxi';

const SIMULATORS: readonly (readonly [string, Kind, () => Promise<Simulator>])[] = [
  ['the lab', 'vcenter', () => startVCenter({ vms: 25 })],
  ['an ESXi host of the lab', 'esxi', () => startVCenter({ kind: 'esxi', vms: 3 })],
  ...((await vcsimAvailable())
    ? ([
        ['vcsim', 'vcenter', () => startVcsim({ dc: 1, cluster: 1, host: 2, vm: 2, ds: 1 })],
        ['vcsim as an ESXi host', 'esxi', () => startVcsim({ esx: true, vm: 2 })],
      ] as const)
    : []),
];

describe.each(SIMULATORS)('on %s', (_, kind, start) => {
  let simulator: Simulator;
  let harness: ToolHarness;
  let lastMade = 0;

  beforeAll(async () => {
    simulator = await start();
    harness = await startToolHarness([{ vcsim: simulator, kind }]);
  });
  afterAll(async () => {
    await harness?.close();
    await simulator?.stop();
  });

  const run = (name: string, args: Record<string, unknown>) => harness.run(name, args, ADMIN);

  /** A VM that is off, with one disk and one card. */
  async function newVm(more: Record<string, unknown> = {}): Promise<{ vm_name: string; datastore: string }> {
    const { vm, datastore } = await run('create_vm', { name: `devices-${++lastMade}`, disk_gb: 1, ...more });
    return { vm_name: vm.id, datastore };
  }

  async function devicesOf(vm: string): Promise<ToolOutput[]> {
    const ref = { type: 'VirtualMachine', value: vm };
    const { props } = await harness.aside.readOne('VirtualMachine', ref, ['config.hardware.device']);
    return (props['config.hardware.device'] ?? []) as unknown as ToolOutput[];
  }

  const deviceOf = async (vm: string, key: number) => (await devicesOf(vm)).find((device) => device.key === key);

  /** A file on the VM's datastore that goes for an image. */
  async function newImage({ vm_name, datastore }: { vm_name: string; datastore: string }): Promise<string> {
    const { aside } = harness;
    const ref = { type: 'VirtualMachine', value: vm_name };
    const { props } = await aside.readOne('VirtualMachine', ref, ['config.files.vmPathName']);
    const datacenter = kind === 'vcenter' ? (await aside.inventory.datacenterOf(ref))!.ref : undefined;
    const vmx = props['config.files.vmPathName']!;
    const destinationName = `${vmx.slice(0, vmx.lastIndexOf('/'))}/copy.iso`;
    const task = await aside.call('CopyDatastoreFile_Task', {
      _this: aside.content.fileManager!,
      sourceName: vmx,
      destinationName,
      ...(datacenter ? { sourceDatacenter: datacenter, destinationDatacenter: datacenter } : {}),
    });
    await aside.tasks.wait(task);
    expect(destinationName).toContain(`[${datastore}] `);
    return destinationName;
  }

  it('a disk is added, grown, and removed with its file', async () => {
    const { vm_name } = await newVm();
    const added = await run('add_disk', { vm_name, size_gb: 2, thin_provisioned: false });
    expect(added).toMatchObject({ action: 'add', size_gb: 2, thin_provisioned: false, task: { state: 'success' } });
    expect(await deviceOf(vm_name, added.device_key)).toMatchObject({
      $type: 'VirtualDisk',
      capacityInKB: 2 * 1024 * 1024,
      unitNumber: added.unit_number,
    });
    const { disk_label } = added;
    const grown = await run('resize_disk', { vm_name, disk_label, new_size_gb: 3 });
    expect(grown).toMatchObject({ old_size_gb: 2, new_size_gb: 3 });
    expect((await deviceOf(vm_name, added.device_key))?.capacityInKB).toBe(3 * 1024 * 1024);
    const removed = await run('remove_disk', { vm_name, disk_label, delete_file: true });
    expect(removed).toMatchObject({ removed: true, file_deleted: true, disk_path: added.file });
    expect(await deviceOf(vm_name, added.device_key)).toBeUndefined();
    const [, datastore, folder, file] = /^\[(.*?)\] (.*)\/(.*)$/.exec(added.file)!;
    const { files } = await run('browse_datastore', { datastore, path: folder });
    expect(files.map(({ name }: ToolOutput) => name)).not.toContain(file);
  });

  it('a removed disk leaves its file where nobody said to delete it', async () => {
    const { vm_name } = await newVm();
    const { disks } = await run('list_disks', { vm_name });
    const removed = await run('remove_disk', { vm_name, disk_label: disks[0].label });
    expect(removed).toMatchObject({ removed: true, file_deleted: false, disk_path: disks[0].file });
    const [, datastore, folder, file] = /^\[(.*?)\] (.*)\/(.*)$/.exec(disks[0].file)!;
    const { files } = await run('browse_datastore', { datastore, path: folder });
    expect(files.map(({ name }: ToolOutput) => name)).toContain(file);
  });

  it('a disk neither shrinks nor grows under a snapshot, nor loses a file that one needs', async () => {
    const { vm_name } = await newVm();
    const { disks } = await run('list_disks', { vm_name });
    const disk = { vm_name, disk_label: disks[0].label };
    await expect(run('extend_disk', { ...disk, new_size_gb: 1 })).rejects.toMatchObject({
      code: 'INVALID_STATE',
      message: expect.stringContaining('only grows'),
    });
    await run('create_snapshot', { name: vm_name, snapshot_name: 'before' });
    await expect(run('extend_disk', { ...disk, new_size_gb: 2 })).rejects.toMatchObject({
      code: 'INVALID_STATE',
      message: expect.stringContaining('delete_all_snapshots'),
    });
    await expect(run('remove_disk', { ...disk, delete_file: true })).rejects.toMatchObject({
      code: 'INVALID_STATE',
      message: expect.stringContaining('delete_all_snapshots'),
    });
    expect((await run('list_disks', { vm_name })).disks).toMatchObject([{ size_gb: 1 }]);
  });

  it('a disk keeps its file while another VM has it, too', async () => {
    const { vm_name } = await newVm();
    const { disk_label, device_key, file } = await run('add_disk', { vm_name, size_gb: 1 });
    const other = await newVm();
    const device = { ...(await deviceOf(vm_name, device_key)), key: -1, unitNumber: 5 } as ToolOutput;
    const task = await harness.aside.call('ReconfigVM_Task', {
      _this: { type: 'VirtualMachine', value: other.vm_name },
      spec: { deviceChange: [{ operation: 'add', device: device as never }] },
    });
    await harness.aside.tasks.wait(task);
    await expect(run('remove_disk', { vm_name, disk_label, delete_file: true })).rejects.toMatchObject({
      code: 'INVALID_STATE',
      message: expect.stringMatching(/is in use by the VM "devices-\d+": leave delete_file out/),
    });
    expect(await deviceOf(vm_name, device_key)).toBeDefined();
    const removed = await run('remove_disk', { vm_name, disk_label });
    expect(removed).toMatchObject({ removed: true, file_deleted: false, disk_path: file });
  });

  it('an image goes into a drive and out, and another drive starts the VM', async () => {
    const made = await newVm();
    const { vm_name } = made;
    const iso = await newImage(made);
    const first = await run('add_cdrom', { vm_name });
    expect(first.iso).toBeUndefined();
    const attached = await run('attach_iso', { vm_name, iso_path: iso });
    expect(attached).toMatchObject({ iso_path: iso, cdrom: first.cdrom });
    expect((await deviceOf(vm_name, first.device_key))?.backing.fileName).toBe(iso);
    const [, path] = iso.split('] ');
    const second = await run('add_cdrom', { vm_name, iso_path: path, boot_from_iso: true });
    expect(second).toMatchObject({ iso, boot_from_iso: true });
    await expect(run('attach_iso', { vm_name, iso_path: iso, cdrom_index: 2 })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('there are 0 ('),
    });
    const detached = await run('detach_iso', { vm_name });
    expect(detached.ejected).toEqual([
      { cdrom: first.cdrom, previous_iso: iso },
      { cdrom: second.cdrom, previous_iso: iso },
    ]);
    expect(detached.still_attached).toBe(0);
    expect((await deviceOf(vm_name, second.device_key))?.connectable.startConnected).toBe(false);
    await expect(run('detach_iso', { vm_name })).rejects.toMatchObject({ code: 'INVALID_STATE' });
  });

  it('an image that is not there is noticed before anything is changed', async () => {
    const { vm_name } = await newVm();
    const before = await devicesOf(vm_name);
    for (const iso_path of ['nowhere/a.iso', 'a.iso', '*.vmx']) {
      await expect(run('add_cdrom', { vm_name, iso_path })).rejects.toMatchObject({
        code: 'NOT_FOUND',
        message: expect.stringContaining('browse_datastore'),
      });
    }
    await expect(run('attach_iso', { vm_name, iso_path: 'a.iso' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('add_cdrom'),
    });
    expect((await devicesOf(vm_name)).map(({ key }) => key)).toEqual(before.map(({ key }) => key));
  });

  it.each([
    { iso_path: '../../etc/passwd' },
    { iso_path: '' },
    { iso_path: '[x] a.iso', iso_datastore: 'y' },
    { boot_from_iso: true },
    { iso_datastore: 'x' },
  ])('add_cdrom refuses %o', async (args) => {
    const { vm_name } = await newVm();
    await expect(run('add_cdrom', { vm_name, ...args })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  it('a card is added, unplugged, readdressed and removed', async () => {
    const { vm_name } = await newVm();
    // vcsim gives all cards of a VM the same label: this one is to be the only one.
    const { network, label } = (await run('list_nics', { vm_name })).nics[0];
    expect(await run('remove_nic', { vm_name, nic_label: label })).toMatchObject({ removed: true, network });
    const added = await run('add_nic', { vm_name, network, nic_type: 'e1000', start_connected: false });
    expect(added).toMatchObject({ network, nic_type: 'e1000', start_connected: false });
    const device = await deviceOf(vm_name, added.device_key);
    expect(device).toMatchObject({ $type: 'VirtualE1000', macAddress: added.mac_address });
    const { nic_label } = added;
    const plugged = await harness.run('connect_nic', { vm_name, nic_label }, OPERATOR);
    expect(plugged).toMatchObject({ action: 'connect', start_connected: true });
    expect((await deviceOf(vm_name, added.device_key))?.connectable.startConnected).toBe(true);
    const mac_address = '00:50:56:00:11:22';
    const readdressed = await run('set_nic_mac', { vm_name, nic_label, mac_address });
    expect(readdressed).toMatchObject({ old_mac: added.mac_address, new_mac: mac_address });
    expect((await deviceOf(vm_name, added.device_key))?.macAddress).toBe(mac_address);
    const removed = await run('remove_nic', { vm_name, nic_label });
    expect(removed).toMatchObject({ removed: true, mac_address, network });
    expect((await run('list_nics', { vm_name })).nics).toEqual([]);
  });

  it('a card goes to another network, a distributed port group too, and back, and keeps its address', async () => {
    const { networks } = await run('list_networks', {});
    const types = kind === 'vcenter' ? ['network', 'distributed_portgroup'] : ['network'];
    const { vm_name } = await newVm();
    const { label: nic_label, mac_address } = (await run('list_nics', { vm_name })).nics[0];
    const host = await hostOf(vm_name);
    for (const wanted of [...types, types[0]]) {
      const target = networks.find(
        ({ id, type, is_uplink }: ToolOutput) => type === wanted && is_uplink !== true && host.networks.includes(id),
      );
      const said = await run('change_nic_network', { vm_name, nic_label, new_network: target.id });
      expect(said).toMatchObject({ new_network: target.name, mac_address });
      const backing = (await devicesOf(vm_name)).find((each) => each.macAddress === mac_address)?.backing;
      if (wanted === 'network') expect(backing.deviceName).toBe(target.name);
      else expect(backing.port.portgroupKey).toBe(target.id);
    }
  });

  async function hostOf(vm: string): Promise<{ networks: string[] }> {
    const { aside } = harness;
    const { props } = await aside.readOne('VirtualMachine', { type: 'VirtualMachine', value: vm }, ['runtime.host']);
    const host = await aside.readOne('HostSystem', props['runtime.host']!, ['network']);
    return { networks: (host.props.network ?? []).map(({ value }) => value) };
  }

  it('there are at most ten cards', async () => {
    const { vm_name } = await newVm();
    const { network } = (await run('list_nics', { vm_name })).nics[0];
    for (let cards = 1; cards < 10; cards++) await run('add_nic', { vm_name, network });
    await expect(run('add_nic', { vm_name, network })).rejects.toMatchObject({
      code: 'INVALID_STATE',
      message: expect.stringContaining('10 network cards'),
    });
  });

  it('a serial port is set up, changed and removed', async () => {
    const { vm_name: name } = await newVm();
    await expect(run('connect_serial_port', { name })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const added = await run('setup_serial_port', { name, port: 2001 });
    expect(added).toMatchObject({ operation: 'add', service_uri: 'telnet://:2001', direction: 'server' });
    expect(added.connection_string).toMatch(/^telnet:\/\/.+:2001$/);
    const again = await run('setup_serial_port', { name, port: 2002, protocol: 'telnets' });
    expect(again).toMatchObject({ operation: 'edit', label: added.label, service_uri: 'telnets://:2002' });
    const unplugged = await run('connect_serial_port', { name, connected: false });
    expect(unplugged).toMatchObject({ start_connected: false, service_uri: 'telnets://:2002' });
    expect(await run('get_serial_port', { name })).toMatchObject({ start_connected: false, serial_port_count: 1 });
    expect(await run('remove_serial_port', { name })).toMatchObject({ removed: true });
    expect(await run('get_serial_port', { name })).toMatchObject({ configured: false, serial_port_count: 0 });
  });

  it.each([{}, { port: 0 }, { port: 65_536 }, { port: '2001' }, { port: 2001, protocol: 'http' }])(
    'setup_serial_port refuses %o',
    async (args) => {
      await expect(run('setup_serial_port', { name: 'any', ...args })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    },
  );

  it('the boot order takes every word there is, once', async () => {
    const { vm_name: name } = await newVm();
    await run('add_cdrom', { vm_name: name });
    expect((await run('set_boot_order', { name, order: ['network', 'cdrom', 'disk'] })).boot_order).toEqual([
      'ethernet',
      'cdrom',
      'disk',
    ]);
    for (const order of [['pxe', 'network'], ['disk', 'disk'], [], ['usb'], 'disk']) {
      await expect(run('set_boot_order', { name, order })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    }
    const ref = { type: 'VirtualMachine', value: name };
    const { props } = await harness.aside.readOne('VirtualMachine', ref, ['config.bootOptions']);
    expect(props['config.bootOptions']?.bootOrder).toHaveLength(3);
  });

  it('a running VM is told off only where it must be off', async () => {
    const { vm_name } = await newVm();
    await run('setup_serial_port', { name: vm_name, port: 2001 });
    await run('power_on', { name: vm_name });
    const { nics } = await run('list_nics', { vm_name });
    const off = { code: 'INVALID_STATE', message: expect.stringContaining('shutdown_guest') };
    const mac = { nic_label: nics[0].label, mac_address: '00:50:56:00:00:01' };
    await expect(run('set_nic_mac', { vm_name, ...mac })).rejects.toMatchObject(off);
    await expect(run('setup_serial_port', { name: vm_name, port: 2002 })).rejects.toMatchObject(off);
    await expect(run('remove_serial_port', { name: vm_name })).rejects.toMatchObject(off);
    expect(await run('add_disk', { vm_name, size_gb: 1 })).toMatchObject({ size_gb: 1 });
    expect(await run('add_nic', { vm_name, network: nics[0].network })).toMatchObject({ nic_type: 'vmxnet3' });
    expect(await run('add_cdrom', { vm_name })).toMatchObject({ cdrom: expect.any(String) });
  });

  it('with wait: false the answer is the task, and get_task tells its end', async () => {
    const { vm_name } = await newVm();
    const said = await run('add_disk', { vm_name, size_gb: 1, wait: false });
    expect(said).toMatchObject({ size_gb: 1, task: { state: 'running' } });
    await harness.pipeline.idle();
    expect((await run('list_disks', { vm_name })).total).toBe(2);
  });

  if (kind === 'vcenter') {
    it('a template is left alone', async () => {
      const { vm_name } = await newVm();
      const ref = { type: 'VirtualMachine', value: vm_name };
      await harness.aside.call('MarkAsTemplate', { _this: ref });
      const template = { code: 'INVALID_STATE', message: expect.stringContaining('template') };
      await expect(run('add_disk', { vm_name, size_gb: 1 })).rejects.toMatchObject(template);
      await expect(run('set_boot_order', { name: vm_name, order: ['disk'] })).rejects.toMatchObject(template);
      await expect(run('detach_iso', { vm_name })).rejects.toMatchObject(template);
    });
  }

  it('the audit names the VM and the outcome', async () => {
    const { vm_name } = await newVm();
    await run('add_disk', { vm_name, size_gb: 1 });
    const last = harness.records().at(-1);
    expect(last).toMatchObject({ tool: 'add_disk', target: { id: vm_name, type: 'VirtualMachine' } });
  });
});
