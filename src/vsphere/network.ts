/** Networks and distributed port groups. */
import { decodeName } from './names.ts';
import type { ObjectProperties, Reader } from './reader.ts';
import type { ManagedObjectReference } from './references.ts';
import { isUnreadable } from './unreadable.ts';
import { uplinksOf } from './uplinks.ts';
import { namesOf } from './virtual-machine.ts';

export interface NetworkSummary {
  readonly ref: ManagedObjectReference;
  readonly id: string;
  readonly name: string;
  readonly type: 'network' | 'distributed_portgroup' | 'opaque';
  /** Absent, as all but name and type, where the account may not read the network. */
  readonly accessible: boolean | undefined;
  readonly vmCount: number | undefined;
  readonly hostCount: number | undefined;
  /** It carries the links of its switch: no VM can be plugged into it. */
  readonly isUplink: boolean | undefined;
  readonly unreadable: boolean;
}

export interface NetworkDetails extends NetworkSummary {
  /** Of a distributed port group only, this and what follows. */
  readonly switch: string | undefined;
  readonly portBinding: string | undefined;
  readonly numPorts: number | undefined;
  /** One VLAN, `trunk 1-10,20` for a trunk, `pvlan 7` for a private one. */
  readonly vlan: string | undefined;
  readonly vlanId: number | undefined;
}

const SUMMARY_PATHS = ['name', 'summary.accessible', 'vm', 'host'] as const;

export async function listNetworks(
  reader: Reader,
  options?: { readonly within?: ManagedObjectReference },
): Promise<NetworkSummary[]> {
  const networks = await reader.readAll('Network', SUMMARY_PATHS, options);
  const uplinks = await uplinksOf(
    reader,
    networks.map(({ ref }) => ref),
  );
  return networks.map((network) => toSummary(network, uplinks));
}

export async function readNetwork(reader: Reader, network: ManagedObjectReference): Promise<NetworkDetails> {
  const found = await reader.readOne('Network', network, SUMMARY_PATHS);
  const [uplinks, portgroup] = await Promise.all([uplinksOf(reader, [network]), portgroupOf(reader, network)]);
  return { ...toSummary(found, uplinks), ...portgroup };
}

function toSummary(
  object: ObjectProperties<'Network', (typeof SUMMARY_PATHS)[number]>,
  uplinks: ReadonlySet<string>,
): NetworkSummary {
  const { ref, props } = object;
  const unreadable = isUnreadable(object);
  return {
    ref,
    id: ref.value,
    name: decodeName(props.name ?? ref.value),
    type: typeOf(ref),
    accessible: unreadable ? undefined : props['summary.accessible'] === true,
    vmCount: unreadable ? undefined : (props.vm?.length ?? 0),
    hostCount: unreadable ? undefined : (props.host?.length ?? 0),
    isUplink: unreadable ? undefined : uplinks.has(ref.value),
    unreadable,
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
};

async function portgroupOf(reader: Reader, ref: ManagedObjectReference): Promise<PortgroupFields> {
  if (ref.type !== 'DistributedVirtualPortgroup') return NO_PORTGROUP;
  const { props } = await reader.readOne('DistributedVirtualPortgroup', ref, ['config']);
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
