/**
 * Every tool of the gateway: the one literal list, grouped by category. A tool that is not written here does not
 * exist; the order is the order of the reference pages and of `tools/list`. Each category is a toolset, by which
 * lists can be narrowed.
 */
import { getAlarms } from './alarms.ts';
import { setBootOrder } from './boot-order.ts';
import { getClusterInfo, getDrsRecommendations, listClusters } from './clusters.ts';
import { vmScreenshot, waitForVmTools } from './console.ts';
import { copyDatastoreFile, createDatastoreFolder, deleteDatastoreFile, moveDatastoreFile } from './datastore-files.ts';
import { downloadFromDatastore, uploadToDatastore } from './datastore-transfers.ts';
import { browseDatastore, getDatastoreInfo, listDatastores } from './datastores.ts';
import { addDisk, extendDisk, getDiskInfo, listDisks, removeDisk } from './disks.ts';
import { createFolder, deleteFolder, moveVmToFolder } from './folders.ts';
import { getVcenterInfo, listServers, whoami } from './gateway.ts';
import {
  createGuestDirectory,
  deleteGuestFile,
  listGuestDirectory,
  listGuestProcesses,
  readGuestFile,
  runCommandInGuest,
  writeGuestFile,
} from './guest.ts';
import { getTask, listRecentEvents, listRecentTasks } from './history.ts';
import {
  getHostHardware,
  getHostNetworking,
  getNtpConfig,
  getServiceStatus,
  listServices,
} from './host-configuration.ts';
import { enterMaintenanceMode, exitMaintenanceMode, rebootHost, shutdownHost } from './host-maintenance.ts';
import { configureNtp, restartService, setServicePolicy, startService, stopService } from './host-services.ts';
import { getHostInfo, getHostStats, listHosts } from './hosts.ts';
import { find, listFolders } from './inventory.ts';
import { addCdrom, attachIso, detachIso } from './media.ts';
import { migrateVm, moveVmDisk, storageVmotion } from './migration.ts';
import { getNetworkInfo, listNetworks } from './networks.ts';
import { addNic, changeNicNetwork, connectNic, getNicInfo, listNics, removeNic, setNicMac } from './nics.ts';
import { deployOva, deployOvf, inspectOva, listOvfNetworks } from './ovf.ts';
import { exportVmOvf } from './ovf-export.ts';
import { powerOff, powerOn, rebootGuest, resetVm, shutdownGuest, standbyGuest, suspendVm } from './power.ts';
import { createResourcePool, deleteResourcePool, moveVmToResourcePool } from './resource-pool-changes.ts';
import { getResourcePoolInfo, listResourcePools } from './resource-pools.ts';
import { clearSerialPort, connectSerialPort, getSerialPort, removeSerialPort, setupSerialPort } from './serial-port.ts';
import {
  createSnapshot,
  deleteAllSnapshots,
  deleteSnapshot,
  listSnapshots,
  renameSnapshot,
  revertToCurrentSnapshot,
  revertToSnapshot,
} from './snapshots.ts';
import { applyTagToVm, getVmTags, listTags, removeTagFromVm } from './tags.ts';
import { cancelTask } from './task-cancelling.ts';
import { convertToTemplate, convertToVm, deployFromTemplate } from './templates.ts';
import type { Tool } from './tool.ts';
import { cloneVm, createVm, deleteVm, reconfigureVm, renameVm } from './vm-lifecycle.ts';
import { getVmStats, getVmToolsStatus } from './vm-monitoring.ts';
import { getVmInfo, listTemplates, listVms } from './vm-reading.ts';

/** The toolset that is there however a list is narrowed: who one is, what there is, and what became of a task. */
export const EVERYWHERE = 'gateway';

export const toolsets = {
  lifecycle: [listVms, getVmInfo, createVm, cloneVm, deleteVm, reconfigureVm, renameVm, setBootOrder],
  power: [powerOn, powerOff, shutdownGuest, rebootGuest, resetVm, suspendVm, standbyGuest],
  snapshots: [
    listSnapshots,
    createSnapshot,
    revertToSnapshot,
    revertToCurrentSnapshot,
    deleteSnapshot,
    deleteAllSnapshots,
    renameSnapshot,
  ],
  monitoring: [getVmStats, getHostStats, listHosts, getAlarms],
  guest: [
    runCommandInGuest,
    listGuestProcesses,
    readGuestFile,
    writeGuestFile,
    listGuestDirectory,
    createGuestDirectory,
    deleteGuestFile,
  ],
  inventory: [
    browseDatastore,
    downloadFromDatastore,
    uploadToDatastore,
    deleteDatastoreFile,
    createDatastoreFolder,
    moveDatastoreFile,
    copyDatastoreFile,
    listDatastores,
    getDatastoreInfo,
    listNetworks,
    getNetworkInfo,
    listResourcePools,
    getResourcePoolInfo,
    listTemplates,
    getVcenterInfo,
    find,
  ],
  disks: [addDisk, removeDisk, extendDisk, listDisks, getDiskInfo, attachIso, detachIso, addCdrom],
  nics: [listNics, getNicInfo, addNic, removeNic, changeNicNetwork, connectNic, setNicMac],
  ovf: [deployOvf, exportVmOvf, listOvfNetworks, deployOva, inspectOva],
  hosts: [
    getHostInfo,
    enterMaintenanceMode,
    exitMaintenanceMode,
    listServices,
    getServiceStatus,
    startService,
    stopService,
    restartService,
    setServicePolicy,
    getNtpConfig,
    configureNtp,
    rebootHost,
    shutdownHost,
    getHostHardware,
    getHostNetworking,
  ],
  vcenter: [
    storageVmotion,
    moveVmDisk,
    migrateVm,
    convertToTemplate,
    convertToVm,
    deployFromTemplate,
    listFolders,
    createFolder,
    deleteFolder,
    moveVmToFolder,
    createResourcePool,
    deleteResourcePool,
    moveVmToResourcePool,
    listRecentTasks,
    cancelTask,
    listRecentEvents,
    listClusters,
    getClusterInfo,
    getDrsRecommendations,
  ],
  console: [waitForVmTools, getVmToolsStatus, vmScreenshot],
  serial_port: [getSerialPort, setupSerialPort, connectSerialPort, clearSerialPort, removeSerialPort],
  tags: [listTags, getVmTags, applyTagToVm, removeTagFromVm],
  [EVERYWHERE]: [whoami, listServers, getTask],
} as const satisfies Record<string, readonly Tool[]>;

export const tools: readonly Tool[] = Object.values(toolsets).flat();
