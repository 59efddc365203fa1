/** The managers of one host, under the ids by which vCenter and ESXi have them. */
import type { HostConfigManager } from '../../../src/vim25/generated/types.ts';
import type { AnyObject, ManagedObject } from '../core/managed-object.ts';
import type { World } from '../core/world.ts';

/** Field of HostConfigManager → type, the word in its id on a vCenter (`serviceSystem-21`), id on an ESXi. */
const MANAGERS = {
  cpuScheduler: ['HostCpuSchedulerSystem', 'cpuSchedulerSystem', 'cpuSchedulerSystem'],
  datastoreSystem: ['HostDatastoreSystem', 'datastoreSystem', 'ha-datastoresystem'],
  memoryManager: ['HostMemorySystem', 'memoryManagerSystem', 'memoryManagerSystem'],
  storageSystem: ['HostStorageSystem', 'storageSystem', 'storageSystem'],
  networkSystem: ['HostNetworkSystem', 'networkSystem', 'networkSystem'],
  vmotionSystem: ['HostVMotionSystem', 'vmotionSystem', 'ha-vmotion-system'],
  virtualNicManager: ['HostVirtualNicManager', 'virtualNicManager', 'ha-vnic-mgr'],
  serviceSystem: ['HostServiceSystem', 'serviceSystem', 'serviceSystem'],
  firewallSystem: ['HostFirewallSystem', 'firewallSystem', 'firewallSystem'],
  advancedOption: ['OptionManager', 'EsxHostAdvSettings', 'ha-adv-options'],
  diagnosticSystem: ['HostDiagnosticSystem', 'diagnosticSystem', 'diagnosticsystem'],
  autoStartManager: ['HostAutoStartManager', 'autoStartManager', 'ha-autostart-mgr'],
  snmpSystem: ['HostSnmpSystem', 'snmpSystem', 'ha-snmp-agent'],
  dateTimeSystem: ['HostDateTimeSystem', 'dateTimeSystem', 'dateTimeSystem'],
  patchManager: ['HostPatchManager', 'patchManager', 'ha-host-patch-manager'],
  imageConfigManager: ['HostImageConfigManager', 'imageConfigManager', 'ha-image-config-manager'],
  firmwareSystem: ['HostFirmwareSystem', 'firmwareSystem', 'ha-firmwareSystem'],
  healthStatusSystem: ['HostHealthStatusSystem', 'healthStatusSystem', 'healthStatusSystem'],
  pciPassthruSystem: ['HostPciPassthruSystem', 'pciPassthruSystem', 'ha-pcipassthrusystem'],
  kernelModuleSystem: ['HostKernelModuleSystem', 'kernelModuleSystem', 'kernelModuleSystem'],
  authenticationManager: ['HostAuthenticationManager', 'authenticationManager', 'ha-authentication-manager'],
  powerSystem: ['HostPowerSystem', 'powerSystem', 'ha-power-system'],
  cacheConfigurationManager: ['HostCacheConfigurationManager', 'cacheConfigManager', 'ha-cache-configuration-manager'],
  hostAccessManager: ['HostAccessManager', 'hostAccessManager', 'ha-host-access-manager'],
  certificateManager: ['HostCertificateManager', 'certificateManager', 'ha-certificate-manager'],
} as const satisfies Partial<Record<keyof HostConfigManager, readonly [type: string, word: string, esxi: string]>>;

/** @param id of the host: `host-21`, `ha-host` */
export function addHostManagers({ objects, kind }: World, id: string): HostConfigManager {
  const number = id.replace(/^host-/, '');
  const managers: Partial<Record<keyof typeof MANAGERS, AnyObject['ref']>> = {};
  for (const [field, [type, word, esxi]] of Object.entries(MANAGERS)) {
    managers[field as keyof typeof MANAGERS] = objects.addPlain(
      type,
      kind === 'vcenter' ? `${word}-${number}` : esxi,
    ).ref;
  }
  return managers;
}

/** The host that a manager (`serviceSystem-21`) is of. */
export function hostOfManager({ objects, kind }: World, manager: AnyObject): ManagedObject<'HostSystem'> | undefined {
  const id = kind === 'vcenter' ? `host-${manager.id.slice(manager.id.lastIndexOf('-') + 1)}` : 'ha-host';
  return objects.find({ type: 'HostSystem', value: id })?.as('HostSystem');
}

/** What these managers show is a part of the host's own configuration. */
export function deriveHostManagers(world: World): void {
  world.objects.derive(
    'HostServiceSystem',
    'serviceInfo',
    (system) => hostOfManager(world, system)?.get('config')?.service,
  );
  world.objects.derive(
    'HostDateTimeSystem',
    'dateTimeInfo',
    (system) => hostOfManager(world, system)?.get('config')?.dateTimeInfo,
  );
}
