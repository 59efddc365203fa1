/** Networks and distributed port groups. */
import { decodeName } from './names.ts';
import type { Reader } from './reader.ts';
import type { ManagedObjectReference } from './references.ts';
import { namesOf } from './virtual-machine.ts';

export interface NetworkSummary {
  readonly ref: ManagedObjectReference;
  readonly id: string;
  readonly name: string;
  readonly type: 'network' | 'distributed_portgroup' | 'opaque';
  readonly accessible: boolean;
  readonly vmCount: number;
  readonly hostCount: number;
}

export interface NetworkDetails extends NetworkSummary {
  /** Of a distributed port group only, this and what follows. */
  readonly switch: string | undefined;
  readonly portBinding: string | undefined;
  readonly numPorts: number | undefined;
  /** One VLAN, `trunk 1-10,20` for a trunk, `pvlan 7` for a private one. */
  readonly vlan: string | undefined;
  readonly vlanId: number | undefined;
  readonly isUplink: boolean;
}

const SUMMARY_PATHS = ['name', 'summary.accessible', 'vm', 'host'] as const;

export async function listNetworks(
  reader: Reader,
  options?: { readonly within?: ManagedObjectReference },
): Promise<NetworkSummary[]> {
  return (await reader.readAll('Network', SUMMARY_PATHS, options)).map(({ ref, props }) => ({
    ref,
    id: ref.value,
    name: decodeName(props.name ?? ref.value),
    type: typeOf(ref),
    accessible: props['summary.accessible'] === true,
    vmCount: props.vm?.length ?? 0,
    hostCount: props.host?.length ?? 0,
  }));
}

export async function readNetwork(reader: Reader, network: ManagedObjectReference): Promise<NetworkDetails> {
  const { ref, props } = await reader.readOne('Network', network, SUMMARY_PATHS);
  return {
    ref,
    id: ref.value,
    name: decodeName(props.name ?? ref.value),
    type: typeOf(ref),
    accessible: props['summary.accessible'] === true,
    vmCount: props.vm?.length ?? 0,
    hostCount: props.host?.length ?? 0,
    ...(await portgroupOf(reader, ref)),
  };
}

/** A distributed port group is a network too: the subtype is told first. */
function typeOf({ type }: ManagedObjectReference): NetworkSummary['type'] {
  if (type === 'DistributedVirtualPortgroup') return 'distributed_portgroup';
  return type === 'OpaqueNetwork' ? 'opaque' : 'network';
}

type PortgroupFields = Omit<NetworkDetails, keyof NetworkSummary>;

const NO_PORTGROUP: PortgroupFields = {
  switch: undefined,
  portBinding: undefined,
  numPorts: undefined,
  vlan: undefined,
  vlanId: undefined,
  isUplink: false,
};

async function portgroupOf(reader: Reader, ref: ManagedObjectReference): Promise<PortgroupFields> {
  if (ref.type !== 'DistributedVirtualPortgroup') return NO_PORTGROUP;
  const { props } = await reader.readOne('DistributedVirtualPortgroup', ref, ['config', 'tag']);
  const { config } = props;
  if (config === undefined) return NO_PORTGROUP;
  const dvs = config.distributedVirtualSwitch;
  const names = dvs === undefined ? undefined : await namesOf(reader, [dvs]);
  const vlan = (config.defaultPortConfig as { vlan?: VlanSpec } | undefined)?.vlan;
  return {
    switch: dvs && names?.get(dvs.value),
    portBinding: config.type,
    numPorts: config.numPorts,
    ...describeVlan(vlan),
    isUplink: config.uplink === true || props.tag?.some(({ key }) => key === 'SYSTEM/DVS.UPLINKPG') === true,
  };
}

/** The three kinds of VMwareDistributedVirtualSwitchVlanSpec. */
interface VlanSpec {
  readonly vlanId?: number | readonly { readonly start: number; readonly end: number }[];
  readonly pvlanId?: number;
}

export function describeVlan(vlan: VlanSpec | undefined): Pick<NetworkDetails, 'vlan' | 'vlanId'> {
  if (vlan?.pvlanId !== undefined) return { vlan: `pvlan ${vlan.pvlanId}`, vlanId: vlan.pvlanId };
  if (typeof vlan?.vlanId === 'number') return { vlan: String(vlan.vlanId), vlanId: vlan.vlanId };
  if (vlan?.vlanId === undefined) return { vlan: undefined, vlanId: undefined };
  const ranges = vlan.vlanId.map(({ start, end }) => (start === end ? `${start}` : `${start}-${end}`));
  return { vlan: `trunk ${ranges.join(',')}`, vlanId: undefined };
}
