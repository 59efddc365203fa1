/** ESXi hosts as people ask about them. */
import { decodeName } from './names.ts';
import type { ObjectProperties, Reader } from './reader.ts';
import type { ManagedObjectReference } from './references.ts';
import { bytesToGb, bytesToMb, humanDuration, percent } from './units.ts';
import { isUnreadable } from './unreadable.ts';

export interface HostSummary {
  readonly ref: ManagedObjectReference;
  readonly id: string;
  readonly name: string;
  /** `connected`, `disconnected` or `notResponding`. */
  readonly connectionState: string | undefined;
  readonly powerState: string | undefined;
  /** Absent, as all but the name, where the account may not read the host. */
  readonly inMaintenanceMode: boolean | undefined;
  readonly vendor: string | undefined;
  readonly model: string | undefined;
  readonly cpuModel: string | undefined;
  readonly cpuCores: number | undefined;
  readonly cpuThreads: number | undefined;
  readonly cpuMhz: number | undefined;
  readonly cpuUsageMhz: number | undefined;
  readonly cpuUsagePercent: number | undefined;
  readonly memoryTotalGb: number | undefined;
  readonly memoryUsageMb: number | undefined;
  readonly memoryUsagePercent: number | undefined;
  readonly uptimeSeconds: number | undefined;
  readonly uptimeHuman: string | undefined;
  readonly vmCount: number | undefined;
  readonly unreadable: boolean;
}

const SUMMARY_PATHS = ['name', 'summary', 'vm'] as const;

export async function listHosts(
  reader: Reader,
  options?: { readonly within?: ManagedObjectReference },
): Promise<HostSummary[]> {
  return (await reader.readAll('HostSystem', SUMMARY_PATHS, options)).map(toSummary);
}

export async function readHost(reader: Reader, host: ManagedObjectReference): Promise<HostSummary> {
  return toSummary(await reader.readOne('HostSystem', host, SUMMARY_PATHS));
}

function toSummary(object: ObjectProperties<'HostSystem', (typeof SUMMARY_PATHS)[number]>): HostSummary {
  const { ref, props } = object;
  const { summary } = props;
  const unreadable = isUnreadable(object);
  const hardware = summary?.hardware;
  const usage = summary?.quickStats;
  const memoryMb = bytesToMb(hardware?.memorySize);
  const cpuTotal = hardware === undefined ? undefined : hardware.cpuMhz * hardware.numCpuCores;
  const uptime = usage?.uptime;
  return {
    ref,
    id: ref.value,
    name: decodeName(props.name ?? ref.value),
    connectionState: summary?.runtime?.connectionState,
    powerState: summary?.runtime?.powerState,
    inMaintenanceMode: unreadable ? undefined : summary?.runtime?.inMaintenanceMode === true,
    vendor: hardware?.vendor,
    model: hardware?.model,
    cpuModel: hardware?.cpuModel,
    cpuCores: hardware?.numCpuCores,
    cpuThreads: hardware?.numCpuThreads,
    cpuMhz: hardware?.cpuMhz,
    cpuUsageMhz: usage?.overallCpuUsage,
    cpuUsagePercent: percent(usage?.overallCpuUsage, cpuTotal),
    memoryTotalGb: bytesToGb(hardware?.memorySize),
    memoryUsageMb: usage?.overallMemoryUsage,
    memoryUsagePercent: percent(usage?.overallMemoryUsage, memoryMb),
    uptimeSeconds: uptime,
    uptimeHuman: uptime === undefined ? undefined : humanDuration(uptime),
    vmCount: unreadable ? undefined : (props.vm?.length ?? 0),
    unreadable,
  };
}

export interface HostInfo extends HostSummary {
  readonly uuid: string | undefined;
  readonly product: {
    readonly name: string | undefined;
    readonly version: string | undefined;
    readonly build: string | undefined;
    readonly fullName: string | undefined;
  };
  readonly nics: number | undefined;
  readonly hbas: number | undefined;
  /** ISO 8601 */
  readonly bootTime: string | undefined;
  /** Of the VMkernel adapter that is used for management, or of the first one. */
  readonly managementIp: string | undefined;
}

export async function readHostInfo(reader: Reader, host: ManagedObjectReference): Promise<HostInfo> {
  const object = await reader.readOne('HostSystem', host, [
    ...SUMMARY_PATHS,
    'runtime.bootTime',
    'config.network.vnic',
    'config.virtualNicManagerInfo',
  ]);
  const { props } = object;
  const product = props.summary?.config?.product;
  const hardware = props.summary?.hardware;
  const management = props['config.virtualNicManagerInfo']?.netConfig?.find(({ nicType }) => nicType === 'management');
  const vnics = props['config.network.vnic'] ?? management?.candidateVnic ?? [];
  const chosen =
    vnics.find(({ key }) => management?.selectedVnic?.some((selected) => selected.endsWith(key)) === true) ?? vnics[0];
  return {
    ...toSummary(object),
    uuid: hardware?.uuid,
    product: {
      name: product?.name,
      version: product?.version,
      build: product?.build,
      fullName: product?.fullName,
    },
    nics: hardware?.numNics,
    hbas: hardware?.numHBAs,
    bootTime: props['runtime.bootTime'],
    managementIp: chosen?.spec?.ip?.ipAddress,
  };
}
