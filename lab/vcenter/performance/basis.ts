/**
 * What an object does at a moment, by the names of counters: in line with its quick stats, and the same however
 * often it is asked. Of counters that add up (`summation`) it is what a second brings.
 */
import type { VirtualMachineQuickStats } from '../../../src/vim25/generated/types.ts';
import { hashOf } from '../core/hash.ts';
import type { AnyObject, ManagedObject } from '../core/managed-object.ts';
import type { World } from '../core/world.ts';
import { hostLoad, someOf } from '../inventory/hosts.ts';
import { quickStatsOf } from '../vm/quick-stats.ts';

export type Basis = Readonly<Record<string, number>>;

const KB_PER_MB = 1024;
/** VMs that are looked at for what holds many: of more than that, some stand for all. */
const MOST_VMS = 64;
/** A percentage is told in hundredths. */
const HUNDREDTHS = 10_000;

/** Undefined while there is nothing to measure: a VM that is off, a host that is not there. */
export function basisOf(world: World, entity: AnyObject, at: number): Basis | undefined {
  const vm = entity.as('VirtualMachine');
  if (vm) return vmBasis(world, vm, at);
  const host = entity.as('HostSystem');
  if (host) return hostBasis(world, host, at);
  const owner = entity.as('ComputeResource');
  if (owner) return clusterBasis(world, owner, at);
  const datastore = entity.as('Datastore');
  if (datastore) return datastoreBasis(datastore, at);
  const pool = entity.as('ResourcePool');
  if (pool) return sumOfVms(world, pool.get('vm'), at);
  return undefined;
}

/** Wanders between 0 and 1 as the hours go by. */
function drift(id: string, salt: number, at: number): number {
  const hour = at / 3_600_000;
  const wave = Math.sin(2 * Math.PI * (hour * (0.3 + hashOf(id, salt)) + hashOf(id, salt + 1)));
  return 0.5 + 0.35 * wave + 0.15 * (hashOf(id, Math.floor(at / 20_000) + salt) - 0.5);
}

/** Disk and network: KB a second and operations a second, for a load from 0 up. */
function traffic(id: string, load: number, at: number): Basis {
  const read = load * 900 * drift(id, 21, at);
  const write = load * 500 * drift(id, 23, at);
  const received = load * 700 * drift(id, 25, at);
  const transmitted = load * 450 * drift(id, 27, at);
  const latency = 1 + 6 * drift(id, 29, at) ** 3;
  return {
    'disk.usage.average': read + write,
    'disk.read.average': read,
    'disk.write.average': write,
    'disk.numberReadAveraged.average': read / 24,
    'disk.numberWriteAveraged.average': write / 16,
    'disk.maxTotalLatency.latest': latency,
    'virtualDisk.read.average': read,
    'virtualDisk.write.average': write,
    'virtualDisk.numberReadAveraged.average': read / 24,
    'virtualDisk.numberWriteAveraged.average': write / 16,
    'virtualDisk.totalReadLatency.average': latency * 0.8,
    'virtualDisk.totalWriteLatency.average': latency,
    'datastore.read.average': read,
    'datastore.write.average': write,
    'datastore.numberReadAveraged.average': read / 24,
    'datastore.numberWriteAveraged.average': write / 16,
    'datastore.totalReadLatency.average': latency * 0.8,
    'datastore.totalWriteLatency.average': latency,
    'datastore.maxTotalLatency.latest': latency,
    'net.usage.average': received + transmitted,
    'net.received.average': received,
    'net.transmitted.average': transmitted,
    'net.bytesRx.average': received,
    'net.bytesTx.average': transmitted,
    'net.packetsRx.summation': received * 1.1,
    'net.packetsTx.summation': transmitted * 1.2,
    'net.droppedRx.summation': 0,
    'net.droppedTx.summation': 0,
  };
}

function vmBasis(world: World, vm: ManagedObject<'VirtualMachine'>, at: number): Basis | undefined {
  const { powerState, bootTime, connectionState } = vm.get('runtime');
  const hardware = vm.get('config')?.hardware;
  if (powerState !== 'poweredOn' || connectionState !== 'connected' || !hardware) return undefined;
  const started = Date.parse(bootTime ?? '');
  if (at < started) return undefined;
  const stats = quickStatsOf(world, vm, at);
  const { overallCpuUsage: mhz = 0, staticCpuEntitlement: most = 1, overallCpuReadiness: ready = 0 } = stats;
  const used = (mhz / most) * hardware.numCPU * 1000;
  const uptime = (at - started) / 1000;
  return {
    ...traffic(vm.id, (mhz / most) * hardware.numCPU, at),
    'cpu.usage.average': (mhz / most) * HUNDREDTHS,
    'cpu.usagemhz.average': mhz,
    'cpu.demand.average': stats.overallCpuDemand ?? mhz,
    'cpu.entitlement.latest': most,
    'cpu.readiness.average': ready * 100,
    'cpu.latency.average': ready * 60,
    'cpu.ready.summation': ready * 10 * hardware.numCPU,
    'cpu.used.summation': used,
    'cpu.run.summation': used,
    'cpu.idle.summation': Math.max(0, hardware.numCPU * 1000 - used),
    'cpu.wait.summation': Math.max(0, hardware.numCPU * 1000 - used),
    'cpu.costop.summation': 0,
    ...memoryBasis(stats, hardware.memoryMB),
    'mem.entitlement.average': hardware.memoryMB * KB_PER_MB,
    'mem.latency.average': 0,
    'sys.uptime.latest': uptime,
    'sys.osUptime.latest': Math.max(0, uptime - 20),
    'sys.heartbeat.summation': stats.guestHeartbeatStatus === 'green' ? 1 / 20 : 0,
    'power.power.average': 3 + (mhz / most) * 12 * hardware.numCPU,
    'power.energy.summation': 3 + (mhz / most) * 12 * hardware.numCPU,
  };
}

function memoryBasis(stats: VirtualMachineQuickStats, memoryMb: number): Basis {
  const { guestMemoryUsage: active = 0, privateMemory = 0, sharedMemory = 0, balloonedMemory = 0 } = stats;
  return {
    'mem.usage.average': (active / memoryMb) * HUNDREDTHS,
    'mem.active.average': active * KB_PER_MB,
    'mem.activewrite.average': active * 0.4 * KB_PER_MB,
    'mem.consumed.average': (privateMemory + sharedMemory) * KB_PER_MB,
    'mem.granted.average': (stats.grantedMemory ?? 0) * KB_PER_MB,
    'mem.shared.average': sharedMemory * KB_PER_MB,
    'mem.zero.average': sharedMemory * 0.6 * KB_PER_MB,
    'mem.vmmemctl.average': balloonedMemory * KB_PER_MB,
    'mem.overhead.average': (stats.consumedOverheadMemory ?? 0) * KB_PER_MB,
    'mem.swapped.average': (stats.swappedMemory ?? 0) * KB_PER_MB,
    'mem.swapin.average': 0,
    'mem.swapout.average': 0,
    'mem.swapinRate.average': 0,
    'mem.swapoutRate.average': 0,
    'mem.compressed.average': 0,
  };
}

const SUMMED = [
  'mem.active.average',
  'mem.granted.average',
  'mem.shared.average',
  'mem.zero.average',
  'mem.vmmemctl.average',
  'mem.overhead.average',
  'mem.swapped.average',
  'cpu.ready.summation',
] as const;

/** Straight from the quick stats: the whole basis of each VM would be worked out for eight numbers of it. */
function sumOfVms(world: World, refs: readonly AnyObject['ref'][], at: number): Basis {
  const total = {
    mhz: 0,
    ready: 0,
    active: 0,
    granted: 0,
    shared: 0,
    consumed: 0,
    ballooned: 0,
    overhead: 0,
    swapped: 0,
  };
  const { some, factor } = someOf(refs, MOST_VMS);
  for (const ref of some) {
    const vm = world.objects.find(ref)?.as('VirtualMachine');
    const { powerState, bootTime = '' } = vm?.get('runtime') ?? {};
    if (!vm || powerState !== 'poweredOn' || at < Date.parse(bootTime)) continue;
    const stats = quickStatsOf(world, vm, at);
    total.mhz += stats.overallCpuUsage ?? 0;
    total.ready += (stats.overallCpuReadiness ?? 0) * 10 * (vm.get('config')?.hardware.numCPU ?? 1);
    total.active += stats.guestMemoryUsage ?? 0;
    total.granted += stats.grantedMemory ?? 0;
    total.shared += stats.sharedMemory ?? 0;
    total.consumed += (stats.privateMemory ?? 0) + (stats.sharedMemory ?? 0);
    total.ballooned += stats.balloonedMemory ?? 0;
    total.overhead += stats.consumedOverheadMemory ?? 0;
    total.swapped += stats.swappedMemory ?? 0;
  }
  const kb = factor * KB_PER_MB;
  return {
    'cpu.usagemhz.average': total.mhz * factor,
    'cpu.ready.summation': total.ready * factor,
    'mem.active.average': total.active * kb,
    'mem.granted.average': total.granted * kb,
    'mem.shared.average': total.shared * kb,
    'mem.zero.average': total.shared * 0.6 * kb,
    'mem.consumed.average': total.consumed * kb,
    'mem.vmmemctl.average': total.ballooned * kb,
    'mem.overhead.average': total.overhead * kb,
    'mem.swapped.average': total.swapped * kb,
  };
}

function sizeOf(host: ManagedObject<'HostSystem'>) {
  const { cpuInfo, memorySize } = host.get('hardware') ?? {};
  if (!cpuInfo || memorySize === undefined) return undefined;
  const cores = cpuInfo.numCpuCores;
  return { cores, capacity: (cpuInfo.hz / 1e6) * cores, totalMb: Number(memorySize) / KB_PER_MB ** 2 };
}

function hostBasis(world: World, host: ManagedObject<'HostSystem'>, at: number): Basis | undefined {
  const { connectionState, powerState, bootTime } = host.get('runtime');
  // Its summary would work out what every VM does now.
  const hardware = sizeOf(host);
  const started = Date.parse(bootTime ?? '');
  if (connectionState !== 'connected' || powerState !== 'poweredOn' || !hardware || at < started) return undefined;
  const { cpuMhz, memoryMb } = hostLoad(world, host, at, MOST_VMS);
  const { capacity, totalMb } = hardware;
  const part = cpuMhz / capacity;
  const watts = 140 + part * 380;
  return {
    ...traffic(host.id, 1 + part * hardware.cores, at),
    ...sumOfVms(world, host.get('vm'), at),
    'cpu.usage.average': part * HUNDREDTHS,
    'cpu.utilization.average': Math.min(1, part * 1.15) * HUNDREDTHS,
    'cpu.coreUtilization.average': Math.min(1, part * 1.3) * HUNDREDTHS,
    'cpu.usagemhz.average': cpuMhz,
    'cpu.demand.average': cpuMhz * 1.04,
    'cpu.totalCapacity.average': capacity,
    'cpu.reservedCapacity.average': 0,
    'cpu.used.summation': part * hardware.cores * 1000,
    'cpu.idle.summation': (1 - part) * hardware.cores * 1000,
    'mem.usage.average': (memoryMb / totalMb) * HUNDREDTHS,
    'mem.consumed.average': memoryMb * KB_PER_MB,
    'mem.unreserved.average': totalMb * 0.97 * KB_PER_MB,
    'mem.swapused.average': 0,
    'mem.totalmb.average': totalMb,
    'disk.deviceLatency.average': 1 + 3 * drift(host.id, 31, at),
    'sys.uptime.latest': (at - started) / 1000,
    'power.power.average': watts,
    'power.energy.summation': watts,
  };
}

function clusterBasis(world: World, owner: ManagedObject<'ComputeResource'>, at: number): Basis {
  const effective = { cpu: 0, memoryMb: 0 };
  const total: Record<string, number> = {};
  for (const ref of owner.get('host')) {
    const host = world.objects.find(ref)?.as('HostSystem');
    const basis = host && hostBasis(world, host, at);
    if (!basis) continue;
    effective.cpu += basis['cpu.totalCapacity.average'] ?? 0;
    effective.memoryMb += basis['mem.totalmb.average'] ?? 0;
    for (const name of [...SUMMED, 'cpu.usagemhz.average', 'mem.consumed.average']) {
      total[name] = (total[name] ?? 0) + (basis[name] ?? 0);
    }
  }
  const { 'cpu.usagemhz.average': mhz = 0, 'mem.consumed.average': consumed = 0 } = total;
  const day = Math.floor(at / 86_400_000);
  const count = (salt: number, most: number) => Math.floor(hashOf(owner.id, day + salt) * most);
  return {
    ...total,
    'cpu.usage.average': effective.cpu > 0 ? (mhz / effective.cpu) * HUNDREDTHS : 0,
    'mem.usage.average': (consumed / Math.max(1, effective.memoryMb * KB_PER_MB)) * HUNDREDTHS,
    'mem.totalmb.average': effective.memoryMb,
    'clusterServices.effectivecpu.average': effective.cpu,
    'clusterServices.effectivemem.average': effective.memoryMb,
    'clusterServices.failover.latest': 1,
    'vmop.numPoweron.latest': count(1, 6),
    'vmop.numPoweroff.latest': count(2, 5),
    'vmop.numCreate.latest': count(3, 3),
    'vmop.numVMotion.latest': count(4, 30),
  };
}

function datastoreBasis(datastore: ManagedObject<'Datastore'>, at: number): Basis {
  const { capacity, freeSpace, uncommitted = 0 } = datastore.get('summary');
  const used = (capacity - freeSpace) / KB_PER_MB;
  const { id } = datastore;
  const read = 400 * drift(id, 41, at);
  const write = 260 * drift(id, 43, at);
  return {
    'disk.used.latest': used,
    'disk.capacity.latest': capacity / KB_PER_MB,
    'disk.provisioned.latest': used + uncommitted / KB_PER_MB,
    'disk.unshared.latest': used,
    'datastore.numberReadAveraged.average': read,
    'datastore.numberWriteAveraged.average': write,
    'datastore.read.average': read * 24,
    'datastore.write.average': write * 16,
    'datastore.totalReadLatency.average': 1 + 3 * drift(id, 45, at),
    'datastore.totalWriteLatency.average': 1 + 4 * drift(id, 47, at),
    'datastore.datastoreIops.average': read + write,
  };
}
