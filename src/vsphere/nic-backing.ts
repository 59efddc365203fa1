/** What a network card is plugged into. Each kind of network has its own backing; the subclass is tested first. */
import type {
  OpaqueNetworkSummary,
  VirtualDeviceBackingInfo,
  VirtualEthernetCardDistributedVirtualPortBackingInfo,
  VirtualEthernetCardNetworkBackingInfo,
  VirtualEthernetCardOpaqueNetworkBackingInfo,
} from '../vim25/generated/types.ts';
import { InvalidStateError, UnsupportedError } from './errors.ts';
import type { InventoryObject } from './inventory.ts';
import { quoted } from './names.ts';
import type { Reader } from './reader.ts';
import { isUplink, PORTGROUP_PATHS, SWITCH_PATHS } from './uplinks.ts';

/**
 * Errors: INVALID_STATE for the uplinks of a distributed switch, which carry hosts and no VMs; UNSUPPORTED where
 * vSphere does not say enough about the network.
 */
export async function nicBacking(reader: Reader, network: InventoryObject): Promise<VirtualDeviceBackingInfo> {
  switch (network.type) {
    case 'DistributedVirtualPortgroup':
      return distributedBacking(reader, network);
    case 'OpaqueNetwork':
      return opaqueBacking(reader, network);
    default:
      return namedBacking(network);
  }
}

function namedBacking({ name }: InventoryObject): VirtualEthernetCardNetworkBackingInfo {
  return { $type: 'VirtualEthernetCardNetworkBackingInfo', deviceName: name };
}

async function distributedBacking(
  reader: Reader,
  network: InventoryObject,
): Promise<VirtualEthernetCardDistributedVirtualPortBackingInfo> {
  const group = await reader.readOne('DistributedVirtualPortgroup', network.ref, ['key', ...PORTGROUP_PATHS]);
  const { key, 'config.distributedVirtualSwitch': owner } = group.props;
  const dvs = owner && (await reader.readOne('DistributedVirtualSwitch', owner, ['uuid', ...SWITCH_PATHS]));
  if (isUplink(group, dvs)) {
    throw new InvalidStateError(`${quoted(network.name)} holds the uplinks of its switch: choose another port group.`);
  }
  if (key === undefined || dvs?.props.uuid === undefined) throw unknownSwitch(network);
  return {
    $type: 'VirtualEthernetCardDistributedVirtualPortBackingInfo',
    port: { switchUuid: dvs.props.uuid, portgroupKey: key },
  };
}

async function opaqueBacking(
  reader: Reader,
  network: InventoryObject,
): Promise<VirtualEthernetCardOpaqueNetworkBackingInfo> {
  const { props } = await reader.readOne('OpaqueNetwork', network.ref, ['summary']);
  const summary = props.summary as Partial<OpaqueNetworkSummary> | undefined;
  if (summary?.opaqueNetworkId === undefined || summary.opaqueNetworkType === undefined) throw unknownSwitch(network);
  return {
    $type: 'VirtualEthernetCardOpaqueNetworkBackingInfo',
    opaqueNetworkId: summary.opaqueNetworkId,
    opaqueNetworkType: summary.opaqueNetworkType,
  };
}

function unknownSwitch(network: InventoryObject): UnsupportedError {
  return new UnsupportedError(`The switch behind ${quoted(network.name)} cannot be read: is the account allowed to?`);
}
