/** The network cards of a VM: what they are, adding, plugging and removing them. */
import { z } from 'zod';
import { plugged } from '../vsphere/connectable.ts';
import { byLabel, type Nic, nicsOf, nicsWithNetworks } from '../vsphere/devices.ts';
import { nicBacking } from '../vsphere/nic-backing.ts';
import {
  manualMac,
  NIC_CLASSES,
  type NicType,
  nicAdded,
  nicLabelled,
  nicReaddressed,
  nicRemoved,
  nicReplugged,
} from '../vsphere/nic-changes.ts';
import { requireOff } from '../vsphere/vm-hardware.ts';
import { reachableFrom } from '../vsphere/vm-reach.ts';
import { cursor, limit, networkName, objectRef, toObjectRef, vmName } from './fields.ts';
import { page, pageFields } from './page.ts';
import { defineTool } from './tool.ts';
import { added, byDeviceKey, devicesOf, label, reconfigured, toBeChanged } from './vm-devices.ts';

const text = z.string().optional();
const nicLabel = label.describe('Label, such as "Network adapter 1".');

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
  input: { vm_name: vmName, nic_label: nicLabel },
  output: { vm: objectRef, ...nic, network_id: text, device_key: z.int() },
  target: ({ vm_name }) => vm_name,
  async handler({ vm_name, nic_label }, context) {
    const { vm, devices } = await devicesOf(vm_name, context);
    const chosen = byLabel(nicsOf(devices), nic_label, 'network card');
    const [found = chosen] = await nicsWithNetworks(context.vsphere, [chosen]);
    return { vm, ...toNic(found), network_id: found.networkId, device_key: found.key };
  },
});

export const addNic = defineTool({
  name: 'add_nic',
  title: 'Add network card',
  description:
    'Add a network card to a VM, running or off, on a network or distributed port group that its host has. To move a card that is there use change_nic_network.',
  permission: 'VM_LIFECYCLE',
  effect: 'create',
  task: true,
  input: {
    vm_name: vmName,
    network: networkName,
    nic_type: z.enum(Object.keys(NIC_CLASSES) as [NicType, ...NicType[]]).default('vmxnet3'),
    start_connected: z.boolean().default(true),
  },
  output: {
    vm: objectRef,
    action: z.string(),
    nic_label: text,
    network: z.string(),
    nic_type: z.string(),
    mac_address: text,
    start_connected: z.boolean(),
    device_key: z.int().optional(),
  },
  target: ({ vm_name }) => vm_name,
  async handler(given, context) {
    const { vsphere } = context;
    const subject = await toBeChanged(given.vm_name, context);
    const network = await reachableFrom(subject, 'Network', given.network, vsphere);
    const backing = await nicBacking(vsphere, network);
    const deviceChange = nicAdded(subject.vm, subject.hardware, given.nic_type, backing, given.start_connected);
    const { task, now } = await reconfigured(subject, { deviceChange }, context);
    const made = added(subject, nicsOf(now.devices));
    return {
      vm: toObjectRef(subject.vm),
      action: 'add',
      nic_label: made?.label,
      network: network.name,
      nic_type: made?.type ?? given.nic_type,
      mac_address: made?.macAddress,
      start_connected: made?.startConnected ?? given.start_connected,
      device_key: made?.key,
      task,
    };
  },
});

export const removeNic = defineTool({
  name: 'remove_nic',
  title: 'Remove network card',
  description:
    'Take a network card off a VM, running or off, with its MAC address: a new card gets another one. To cut it off for a while use connect_nic.',
  permission: 'VM_LIFECYCLE',
  effect: 'delete',
  task: true,
  input: { vm_name: vmName, nic_label: nicLabel },
  output: {
    vm: objectRef,
    action: z.string(),
    nic_label: z.string(),
    mac_address: text,
    network: text,
    removed: z.boolean().describe('false while the task runs'),
  },
  target: ({ vm_name }) => vm_name,
  async handler({ vm_name, nic_label }, context) {
    const subject = await toBeChanged(vm_name, context);
    const { nic, device } = await nicLabelled(context.vsphere, subject.hardware, nic_label);
    const { task, now } = await reconfigured(subject, { deviceChange: nicRemoved(device) }, context);
    return {
      vm: toObjectRef(subject.vm),
      action: 'remove',
      nic_label: nic.label,
      mac_address: nic.macAddress,
      network: nic.network,
      removed: !now.devices.some(({ key }) => key === nic.key),
      task,
    };
  },
});

export const changeNicNetwork = defineTool({
  name: 'change_nic_network',
  title: 'Change network of card',
  description:
    'Plug a network card of a VM into another network or distributed port group that its host has; the MAC address stays. The guest may need another IP address there.',
  permission: 'VM_LIFECYCLE',
  effect: 'update',
  idempotent: true,
  task: true,
  input: { vm_name: vmName, nic_label: nicLabel, new_network: networkName },
  output: {
    vm: objectRef,
    action: z.string(),
    nic_label: z.string(),
    old_network: text,
    new_network: text,
    mac_address: text,
  },
  target: ({ vm_name }) => vm_name,
  async handler({ vm_name, nic_label, new_network }, context) {
    const { vsphere } = context;
    const subject = await toBeChanged(vm_name, context);
    const { nic, device } = await nicLabelled(vsphere, subject.hardware, nic_label);
    const network = await reachableFrom(subject, 'Network', new_network, vsphere);
    const deviceChange = nicReplugged(device, await nicBacking(vsphere, network));
    const { task, now } = await reconfigured(subject, { deviceChange }, context);
    const [after] = await nicsWithNetworks(
      vsphere,
      nicsOf(now.devices).filter(({ key }) => key === nic.key),
    );
    return {
      vm: toObjectRef(subject.vm),
      action: 'change_network',
      nic_label: nic.label,
      old_network: nic.network,
      new_network: after?.network ?? network.name,
      mac_address: after?.macAddress,
      task,
    };
  },
});

export const connectNic = defineTool({
  name: 'connect_nic',
  title: 'Connect network card',
  description:
    'Plug the cable of a network card of a VM in or, with connected: false, out; it stays so over restarts. Quarantines a running VM without removing anything.',
  permission: 'POWER_OPS',
  effect: 'update',
  idempotent: true,
  task: true,
  input: { vm_name: vmName, nic_label: nicLabel, connected: z.boolean().default(true) },
  output: {
    vm: objectRef,
    action: z.string(),
    nic_label: z.string(),
    connected: z.boolean().describe('Only while the VM runs.'),
    start_connected: z.boolean(),
  },
  target: ({ vm_name }) => vm_name,
  async handler({ vm_name, nic_label, connected }, context) {
    const subject = await toBeChanged(vm_name, context);
    const { nic, device } = await nicLabelled(context.vsphere, subject.hardware, nic_label);
    const { task, now } = await reconfigured(subject, { deviceChange: plugged(device, connected) }, context);
    const after = nicsOf(now.devices).find(({ key }) => key === nic.key) ?? nic;
    return {
      vm: toObjectRef(subject.vm),
      action: connected ? 'connect' : 'disconnect',
      nic_label: nic.label,
      connected: after.connected,
      start_connected: after.startConnected,
      task,
    };
  },
});

export const setNicMac = defineTool({
  name: 'set_nic_mac',
  title: 'Set MAC address',
  description:
    'Give a network card of a VM a MAC address of your own. The VM must be off; in the 00:50:56 range only 00:50:56:00:00:00 to 00:50:56:3f:ff:ff is allowed.',
  permission: 'VM_LIFECYCLE',
  effect: 'update',
  idempotent: true,
  task: true,
  input: { vm_name: vmName, nic_label: nicLabel, mac_address: z.string().min(1).max(32) },
  output: { vm: objectRef, action: z.string(), nic_label: z.string(), old_mac: text, new_mac: text },
  target: ({ vm_name }) => vm_name,
  async handler({ vm_name, nic_label, mac_address }, context) {
    const mac = manualMac(mac_address);
    const subject = await toBeChanged(vm_name, context);
    const { nic, device } = await nicLabelled(context.vsphere, subject.hardware, nic_label);
    requireOff(subject.vm, subject.hardware, 'a MAC address is set while it is off');
    const { task, now } = await reconfigured(subject, { deviceChange: nicReaddressed(device, mac) }, context);
    return {
      vm: toObjectRef(subject.vm),
      action: 'set_mac',
      nic_label: nic.label,
      old_mac: nic.macAddress,
      new_mac: nicsOf(now.devices).find(({ key }) => key === nic.key)?.macAddress,
      task,
    };
  },
});

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
