import { expect } from 'vitest';
import type { VirtualDisk, VirtualEthernetCard } from '../../../../src/vim25/generated/types.ts';
import { type Args, missing, type Stage, type ToolCases, type Vm } from './case.ts';

function devicesOf<T extends object>(vm: Vm, fits: (device: object) => boolean): T[] {
  return (vm.get('config')?.hardware.device ?? []).filter((device) => fits(device)) as object[] as T[];
}
const disksOf = (vm: Vm) => devicesOf<VirtualDisk>(vm, (device) => 'capacityInKB' in device);
const nicsOf = (vm: Vm) => devicesOf<VirtualEthernetCard>(vm, (device) => 'macAddress' in device);

const running = (stage: Stage): Args => ({ vm_name: stage.vm('poweredOn').id });

export const deviceCases: ToolCases = {
  list_disks: {
    async works(stage) {
      const vm = stage.vm('poweredOn');
      const { disks } = await stage.run('list_disks', { vm_name: vm.id });
      expect(disks.length).toBeGreaterThan(0);
      expect(disks.map(({ label, size_gb }: Args) => [label, size_gb])).toEqual(
        disksOf(vm).map(({ deviceInfo, capacityInKB }) => [deviceInfo?.label, Number(capacityInKB) / 1024 / 1024]),
      );
      expect(disks[0]).toMatchObject({ label: 'Hard disk 1', file: expect.stringMatching(/^\[.+\] .+\.vmdk$/) });
    },
    fails: missing('vm_name'),
    denied: { args: running },
  },
  get_disk_info: {
    async works(stage) {
      const vm = stage.vm('poweredOn');
      const [disk] = disksOf(vm);
      const said = await stage.run('get_disk_info', { vm_name: vm.id, disk_label: 'Hard disk 1' });
      expect(said).toMatchObject({ device_key: disk?.key, size_bytes: Number(disk?.capacityInKB) * 1024 });
    },
    fails: {
      args: (stage) => ({ ...running(stage), disk_label: 'Hard disk 99' }),
      code: 'NOT_FOUND',
      says: /Hard disk 1/,
    },
    denied: { args: (stage) => ({ ...running(stage), disk_label: 'Hard disk 1' }) },
  },
  list_nics: {
    async works(stage) {
      const vm = stage.vm('poweredOn');
      const { nics } = await stage.run('list_nics', { vm_name: vm.id });
      expect(nics.length).toBeGreaterThan(0);
      expect(nics.map(({ label, mac_address }: Args) => [label, mac_address])).toEqual(
        nicsOf(vm).map(({ deviceInfo, macAddress }) => [deviceInfo?.label, macAddress]),
      );
    },
    fails: missing('vm_name'),
    denied: { args: running },
  },
  get_nic_info: {
    async works(stage) {
      const vm = stage.vm('poweredOn');
      const [nic] = nicsOf(vm);
      const said = await stage.run('get_nic_info', { vm_name: vm.id, nic_label: 'Network adapter 1' });
      expect(said).toMatchObject({ device_key: nic?.key, mac_address: nic?.macAddress, connected: true });
      expect(vm.get('network').map(({ value }) => value)).toContain(said.network_id);
    },
    fails: { args: (stage) => ({ ...running(stage), nic_label: 'Network adapter 99' }), code: 'NOT_FOUND' },
    denied: { args: (stage) => ({ ...running(stage), nic_label: 'Network adapter 1' }) },
  },
  get_serial_port: {
    async works(stage) {
      const port = { $type: 'VirtualSerialPort' };
      const vm = stage.first('VirtualMachine', (each) =>
        (each.get('config')?.hardware.device ?? []).some((device) => device.$type === port.$type),
      );
      expect(await stage.run('get_serial_port', { name: vm.id })).toMatchObject({
        configured: true,
        label: 'Serial port 1',
        service_uri: expect.stringMatching(/^(telnet|tcp)/),
      });
    },
    fails: missing('name'),
    denied: { args: (stage) => ({ name: stage.vm('poweredOn').id }) },
  },
};
