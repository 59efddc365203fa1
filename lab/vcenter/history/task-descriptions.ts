/** TaskManager.description: what clients show for a task's `descriptionId`. */
import type { ElementDescription, TaskDescription } from '../../../src/vim25/generated/types.ts';

type Row = readonly [key: string, label: string];

const METHODS: readonly Row[] = [
  ['VirtualMachine.powerOn', 'Power On virtual machine'],
  ['VirtualMachine.powerOff', 'Power Off virtual machine'],
  ['VirtualMachine.reset', 'Reset virtual machine'],
  ['VirtualMachine.suspend', 'Suspend virtual machine'],
  ['VirtualMachine.shutdownGuest', 'Initiate guest OS shutdown'],
  ['VirtualMachine.rebootGuest', 'Initiate guest OS reboot'],
  ['VirtualMachine.standbyGuest', 'Initiate guest OS standby'],
  ['VirtualMachine.reconfigure', 'Reconfigure virtual machine'],
  ['VirtualMachine.clone', 'Clone virtual machine'],
  ['VirtualMachine.relocate', 'Relocate virtual machine'],
  ['VirtualMachine.migrate', 'Migrate virtual machine'],
  ['VirtualMachine.createSnapshot', 'Create virtual machine snapshot'],
  ['VirtualMachine.revertToCurrentSnapshot', 'Revert to current snapshot'],
  ['VirtualMachine.removeAllSnapshots', 'Remove all snapshots'],
  ['VirtualMachine.consolidateDisks', 'Consolidate virtual machine disk files'],
  ['VirtualMachine.createScreenshot', 'Create screenshot'],
  ['VirtualMachine.upgradeTools', 'Upgrade VMware Tools'],
  ['VirtualMachine.unregister', 'Unregister virtual machine'],
  ['VirtualMachine.markAsTemplate', 'Mark virtual machine as template'],
  ['VirtualMachine.markAsVirtualMachine', 'Mark as virtual machine'],
  ['VirtualMachine.destroy', 'Delete virtual machine'],
  ['VirtualMachine.rename', 'Rename virtual machine'],
  ['vm.Snapshot.revert', 'Revert snapshot'],
  ['vm.Snapshot.remove', 'Remove snapshot'],
  ['vm.Snapshot.rename', 'Rename snapshot'],
  ['Folder.createVm', 'Create virtual machine'],
  ['Folder.registerVm', 'Register virtual machine'],
  ['Folder.moveInto', 'Move entities'],
  ['Folder.destroy', 'Delete folder'],
  ['Folder.unregisterAndDestroy', 'Unregister and delete folder'],
  ['Folder.createDatacenter', 'Create datacenter'],
  ['ManagedEntity.destroy', 'Delete entity'],
  ['ManagedEntity.rename', 'Rename entity'],
  ['ResourcePool.ImportVAppLRO', 'Deploy OVF template'],
  ['ResourcePool.destroy', 'Delete resource pool'],
  ['HostSystem.enterMaintenanceMode', 'Enter maintenance mode'],
  ['HostSystem.exitMaintenanceMode', 'Exit maintenance mode'],
  ['HostSystem.reboot', 'Initiate host reboot'],
  ['HostSystem.shutdown', 'Initiate host shutdown'],
  ['HostSystem.disconnect', 'Disconnect host'],
  ['HostSystem.reconnect', 'Reconnect host'],
  ['host.ServiceSystem.start', 'Start service'],
  ['host.ServiceSystem.stop', 'Stop service'],
  ['host.ServiceSystem.restart', 'Restart service'],
  ['host.ServiceSystem.updatePolicy', 'Update service activation policy'],
  ['host.DateTimeSystem.updateConfig', 'Update date and time configuration'],
  ['Drm.ExecuteVMotionLRO', 'Migrate virtual machine'],
  ['Drm.ExecuteVmPowerOnLRO', 'Power On virtual machine'],
  ['FileManager.deleteFile', 'Delete file'],
  ['FileManager.moveFile', 'Move file'],
  ['FileManager.copyFile', 'Copy file'],
  ['FileManager.makeDirectory', 'Create directory'],
  ['VirtualDiskManager.createVirtualDisk', 'Create virtual disk'],
  ['VirtualDiskManager.copyVirtualDisk', 'Copy virtual disk'],
  ['VirtualDiskManager.moveVirtualDisk', 'Move virtual disk'],
  ['VirtualDiskManager.deleteVirtualDisk', 'Delete virtual disk'],
  ['VirtualDiskManager.extendVirtualDisk', 'Extend virtual disk'],
  ['host.DatastoreBrowser.search', 'Search datastore'],
  ['host.DatastoreBrowser.searchSubFolders', 'Search datastore folders'],
];

const LABELS = new Map(METHODS);

/** `Power On virtual machine`; the id itself where nothing is known of it. */
export function labelOfMethod(descriptionId: string): string {
  return LABELS.get(descriptionId) ?? descriptionId;
}

function element([key, label]: Row): ElementDescription {
  return { key, label, summary: label };
}

export const TASK_DESCRIPTION: TaskDescription = {
  methodInfo: METHODS.map(element),
  state: [
    ['queued', 'Queued'],
    ['running', 'Running'],
    ['success', 'Completed'],
    ['error', 'Error'],
  ].map(([key = '', label = '']) => element([key, label])),
  reason: [
    ['TaskReasonSystem', 'System task'],
    ['TaskReasonUser', 'User task'],
    ['TaskReasonAlarm', 'Alarm task'],
    ['TaskReasonSchedule', 'Scheduled task'],
  ].map(([key = '', label = '']) => element([key, label])),
};
