/** What of a VM follows from the rest of it: never stored, so that it cannot be out of step. */
import type {
  VirtualEthernetCard,
  VirtualMachineCapability,
  VirtualMachineConfigInfo,
  VirtualMachineSummary,
} from '../../../src/vim25/generated/types.ts';
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import type { ManagedObject } from '../core/managed-object.ts';
import type { World } from '../core/world.ts';
import { datastoreNamed } from '../inventory/datastore-names.ts';
import { layoutExOf, layoutOf, storageOf } from './layout.ts';
import { quickStatsOf } from './quick-stats.ts';
import { disksOf, splitDatastorePath } from './vm-files.ts';

type Vm = ManagedObject<'VirtualMachine'>;

export function deriveVms(world: World): void {
  const { objects } = world;
  objects.derive('VirtualMachine', 'summary', (vm) => summaryOf(world, vm));
  objects.derive('VirtualMachine', 'datastore', (vm) => datastoresOf(world, vm));
  objects.derive('VirtualMachine', 'network', (vm) => networksOf(vm.get('config')));
  objects.derive('VirtualMachine', 'layoutEx', (vm) => layoutExOf(world, vm));
  objects.derive('VirtualMachine', 'layout', (vm) => layoutOf(vm));
  objects.derive('VirtualMachine', 'storage', (vm) => storageOf(world, vm));
  objects.derive('VirtualMachine', 'capability', () => CAPABILITY);
  objects.derive('VirtualMachine', 'guestHeartbeatStatus', heartbeatOf);
  objects.derive('VirtualMachine', 'disabledMethod', disabledMethodsOf);
  objects.derive('VirtualMachine', 'environmentBrowser', (vm) => environmentBrowserOf(world, vm));
  objects.derive('VirtualMachine', 'rootSnapshot', (vm) =>
    (vm.get('snapshot')?.rootSnapshotList ?? []).map(({ snapshot }) => snapshot),
  );
  objects.derive('VirtualMachine', 'resourceConfig', (vm) => {
    const config = vm.get('config');
    if (!config?.cpuAllocation || !config.memoryAllocation) return undefined;
    return { entity: vm.ref, cpuAllocation: config.cpuAllocation, memoryAllocation: config.memoryAllocation };
  });
}

function datastoresOf(world: World, vm: Vm): ManagedObjectReference[] {
  const config = vm.get('config');
  const found = new Map<string, ManagedObjectReference>();
  const home = splitDatastorePath(config?.files.vmPathName ?? '');
  const own = home && datastoreNamed(world.objects, vm.get('runtime').host, home.datastore);
  if (own) found.set(own.id, own.ref);
  for (const { backing } of config?.hardware.device ?? []) {
    const ref = (backing as { datastore?: ManagedObjectReference } | undefined)?.datastore;
    if (ref) found.set(ref.value, ref);
  }
  return [...found.values()];
}

function networksOf(config: VirtualMachineConfigInfo | undefined): ManagedObjectReference[] {
  const found = new Map<string, ManagedObjectReference>();
  for (const { backing } of config?.hardware.device ?? []) {
    const { network, port } = (backing ?? {}) as {
      network?: ManagedObjectReference;
      port?: { portgroupKey?: string };
    };
    // A port group's key is its id.
    const key = port?.portgroupKey;
    const ref = network ?? (key === undefined ? undefined : { type: 'DistributedVirtualPortgroup', value: key });
    if (ref) found.set(ref.value, ref);
  }
  return [...found.values()];
}

function environmentBrowserOf({ objects }: World, vm: Vm): ManagedObjectReference {
  const host = objects.find(vm.get('runtime').host)?.as('HostSystem');
  const owner = objects.find(host?.get('parent'))?.as('ComputeResource');
  return owner?.get('environmentBrowser') ?? { type: 'EnvironmentBrowser', value: 'envbrowser-1' };
}

function summaryOf(world: World, vm: Vm): VirtualMachineSummary {
  const config = vm.get('config');
  const guest = vm.get('guest');
  const runtime = vm.get('runtime');
  return {
    vm: vm.ref,
    runtime,
    ...(guest && {
      guest: {
        ...(guest.guestId !== undefined && { guestId: guest.guestId, guestFullName: guest.guestFullName ?? '' }),
        ...(guest.toolsStatus && { toolsStatus: guest.toolsStatus }),
        toolsVersionStatus: guest.toolsVersionStatus ?? 'guestToolsNotInstalled',
        toolsVersionStatus2: guest.toolsVersionStatus2 ?? 'guestToolsNotInstalled',
        toolsRunningStatus: guest.toolsRunningStatus ?? 'guestToolsNotRunning',
        ...(guest.hostName !== undefined && { hostName: guest.hostName }),
        ...(guest.ipAddress !== undefined && { ipAddress: guest.ipAddress }),
        ...(guest.hwVersion !== undefined && { hwVersion: guest.hwVersion }),
      },
    }),
    config: config ? configSummary(vm, config) : { name: vm.get('name'), template: false, vmPathName: '' },
    storage: storageSummary(vm),
    quickStats: quickStatsOf(world, vm),
    overallStatus: vm.get('overallStatus'),
    customValue: vm.get('customValue'),
  };
}

function configSummary(vm: Vm, config: VirtualMachineConfigInfo): VirtualMachineSummary['config'] {
  const devices = config.hardware.device ?? [];
  return {
    name: vm.get('name'),
    template: config.template,
    vmPathName: config.files.vmPathName ?? '',
    memorySizeMB: config.hardware.memoryMB,
    cpuReservation: config.cpuAllocation?.reservation ?? 0,
    memoryReservation: config.memoryAllocation?.reservation ?? 0,
    numCpu: config.hardware.numCPU,
    numEthernetCards: devices.filter((device): device is VirtualEthernetCard => 'macAddress' in device).length,
    numVirtualDisks: disksOf(devices).length,
    uuid: config.uuid,
    ...(config.instanceUuid !== undefined && { instanceUuid: config.instanceUuid }),
    guestId: config.guestId,
    guestFullName: config.guestFullName,
    annotation: config.annotation ?? '',
    installBootRequired: false,
    ...(config.managedBy && { managedBy: config.managedBy }),
    tpmPresent: false,
    numVmiopBackings: 0,
    hwVersion: config.version,
  };
}

function storageSummary(vm: Vm): NonNullable<VirtualMachineSummary['storage']> {
  const { perDatastoreUsage = [], timestamp } = vm.get('storage')!;
  const sum = (field: 'committed' | 'uncommitted' | 'unshared') =>
    perDatastoreUsage.reduce((total, usage) => total + usage[field], 0);
  return { committed: sum('committed'), uncommitted: sum('uncommitted'), unshared: sum('unshared'), timestamp };
}

function heartbeatOf(vm: Vm): 'green' | 'gray' | 'red' {
  if (vm.get('runtime').powerState !== 'poweredOn') return 'gray';
  return vm.get('guest')?.toolsRunningStatus === 'guestToolsRunning' ? 'green' : 'gray';
}

const ALWAYS = ['MakePrimaryVM_Task', 'TerminateFaultTolerantVM_Task', 'StopRecording_Task', 'StopReplaying_Task'];
const GUEST_METHODS = ['ShutdownGuest', 'RebootGuest', 'StandbyGuest'];
const ON_TEMPLATE = [
  ...['PowerOnVM_Task', 'PowerOffVM_Task', 'SuspendVM_Task', 'ResetVM_Task', ...GUEST_METHODS, 'ReconfigVM_Task'],
  ...['CreateSnapshot_Task', 'MarkAsTemplate', 'AnswerVM', 'MountToolsInstaller', 'UpgradeTools_Task', ...ALWAYS],
];
const WHILE_OFF = [
  ...['PowerOffVM_Task', 'SuspendVM_Task', 'ResetVM_Task', ...GUEST_METHODS, 'AnswerVM', 'MarkAsVirtualMachine'],
  ...['MountToolsInstaller', 'UnmountToolsInstaller', 'UpgradeTools_Task', ...ALWAYS],
];
const WHILE_ON = [
  ...['PowerOnVM_Task', 'Destroy_Task', 'UnregisterVM', 'MarkAsTemplate', 'MarkAsVirtualMachine', 'AnswerVM'],
  ...['UpgradeVM_Task', 'CustomizeVM_Task', ...ALWAYS],
];
const WITHOUT_TOOLS = [...WHILE_ON, ...GUEST_METHODS];
const WHILE_SUSPENDED = [
  ...['SuspendVM_Task', 'ResetVM_Task', 'MarkAsTemplate', 'MarkAsVirtualMachine', 'AnswerVM', ...GUEST_METHODS],
  ...['MountToolsInstaller', 'UpgradeTools_Task', 'UpgradeVM_Task', ...ALWAYS],
];

function disabledMethodsOf(vm: Vm): string[] {
  if (vm.get('config')?.template) return ON_TEMPLATE;
  const { powerState } = vm.get('runtime');
  if (powerState === 'suspended') return WHILE_SUSPENDED;
  if (powerState !== 'poweredOn') return WHILE_OFF;
  return vm.get('guest')?.toolsRunningStatus === 'guestToolsRunning' ? WHILE_ON : WITHOUT_TOOLS;
}

export const CAPABILITY: VirtualMachineCapability = {
  snapshotOperationsSupported: true,
  multipleSnapshotsSupported: true,
  snapshotConfigSupported: true,
  poweredOffSnapshotsSupported: true,
  memorySnapshotsSupported: true,
  revertToSnapshotSupported: true,
  quiescedSnapshotsSupported: true,
  disableSnapshotsSupported: false,
  lockSnapshotsSupported: false,
  consolePreferencesSupported: false,
  cpuFeatureMaskSupported: true,
  s1AcpiManagementSupported: true,
  settingScreenResolutionSupported: false,
  toolsAutoUpdateSupported: true,
  vmNpivWwnSupported: true,
  npivWwnOnNonRdmVmSupported: true,
  vmNpivWwnDisableSupported: true,
  vmNpivWwnUpdateSupported: true,
  swapPlacementSupported: true,
  toolsSyncTimeSupported: true,
  virtualMmuUsageSupported: true,
  diskSharesSupported: true,
  bootOptionsSupported: true,
  bootRetryOptionsSupported: true,
  settingVideoRamSizeSupported: true,
  settingDisplayTopologySupported: false,
  recordReplaySupported: false,
  changeTrackingSupported: true,
  multipleCoresPerSocketSupported: true,
  hostBasedReplicationSupported: true,
  guestAutoLockSupported: true,
  memoryReservationLockSupported: true,
  featureRequirementSupported: true,
  poweredOnMonitorTypeChangeSupported: true,
  seSparseDiskSupported: true,
  nestedHVSupported: true,
  vPMCSupported: true,
  secureBootSupported: true,
  perVmEvcSupported: true,
  virtualMmuUsageIgnored: true,
  virtualExecUsageIgnored: true,
  diskOnlySnapshotOnSuspendedVMSupported: true,
  suspendToMemorySupported: true,
  toolsSyncTimeAllowSupported: true,
  sevSupported: true,
  pmemFailoverSupported: false,
  requireSgxAttestationSupported: true,
  changeModeDisksSupported: true,
  vendorDeviceGroupSupported: true,
};
