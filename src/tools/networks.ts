/** Networks and distributed port groups. */
import { z } from 'zod';
import { readNetwork, listNetworks as readNetworks } from '../vsphere/network.ts';
import { cursor, limit, networkName, objectRef, toObjectRef } from './fields.ts';
import { objectPage } from './object-page.ts';
import { objectPageFields } from './page.ts';
import { defineTool } from './tool.ts';

const text = z.string().optional();
const networkType = z.string().describe('network, distributed_portgroup or opaque');
const common = {
  type: networkType,
  accessible: z.boolean().optional(),
  vm_count: z.int().optional(),
  host_count: z.int().optional(),
  is_uplink: z.boolean().optional().describe('Carries the links of its switch: no VM can be plugged into it.'),
};

export const listNetworks = defineTool({
  name: 'list_networks',
  title: 'List networks',
  description:
    'The networks and distributed port groups of one server, with how many VMs and hosts use them; VMs can be plugged into all but uplinks. get_network_info tells switch and VLAN.',
  permission: 'READ_ONLY',
  effect: 'read',
  input: { limit, cursor },
  output: { networks: z.array(objectRef.extend(common)), ...objectPageFields },
  async handler(given, { vsphere }) {
    const { items, ...rest } = await objectPage(
      'networks',
      vsphere,
      await readNetworks(vsphere),
      given,
      (network, ref) => ({
        ...ref,
        type: network.type,
        accessible: network.accessible,
        vm_count: network.vmCount,
        host_count: network.hostCount,
        is_uplink: network.isUplink,
      }),
    );
    return { networks: items, ...rest };
  },
});

export const getNetworkInfo = defineTool({
  name: 'get_network_info',
  title: 'Get network info',
  description:
    'One network: its type and how many VMs and hosts use it; of a distributed port group also its switch, VLAN, port binding and number of ports. VLANs of standard port groups are in get_host_networking.',
  permission: 'READ_ONLY',
  effect: 'read',
  input: { name: networkName },
  output: {
    ...objectRef.shape,
    ...common,
    switch: text,
    port_binding: text,
    num_ports: z.int().optional(),
    vlan_id: z.int().optional(),
    vlan: text.describe('One VLAN, a trunk or a private VLAN, in words'),
  },
  target: ({ name }) => name,
  async handler({ name }, { vsphere, reading }) {
    const found = await vsphere.inventory.find('Network', name);
    reading(found);
    const network = await readNetwork(vsphere, found.ref);
    return {
      ...toObjectRef(found),
      type: network.type,
      accessible: network.accessible,
      vm_count: network.vmCount,
      host_count: network.hostCount,
      is_uplink: network.isUplink,
      switch: network.switch,
      port_binding: network.portBinding,
      num_ports: network.numPorts,
      vlan_id: network.vlanId,
      vlan: network.vlan,
    };
  },
});
