/** A VM's configuration as vCenter makes it where nothing else is asked for. */
import type {
  VirtualDevice,
  VirtualMachineConfigInfo,
  VirtualMachineDefaultPowerOpInfo,
  VirtualMachineFlagInfo,
} from '../../../src/vim25/generated/types.ts';
import type { World } from '../core/world.ts';
import { guestSystem } from './guest-systems.ts';

const FLAGS: VirtualMachineFlagInfo = {
  disableAcceleration: false,
  enableLogging: true,
  useToe: false,
  runWithDebugInfo: false,
  monitorType: 'release',
  htSharing: 'any',
  snapshotDisabled: false,
  snapshotLocked: false,
  diskUuidEnabled: false,
  virtualMmuUsage: 'automatic',
  virtualExecUsage: 'hvAuto',
  snapshotPowerOffBehavior: 'powerOff',
  recordReplayEnabled: false,
  faultToleranceType: 'unset',
  cbrcCacheEnabled: false,
  vvtdEnabled: false,
  vbsEnabled: false,
};

const POWER_OPERATIONS: VirtualMachineDefaultPowerOpInfo = {
  powerOffType: 'soft',
  suspendType: 'hard',
  resetType: 'soft',
  defaultPowerOffType: 'soft',
  defaultSuspendType: 'hard',
  defaultResetType: 'soft',
  standbyAction: 'checkpoint',
};

const BOOT_OPTIONS = {
  bootDelay: 0,
  enterBIOSSetup: false,
  efiSecureBootEnabled: false,
  bootRetryEnabled: false,
  bootRetryDelay: 10_000,
  networkBootProtocol: 'ipv4',
} as const;

const EXTRA_CONFIG = [
  { key: 'pciBridge0.present', value: 'TRUE' },
  { key: 'svga.present', value: 'TRUE' },
  { key: 'hpet0.present', value: 'TRUE' },
  { key: 'sched.cpu.latencySensitivity', value: 'normal' },
  { key: 'disk.EnableUUID', value: 'TRUE' },
  { key: 'viv.moid', value: '' },
] as const;

const TOOLS_POLICY = {
  afterPowerOn: true,
  afterResume: true,
  beforeGuestStandby: true,
  beforeGuestShutdown: true,
  beforeGuestReboot: false,
  toolsUpgradePolicy: 'manual',
  syncTimeWithHostAllowed: true,
  syncTimeWithHost: false,
} as const;

/** One for each size: thousands of VMs share them. */
const cpuShares = new Map<number, NonNullable<VirtualMachineConfigInfo['cpuAllocation']>>();
const memoryShares = new Map<number, NonNullable<VirtualMachineConfigInfo['memoryAllocation']>>();

/** Normal shares: 1,000 a CPU. */
export function cpuAllocation(numCpu: number): NonNullable<VirtualMachineConfigInfo['cpuAllocation']> {
  return shared(cpuShares, numCpu, 1000);
}

/** Normal shares: 10 a MB. */
export function memoryAllocation(memoryMb: number): NonNullable<VirtualMachineConfigInfo['memoryAllocation']> {
  return shared(memoryShares, memoryMb, 10);
}

function shared<T>(kept: Map<number, T>, size: number, each: number): T {
  const known = kept.get(size);
  if (known) return known;
  const made = {
    reservation: 0,
    expandableReservation: false,
    limit: -1,
    shares: { shares: size * each, level: 'normal' },
  } as T;
  kept.set(size, made);
  return made;
}

export interface ConfigPlan {
  readonly name: string;
  readonly guestId: string;
  readonly numCpu: number;
  readonly coresPerSocket?: number | undefined;
  readonly memoryMb: number;
  readonly devices: readonly VirtualDevice[];
  /** `[datastore1] web01/web01.vmx` */
  readonly vmPathName: string;
  readonly template: boolean;
  readonly version?: string | undefined;
  readonly firmware?: string | undefined;
  readonly annotation?: string | undefined;
  /** Milliseconds since the epoch; now where it is left out. */
  readonly createdAt?: number | undefined;
}

export function createConfig(world: World, plan: ConfigPlan): VirtualMachineConfigInfo {
  const { name, guestId, numCpu, memoryMb, vmPathName, createdAt = world.clock.now() } = plan;
  const { fullName, firmware } = guestSystem(guestId);
  const created = new Date(createdAt).toISOString();
  const folder = `${vmPathName.slice(0, vmPathName.lastIndexOf('/') + 1)}`;
  return {
    changeVersion: created,
    modified: '1970-01-01T00:00:00Z',
    name,
    guestFullName: fullName,
    version: plan.version ?? 'vmx-19',
    uuid: `42${world.random.uuid().slice(2)}`,
    createDate: created,
    instanceUuid: `50${world.random.uuid().slice(2)}`,
    npivTemporaryDisabled: true,
    locationId: `564d${world.random.uuid().slice(4)}`,
    template: plan.template,
    guestId,
    alternateGuestName: '',
    annotation: plan.annotation ?? '',
    files: { vmPathName, snapshotDirectory: folder, suspendDirectory: folder, logDirectory: folder },
    tools: TOOLS_POLICY,
    flags: FLAGS,
    defaultPowerOps: POWER_OPERATIONS,
    rebootPowerOff: false,
    hardware: {
      numCPU: numCpu,
      numCoresPerSocket: plan.coresPerSocket ?? 1,
      autoCoresPerSocket: false,
      memoryMB: memoryMb,
      virtualICH7MPresent: false,
      virtualSMCPresent: false,
      device: [...plan.devices],
      motherboardLayout: 'i440bxHostBridge',
      simultaneousThreads: 1,
    },
    cpuAllocation: cpuAllocation(numCpu),
    memoryAllocation: memoryAllocation(memoryMb),
    latencySensitivity: LATENCY,
    memoryHotAddEnabled: false,
    cpuHotAddEnabled: false,
    cpuHotRemoveEnabled: false,
    extraConfig: [
      { key: 'nvram', value: `${vmPathName.slice(folder.length).replace(/\.vmt?x$/, '')}.nvram` },
      ...EXTRA_CONFIG,
    ],
    swapPlacement: 'inherit',
    bootOptions: BOOT_OPTIONS,
    vAssertsEnabled: false,
    changeTrackingEnabled: false,
    firmware: plan.firmware ?? firmware,
    maxMksConnections: 40,
    guestAutoLockEnabled: true,
    memoryReservationLockedToMax: false,
    initialOverhead: NO_OVERHEAD,
    nestedHVEnabled: false,
    vPMCEnabled: false,
    scheduledHardwareUpgradeInfo: NO_UPGRADE,
    vFlashCacheReservation: 0,
    messageBusTunnelEnabled: false,
    guestIntegrityInfo: OFF,
    migrateEncryption: 'opportunistic',
    sgxInfo: NO_SGX,
    ftEncryptionMode: 'ftEncryptionOpportunistic',
    sevEnabled: false,
    pmemFailoverEnabled: false,
  };
}

const LATENCY = { level: 'normal' } as const;
const NO_OVERHEAD = { initialMemoryReservation: 0, initialSwapReservation: 0 } as const;
const NO_UPGRADE = { upgradePolicy: 'never', scheduledHardwareUpgradeStatus: 'none' } as const;
const OFF = { enabled: false } as const;
const NO_SGX = { epcSize: 0, flcMode: 'unlocked', lePubKeyHash: '' } as const;
