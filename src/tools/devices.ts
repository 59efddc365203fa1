/** The disks, network cards and serial port of a VM. */
import { z } from 'zod';
import { byLabel, type Disk, disksOf, type Nic, nicsOf, nicsWithNetworks, readDevices } from '../vsphere/devices.ts';
import { serialPortsOf } from '../vsphere/serial-port.ts';
import { cursor, limit, objectRef, toObjectRef, vmName } from './fields.ts';
import { ascending, page, pageFields } from './page.ts';
import { defineTool, type ServerContext } from './tool.ts';

const text = z.string().optional();
const label = z.string().min(1).max(255);

const disk = {
  label: z.string(),
  size_gb: z.number(),
  unit_number: z.int().optional(),
  file: text,
  thin_provisioned: z.boolean().optional(),
  mode: text,
};

export const listDisks = defineTool({
  name: 'list_disks',
  title: 'List disks',
  description:
    'The virtual disks of a VM or template with label, size, file and provisioning. get_disk_info takes a label and tells more of one.',
  permission: 'READ_ONLY',
  effect: 'read',
  input: { vm_name: vmName, limit, cursor },
  output: { vm: objectRef, disks: z.array(z.object(disk)), ...pageFields },
  target: ({ vm_name }) => vm_name,
  async handler({ vm_name, ...paging }, context) {
    const { vm, devices } = await devicesOf(vm_name, context);
    const { items, ...rest } = page('disks', disksOf(devices), byDeviceKey, paging);
    return { vm, disks: items.map(toDisk), ...rest };
  },
});

export const getDiskInfo = defineTool({
  name: 'get_disk_info',
  title: 'Get disk info',
  description:
    'One virtual disk of a VM: size, file, datastore, controller, mode and UUID. list_disks tells the labels.',
  permission: 'READ_ONLY',
  effect: 'read',
  input: { vm_name: vmName, disk_label: label.describe('Label, such as "Hard disk 1".') },
  output: {
    vm: objectRef,
    ...disk,
    size_bytes: z.number(),
    datastore: text,
    controller: text,
    uuid: text,
    device_key: z.int(),
  },
  target: ({ vm_name }) => vm_name,
  async handler({ vm_name, disk_label }, context) {
    const { vm, devices } = await devicesOf(vm_name, context);
    const found = byLabel(disksOf(devices), disk_label, 'disk');
    return {
      vm,
      ...toDisk(found),
      size_bytes: found.capacityBytes,
      datastore: found.datastore,
      controller: found.controller,
      uuid: found.uuid,
      device_key: found.key,
    };
  },
});

const nic = {
  label: z.string(),
  type: z.string(),
  mac_address: text,
  mac_type: text,
  connected: z.boolean(),
  start_connected: z.boolean(),
  network: text,
};

export const listNics = defineTool({
  name: 'list_nics',
  title: 'List network cards',
  description:
    'The network cards of a VM or template with label, type, MAC address, network, and whether they are plugged in. get_nic_info takes a label and tells more of one. Guest IP addresses are in get_vm_info.',
  permission: 'READ_ONLY',
  effect: 'read',
  input: { vm_name: vmName, limit, cursor },
  output: { vm: objectRef, nics: z.array(z.object(nic)), ...pageFields },
  target: ({ vm_name }) => vm_name,
  async handler({ vm_name, ...paging }, context) {
    const { vm, devices } = await devicesOf(vm_name, context);
    const { items, ...rest } = page('nics', nicsOf(devices), byDeviceKey, paging);
    return { vm, nics: (await nicsWithNetworks(context.vsphere, items)).map(toNic), ...rest };
  },
});

export const getNicInfo = defineTool({
  name: 'get_nic_info',
  title: 'Get network card info',
  description: 'One network card of a VM: type, MAC address, network with its id, state. list_nics tells the labels.',
  permission: 'READ_ONLY',
  effect: 'read',
  input: { vm_name: vmName, nic_label: label.describe('Label, such as "Network adapter 1".') },
  output: { vm: objectRef, ...nic, network_id: text, device_key: z.int() },
  target: ({ vm_name }) => vm_name,
  async handler({ vm_name, nic_label }, context) {
    const { vm, devices } = await devicesOf(vm_name, context);
    const chosen = byLabel(nicsOf(devices), nic_label, 'network card');
    const [found = chosen] = await nicsWithNetworks(context.vsphere, [chosen]);
    return { vm, ...toNic(found), network_id: found.networkId, device_key: found.key };
  },
});

export const getSerialPort = defineTool({
  name: 'get_serial_port',
  title: 'Get serial port',
  description:
    'The serial port of a VM that is reached over the network (a text console): its address, direction and state. Says so where the VM has none; other serial ports are only counted.',
  permission: 'READ_ONLY',
  effect: 'read',
  input: { name: vmName },
  output: {
    vm: objectRef,
    configured: z.boolean(),
    label: text,
    connected: z.boolean().optional(),
    start_connected: z.boolean().optional(),
    direction: text,
    service_uri: text,
    yield_on_poll: z.boolean().optional(),
    serial_port_count: z.int(),
    message: text,
  },
  target: ({ name }) => name,
  async handler({ name }, context) {
    const { vm, devices } = await devicesOf(name, context);
    const ports = serialPortsOf(devices);
    const [port] = ports;
    if (port?.backing !== 'network') {
      return {
        vm,
        configured: false,
        serial_port_count: ports.length,
        message: 'The VM has no serial port on the network.',
      };
    }
    return {
      vm,
      configured: true,
      label: port.label,
      connected: port.connected,
      start_connected: port.startConnected,
      direction: port.direction,
      service_uri: port.serviceUri,
      yield_on_poll: port.yieldOnPoll,
      serial_port_count: ports.length,
    };
  },
});

async function devicesOf(name: string, { vsphere, reading }: ServerContext) {
  const vm = await vsphere.inventory.find('VirtualMachine', name);
  reading(vm);
  return { vm: toObjectRef(vm), devices: await readDevices(vsphere, vm.ref) };
}

/** As the VM's own list has them: a device keeps its key for as long as it is there. */
function byDeviceKey({ key }: { readonly key: number }): string {
  return ascending(key);
}

function toDisk({ label, capacityGb, unitNumber, file, thinProvisioned, mode }: Disk) {
  return { label, size_gb: capacityGb, unit_number: unitNumber, file, thin_provisioned: thinProvisioned, mode };
}

function toNic({ label, type, macAddress, macType, connected, startConnected, network }: Nic) {
  return {
    label,
    type,
    mac_address: macAddress,
    mac_type: macType,
    connected,
    start_connected: startConnected,
    network,
  };
}
