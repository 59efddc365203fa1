/** ServiceInstance and the managers, under the ids by which vCenter and ESXi have them. */
import type { AboutInfo, ServiceContent } from '../../../src/vim25/generated/types.ts';
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import type { ObjectStore } from '../core/object-store.ts';
import type { Random } from '../core/random.ts';

export type ServerKind = 'vcenter' | 'esxi';

/** Field of ServiceContent → type, id on a vCenter, id on an ESXi (none: an ESXi has none). */
const MANAGERS = {
  propertyCollector: ['PropertyCollector', 'propertyCollector', 'ha-property-collector'],
  viewManager: ['ViewManager', 'ViewManager', 'ViewManager'],
  setting: ['OptionManager', 'VpxSettings', 'HostAgentSettings'],
  userDirectory: ['UserDirectory', 'UserDirectory', 'ha-user-directory'],
  sessionManager: ['SessionManager', 'SessionManager', 'ha-sessionmgr'],
  authorizationManager: ['AuthorizationManager', 'AuthorizationManager', 'ha-authmgr'],
  perfManager: ['PerformanceManager', 'PerfMgr', 'ha-perfmgr'],
  alarmManager: ['AlarmManager', 'AlarmManager', undefined],
  eventManager: ['EventManager', 'EventManager', 'ha-eventmgr'],
  taskManager: ['TaskManager', 'TaskManager', 'ha-taskmgr'],
  customFieldsManager: ['CustomFieldsManager', 'CustomFieldsManager', undefined],
  searchIndex: ['SearchIndex', 'SearchIndex', 'ha-searchindex'],
  fileManager: ['FileManager', 'FileManager', 'ha-nfc-file-manager'],
  virtualDiskManager: ['VirtualDiskManager', 'virtualDiskManager', 'ha-vdiskmanager'],
  ovfManager: ['OvfManager', 'OvfManager', 'ha-ovf-manager'],
  dvSwitchManager: ['DistributedVirtualSwitchManager', 'DVSManager', undefined],
  storageResourceManager: ['StorageResourceManager', 'StorageResourceManager', undefined],
  vmProvisioningChecker: ['VirtualMachineProvisioningChecker', 'ProvChecker', undefined],
  guestOperationsManager: ['GuestOperationsManager', 'guestOperationsManager', 'ha-guest-operations-manager'],
} as const satisfies Partial<
  Record<keyof ServiceContent, readonly [type: string, vcenter: string, esxi: string | undefined]>
>;

export function addService(objects: ObjectStore, kind: ServerKind, random: Random): ServiceContent {
  const managers: Record<string, ManagedObjectReference> = {};
  for (const [field, [type, vcenter, esxi]] of Object.entries(MANAGERS)) {
    const id = kind === 'vcenter' ? vcenter : esxi;
    if (id !== undefined) managers[field] = objects.addPlain(type, id).ref;
  }
  const rootFolder = { type: 'Folder', value: kind === 'vcenter' ? 'group-d1' : 'ha-folder-root' };
  const content = { rootFolder, ...managers, about: about(kind, random) } as unknown as ServiceContent;
  objects.add('ServiceInstance', { content, capability: { $type: 'Capability' } as never }, 'ServiceInstance');
  return content;
}

export function sessionManagerId(kind: ServerKind): string {
  return MANAGERS.sessionManager[kind === 'vcenter' ? 1 : 2];
}

function about(kind: ServerKind, random: Random): AboutInfo {
  const vcenter = kind === 'vcenter';
  const name = vcenter ? 'VMware vCenter Server' : 'VMware ESXi';
  return {
    name,
    fullName: `${name} 8.0.3 build-${vcenter ? '24322831' : '24022510'}`,
    vendor: 'VMware, Inc.',
    version: '8.0.3',
    build: vcenter ? '24322831' : '24022510',
    localeVersion: 'INTL',
    localeBuild: '000',
    osType: vcenter ? 'linux-x64' : 'vmnix-x86',
    productLineId: vcenter ? 'vpx' : 'embeddedEsx',
    apiType: vcenter ? 'VirtualCenter' : 'HostAgent',
    apiVersion: '8.0.3.0',
    ...(vcenter && { instanceUuid: random.uuid() }),
    licenseProductName: vcenter ? 'VMware VirtualCenter Server' : 'VMware ESX Server',
    licenseProductVersion: '8.0',
  };
}
