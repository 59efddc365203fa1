/** What of a host follows from its parts and its VMs. */
import type { HostListSummary, HostListSummaryQuickStats } from '../../../src/vim25/generated/types.ts';
import type { ManagedObject } from '../core/managed-object.ts';
import type { World } from '../core/world.ts';
import { quickStatsOf } from '../vm/quick-stats.ts';

type Host = ManagedObject<'HostSystem'>;

export function deriveHosts(world: World): void {
  const { objects } = world;
  objects.derive('HostSystem', 'summary', (host) => summaryOf(world, host));
  objects.derive('HostSystem', 'licensableResource', (host) => ({
    resource: [
      { key: 'numCpuPackages', value: host.get('hardware')?.cpuInfo.numCpuPackages ?? 0 },
      { key: 'numCpuCores', value: host.get('hardware')?.cpuInfo.numCpuCores ?? 0 },
    ],
  }));
  objects.derive('HostDatastoreBrowser', 'datastore', (browser) => {
    for (const host of objects.all('HostSystem')) {
      if (host.get('datastoreBrowser').value === browser.id) return host.get('datastore');
    }
    return [];
  });
}

const MIB = 1024 * 1024;
/** What a host needs for itself. */
const OWN_MEMORY_MB = 8_192;

function summaryOf(world: World, host: Host): HostListSummary {
  const hardware = host.get('hardware');
  const { systemInfo, cpuInfo, cpuPkg, memorySize = 0, pciDevice = [] } = hardware ?? {};
  const runtime = host.get('runtime');
  const config = host.get('config');
  return {
    host: host.ref,
    ...(systemInfo &&
      cpuInfo && {
        hardware: {
          vendor: systemInfo.vendor,
          model: systemInfo.model,
          uuid: systemInfo.uuid,
          otherIdentifyingInfo: systemInfo.otherIdentifyingInfo ?? [],
          memorySize,
          cpuModel: cpuPkg?.[0]?.description ?? '',
          cpuMhz: Math.round(cpuInfo.hz / 1e6),
          numCpuPkgs: cpuInfo.numCpuPackages,
          numCpuCores: cpuInfo.numCpuCores,
          numCpuThreads: cpuInfo.numCpuThreads,
          numNics: config?.network?.pnic?.length ?? 0,
          numHBAs: pciDevice.filter(({ classId }) => [0x104, 0x106, 0xc04].includes(classId)).length,
        },
      }),
    runtime,
    config: {
      name: host.get('name'),
      port: 443,
      // What a host serves itself (/guestFile) the lab's web server serves for it.
      ...(world.web.thumbprint !== '' && { sslThumbprint: world.web.thumbprint }),
      ...(config && { product: config.product }),
      vmotionEnabled: true,
      faultToleranceEnabled: false,
      featureVersion: config?.featureVersion ?? [],
    },
    quickStats: quickStats(world, host),
    overallStatus: host.get('overallStatus'),
    rebootRequired: false,
    customValue: host.get('customValue'),
    ...(world.kind === 'vcenter' && { managementServerIp: '127.0.0.1' }),
    maxEVCModeKey: cpuPkg?.[0]?.vendor === 'amd' ? 'amd-zen3' : 'intel-icelake',
  };
}

function quickStats(world: World, host: Host): HostListSummaryQuickStats {
  const { connectionState, powerState, bootTime } = host.get('runtime');
  if (connectionState !== 'connected' || powerState !== 'poweredOn') return {};
  const now = world.clock.now();
  const { cpuMhz, memoryMb } = hostLoad(world, host, now);
  return {
    overallCpuUsage: cpuMhz,
    overallMemoryUsage: memoryMb,
    distributedCpuFairness: 1000,
    distributedMemoryFairness: 1000,
    availablePMemCapacity: 0,
    uptime: bootTime === undefined ? 0 : Math.max(0, Math.floor((now - Date.parse(bootTime)) / 1000)),
  };
}

/**
 * What a host and its VMs use at a time.
 *
 * @param most VMs that are looked at: of more than that, some stand for all
 */
export function hostLoad(
  world: World,
  host: Host,
  at: number,
  most = Number.POSITIVE_INFINITY,
): { readonly cpuMhz: number; readonly memoryMb: number } {
  let cpu = 200;
  let memory = OWN_MEMORY_MB;
  const { some, factor } = someOf(host.get('vm'), most);
  for (const ref of some) {
    const vm = world.objects.find(ref)?.as('VirtualMachine');
    if (!vm) continue;
    const { overallCpuUsage = 0, hostMemoryUsage = 0 } = quickStatsOf(world, vm, at);
    cpu += overallCpuUsage * factor;
    memory += hostMemoryUsage * factor;
  }
  const { cpuInfo, memorySize } = host.get('hardware') ?? {};
  const all = cpuInfo ? (cpuInfo.numCpuCores * cpuInfo.hz) / 1e6 : cpu;
  return {
    // A host cannot do more than it can: what its VMs want beyond that shows as their ready time.
    cpuMhz: Math.round(Math.min(cpu, all * 0.98)),
    memoryMb: Math.round(Math.min(memory, ((memorySize ?? memory * MIB) / MIB) * 0.97)),
  };
}

/** At most so many, spread evenly, and how many each stands for. */
export function someOf<T>(all: readonly T[], most: number): { readonly some: readonly T[]; readonly factor: number } {
  if (all.length <= most) return { some: all, factor: 1 };
  const step = all.length / most;
  return { some: Array.from({ length: most }, (_, index) => all[Math.floor(index * step)]!), factor: step };
}
