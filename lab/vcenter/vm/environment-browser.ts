/** EnvironmentBrowser: QueryConfigOption, QueryConfigOptionEx, QueryConfigTarget. */
import type { ConfigTarget, DistributedVirtualPortgroupInfo } from '../../../src/vim25/generated/types.ts';
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import { invalidArgument, notSupported } from '../core/faults.ts';
import type { AnyObject } from '../core/managed-object.ts';
import type { MethodTable } from '../core/method.ts';
import type { World } from '../core/world.ts';
import { configOption, HARDWARE_VERSIONS } from './environment-options.ts';
import { type Host, hostOf } from './placement.ts';

export const environmentBrowserMethods: MethodTable = {
  QueryConfigOption: ({ world, self, request: { key, host } }) => {
    hostsOf(world, self, host);
    return configOption(world, hardwareVersion(key));
  },
  QueryConfigOptionEx: ({ world, self, request: { spec } }) => {
    hostsOf(world, self, spec?.host);
    return configOption(world, hardwareVersion(spec?.key), spec?.guestId);
  },
  QueryConfigTarget: ({ world, self, request: { host } }) => targetOf(world, hostsOf(world, self, host)),
};

/** Errors: InvalidArgument for a version of hardware that there is not. */
function hardwareVersion(key: string | undefined): number | undefined {
  if (key === undefined || key === '') return undefined;
  const version = HARDWARE_VERSIONS.find((each) => key === `vmx-${each}`);
  if (version === undefined) throw invalidArgument('key');
  return version;
}

/** The hosts of the compute resource that a browser belongs to, or the one that was named. */
function hostsOf(world: World, browser: AnyObject, named: ManagedObjectReference | undefined): Host[] {
  for (const owner of world.objects.all('ComputeResource')) {
    if (owner.get('environmentBrowser')?.value !== browser.id) continue;
    const hosts = owner.get('host').map((ref) => world.objects.get<'HostSystem'>(ref));
    if (!named) return hosts;
    const host = hostOf(world, named, 'host');
    if (!hosts.includes(host)) throw invalidArgument('host');
    return [host];
  }
  throw notSupported('the compute resource is gone');
}

function targetOf({ objects }: World, hosts: readonly Host[]): ConfigTarget {
  const refs = (list: 'datastore' | 'network') => [
    ...new Map(hosts.flatMap((host) => host.get(list)).map((ref) => [ref.value, ref])).values(),
  ];
  const datastores = refs('datastore').map((ref) => objects.get<'Datastore'>(ref));
  const networks = refs('network').map((ref) => objects.get<'Network'>(ref));
  const threads = hosts.map((host) => host.get('summary').hardware?.numCpuThreads ?? 0);
  const cores = hosts.map((host) => host.get('summary').hardware?.numCpuCores ?? 0);
  const memory = hosts.map((host) => host.get('summary').hardware?.memorySize ?? 0);
  return {
    numCpus: sum(threads),
    numCpuCores: sum(cores),
    numNumaNodes: 1,
    maxCpusPerHost: Math.max(0, ...threads),
    smcPresent: false,
    datastore: datastores.map((datastore) => ({
      name: datastore.get('name'),
      datastore: datastore.get('summary'),
      capability: datastore.get('capability'),
      maxFileSize: 70_368_744_177_664,
      maxVirtualDiskCapacity: 68_169_720_922_112,
      mode: 'readWrite',
    })),
    network: networks
      .filter(({ ref }) => ref.type === 'Network')
      .map((network) => ({ name: network.get('name'), network: network.get('summary') })),
    distributedVirtualPortgroup: networks.flatMap((network): DistributedVirtualPortgroupInfo[] => {
      const group = network.as('DistributedVirtualPortgroup');
      const owner = objects.find(group?.get('config').distributedVirtualSwitch)?.as('DistributedVirtualSwitch');
      if (!group || !owner) return [];
      return [
        {
          switchName: owner.get('name'),
          switchUuid: owner.get('uuid'),
          portgroupName: group.get('name'),
          portgroupKey: group.get('key'),
          portgroupType: group.get('config').type,
          uplinkPortgroup: group.get('config').uplink ?? false,
          portgroup: group.ref,
        },
      ];
    }),
    maxMemMBOptimalPerf: Math.floor(Math.max(0, ...memory) / 1024 ** 2),
    supportedMaxMemMB: 25_165_824,
    autoVmotion: hosts.length > 1,
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
