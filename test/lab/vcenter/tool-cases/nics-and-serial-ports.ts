import { expect } from 'vitest';
import { is } from '../../../../lab/vcenter/vm/devices.ts';
import { nicsOf } from '../../../../lab/vcenter/vm/nics.ts';
import type { VirtualSerialPort } from '../../../../src/vim25/generated/types.ts';
import type { Args, Stage, ToolCase, ToolCases, Vm } from './case.ts';

const CONFIG = 'VirtualMachine.Config';
const FIRST = 'Network adapter 1';
const MAC = '00:50:56:12:34:56';

const portsOf = (vm: Vm) =>
  (vm.get('config')?.hardware.device ?? []).filter((device): device is VirtualSerialPort =>
    is(device, 'VirtualSerialPort'),
  );

const running =
  (more: Args) =>
  (stage: Stage): Args => ({ vm_name: stage.vm('poweredOn').id, ...more });
const off =
  (more: Args) =>
  (stage: Stage): Args => ({ vm_name: stage.vm('poweredOff').id, ...more });

const noSuchNic = (more: Args = {}): ToolCase['fails'] => ({
  args: running({ nic_label: 'Network adapter 99', ...more }),
  code: 'NOT_FOUND',
  says: /Network adapter 1/,
});

/** A network of the VM's host that none of its cards is on. */
function otherNetwork({ world }: Stage, vm: Vm) {
  const own = vm.get('network').map(({ value }) => value);
  const there = world.objects.get(vm.get('runtime').host!, 'HostSystem').get('network');
  const other = there
    .map((ref) => world.objects.get(ref, 'Network'))
    .find((each) => !own.includes(each.id) && each.as('DistributedVirtualPortgroup')?.get('config').uplink !== true);
  if (other === undefined) throw new Error(`the host of ${vm.id} has no other network`);
  return other;
}

function onOther(more: Args, field: string) {
  return (stage: Stage): Args => {
    const vm = stage.vm('poweredOn');
    return { vm_name: vm.id, ...more, [field]: otherNetwork(stage, vm).id };
  };
}

let lastPort = 3000;

/** A VM with a serial port on the network. */
async function withPort(stage: Stage, powerOn = false): Promise<Vm> {
  const vm = stage.vm('poweredOff');
  await stage.run('setup_serial_port', { name: vm.id, port: ++lastPort });
  if (powerOn) await stage.run('power_on', { name: vm.id });
  return vm;
}

const noPort: ToolCase['fails'] = {
  args: (stage) => ({ name: stage.vm('poweredOff').id }),
  code: 'NOT_FOUND',
  says: /setup_serial_port/,
};

export const nicAndSerialPortCases: ToolCases = {
  add_nic: {
    async works(stage) {
      const vm = stage.vm('poweredOn');
      const before = nicsOf(vm).map(({ key }) => key);
      const network = otherNetwork(stage, vm);
      const said = await stage.run('add_nic', { vm_name: vm.id, network: network.id, nic_type: 'e1000e' });
      const made = nicsOf(vm).find(({ key }) => !before.includes(key));
      expect(made).toMatchObject({ $type: 'VirtualE1000e', key: said.device_key, macAddress: said.mac_address });
      expect(said).toMatchObject({ nic_label: made?.deviceInfo?.label, nic_type: 'e1000e', start_connected: true });
      expect(vm.get('network').map(({ value }) => value)).toContain(network.id);
      const read = await stage.run('get_nic_info', { vm_name: vm.id, nic_label: said.nic_label });
      expect(read).toMatchObject({ network: said.network, mac_address: said.mac_address });
    },
    fails: { args: running({ network: 'no-such-thing' }), code: 'NOT_FOUND', says: /no-such-thing/ },
    denied: { args: onOther({}, 'network'), without: `${CONFIG}.AddRemoveDevice` },
  },
  remove_nic: {
    async works(stage) {
      const vm = stage.vm('poweredOn');
      const [nic] = nicsOf(vm);
      const said = await stage.run('remove_nic', { vm_name: vm.id, nic_label: FIRST });
      expect(said).toMatchObject({ removed: true, mac_address: nic?.macAddress, network: expect.any(String) });
      expect(nicsOf(vm).map(({ key }) => key)).not.toContain(nic?.key);
    },
    fails: noSuchNic(),
    denied: { args: running({ nic_label: FIRST }), without: `${CONFIG}.AddRemoveDevice` },
  },
  change_nic_network: {
    async works(stage) {
      const vm = stage.vm('poweredOn');
      const [nic] = nicsOf(vm);
      const network = otherNetwork(stage, vm);
      const args = { vm_name: vm.id, nic_label: FIRST, new_network: network.id };
      const said = await stage.run('change_nic_network', args);
      expect(said.new_network).not.toBe(said.old_network);
      expect(said.mac_address).toBe(nic?.macAddress);
      expect(vm.get('network').map(({ value }) => value)).toContain(network.id);
      expect((await stage.run('get_nic_info', { vm_name: vm.id, nic_label: FIRST })).network).toBe(said.new_network);
    },
    fails: {
      args(stage) {
        const uplinks = stage.first(
          'DistributedVirtualPortgroup',
          (group) => group.get('config').uplink === true && group.get('host').length > 0,
        );
        const hosts = new Set(uplinks.get('host').map(({ value }) => value));
        for (;;) {
          const vm = stage.vm('poweredOn');
          if (!hosts.has(vm.get('runtime').host!.value)) continue;
          return { vm_name: vm.id, nic_label: FIRST, new_network: uplinks.id };
        }
      },
      code: 'INVALID_STATE',
      says: /uplinks/,
    },
    denied: { args: onOther({ nic_label: FIRST }, 'new_network'), without: `${CONFIG}.EditDevice` },
  },
  connect_nic: {
    async works(stage) {
      const vm = stage.vm('poweredOn');
      const plug = () => nicsOf(vm)[0]?.connectable;
      const out = await stage.run('connect_nic', { vm_name: vm.id, nic_label: FIRST, connected: false });
      expect(out).toMatchObject({ action: 'disconnect', connected: false, start_connected: false });
      expect(plug()).toMatchObject({ connected: false, startConnected: false });
      const back = await stage.run('connect_nic', { vm_name: vm.id, nic_label: FIRST });
      expect(back).toMatchObject({ action: 'connect', connected: true, start_connected: true });
      expect(plug()).toMatchObject({ connected: true, startConnected: true });
    },
    fails: noSuchNic(),
    denied: { args: running({ nic_label: FIRST, connected: false }), without: `${CONFIG}.EditDevice` },
  },
  set_nic_mac: {
    async works(stage) {
      const vm = stage.vm('poweredOff');
      const old = nicsOf(vm)[0]?.macAddress;
      const args = { vm_name: vm.id, nic_label: FIRST, mac_address: MAC.toUpperCase().replaceAll(':', '-') };
      expect(await stage.run('set_nic_mac', args)).toMatchObject({ old_mac: old, new_mac: MAC });
      expect(nicsOf(vm)[0]).toMatchObject({ macAddress: MAC, addressType: 'manual' });
    },
    fails: { args: running({ nic_label: FIRST, mac_address: MAC }), code: 'INVALID_STATE', says: /shutdown_guest/ },
    denied: { args: off({ nic_label: FIRST, mac_address: MAC }), without: `${CONFIG}.EditDevice` },
  },
  setup_serial_port: {
    async works(stage) {
      const vm = stage.vm('poweredOff');
      const said = await stage.run('setup_serial_port', { name: vm.id, port: 2101 });
      expect(said).toMatchObject({ operation: 'add', service_uri: 'telnet://:2101', yield_on_poll: true });
      const host = stage.world.objects.get(vm.get('runtime').host!, 'HostSystem').get('name');
      expect(said.connection_string).toBe(`telnet://${host}:2101`);
      const again = { protocol: 'tcp', port: 514, direction: 'client', remote_host: 'log.corp.example' };
      const changed = await stage.run('setup_serial_port', { name: vm.id, ...again, yield_on_poll: false });
      expect(changed).toMatchObject({ operation: 'edit', label: said.label, yield_on_poll: false });
      expect(portsOf(vm)).toHaveLength(1);
      expect(portsOf(vm)[0]).toMatchObject({
        yieldOnPoll: false,
        backing: { serviceURI: 'tcp://log.corp.example:514', direction: 'client' },
      });
    },
    fails: {
      args: (stage) => ({ name: stage.vm('poweredOn').id, port: 2102 }),
      code: 'INVALID_STATE',
      says: /shutdown_guest/,
    },
    denied: {
      args: (stage) => ({ name: stage.vm('poweredOff').id, port: 2103 }),
      without: `${CONFIG}.AddRemoveDevice`,
    },
  },
  connect_serial_port: {
    async works(stage) {
      const vm = await withPort(stage, true);
      expect(portsOf(vm)[0]?.connectable?.connected).toBe(true);
      const out = await stage.run('connect_serial_port', { name: vm.id, connected: false });
      expect(out).toMatchObject({ label: 'Serial port 1', connected: false, start_connected: false });
      expect(portsOf(vm)[0]?.connectable).toMatchObject({ connected: false, startConnected: false });
      expect(await stage.run('connect_serial_port', { name: vm.id })).toMatchObject({ connected: true });
      expect(portsOf(vm)[0]?.connectable?.connected).toBe(true);
    },
    fails: noPort,
    denied: { args: async (stage) => ({ name: (await withPort(stage)).id }), without: `${CONFIG}.EditDevice` },
  },
  clear_serial_port: {
    async works(stage) {
      const vm = await withPort(stage, true);
      const seen: (boolean | undefined)[] = [];
      const unwatch = stage.world.objects.watch(({ ref }) => {
        if (ref.value === vm.id) seen.push(portsOf(vm)[0]?.connectable?.connected);
      });
      const said = await stage.run('clear_serial_port', { name: vm.id });
      unwatch();
      expect(said).toMatchObject({ status: 'cleared', connected: true, start_connected: true });
      expect(seen).toContain(false);
      expect(seen.at(-1)).toBe(true);
    },
    fails: {
      args: async (stage) => ({ name: (await withPort(stage)).id }),
      code: 'INVALID_STATE',
      says: /not connected/,
    },
    denied: { args: async (stage) => ({ name: (await withPort(stage, true)).id }), without: `${CONFIG}.EditDevice` },
  },
  remove_serial_port: {
    async works(stage) {
      const vm = await withPort(stage);
      const said = await stage.run('remove_serial_port', { name: vm.id });
      expect(said).toMatchObject({ removed: true, service_uri: `telnet://:${lastPort}` });
      expect(portsOf(vm)).toEqual([]);
      expect(await stage.run('get_serial_port', { name: vm.id })).toMatchObject({ configured: false });
    },
    fails: noPort,
    denied: { args: async (stage) => ({ name: (await withPort(stage)).id }), without: `${CONFIG}.AddRemoveDevice` },
  },
};
