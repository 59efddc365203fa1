/** How busy a VM is: it follows from its id and the time, so that it moves and costs nothing to keep. */
import type { VirtualMachineQuickStats } from '../../../src/vim25/generated/types.ts';
import { hashOf } from '../core/hash.ts';
import type { ManagedObject } from '../core/managed-object.ts';
import type { World } from '../core/world.ts';

/** Samples are 20 seconds apart, as a host takes them. */
const SAMPLE_MS = 20_000;
const HOUR_MS = 3_600_000;

export interface Load {
  /** Parts of the VM's CPUs and of its memory, 0 to 1. */
  readonly cpu: number;
  readonly memory: number;
}

/** The load of a running VM in the sample of a time. */
function loadOf(id: string, at: number): Load {
  const sample = Math.floor(at / SAMPLE_MS);
  const base = 0.04 + 0.35 * hashOf(id, 1) ** 2;
  const day = Math.sin(2 * Math.PI * (at / (24 * HOUR_MS) + hashOf(id, 2)));
  const wave = Math.sin(2 * Math.PI * (at / (0.4 * HOUR_MS) + hashOf(id, 3)));
  const noise = hashOf(id, sample) - 0.5;
  const cpu = clamp(base * (1 + 0.5 * day + 0.25 * wave) + 0.08 * noise);
  const memory = clamp(0.15 + 0.5 * hashOf(id, 4) + 0.08 * day + 0.03 * noise);
  return { cpu, memory };
}

function clamp(part: number): number {
  return Math.min(0.99, Math.max(0.01, part));
}

const OFF: VirtualMachineQuickStats = {
  overallCpuUsage: 0,
  overallCpuDemand: 0,
  overallCpuReadiness: 0,
  guestMemoryUsage: 0,
  hostMemoryUsage: 0,
  guestHeartbeatStatus: 'gray',
  distributedCpuEntitlement: 0,
  distributedMemoryEntitlement: 0,
  staticCpuEntitlement: 0,
  staticMemoryEntitlement: 0,
  grantedMemory: 0,
  privateMemory: 0,
  sharedMemory: 0,
  swappedMemory: 0,
  balloonedMemory: 0,
  consumedOverheadMemory: 0,
  ftLogBandwidth: -1,
  ftSecondaryLatency: -1,
  ftLatencyStatus: 'gray',
  compressedMemory: 0,
  uptimeSeconds: 0,
  ssdSwappedMemory: 0,
  activeMemory: 0,
};

const DEFAULT_MHZ = 2400;

/** MHz of one CPU of its host. */
function cpuMhzOf({ objects }: World, vm: ManagedObject<'VirtualMachine'>): number {
  const hz = objects.find(vm.get('runtime').host)?.as('HostSystem')?.get('hardware')?.cpuInfo.hz;
  return hz === undefined ? DEFAULT_MHZ : Math.round(hz / 1e6);
}

/** @param now milliseconds since the epoch */
export function quickStatsOf(
  world: World,
  vm: ManagedObject<'VirtualMachine'>,
  now = world.clock.now(),
): VirtualMachineQuickStats {
  const { powerState, connectionState, bootTime } = vm.get('runtime');
  const hardware = vm.get('config')?.hardware;
  if (powerState !== 'poweredOn' || connectionState !== 'connected' || !hardware) return OFF;
  const cpuMhz = cpuMhzOf(world, vm);
  const { cpu, memory } = loadOf(vm.id, now);
  const usage = Math.round(cpu * hardware.numCPU * cpuMhz);
  const { memoryMB } = hardware;
  const active = Math.round(memory * memoryMB);
  const ballooned = hashOf(vm.id, 5) > 0.95 ? Math.round(memoryMB * 0.03) : 0;
  const consumed = Math.round(memoryMB * (0.75 + 0.24 * memory));
  const overhead = 30 + Math.round(memoryMB / 200);
  return {
    ...OFF,
    overallCpuUsage: usage,
    overallCpuDemand: Math.round(usage * 1.04),
    overallCpuReadiness: Math.round(hashOf(vm.id, 6) * 3),
    guestMemoryUsage: active,
    hostMemoryUsage: consumed + overhead,
    guestHeartbeatStatus: vm.get('guestHeartbeatStatus'),
    distributedCpuEntitlement: Math.round(usage * 1.04),
    distributedMemoryEntitlement: consumed,
    staticCpuEntitlement: hardware.numCPU * cpuMhz,
    staticMemoryEntitlement: memoryMB,
    grantedMemory: memoryMB,
    privateMemory: consumed - Math.round(consumed * 0.02),
    sharedMemory: Math.round(consumed * 0.02),
    balloonedMemory: ballooned,
    consumedOverheadMemory: overhead,
    uptimeSeconds: bootTime === undefined ? 0 : Math.max(0, Math.floor((now - Date.parse(bootTime)) / 1000)),
    activeMemory: active,
  };
}
