/** PerformanceManager.perfCounter: the usual counters, under the ids that vCenter 8 and ESXi 8 give them. */
import type { PerfCounterInfo, PerfInterval } from '../../../src/vim25/generated/types.ts';

export type ServerKind = 'vcenter' | 'esxi';

type Row = readonly [
  vcenter: number,
  esxi: number | undefined,
  name: string,
  statsType: 'absolute' | 'delta' | 'rate',
  unit: keyof typeof UNITS,
  level: number,
  perDeviceLevel: number,
  label: string,
];

const UNITS = {
  percent: '%',
  megaHertz: 'MHz',
  millisecond: 'ms',
  kiloBytes: 'KB',
  megaBytes: 'MB',
  kiloBytesPerSecond: 'KBps',
  number: 'num',
  second: 's',
  watt: 'W',
  joule: 'J',
} as const;

const GROUPS: Readonly<Record<string, string>> = {
  cpu: 'CPU',
  mem: 'Memory',
  disk: 'Disk',
  net: 'Network',
  sys: 'System',
  power: 'Power',
  virtualDisk: 'Virtual disk',
  datastore: 'Datastore',
  clusterServices: 'Cluster services',
  vmop: 'Virtual machine operations',
};

// biome-ignore format: a table
const ROWS: readonly Row[] = [
  [1, undefined, 'cpu.usage.none', 'rate', 'percent', 4, 4, 'Usage'],
  [2, 1, 'cpu.usage.average', 'rate', 'percent', 1, 3, 'Usage'],
  [3, 3, 'cpu.usage.minimum', 'rate', 'percent', 4, 4, 'Usage'],
  [4, 2, 'cpu.usage.maximum', 'rate', 'percent', 4, 4, 'Usage'],
  [5, 4, 'cpu.usagemhz.none', 'rate', 'megaHertz', 4, 4, 'Usage in MHz'],
  [6, 5, 'cpu.usagemhz.average', 'rate', 'megaHertz', 1, 3, 'Usage in MHz'],
  [7, 7, 'cpu.usagemhz.minimum', 'rate', 'megaHertz', 4, 4, 'Usage in MHz'],
  [8, 6, 'cpu.usagemhz.maximum', 'rate', 'megaHertz', 4, 4, 'Usage in MHz'],
  [9, 8, 'cpu.reservedCapacity.average', 'absolute', 'megaHertz', 2, 3, 'Reserved capacity'],
  [11, 10, 'cpu.wait.summation', 'delta', 'millisecond', 3, 3, 'Wait'],
  [12, 11, 'cpu.ready.summation', 'delta', 'millisecond', 1, 3, 'Ready'],
  [13, 13, 'cpu.idle.summation', 'delta', 'millisecond', 2, 3, 'Idle'],
  [14, 12, 'cpu.used.summation', 'delta', 'millisecond', 3, 3, 'Used'],
  [23, 65536, 'mem.usage.none', 'absolute', 'percent', 4, 4, 'Host consumed %'],
  [24, 65537, 'mem.usage.average', 'absolute', 'percent', 1, 3, 'Host consumed %'],
  [25, 65539, 'mem.usage.minimum', 'absolute', 'percent', 4, 4, 'Host consumed %'],
  [26, 65538, 'mem.usage.maximum', 'absolute', 'percent', 4, 4, 'Host consumed %'],
  [29, 65541, 'mem.granted.average', 'absolute', 'kiloBytes', 2, 3, 'Granted'],
  [33, 65545, 'mem.active.average', 'absolute', 'kiloBytes', 2, 3, 'Active'],
  [37, 65549, 'mem.shared.average', 'absolute', 'kiloBytes', 2, 3, 'Shared'],
  [41, 65553, 'mem.zero.average', 'absolute', 'kiloBytes', 2, 3, 'Zero pages'],
  [45, 65557, 'mem.unreserved.average', 'absolute', 'kiloBytes', 2, 3, 'Reservation available'],
  [49, 65561, 'mem.swapused.average', 'absolute', 'kiloBytes', 2, 3, 'Swap consumed'],
  [70, 65591, 'mem.swapped.average', 'absolute', 'kiloBytes', 2, 3, 'Swapped'],
  [85, 65618, 'mem.swapinRate.average', 'rate', 'kiloBytesPerSecond', 1, 3, 'Swap in rate'],
  [86, 65619, 'mem.swapoutRate.average', 'rate', 'kiloBytesPerSecond', 1, 3, 'Swap out rate'],
  [90, 65582, 'mem.vmmemctl.average', 'absolute', 'kiloBytes', 1, 3, 'Ballooned memory'],
  [98, 65611, 'mem.consumed.average', 'absolute', 'kiloBytes', 1, 3, 'Consumed'],
  [102, 65586, 'mem.overhead.average', 'absolute', 'kiloBytes', 1, 1, 'Overhead consumed'],
  [105, 65621, 'mem.compressed.average', 'absolute', 'kiloBytes', 2, 3, 'Compressed'],
  [125, 131073, 'disk.usage.average', 'rate', 'kiloBytesPerSecond', 1, 3, 'Usage'],
  [130, 131078, 'disk.read.average', 'rate', 'kiloBytesPerSecond', 2, 3, 'Read rate'],
  [131, 131079, 'disk.write.average', 'rate', 'kiloBytesPerSecond', 2, 3, 'Write rate'],
  [133, 131095, 'disk.maxTotalLatency.latest', 'absolute', 'millisecond', 1, 3, 'Highest latency'],
  [136, 131097, 'disk.numberReadAveraged.average', 'rate', 'number', 1, 3, 'Average read requests per second'],
  [137, 131098, 'disk.numberWriteAveraged.average', 'rate', 'number', 1, 3, 'Average write requests per second'],
  [143, 196609, 'net.usage.average', 'rate', 'kiloBytesPerSecond', 1, 3, 'Usage'],
  [146, 196612, 'net.packetsRx.summation', 'delta', 'number', 2, 3, 'Packets received'],
  [147, 196613, 'net.packetsTx.summation', 'delta', 'number', 2, 3, 'Packets transmitted'],
  [148, 196614, 'net.received.average', 'rate', 'kiloBytesPerSecond', 2, 3, 'Data receive rate'],
  [149, 196615, 'net.transmitted.average', 'rate', 'kiloBytesPerSecond', 2, 3, 'Data transmit rate'],
  [155, 262144, 'sys.uptime.latest', 'absolute', 'second', 1, 3, 'Uptime'],
  [156, undefined, 'sys.heartbeat.summation', 'delta', 'number', 1, 3, 'Heartbeat'],
  [157, 720896, 'power.power.average', 'rate', 'watt', 2, 3, 'Usage'],
  [159, 720898, 'power.energy.summation', 'delta', 'joule', 3, 3, 'Energy usage'],
  [171, 589824, 'virtualDisk.numberReadAveraged.average', 'rate', 'number', 1, 3, 'Average read requests per second'],
  [172, 589825, 'virtualDisk.numberWriteAveraged.average', 'rate', 'number', 1, 3, 'Average write requests per second'],
  [173, 589826, 'virtualDisk.read.average', 'rate', 'kiloBytesPerSecond', 2, 2, 'Read rate'],
  [174, 589827, 'virtualDisk.write.average', 'rate', 'kiloBytesPerSecond', 2, 2, 'Write rate'],
  [175, 589828, 'virtualDisk.totalReadLatency.average', 'absolute', 'millisecond', 1, 3, 'Read latency'],
  [176, 589829, 'virtualDisk.totalWriteLatency.average', 'absolute', 'millisecond', 1, 3, 'Write latency'],
  [178, 655360, 'datastore.numberReadAveraged.average', 'rate', 'number', 1, 3, 'Average read requests per second'],
  [179, 655361, 'datastore.numberWriteAveraged.average', 'rate', 'number', 1, 3, 'Average write requests per second'],
  [180, 655362, 'datastore.read.average', 'rate', 'kiloBytesPerSecond', 2, 2, 'Read rate'],
  [181, 655363, 'datastore.write.average', 'rate', 'kiloBytesPerSecond', 2, 2, 'Write rate'],
  [182, 655364, 'datastore.totalReadLatency.average', 'absolute', 'millisecond', 1, 3, 'Read latency'],
  [183, 655365, 'datastore.totalWriteLatency.average', 'absolute', 'millisecond', 1, 3, 'Write latency'],
  [184, 655379, 'datastore.maxTotalLatency.latest', 'absolute', 'millisecond', 3, 3, 'Highest latency'],
  [185, 655367, 'datastore.datastoreIops.average', 'absolute', 'number', 1, 3, 'Storage I/O Control aggregated IOPS'],
  [256, undefined, 'vmop.numPoweron.latest', 'absolute', 'number', 1, 3, 'VM power on count'],
  [257, undefined, 'vmop.numPoweroff.latest', 'absolute', 'number', 1, 3, 'VM power off count'],
  [263, undefined, 'vmop.numCreate.latest', 'absolute', 'number', 1, 3, 'VM create count'],
  [273, undefined, 'vmop.numVMotion.latest', 'absolute', 'number', 1, 3, 'vMotion count'],
  [276, undefined, 'clusterServices.effectivecpu.average', 'rate', 'megaHertz', 1, 3, 'Effective CPU resources'],
  [277, undefined, 'clusterServices.effectivemem.average', 'absolute', 'megaBytes', 1, 3, 'Effective memory resources'],
  [279, undefined, 'mem.totalmb.average', 'absolute', 'megaBytes', 1, 3, 'Total'],
  [280, undefined, 'clusterServices.failover.latest', 'absolute', 'number', 1, 3, 'Current failover level'],
  [281, undefined, 'disk.used.latest', 'absolute', 'kiloBytes', 1, 1, 'Space actually used'],
  [282, undefined, 'disk.provisioned.latest', 'absolute', 'kiloBytes', 1, 1, 'Space potentially used'],
  [283, undefined, 'disk.capacity.latest', 'absolute', 'kiloBytes', 1, 3, 'Capacity'],
  [284, undefined, 'disk.unshared.latest', 'absolute', 'kiloBytes', 1, 1, 'Space not shared'],
  [388, 16, 'cpu.utilization.average', 'rate', 'percent', 2, 3, 'Utilization'],
  [392, 20, 'cpu.coreUtilization.average', 'rate', 'percent', 2, 3, 'Core Utilization'],
  [395, 23, 'cpu.totalCapacity.average', 'absolute', 'megaHertz', 2, 3, 'Total capacity'],
  [396, 24, 'cpu.latency.average', 'rate', 'percent', 2, 3, 'Latency'],
  [397, 25, 'cpu.entitlement.latest', 'absolute', 'megaHertz', 2, 3, 'Entitlement'],
  [398, 26, 'cpu.demand.average', 'absolute', 'megaHertz', 2, 3, 'Demand'],
  [399, 27, 'cpu.costop.summation', 'delta', 'millisecond', 2, 3, 'Co-stop'],
  [402, 30, 'cpu.run.summation', 'delta', 'millisecond', 2, 3, 'Run'],
  [404, 32, 'cpu.readiness.average', 'rate', 'percent', 4, 4, 'Readiness'],
  [406, 65599, 'mem.swapin.average', 'absolute', 'kiloBytes', 2, 3, 'Swap in'],
  [410, 65603, 'mem.swapout.average', 'absolute', 'kiloBytes', 2, 3, 'Swap out'],
  [417, 65620, 'mem.activewrite.average', 'absolute', 'kiloBytes', 2, 3, 'Active write'],
  [422, 65628, 'mem.latency.average', 'absolute', 'percent', 2, 3, 'Page-fault latency'],
  [423, 65629, 'mem.entitlement.average', 'absolute', 'kiloBytes', 2, 3, 'Entitlement'],
  [455, 131091, 'disk.deviceLatency.average', 'absolute', 'millisecond', 1, 3, 'Physical device command latency'],
  [460, 196616, 'net.droppedRx.summation', 'delta', 'number', 2, 3, 'Receive packets dropped'],
  [461, 196617, 'net.droppedTx.summation', 'delta', 'number', 2, 3, 'Transmit packets dropped'],
  [462, 196618, 'net.bytesRx.average', 'rate', 'kiloBytesPerSecond', 2, 3, 'Data receive rate'],
  [463, 196619, 'net.bytesTx.average', 'rate', 'kiloBytesPerSecond', 2, 3, 'Data transmit rate'],
  [498, 262170, 'sys.osUptime.latest', 'absolute', 'second', 4, 4, 'OS Uptime'],
];

export interface Counter {
  readonly id: number;
  /** `cpu.usage.average` */
  readonly name: string;
  readonly group: string;
  readonly rollup: string;
  readonly stats: string;
  readonly info: PerfCounterInfo;
}

function counterOf(kind: ServerKind, row: Row): Counter[] {
  const [vcenter, esxi, name, statsType, unit, level, perDeviceLevel, label] = row;
  const id = kind === 'vcenter' ? vcenter : esxi;
  if (id === undefined) return [];
  const parts = name.split('.');
  const [group, rollup] = [parts[0]!, parts.at(-1)!];
  const key = parts.slice(1, -1).join('.');
  const groupLabel = GROUPS[group] ?? group;
  const info: PerfCounterInfo = {
    key: id,
    nameInfo: { key, label, summary: `${groupLabel}: ${label.toLowerCase()}` },
    groupInfo: { key: group, label: groupLabel, summary: groupLabel },
    unitInfo: { key: unit, label: UNITS[unit], summary: UNITS[unit] },
    rollupType: rollup,
    statsType,
    level,
    perDeviceLevel,
  };
  return [{ id, name, group, rollup, stats: statsType, info }];
}

interface Counters {
  readonly all: readonly Counter[];
  readonly byId: ReadonlyMap<number, Counter>;
}

function countersOf(kind: ServerKind): Counters {
  const all = ROWS.flatMap((row) => counterOf(kind, row)).sort((a, b) => a.id - b.id);
  return { all, byId: new Map(all.map((counter) => [counter.id, counter])) };
}

export const COUNTERS: Readonly<Record<ServerKind, Counters>> = {
  vcenter: countersOf('vcenter'),
  esxi: countersOf('esxi'),
};

/** Seconds: how often a host measures, and for how long it keeps that. */
export const REAL_TIME = { period: 20, length: 3600 } as const;

const DAY = 86_400;

export const INTERVALS: readonly PerfInterval[] = [
  { key: 1, samplingPeriod: 300, name: 'Past day', length: DAY, level: 1, enabled: true },
  { key: 2, samplingPeriod: 1800, name: 'Past week', length: 7 * DAY, level: 1, enabled: true },
  { key: 3, samplingPeriod: 7200, name: 'Past month', length: 30 * DAY, level: 1, enabled: true },
  { key: 4, samplingPeriod: DAY, name: 'Past year', length: 365 * DAY, level: 1, enabled: true },
];
