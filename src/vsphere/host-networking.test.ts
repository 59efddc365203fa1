import { describe, expect, it } from 'vitest';
import type { HostNetworkInfo } from '../vim25/generated/types.ts';
import { toHostNetworking } from './host-networking.ts';

const network = {
  pnic: [{ key: 'key-vim.host.PhysicalNic-vmnic0', device: 'vmnic0' }],
  vswitch: [
    {
      name: 'vSwitch0',
      key: 'k',
      numPorts: 1536,
      numPortsAvailable: 1530,
      mtu: 1500,
      pnic: ['key-vim.host.PhysicalNic-vmnic0', 'key-vim.host.PhysicalNic-vmnic9'],
    },
  ],
  proxySwitch: [{ dvsName: 'DVS0', dvsUuid: 'u', key: 'k', numPorts: 1, numPortsAvailable: 1, mtu: 9000 }],
  portgroup: [{ spec: { name: 'VM Network', vlanId: 7, vswitchName: 'vSwitch0', policy: {} }, vswitch: 'k' }],
  vnic: [
    {
      device: 'vmk0',
      key: 'k',
      portgroup: 'Management Network',
      spec: {
        ip: { dhcp: false, ipAddress: '10.0.0.5', subnetMask: '255.255.255.0' },
        mac: '00:50:56:00:00:01',
        mtu: 1500,
      },
    },
    { device: 'vmk1', key: 'k1', portgroup: '', spec: { distributedVirtualPort: { switchUuid: 'u' } } },
  ],
  dnsConfig: { dhcp: false, hostName: 'esx1', domainName: 'example.com', address: ['10.0.0.1'], searchDomain: [] },
} as unknown as HostNetworkInfo;

describe('toHostNetworking', () => {
  it('names physical adapters by device, and by key where the host does not know them', () => {
    expect(toHostNetworking(network).vswitches[0]?.pnics).toEqual(['vmnic0', 'key-vim.host.PhysicalNic-vmnic9']);
  });

  it('tells switches, port groups, VMkernel adapters and DNS', () => {
    expect(toHostNetworking(network)).toMatchObject({
      vswitches: [{ name: 'vSwitch0', ports: 1536, portsAvailable: 1530, mtu: 1500 }],
      distributedSwitches: [{ name: 'DVS0', mtu: 9000, pnics: [] }],
      portgroups: [{ name: 'VM Network', vswitch: 'vSwitch0', vlanId: 7 }],
      vmkernelAdapters: [
        { device: 'vmk0', portgroup: 'Management Network', ip: '10.0.0.5', netmask: '255.255.255.0' },
        { device: 'vmk1', portgroup: undefined, ip: undefined },
      ],
      dns: { hostname: 'esx1', domain: 'example.com', servers: ['10.0.0.1'], searchDomains: [] },
    });
  });

  it('does without what a host does not tell', () => {
    expect(toHostNetworking({} as HostNetworkInfo)).toEqual({
      vswitches: [],
      distributedSwitches: [],
      portgroups: [],
      vmkernelAdapters: [],
      dns: { hostname: undefined, domain: undefined, servers: [], searchDomains: [] },
    });
  });
});
