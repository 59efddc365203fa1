/** What of a VirtualMachineConfigSpec is no device: checked, and put into a configuration. */
import type {
  OptionValue,
  ResourceAllocationInfo,
  VirtualDevice,
  VirtualMachineBootOptions,
  VirtualMachineConfigInfo,
  VirtualMachineConfigSpec,
} from '../../../src/vim25/generated/types.ts';
import { fault, invalidArgument } from '../core/faults.ts';
import { cpuAllocation, memoryAllocation } from './config.ts';
import { is } from './devices.ts';
import { guestSystem } from './guest-systems.ts';
import { mustBeOff } from './workbench.ts';

type Config = VirtualMachineConfigInfo;
type Spec = VirtualMachineConfigSpec;

const MAX_CPUS = 768;
const MIN_MEMORY_MB = 4;
const MAX_MEMORY_MB = 24 * 1024 * 1024;
const MAX_ANNOTATION = 65_536;

/** Errors: what vCenter refuses a size by. @param running CPUs and memory only grow, and only where that is enabled */
export function editHardware(config: Config, spec: Spec, running: boolean): Config {
  const { hardware } = config;
  const numCPU = spec.numCPUs ?? hardware.numCPU;
  const memoryMB = spec.memoryMB ?? hardware.memoryMB;
  const numCoresPerSocket = spec.numCoresPerSocket || hardware.numCoresPerSocket || 1;
  if (numCPU < 1) throw invalidArgument('configSpec.numCPUs');
  if (numCPU > MAX_CPUS) {
    throw fault(
      'NumVirtualCpusNotSupported',
      { maxSupportedVcpusDest: MAX_CPUS, numCpuVm: numCPU },
      `The host supports at most ${MAX_CPUS} virtual CPUs; the virtual machine has ${numCPU}.`,
    );
  }
  if (numCoresPerSocket < 1 || numCPU % numCoresPerSocket !== 0) throw invalidArgument('configSpec.numCoresPerSocket');
  if (memoryMB < MIN_MEMORY_MB || memoryMB > MAX_MEMORY_MB) {
    throw fault(
      'MemorySizeNotSupported',
      { memorySizeMB: memoryMB, minMemorySizeMB: MIN_MEMORY_MB, maxMemorySizeMB: MAX_MEMORY_MB },
      `The memory size ${memoryMB} MB is not supported: it must be ${MIN_MEMORY_MB} to ${MAX_MEMORY_MB} MB.`,
    );
  }
  if (memoryMB % 4 !== 0) throw invalidArgument('configSpec.memoryMB');
  if (running) requireHotChange(config, { numCPU, memoryMB, numCoresPerSocket });
  return {
    ...config,
    hardware: { ...hardware, numCPU, memoryMB, numCoresPerSocket },
    cpuAllocation: allocated(
      config.cpuAllocation,
      spec.cpuAllocation,
      numCPU,
      cpuAllocation,
      'configSpec.cpuAllocation',
    ),
    memoryAllocation: allocated(
      config.memoryAllocation,
      spec.memoryAllocation,
      memoryMB,
      memoryAllocation,
      'configSpec.memoryAllocation',
    ),
  };
}

function requireHotChange(
  { hardware, cpuHotAddEnabled, cpuHotRemoveEnabled, memoryHotAddEnabled }: Config,
  wanted: { readonly numCPU: number; readonly memoryMB: number; readonly numCoresPerSocket: number },
): void {
  const { numCPU, memoryMB } = hardware;
  if (wanted.numCoresPerSocket !== (hardware.numCoresPerSocket ?? 1)) throw mustBeOff();
  if ((wanted.numCPU > numCPU && !cpuHotAddEnabled) || (wanted.numCPU < numCPU && !cpuHotRemoveEnabled)) {
    throw fault('CpuHotPlugNotSupported', {}, 'CPU hot plug is not supported for this virtual machine.');
  }
  if (wanted.memoryMB < memoryMB || (wanted.memoryMB > memoryMB && !memoryHotAddEnabled)) {
    throw fault('MemoryHotPlugNotSupported', {}, 'Memory hot plug is not supported for this virtual machine.');
  }
}

function allocated(
  present: ResourceAllocationInfo | undefined,
  asked: ResourceAllocationInfo | undefined,
  size: number,
  normal: (size: number) => ResourceAllocationInfo,
  property: string,
): ResourceAllocationInfo {
  const { shares, ...own } = { ...present, ...defined(asked) };
  const { reservation = 0, limit = -1 } = own;
  if (reservation < 0 || limit < -1 || (limit !== -1 && reservation > limit)) throw invalidArgument(property);
  // Levels other than custom follow the size.
  const level = shares?.level ?? 'normal';
  const factor = { low: 0.5, normal: 1, high: 2 }[level as string];
  const standard = normal(size);
  if (!present || (factor === 1 && reservation === 0 && limit === -1))
    return asked ? { ...standard, ...own } : standard;
  const counted = factor === undefined ? shares! : { level, shares: (standard.shares?.shares ?? 0) * factor };
  return { ...own, shares: counted };
}

const GUEST_ID = /^[A-Za-z][\w-]{0,60}Guest(?:64)?$/;

/** The plain fields. Errors: InvalidArgument, InvalidPowerState for what only changes while the VM is off. */
export function editSettings(config: Config, spec: Spec, running: boolean): Config {
  if (running && OFF_ONLY.some((field) => spec[field] !== undefined && spec[field] !== config[field]))
    throw mustBeOff();
  if (spec.guestId !== undefined && !GUEST_ID.test(spec.guestId)) throw invalidArgument('configSpec.guestId');
  if ((spec.annotation?.length ?? 0) > MAX_ANNOTATION) throw invalidArgument('configSpec.annotation');
  if (spec.firmware !== undefined && spec.firmware !== 'bios' && spec.firmware !== 'efi') {
    throw invalidArgument('configSpec.firmware');
  }
  if (spec.version !== undefined && !/^vmx-\d{2}$/.test(spec.version)) throw invalidArgument('configSpec.version');
  for (const field of ['uuid', 'instanceUuid'] as const) {
    if (spec[field] !== undefined && !UUID.test(spec[field])) throw invalidArgument(`configSpec.${field}`);
  }
  const copied = Object.fromEntries(
    COPIED.flatMap((field) => (spec[field] === undefined ? [] : [[field, spec[field]]])),
  );
  return {
    ...config,
    ...copied,
    ...(spec.guestId !== undefined && { guestFullName: guestSystem(spec.guestId).fullName }),
    ...(spec.flags && { flags: { ...config.flags, ...defined(spec.flags) } }),
    ...(spec.tools && { tools: { ...config.tools, ...defined(spec.tools) } }),
    ...(spec.powerOpInfo && { defaultPowerOps: { ...config.defaultPowerOps, ...defined(spec.powerOpInfo) } }),
    ...(spec.extraConfig && { extraConfig: editOptions(config.extraConfig ?? [], spec.extraConfig) }),
  };
}

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const OFF_ONLY = [
  'guestId',
  'firmware',
  'version',
  'uuid',
  'instanceUuid',
  'cpuHotAddEnabled',
  'cpuHotRemoveEnabled',
  'memoryHotAddEnabled',
  'nestedHVEnabled',
] as const;
const COPIED = [
  ...OFF_ONLY,
  'annotation',
  'alternateGuestName',
  'latencySensitivity',
  'swapPlacement',
  'changeTrackingEnabled',
  'maxMksConnections',
  'guestAutoLockEnabled',
  'managedBy',
  'memoryReservationLockedToMax',
  'rebootPowerOff',
  'vPMCEnabled',
  'locationId',
  'messageBusTunnelEnabled',
  'migrateEncryption',
] as const;

/** A key with an empty value goes. Errors: InvalidArgument for a key that is none. */
function editOptions(present: readonly OptionValue[], asked: readonly OptionValue[]): OptionValue[] {
  const options = new Map(present.map((option) => [option.key, option]));
  for (const { key, value } of asked) {
    if (typeof key !== 'string' || key === '' || /[\p{Cc}=]/u.test(key))
      throw invalidArgument('configSpec.extraConfig');
    if (value === '' || value === undefined) options.delete(key);
    else options.set(key, { key, value });
  }
  return [...options.values()];
}

/** Errors: InvalidArgument for an order that names devices which are not there. */
export function editBootOptions(
  present: VirtualMachineBootOptions | undefined,
  asked: VirtualMachineBootOptions,
  devices: readonly VirtualDevice[],
): VirtualMachineBootOptions {
  for (const entry of asked.bootOrder ?? []) {
    const key = 'deviceKey' in entry ? entry.deviceKey : undefined;
    const kinds = { BootableDiskDevice: 'VirtualDisk', BootableEthernetDevice: 'VirtualEthernetCard' } as const;
    const kind = kinds[(entry.$type ?? '').replace('VirtualMachineBootOptions', '') as keyof typeof kinds];
    const there = devices.some((device) => kind && device.key === key && is(device, kind));
    const known = kind ? there : /Bootable(?:Cdrom|Floppy)Device$/.test(entry.$type ?? '');
    if (!known) throw invalidArgument('configSpec.bootOptions.bootOrder');
  }
  const { bootOrder, ...rest } = { ...present, ...defined(asked) };
  return bootOrder && bootOrder.length > 0 ? { ...rest, bootOrder } : rest;
}

function defined<T extends object>(value: T | undefined): Partial<T> {
  return Object.fromEntries(
    Object.entries(value ?? {}).filter(([name, each]) => each !== undefined && name !== '$type'),
  ) as Partial<T>;
}
