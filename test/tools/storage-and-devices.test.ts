import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VirtualSerialPort, VirtualSerialPortURIBackingInfo } from '../../src/vim25/generated/types.ts';
import { startToolHarness, type ToolHarness } from '../support/tool-harness.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';

const READER = { groups: ['vsphere-readers'] };
const VM = '/DC0/vm/DC0_H0_VM0';

interface Named {
  readonly name: string;
  readonly path: string;
  readonly id: string;
}

describe.skipIf(!(await vcsimAvailable()))('datastores, networks and devices of a vCenter', () => {
  let vcsim: Vcsim;
  let harness: ToolHarness;
  let datastore: string;

  beforeAll(async () => {
    vcsim = await startVcsim({ dc: 2, cluster: 1, host: 2, vm: 2, ds: 2 });
    harness = await startToolHarness([{ vcsim }]);
    const vm = await harness.aside.inventory.find('VirtualMachine', VM);
    const { props } = await harness.aside.readOne('VirtualMachine', vm.ref, ['datastore']);
    datastore = props.datastore![0]!.value;
  });

  afterAll(async () => {
    await harness?.close();
    await vcsim?.stop();
  });

  describe('datastores', () => {
    it('list_datastores shows all with their space, those of the same name by path', async () => {
      const there = await harness.peer.properties('Datastore', ['name', 'summary.capacity', 'summary.freeSpace']);
      const { datastores, total } = await harness.run('list_datastores', {}, READER);
      expect(total).toBe(there.size);
      for (const each of datastores) {
        const known = there.get(each.id)!;
        expect(each.name).toBe(known.name);
        expect(each.capacity_gb).toBeCloseTo(Number(known['summary.capacity']) / 2 ** 30, 1);
        expect(each.accessible).toBe(true);
      }
      expect(new Set(datastores.map(({ path }: Named) => path)).size).toBe(there.size);
    });

    it('get_datastore_info names VMs, twenty at most', async () => {
      const info = await harness.run('get_datastore_info', { name: datastore }, READER);
      const { aside } = harness;
      const { props } = await aside.readOne('Datastore', { type: 'Datastore', value: datastore }, [
        'vm',
        'summary.url',
      ]);
      expect(info.vm_count).toBe(props.vm?.length);
      expect(info.vms.length).toBe(Math.min(20, info.vm_count));
      expect(info.vms).toContain('DC0_H0_VM0');
      expect(info.url).toBe(props['summary.url']);
    });

    it('get_datastore_info refuses a name that several have', async () => {
      const { datastores } = await harness.run('list_datastores', {}, READER);
      const names = datastores.map(({ name }: Named) => name);
      const shared = names.find((name: string, at: number) => names.indexOf(name) !== at);
      expect(shared).toBeDefined();
      await expect(harness.run('get_datastore_info', { name: shared }, READER)).rejects.toMatchObject({
        code: 'AMBIGUOUS',
        message: expect.stringContaining('/DC1/datastore/'),
      });
    });

    it('browse_datastore lists the root, and the files of a VM', async () => {
      const root = await harness.run('browse_datastore', { datastore }, READER);
      const folder = root.files.find(({ name }: Named) => name === 'DC0_H0_VM0');
      expect(folder).toMatchObject({ type: 'folder' });
      const { files, path } = await harness.run('browse_datastore', { datastore, path: '/DC0_H0_VM0/' }, READER);
      expect(path).toBe('DC0_H0_VM0');
      expect(files.map(({ name }: Named) => name)).toContain('DC0_H0_VM0.vmx');
      expect(files.find(({ name }: Named) => name.endsWith('.vmdk'))).toMatchObject({ type: 'disk' });
      for (const file of files) expect(Date.parse(file.modified)).not.toBeNaN();
    });

    it('browse_datastore walks pages', async () => {
      const whole = await harness.run('browse_datastore', { datastore }, READER);
      const first = await harness.run('browse_datastore', { datastore, limit: 1 }, READER);
      expect(first).toMatchObject({ total: whole.total, files: [whole.files[0]] });
      const second = await harness.run('browse_datastore', { datastore, limit: 1, cursor: first.next_cursor }, READER);
      expect(second.files).toEqual([whole.files[1]]);
    });

    it('browse_datastore says that a folder is not there', async () => {
      await expect(harness.run('browse_datastore', { datastore, path: 'nowhere' }, READER)).rejects.toMatchObject({
        code: 'NOT_FOUND',
        message: expect.stringContaining('"nowhere"'),
      });
    });

    it.each(['..', 'DC0_H0_VM0/../..', '[LocalDS_1] x', 'a\nb'])(
      'browse_datastore stays on the datastore: %o',
      async (path) => {
        await expect(harness.run('browse_datastore', { datastore, path }, READER)).rejects.toMatchObject({
          code: 'INVALID_INPUT',
        });
      },
    );
  });

  describe('networks', () => {
    it('list_networks tells port groups from networks', async () => {
      const there = await harness.peer.properties('Network', ['name']);
      const { networks, total } = await harness.run('list_networks', {}, READER);
      expect(total).toBe(there.size);
      const types = new Map(networks.map(({ path, type }: Named & { type: string }) => [path, type]));
      expect(types.get('/DC0/network/VM Network')).toBe('network');
      expect(types.get('/DC0/network/DC0_DVPG0')).toBe('distributed_portgroup');
    });

    it('get_network_info tells the switch of a port group', async () => {
      const there = await harness.peer.properties('DistributedVirtualPortgroup', [
        'name',
        'config.numPorts',
        'config.type',
      ]);
      const info = await harness.run('get_network_info', { name: 'DC0_DVPG0' }, READER);
      const known = there.get(info.id)!;
      expect(info).toMatchObject({ type: 'distributed_portgroup', switch: 'DVS0', is_uplink: false });
      expect(info.port_binding).toBe(known['config.type']);
      expect(String(info.num_ports)).toBe(known['config.numPorts']);
      const ref = { type: 'DistributedVirtualPortgroup', value: info.id };
      const { props } = await harness.aside.readOne('DistributedVirtualPortgroup', ref, ['host', 'vm']);
      expect([info.host_count, info.vm_count]).toEqual([props.host?.length, props.vm?.length ?? 0]);
      expect(info.host_count).toBeGreaterThan(0);
    });

    it('get_network_info tells no switch of a standard network', async () => {
      const info = await harness.run('get_network_info', { name: '/DC0/network/VM Network' }, READER);
      expect(info).toMatchObject({ type: 'network', is_uplink: false });
      expect(info.switch).toBeUndefined();
    });

    it('get_network_info refuses a name that several have or none has', async () => {
      await expect(harness.run('get_network_info', { name: 'VM Network' }, READER)).rejects.toMatchObject({
        code: 'AMBIGUOUS',
      });
      await expect(harness.run('get_network_info', { name: 'VM Netwerk' }, READER)).rejects.toMatchObject({
        code: 'NOT_FOUND',
        message: expect.stringContaining('"VM Network"'),
      });
    });
  });

  describe('devices', () => {
    it('list_disks and get_disk_info tell the same of a disk', async () => {
      const { vm, disks, total } = await harness.run('list_disks', { vm_name: VM }, READER);
      expect(vm).toMatchObject({ name: 'DC0_H0_VM0', path: VM });
      expect(total).toBe(1);
      const [disk] = disks;
      expect(disk.file).toMatch(/^\[LocalDS_\d\] DC0_H0_VM0\//);
      const info = await harness.run('get_disk_info', { vm_name: vm.id, disk_label: disk.label }, READER);
      expect(info).toMatchObject({ vm, ...disk, datastore: expect.stringMatching(/^LocalDS_\d$/) });
      const { aside } = harness;
      const { props } = await aside.readOne('VirtualMachine', { type: 'VirtualMachine', value: vm.id }, [
        'config.hardware.device',
      ]);
      const device = props['config.hardware.device']?.find(({ key }) => key === info.device_key);
      expect(info.size_bytes).toBe((device as { capacityInKB?: number }).capacityInKB! * 1024);
    });

    it('list_nics and get_nic_info tell the same of a card, and name its port group', async () => {
      const { nics, total, vm } = await harness.run('list_nics', { vm_name: VM }, READER);
      expect(total).toBe(1);
      expect(nics[0]).toMatchObject({ network: 'DC0_DVPG0', connected: true });
      expect(nics[0].mac_address).toMatch(/^([\da-f]{2}:){5}[\da-f]{2}$/);
      const info = await harness.run('get_nic_info', { vm_name: VM, nic_label: nics[0].label.toUpperCase() }, READER);
      expect(info).toMatchObject({ vm, ...nics[0], network_id: expect.stringMatching(/^dvportgroup-/) });
    });

    it.each([
      ['get_disk_info', { disk_label: 'Hard disk 99' }],
      ['get_nic_info', { nic_label: 'Network adapter 99' }],
    ])('%s lists the labels where none fits', async (tool, args) => {
      await expect(harness.run(tool, { vm_name: VM, ...args }, READER)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });

    it.each(['list_disks', 'list_nics'])('%s refuses a VM that is not there', async (tool) => {
      await expect(harness.run(tool, { vm_name: 'nowhere' }, READER)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await expect(harness.run(tool, { vm_name: 'x'.repeat(3000) }, READER)).rejects.toMatchObject({
        code: 'INVALID_INPUT',
      });
    });

    it('get_serial_port says where there is none, and tells the one that was added', async () => {
      expect(await harness.run('get_serial_port', { name: VM }, READER)).toMatchObject({
        configured: false,
        serial_port_count: 0,
      });
      const { aside } = harness;
      const vm = await aside.inventory.find('VirtualMachine', VM);
      const task = await aside.call('ReconfigVM_Task', {
        _this: vm.ref,
        spec: {
          deviceChange: [
            {
              operation: 'add',
              device: {
                $type: 'VirtualSerialPort',
                key: -1,
                yieldOnPoll: true,
                connectable: { connected: true, startConnected: true, allowGuestControl: true },
                backing: {
                  $type: 'VirtualSerialPortURIBackingInfo',
                  serviceURI: 'telnet://:2001',
                  direction: 'server',
                } as VirtualSerialPortURIBackingInfo,
              } as VirtualSerialPort,
            },
          ],
        },
      });
      await aside.tasks.wait(task);
      expect(await harness.run('get_serial_port', { name: VM }, READER)).toMatchObject({
        configured: true,
        service_uri: 'telnet://:2001',
        direction: 'server',
        yield_on_poll: true,
        serial_port_count: 1,
      });
    });
  });
});
