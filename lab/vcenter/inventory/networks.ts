/** Networks, distributed switches and their port groups: making them, and what of them follows. */
import type {
  BoolPolicy,
  DistributedVirtualSwitchHostMember,
  DistributedVirtualSwitchHostMemberPnicBacking,
  DistributedVirtualSwitchProductSpec,
  DVSCapability,
  DVSNameArrayUplinkPortPolicy,
  DVSSummary,
  NetworkSummary,
  VMwareDVSConfigInfo,
  VMwareDVSPortgroupPolicy,
  VMwareDVSPortSetting,
  VmwareDistributedVirtualSwitchTrunkVlanSpec,
  VmwareDistributedVirtualSwitchVlanIdSpec,
} from '../../../src/vim25/generated/types.ts';
import type { AnyObject, ManagedObject } from '../core/managed-object.ts';
import type { World } from '../core/world.ts';

type PortGroup = ManagedObject<'DistributedVirtualPortgroup'>;
type Switch = ManagedObject<'VmwareDistributedVirtualSwitch'>;

/** A port group of the same name on the hosts' own switches. */
export function buildNetwork(
  world: World,
  { name, parent, hosts, id }: { name: string; parent: AnyObject; hosts: readonly AnyObject[]; id?: string },
): ManagedObject<'Network'> {
  const values = { name, parent: parent.ref, host: hosts.map(({ ref }) => ref) };
  return world.objects.add('Network', values, id ?? world.objects.newId('network'));
}

export interface SwitchPlan {
  readonly name: string;
  readonly parent: AnyObject;
  readonly hosts: readonly AnyObject[];
  /** `vmnic2` */
  readonly pnics: readonly string[];
  readonly portGroups: readonly { readonly name: string; readonly vlanId: number }[];
  readonly createdAt: number;
}

export interface BuiltSwitch {
  readonly dvs: Switch;
  readonly uplinks: PortGroup;
  /** Without the uplinks'. */
  readonly portGroups: readonly PortGroup[];
}

const PRODUCT: DistributedVirtualSwitchProductSpec = {
  name: 'DVS',
  vendor: 'VMware, Inc.',
  version: '8.0.3',
  build: '24322831',
  forwardingClass: 'etherswitch',
};
const inherited = (value: boolean): BoolPolicy => ({ inherited: false, value });
const UPLINK_TAG = [{ key: 'SYSTEM/DVS.UPLINKPG' }];
const UPLINK_PORTS = ['Uplink 1', 'Uplink 2', 'Uplink 3', 'Uplink 4'];

export function buildSwitch(world: World, plan: SwitchPlan): BuiltSwitch {
  const { objects, random } = world;
  const { name, parent, createdAt } = plan;
  const hex = random.hex(32);
  const uuid = `50 ${hex.slice(2, 16).match(/../g)!.join(' ')}-${hex.slice(16).match(/../g)!.join(' ')}`;
  const dvs = objects.add('VmwareDistributedVirtualSwitch', { name, parent: parent.ref, uuid }, objects.newId('dvs'));
  const uplinks = buildPortGroup(world, dvs, plan, { name: `${name}-DVUplinks-${dvs.id.slice(4)}`, uplink: true });
  const portGroups = plan.portGroups.map((group) => buildPortGroup(world, dvs, plan, group));
  const uplinkPortPolicy: DVSNameArrayUplinkPortPolicy = {
    $type: 'DVSNameArrayUplinkPortPolicy',
    uplinkPortName: UPLINK_PORTS,
  };
  const config: VMwareDVSConfigInfo = {
    $type: 'VMwareDVSConfigInfo',
    uuid,
    name,
    numStandalonePorts: 0,
    numPorts: plan.portGroups.length * 8 + plan.hosts.length * UPLINK_PORTS.length,
    maxPorts: 2_147_483_647,
    uplinkPortPolicy,
    uplinkPortgroup: [uplinks.ref],
    defaultPortConfig: portSetting(0),
    host: plan.hosts.map((host) => memberOf(host, plan.pnics, uplinks)),
    productInfo: PRODUCT,
    extensionKey: 'com.vmware.vshpere.VdsService',
    policy: { autoPreInstallAllowed: false, autoUpgradeAllowed: false, partialUpgradeAllowed: false },
    configVersion: '5',
    contact: {},
    createTime: new Date(createdAt).toISOString(),
    networkResourceManagementEnabled: true,
    defaultProxySwitchMaxNumPorts: 9216,
    networkResourceControlVersion: 'version3',
    maxMtu: 9000,
    linkDiscoveryProtocolConfig: { protocol: 'cdp', operation: 'listen' },
    lacpApiVersion: 'multipleLag',
    multicastFilteringMode: 'snooping',
  };
  dvs.set({ config, networkResourcePool: [] });
  return { dvs, uplinks, portGroups };
}

function buildPortGroup(
  world: World,
  dvs: Switch,
  { parent, hosts }: SwitchPlan,
  { name, vlanId, uplink = false }: { name: string; vlanId?: number; uplink?: boolean },
): PortGroup {
  const key = world.objects.newId('dvportgroup');
  const numPorts = uplink ? hosts.length * UPLINK_PORTS.length : 8;
  return world.objects.add(
    'DistributedVirtualPortgroup',
    {
      name,
      parent: parent.ref,
      key,
      host: hosts.map(({ ref }) => ref),
      portKeys: Array.from({ length: numPorts }, (_, index) => String(index)),
      config: {
        key,
        name,
        numPorts,
        distributedVirtualSwitch: dvs.ref,
        defaultPortConfig: portSetting(uplink ? 'trunk' : (vlanId ?? 0)),
        type: 'earlyBinding',
        backingType: 'standard',
        policy: PORT_GROUP_POLICY,
        configVersion: '1',
        autoExpand: !uplink,
        vmVnicNetworkResourcePoolKey: '-1',
        uplink,
      },
      ...(uplink && { tag: UPLINK_TAG }),
    },
    key,
  );
}

const PORT_GROUP_POLICY: VMwareDVSPortgroupPolicy = {
  $type: 'VMwareDVSPortgroupPolicy',
  blockOverrideAllowed: true,
  shapingOverrideAllowed: false,
  vendorConfigOverrideAllowed: false,
  livePortMovingAllowed: false,
  portConfigResetAtDisconnect: true,
  networkResourcePoolOverrideAllowed: false,
  trafficFilterOverrideAllowed: false,
  vlanOverrideAllowed: false,
  uplinkTeamingOverrideAllowed: false,
  securityPolicyOverrideAllowed: false,
  ipfixOverrideAllowed: false,
  macManagementOverrideAllowed: false,
};

function portSetting(vlanId: number | 'trunk'): VMwareDVSPortSetting {
  const trunk: VmwareDistributedVirtualSwitchTrunkVlanSpec = {
    $type: 'VmwareDistributedVirtualSwitchTrunkVlanSpec',
    inherited: false,
    vlanId: [{ start: 0, end: 4094 }],
  };
  const vlan: VmwareDistributedVirtualSwitchVlanIdSpec = {
    $type: 'VmwareDistributedVirtualSwitchVlanIdSpec',
    inherited: false,
    vlanId: vlanId === 'trunk' ? 0 : vlanId,
  };
  return {
    $type: 'VMwareDVSPortSetting',
    blocked: inherited(false),
    vmDirectPathGen2Allowed: inherited(false),
    networkResourcePoolKey: { inherited: false, value: '-1' },
    vlan: vlanId === 'trunk' ? trunk : vlan,
    securityPolicy: {
      inherited: false,
      allowPromiscuous: inherited(false),
      macChanges: inherited(false),
      forgedTransmits: inherited(false),
    },
    ipfixEnabled: inherited(false),
    txUplink: inherited(false),
  };
}

function memberOf(host: AnyObject, pnics: readonly string[], uplinks: PortGroup): DistributedVirtualSwitchHostMember {
  const backing: DistributedVirtualSwitchHostMemberPnicBacking = {
    $type: 'DistributedVirtualSwitchHostMemberPnicBacking',
    pnicSpec: pnics.map((pnicDevice, index) => ({
      pnicDevice,
      uplinkPortKey: String(index),
      uplinkPortgroupKey: uplinks.id,
      connectionCookie: 0,
    })),
  };
  return {
    config: { host: host.ref, maxProxySwitchPorts: 1536, backing },
    productInfo: PRODUCT,
    uplinkPortKey: pnics.map((_, index) => String(index)),
    status: 'up',
  };
}

export function deriveNetworks(world: World): void {
  const { objects } = world;
  objects.derive('Network', 'summary', networkSummary);
  objects.derive('DistributedVirtualSwitch', 'summary', (dvs) => switchSummary(world, dvs));
  objects.derive('DistributedVirtualSwitch', 'capability', () => CAPABILITY);
  objects.derive('DistributedVirtualSwitch', 'runtime', () => ({ hostMemberRuntime: [] }));
}

const CAPABILITY: DVSCapability = {
  dvsOperationSupported: true,
  dvPortGroupOperationSupported: true,
  dvPortOperationSupported: true,
};

function networkSummary(network: ManagedObject<'Network'>): NetworkSummary {
  return {
    network: network.ref,
    name: network.get('name'),
    accessible: network.get('host').length > 0,
    ipPoolName: '',
  };
}

function switchSummary({ objects }: World, dvs: ManagedObject<'DistributedVirtualSwitch'>): DVSSummary {
  const groups = dvs.get('portgroup').flatMap((ref) => objects.find(ref)?.as('DistributedVirtualPortgroup') ?? []);
  const hosts = (dvs.get('config').host ?? []).flatMap(({ config }) => config.host ?? []);
  const vms = new Map(groups.flatMap((group) => group.get('vm')).map((ref) => [ref.value, ref]));
  return {
    name: dvs.get('name'),
    uuid: dvs.get('uuid'),
    numPorts: dvs.get('config').numPorts,
    productInfo: PRODUCT,
    hostMember: hosts,
    vm: [...vms.values()],
    host: hosts,
    portgroupName: groups.map((group) => group.get('name')),
    numHosts: hosts.length,
  };
}
