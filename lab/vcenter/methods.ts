/** The API: which methods each type of managed object has. Adding a method is adding a function to a table. */

import { alarmManagerMethods } from './alarms/methods.ts';
import { clusterMethods } from './clusters/methods.ts';
import type { AnyMethod, MethodTable } from './core/method.ts';
import { managedTypeChain } from './core/type-tables.ts';
import { datastoreBrowserMethods } from './files/browser.ts';
import { datastoreMethods } from './files/datastore.ts';
import { fileManagerMethods } from './files/file-manager.ts';
import { ticketMethods } from './files/tickets.ts';
import { virtualDiskManagerMethods } from './files/virtual-disk-manager.ts';
import { guestAuthMethods } from './guest/auth-methods.ts';
import { guestFileMethods } from './guest/file-methods.ts';
import { guestProcessMethods } from './guest/process-methods.ts';
import { historyCollectorMethods } from './history/collectors.ts';
import { eventCollectorMethods, eventManagerMethods } from './history/event-methods.ts';
import { taskCollectorMethods, taskManagerMethods } from './history/task-methods.ts';
import { connectionMethods } from './hosts/connection.ts';
import { dateTimeSystemMethods } from './hosts/date-time.ts';
import { maintenanceMethods } from './hosts/maintenance.ts';
import { hostPowerMethods } from './hosts/power.ts';
import { serviceSystemMethods } from './hosts/services.ts';
import { datacenterDestruction, folderDestruction, poolDestruction, vAppDestruction } from './inventory/destroy.ts';
import { folderMethods } from './inventory/folder-methods.ts';
import { poolMethods } from './inventory/pool-methods.ts';
import { renaming } from './inventory/rename.ts';
import { searchMethods } from './inventory/search-methods.ts';
import { exportMethods, importMethods, leaseMethods } from './nfc/methods.ts';
import { ovfManagerMethods } from './ovf/methods.ts';
import { performanceMethods } from './performance/methods.ts';
import { propertyCollectorMethods, propertyFilterMethods } from './property-collector/methods.ts';
import { authorizationMethods } from './rights/authorization-methods.ts';
import { serviceInstanceMethods, sessionManagerMethods } from './session/methods.ts';
import { customFieldsMethods, customValueMethods } from './settings/custom-fields.ts';
import { optionMethods } from './settings/options.ts';
import { taskMethods } from './tasks/methods.ts';
import { viewManagerMethods, viewMethods } from './views/methods.ts';
import { environmentBrowserMethods } from './vm/environment-browser.ts';
import { vmFolderMethods, vmMethods } from './vm/methods.ts';
import { placementMethods, provisioningCheckerMethods, storageAdviceMethods } from './vm/placement-advice.ts';
import { snapshotMethods } from './vm/snapshot-methods.ts';

const METHODS: Readonly<Record<string, readonly MethodTable[]>> = {
  ServiceInstance: [serviceInstanceMethods],
  SessionManager: [ticketMethods, sessionManagerMethods],
  AuthorizationManager: [authorizationMethods],
  SearchIndex: [searchMethods],
  Datacenter: [datacenterDestruction, renaming('Datacenter.Rename')],
  VirtualApp: [vAppDestruction, renaming('VApp.Rename')],
  Network: [renaming('Network.Config')],
  DistributedVirtualPortgroup: [renaming('DVPortgroup.Modify')],
  DistributedVirtualSwitch: [renaming('DVSwitch.Modify')],
  ComputeResource: [renaming('Host.Inventory.RenameCluster')],
  PropertyCollector: [propertyCollectorMethods],
  PropertyFilter: [propertyFilterMethods],
  ViewManager: [viewManagerMethods],
  ContainerView: [viewMethods],
  ListView: [viewMethods],
  HostDatastoreBrowser: [datastoreBrowserMethods],
  Datastore: [datastoreMethods, renaming('Datastore.Rename')],
  FileManager: [fileManagerMethods],
  HttpNfcLease: [leaseMethods],
  OvfManager: [ovfManagerMethods],
  ResourcePool: [importMethods, poolMethods, poolDestruction, renaming('Resource.RenamePool')],
  VirtualDiskManager: [virtualDiskManagerMethods],
  AlarmManager: [alarmManagerMethods],
  PerformanceManager: [performanceMethods],
  OptionManager: [optionMethods],
  CustomFieldsManager: [customFieldsMethods],
  ExtensibleManagedObject: [customValueMethods],
  ClusterComputeResource: [clusterMethods, placementMethods],
  StorageResourceManager: [storageAdviceMethods],
  VirtualMachineProvisioningChecker: [provisioningCheckerMethods],
  EnvironmentBrowser: [environmentBrowserMethods],
  HostSystem: [connectionMethods, maintenanceMethods, hostPowerMethods],
  HostServiceSystem: [serviceSystemMethods],
  HostDateTimeSystem: [dateTimeSystemMethods],
  GuestAuthManager: [guestAuthMethods],
  GuestFileManager: [guestFileMethods],
  GuestProcessManager: [guestProcessMethods],
  Task: [taskMethods],
  TaskManager: [taskManagerMethods],
  TaskHistoryCollector: [taskCollectorMethods],
  EventManager: [eventManagerMethods],
  EventHistoryCollector: [eventCollectorMethods],
  HistoryCollector: [historyCollectorMethods],
  Folder: [...vmFolderMethods, folderMethods, folderDestruction, renaming('Folder.Rename')],
  VirtualMachine: [...vmMethods, exportMethods, renaming('VirtualMachine.Config.Rename')],
  VirtualMachineSnapshot: [snapshotMethods],
};

/** A method of a type or of one that it derives from. */
export function methodOf(type: string, name: string): AnyMethod | undefined {
  for (const ancestor of managedTypeChain(type)) {
    for (const table of METHODS[ancestor] ?? []) {
      const method = (table as Readonly<Record<string, AnyMethod | undefined>>)[name];
      if (method) return method;
    }
  }
  return undefined;
}
