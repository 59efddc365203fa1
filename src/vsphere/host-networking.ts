/** How an ESXi host is wired: its switches, port groups, VMkernel adapters and name resolution. */
import type { HostNetworkInfo } from '../vim25/generated/types.ts';
import { InvalidStateError } from './errors.ts';
import type { InventoryObject } from './inventory.ts';
import { quoted } from './names.ts';
import type { Reader } from './reader.ts';

export interface HostNetworking {
  readonly vswitches: readonly {
    readonly name: string;
    readonly ports: number;
    readonly portsAvailable: number;
    readonly mtu: number | undefined;
    /** Physical adapters: `vmnic0`. */
    readonly pnics: readonly string[];
  }[];
  /** The host's part of distributed switches. */
  readonly distributedSwitches: readonly {
    readonly name: string;
    readonly mtu: number | undefined;
    readonly pnics: readonly string[];
  }[];
  readonly portgroups: readonly { readonly name: string; readonly vswitch: string; readonly vlanId: number }[];
  readonly vmkernelAdapters: readonly {
    readonly device: string;
    /** Absent for an adapter on a distributed switch. */
    readonly portgroup: string | undefined;
    readonly ip: string | undefined;
    readonly netmask: string | undefined;
    readonly mac: string | undefined;
    readonly mtu: number | undefined;
  }[];
  readonly dns: {
    readonly hostname: string | undefined;
    readonly domain: string | undefined;
    readonly servers: readonly string[];
    readonly searchDomains: readonly string[];
  };
}

/** In one round trip. INVALID_STATE for a host that tells no network configuration. */
export async function readHostNetworking(reader: Reader, host: InventoryObject): Promise<HostNetworking> {
  const { props } = await reader.readOne('HostSystem', host.ref, ['config.network']);
  const network = props['config.network'];
  if (network === undefined) {
    throw new InvalidStateError(
      `The network of ${quoted(host.name)} cannot be read: it is disconnected, or the account may not see it.`,
    );
  }
  return toHostNetworking(network);
}

export function toHostNetworking(network: HostNetworkInfo): HostNetworking {
  const devices = new Map((network.pnic ?? []).map(({ key, device }) => [key, device]));
  const toDevices = (keys: readonly string[] | undefined) => (keys ?? []).map((key) => devices.get(key) ?? key);
  const dns = network.dnsConfig;
  return {
    vswitches: (network.vswitch ?? []).map(({ name, numPorts, numPortsAvailable, mtu, pnic }) => ({
      name,
      ports: numPorts,
      portsAvailable: numPortsAvailable,
      mtu,
      pnics: toDevices(pnic),
    })),
    distributedSwitches: (network.proxySwitch ?? []).map(({ dvsName, mtu, pnic }) => ({
      name: dvsName,
      mtu,
      pnics: toDevices(pnic),
    })),
    portgroups: (network.portgroup ?? []).map(({ spec }) => ({
      name: spec.name,
      vswitch: spec.vswitchName,
      vlanId: spec.vlanId,
    })),
    vmkernelAdapters: (network.vnic ?? []).map(({ device, portgroup, spec }) => ({
      device,
      portgroup: portgroup === '' ? undefined : portgroup,
      ip: spec.ip?.ipAddress,
      netmask: spec.ip?.subnetMask,
      mac: spec.mac,
      mtu: spec.mtu,
    })),
    dns: {
      hostname: dns?.hostName,
      domain: dns?.domainName,
      servers: dns?.address ?? [],
      searchDomains: dns?.searchDomain ?? [],
    },
  };
}
