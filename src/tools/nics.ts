/** The network cards of a VM. */
import { z } from 'zod';
import { byLabel, type Nic, nicsOf, nicsWithNetworks } from '../vsphere/devices.ts';
import { cursor, limit, objectRef, vmName } from './fields.ts';
import { page, pageFields } from './page.ts';
import { defineTool } from './tool.ts';
import { byDeviceKey, devicesOf, label } from './vm-devices.ts';

const text = z.string().optional();

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
