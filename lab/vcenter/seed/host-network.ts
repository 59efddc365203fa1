/** How a host is wired: a standard switch for itself and its VMs, and its part of the distributed switch. */
import type {
  HostNetworkInfo,
  HostNetworkPolicy,
  HostPortGroup,
  HostProxySwitch,
  HostVirtualNic,
  HostVirtualNicManagerInfo,
  HostVirtualSwitch,
  HostVirtualSwitchBondBridge,
  PhysicalNic,
} from '../../../src/vim25/generated/types.ts';

export interface HostWiring {
  /** `esx-01` */
  readonly hostName: string;
  readonly domain: string;
  /** `10.0.1.11` */
  readonly address: string;
  readonly pnics: readonly PhysicalNic[];
  /** Port groups for VMs on vSwitch0, by their names. */
  readonly portGroups: readonly { readonly name: string; readonly vlanId: number }[];
}

const PORTS = 2560;
const teaming = (active: readonly string[]): HostNetworkPolicy => ({
  security: { allowPromiscuous: false, macChanges: false, forgedTransmits: false },
  nicTeaming: {
    policy: 'loadbalance_srcid',
    reversePolicy: true,
    notifySwitches: true,
    rollingOrder: false,
    failureCriteria: {
      checkSpeed: 'minimum',
      speed: 10,
      checkDuplex: false,
      fullDuplex: false,
      checkErrorPercent: false,
      percentage: 0,
      checkBeacon: false,
    },
    nicOrder: { activeNic: [...active], standbyNic: [] },
  },
  offloadPolicy: { csumOffload: true, tcpSegmentation: true, zeroCopyXmit: true },
  shapingPolicy: { enabled: false },
});

export function hostNetwork({ hostName, domain, address, pnics, portGroups }: HostWiring): HostNetworkInfo {
  const [first, second] = pnics as readonly [PhysicalNic, PhysicalNic];
  const own = [first.device, second.device];
  const policy = teaming(own);
  const groups = [{ name: 'Management Network', vlanId: 0 }, { name: 'vMotion', vlanId: 20 }, ...portGroups];
  const bridge: HostVirtualSwitchBondBridge = {
    $type: 'HostVirtualSwitchBondBridge',
    nicDevice: own,
    beacon: { interval: 1 },
    linkDiscoveryProtocolConfig: { protocol: 'cdp', operation: 'listen' },
  };
  const vswitch: HostVirtualSwitch = {
    name: 'vSwitch0',
    key: 'key-vim.host.VirtualSwitch-vSwitch0',
    numPorts: PORTS,
    numPortsAvailable: PORTS - 12,
    mtu: 1500,
    portgroup: groups.map(({ name }) => `key-vim.host.PortGroup-${name}`),
    pnic: own.map((device) => `key-vim.host.PhysicalNic-${device}`),
    spec: { numPorts: 128, bridge, policy, mtu: 1500 },
  };
  return {
    vswitch: [vswitch],
    proxySwitch: [],
    portgroup: groups.map(
      (group): HostPortGroup => ({
        key: `key-vim.host.PortGroup-${group.name}`,
        port: [],
        vswitch: vswitch.key,
        computedPolicy: policy,
        spec: { name: group.name, vlanId: group.vlanId, vswitchName: 'vSwitch0', policy: {} },
      }),
    ),
    pnic: [...pnics],
    vnic: [
      vmkernel('vmk0', { portgroup: 'Management Network', address, mac: first.mac, mtu: 1500 }),
      vmkernel('vmk1', {
        portgroup: 'vMotion',
        address: address.replace(/^10\.0\.1\./, '10.0.2.'),
        mac: first.mac.replace(/^b4:96:91/, '00:50:56'),
        mtu: 9000,
      }),
    ],
    dnsConfig: {
      dhcp: false,
      hostName,
      domainName: domain,
      address: ['10.0.0.2', '10.0.0.3'],
      searchDomain: [domain],
    },
    ipRouteConfig: { defaultGateway: address.replace(/\d+$/, '1'), gatewayDevice: 'vmk0' },
    ipV6Enabled: true,
    atBootIpV6Enabled: true,
    netStackInstance: [],
  };
}

function vmkernel(
  device: string,
  { portgroup, address, mac, mtu }: { portgroup: string; address: string; mac: string; mtu: number },
): HostVirtualNic {
  return {
    device,
    key: `key-vim.host.VirtualNic-${device}`,
    portgroup,
    spec: {
      ip: { dhcp: false, ipAddress: address, subnetMask: '255.255.255.0' },
      mac,
      portgroup,
      mtu,
      tsoEnabled: true,
      netStackInstanceKey: 'defaultTcpipStack',
    },
    port: `key-vim.host.PortGroup.Port-${device}`,
  };
}

export function nicServices({ vnic = [] }: HostNetworkInfo): HostVirtualNicManagerInfo {
  const service = (nicType: string, selected: HostVirtualNic | undefined) => ({
    nicType,
    multiSelectAllowed: true,
    candidateVnic: [...vnic],
    selectedVnic: selected ? [`${nicType}.${selected.key}`] : [],
  });
  return {
    netConfig: [service('management', vnic[0]), service('vmotion', vnic[1]), service('vSphereProvisioning', undefined)],
  };
}

/** A host's part of a distributed switch. */
export function proxySwitch(dvs: { name: string; uuid: string }, pnics: readonly string[]): HostProxySwitch {
  return {
    dvsUuid: dvs.uuid,
    dvsName: dvs.name,
    key: `key-vim.host.HostProxySwitch-${dvs.name}`,
    numPorts: PORTS,
    configNumPorts: 512,
    numPortsAvailable: PORTS - 20,
    uplinkPort: pnics.map((_, index) => ({ key: String(index), value: `Uplink ${index + 1}` })),
    mtu: 9000,
    pnic: pnics.map((device) => `key-vim.host.PhysicalNic-${device}`),
    spec: {},
    networkReservationSupported: true,
  };
}
