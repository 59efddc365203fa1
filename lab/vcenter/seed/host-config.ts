/** A host's configuration, and what every host of this version can do. */
import type {
  AboutInfo,
  HostCapability,
  HostConfigInfo,
  HostDateTimeInfo,
  HostNetworkInfo,
  HostService,
} from '../../../src/vim25/generated/types.ts';
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import { nicServices } from './host-network.ts';

const ESXI: AboutInfo = {
  name: 'VMware ESXi',
  fullName: 'VMware ESXi 8.0.3 build-24022510',
  vendor: 'VMware, Inc.',
  version: '8.0.3',
  patchLevel: '0.00',
  build: '24022510',
  localeVersion: 'INTL',
  localeBuild: '000',
  osType: 'vmnix-x86',
  productLineId: 'embeddedEsx',
  apiType: 'HostAgent',
  apiVersion: '8.0.3.0',
  licenseProductName: 'VMware ESX Server',
  licenseProductVersion: '8.0',
};

type Row = readonly [key: string, label: string, running: boolean, policy: string, required?: boolean];

const SERVICES: readonly Row[] = [
  ['DCUI', 'Direct Console UI', true, 'on'],
  ['TSM', 'ESXi Shell', false, 'off'],
  ['TSM-SSH', 'SSH', false, 'off'],
  ['attestd', 'attestd', false, 'off'],
  ['dpd', 'dpd', false, 'off'],
  ['entropyd', 'entropyd', true, 'on'],
  ['gstored', 'gstored', false, 'off'],
  ['kmxd', 'kmxd', false, 'off'],
  ['lbtd', 'Load-Based Teaming Daemon', true, 'on'],
  ['lwsmd', 'Active Directory Service', false, 'off'],
  ['ntpd', 'NTP Daemon', true, 'on'],
  ['pcscd', 'PC/SC Smart Card Daemon', false, 'off'],
  ['ptpd', 'PTP Daemon', false, 'off'],
  ['sfcbd-watchdog', 'CIM Server', false, 'on'],
  ['slpd', 'slpd', false, 'off'],
  ['snmpd', 'SNMP Server', false, 'on'],
  ['vltd', 'vltd', false, 'on'],
  ['vmsyslogd', 'Syslog Server', true, 'on', true],
  ['vmware-fdm', 'vSphere High Availability Agent', true, 'on'],
  ['vpxa', 'VMware vCenter Agent', true, 'on'],
  ['xorg', 'X.Org Server', false, 'on'],
];
const RULESETS: Readonly<Record<string, readonly string[]>> = {
  'TSM-SSH': ['sshServer'],
  ntpd: ['ntpClient'],
  snmpd: ['snmp'],
  'sfcbd-watchdog': ['CIMHttpServer', 'CIMHttpsServer'],
  vpxa: ['vpxHeartbeats'],
};

function hostServices({ managed }: { managed: boolean }): HostService[] {
  const ofVcenter = new Set(['vpxa', 'vmware-fdm']);
  return SERVICES.filter(([key]) => managed || !ofVcenter.has(key)).map(
    ([key, label, running, policy, required = false]) => ({
      key,
      label,
      required,
      uninstallable: false,
      running,
      ruleset: [...(RULESETS[key] ?? [])],
      policy,
      sourcePackage: {
        sourcePackageName: 'esx-base',
        description: 'This VIB contains all of the base functionality of vSphere ESXi.',
      },
    }),
  );
}

const TIME: HostDateTimeInfo = {
  timeZone: { key: 'UTC', name: 'UTC', description: 'UTC', gmtOffset: 0 },
  systemClockProtocol: 'ntp',
  ntpConfig: {
    server: ['0.pool.ntp.org', '1.pool.ntp.org'],
    configFile: ['restrict default nomodify notrap nopeer noquery', 'restrict 127.0.0.1', 'driftfile /etc/ntp.drift'],
  },
  enabled: true,
  disableEvents: false,
  disableFallback: false,
  inFallbackState: false,
  serviceSync: true,
};

export function hostConfig(
  host: ManagedObjectReference,
  network: HostNetworkInfo,
  { managed }: { managed: boolean },
): HostConfigInfo {
  return {
    host,
    product: ESXI,
    hyperThread: { available: true, active: true, config: true },
    network,
    virtualNicManagerInfo: nicServices(network),
    service: { service: hostServices({ managed }) },
    option: [
      { key: 'Misc.HostAgentUpdateLevel', value: '3' },
      { key: 'UserVars.SuppressShellWarning', value: { $type: 'xsd:long', value: 0 } },
      { key: 'Syslog.global.logHost', value: '' },
    ],
    dateTimeInfo: TIME,
    flags: { backgroundSnapshotsEnabled: false },
    adminDisabled: false,
    lockdownMode: 'lockdownDisabled',
    featureVersion: [{ key: 'faultTolerance', value: '6.0.0-6.0.0-6.0.0' }],
    wakeOnLanCapable: true,
    domainList: [],
  };
}

/** Required fields of the type, each with what a host of this version says. */
export const HOST_CAPABILITY: HostCapability = {
  recursiveResourcePoolsSupported: true,
  cpuMemoryResourceConfigurationSupported: true,
  rebootSupported: true,
  shutdownSupported: true,
  vmotionSupported: true,
  standbySupported: false,
  ipmiSupported: true,
  maxSupportedVMs: 1024,
  maxRunningVMs: 1024,
  maxSupportedVcpus: 4096,
  maxRegisteredVMs: 4096,
  datastorePrincipalSupported: true,
  sanSupported: true,
  nfsSupported: true,
  iscsiSupported: true,
  vlanTaggingSupported: true,
  nicTeamingSupported: true,
  highGuestMemSupported: true,
  maintenanceModeSupported: true,
  suspendedRelocateSupported: true,
  restrictedSnapshotRelocateSupported: true,
  perVmSwapFiles: true,
  localSwapDatastoreSupported: true,
  unsharedSwapVMotionSupported: true,
  backgroundSnapshotsSupported: false,
  preAssignedPCIUnitNumbersSupported: true,
  screenshotSupported: true,
  scaledScreenshotSupported: true,
  storageVMotionSupported: true,
  vmotionWithStorageVMotionSupported: true,
  vmotionAcrossNetworkSupported: true,
  hbrNicSelectionSupported: true,
  vrNfcNicSelectionSupported: true,
  recordReplaySupported: false,
  ftSupported: true,
  smpFtSupported: true,
  loginBySSLThumbprintSupported: true,
  cloneFromSnapshotSupported: true,
  deltaDiskBackingsSupported: true,
  perVMNetworkTrafficShapingSupported: false,
  tpmSupported: false,
  virtualExecUsageSupported: true,
  storageIORMSupported: true,
  supportedVmfsMajorVersion: [5, 6],
  vStorageCapable: true,
  snapshotRelayoutSupported: true,
  vmfsDatastoreMountCapable: true,
  eightPlusHostVmfsSharedAccessSupported: true,
  nestedHVSupported: true,
  vPMCSupported: true,
  interVMCommunicationThroughVMCISupported: false,
  scheduledHardwareUpgradeSupported: true,
  featureCapabilitiesSupported: true,
  latencySensitivitySupported: true,
  accel3dSupported: false,
  provisioningNicSelectionSupported: true,
  nfs41Supported: true,
  cryptoSupported: true,
  encryptedVMotionSupported: true,
  timeConfigSupported: true,
  suspendToMemorySupported: true,
  quickBootSupported: true,
  maxSupportedVmMemory: 25_165_824,
};
