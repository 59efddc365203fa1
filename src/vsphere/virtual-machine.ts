/** One virtual machine as people ask about it: in full, how busy it is, its VMware Tools. */
import type { VirtualMachineQuickStats } from '../vim25/generated/types.ts';
import { ofObjects } from './connection.ts';
import { type Disk, disksOf, type Nic, nicsOf, nicsWithNetworks } from './devices.ts';
import { decodeName } from './names.ts';
import type { ObjectProperties, Reader } from './reader.ts';
import type { ManagedObjectReference } from './references.ts';
import { bytesToGb, humanDuration } from './units.ts';

interface VmSummary {
  readonly ref: ManagedObjectReference;
  readonly id: string;
  readonly name: string;
  /** `poweredOn`, `poweredOff` or `suspended`; absent where the account may not read it. */
  readonly powerState: string | undefined;
  /** Absent while the VM's configuration cannot be read: it is inaccessible or orphaned. */
  readonly cpu: number | undefined;
  readonly memoryMb: number | undefined;
  readonly guestOs: string | undefined;
  readonly isTemplate: boolean;
}

const SUMMARY_PATHS = [
  'name',
  'runtime.powerState',
  'config.hardware.numCPU',
  'config.hardware.memoryMB',
  'config.guestFullName',
  'config.template',
] as const;

function toSummary({ ref, props }: ObjectProperties<'VirtualMachine', (typeof SUMMARY_PATHS)[number]>): VmSummary {
  return {
    ref,
    id: ref.value,
    name: decodeName(props.name ?? ref.value),
    powerState: props['runtime.powerState'],
    cpu: props['config.hardware.numCPU'],
    memoryMb: props['config.hardware.memoryMB'],
    guestOs: props['config.guestFullName'],
    isTemplate: props['config.template'] === true,
  };
}

export interface VmDetails extends VmSummary {
  readonly guestId: string | undefined;
  readonly uuid: string | undefined;
  readonly instanceUuid: string | undefined;
  readonly hardwareVersion: string | undefined;
  readonly host: string | undefined;
  readonly datastores: readonly string[];
  readonly resourcePool: ManagedObjectReference | undefined;
  readonly tools: ToolsStatus;
  readonly disks: readonly Disk[];
  readonly nics: readonly Nic[];
  readonly annotation: string | undefined;
}

/** Everything about one VM, in two round trips: the VM, then the names of what it refers to. */
export async function readVm(reader: Reader, vm: ManagedObjectReference): Promise<VmDetails> {
  const object = await reader.readOne('VirtualMachine', vm, [
    ...SUMMARY_PATHS,
    ...TOOLS_PATHS,
    'config.guestId',
    'config.uuid',
    'config.instanceUuid',
    'config.version',
    'config.annotation',
    'config.hardware.device',
    'runtime.host',
    'datastore',
    'resourcePool',
  ]);
  const { props } = object;
  const host = props['runtime.host'];
  const devices = props['config.hardware.device'] ?? [];
  const [names, nics] = await Promise.all([
    namesOf(reader, [...(host ? [host] : []), ...(props.datastore ?? [])]),
    nicsWithNetworks(reader, nicsOf(devices)),
  ]);
  return {
    ...toSummary(object),
    guestId: props['config.guestId'],
    uuid: props['config.uuid'],
    instanceUuid: props['config.instanceUuid'],
    hardwareVersion: props['config.version'],
    host: host && names.get(host.value),
    datastores: (props.datastore ?? []).map(({ value }) => names.get(value) ?? value),
    resourcePool: props.resourcePool,
    tools: toTools(object.props),
    disks: disksOf(devices),
    nics,
    annotation: props['config.annotation'],
  };
}

/** Decoded names of objects of any type, by `ref.value`, in one round trip. */
export async function namesOf(reader: Reader, refs: readonly ManagedObjectReference[]): Promise<Map<string, string>> {
  if (refs.length === 0) return new Map();
  const objects = await reader.retrieve([ofObjects(refs, [{ type: 'ManagedEntity', pathSet: ['name'] }])]);
  return new Map(
    objects.map(({ ref, props }) => [ref.value, decodeName((props as { name?: string }).name ?? ref.value)]),
  );
}

export interface VmStats {
  readonly name: string;
  readonly powerState: string | undefined;
  readonly cpuUsageMhz: number | undefined;
  readonly cpuDemandMhz: number | undefined;
  readonly memoryUsageMb: number | undefined;
  /** From vSphere 7.0.3; before, guest memory usage is the active memory. */
  readonly memoryActiveMb: number | undefined;
  readonly memoryBalloonedMb: number | undefined;
  readonly memorySwappedMb: number | undefined;
  readonly storageCommittedGb: number | undefined;
  readonly storageUncommittedGb: number | undefined;
  readonly uptimeSeconds: number | undefined;
  readonly uptimeHuman: string | undefined;
}

export async function readVmStats(reader: Reader, vm: ManagedObjectReference): Promise<VmStats> {
  const { ref, props } = await reader.readOne('VirtualMachine', vm, [
    'name',
    'runtime.powerState',
    'summary.quickStats',
    'summary.storage',
  ]);
  const stats: Partial<VirtualMachineQuickStats> = props['summary.quickStats'] ?? {};
  const storage = props['summary.storage'];
  const uptime = stats.uptimeSeconds;
  return {
    name: decodeName(props.name ?? ref.value),
    powerState: props['runtime.powerState'],
    cpuUsageMhz: stats.overallCpuUsage,
    cpuDemandMhz: stats.overallCpuDemand,
    memoryUsageMb: stats.hostMemoryUsage,
    memoryActiveMb: stats.activeMemory ?? stats.guestMemoryUsage,
    memoryBalloonedMb: stats.balloonedMemory,
    memorySwappedMb: stats.swappedMemory,
    storageCommittedGb: bytesToGb(storage?.committed),
    storageUncommittedGb: bytesToGb(storage?.uncommitted),
    uptimeSeconds: uptime,
    uptimeHuman: uptime === undefined ? undefined : humanDuration(uptime),
  };
}

export interface ToolsStatus {
  /** `toolsOk`, `toolsOld`, `toolsNotRunning` or `toolsNotInstalled`. */
  readonly status: string | undefined;
  readonly version: string | undefined;
  /** `guestToolsRunning`, `guestToolsNotRunning` or `guestToolsExecutingScripts`. */
  readonly runningStatus: string | undefined;
  readonly versionStatus: string | undefined;
  readonly ipAddress: string | undefined;
  readonly hostname: string | undefined;
  readonly guestOs: string | undefined;
  readonly guestId: string | undefined;
  readonly guestState: string | undefined;
}

export const TOOLS_PATHS = [
  'guest.toolsStatus',
  'guest.toolsVersion',
  'guest.toolsRunningStatus',
  'guest.toolsVersionStatus2',
  'guest.ipAddress',
  'guest.hostName',
  'guest.guestFullName',
  'guest.guestId',
  'guest.guestState',
] as const;

export async function readTools(reader: Reader, vm: ManagedObjectReference): Promise<ToolsStatus> {
  const { props } = await reader.readOne('VirtualMachine', vm, TOOLS_PATHS);
  return toTools(props);
}

/** From the properties at `TOOLS_PATHS`. */
export function toTools(props: ObjectProperties<'VirtualMachine', (typeof TOOLS_PATHS)[number]>['props']): ToolsStatus {
  return {
    status: props['guest.toolsStatus'],
    version: props['guest.toolsVersion'],
    runningStatus: props['guest.toolsRunningStatus'],
    versionStatus: props['guest.toolsVersionStatus2'],
    ipAddress: props['guest.ipAddress'],
    hostname: props['guest.hostName'],
    guestOs: props['guest.guestFullName'],
    guestId: props['guest.guestId'],
    guestState: props['guest.guestState'],
  };
}
