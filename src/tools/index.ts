/**
 * Every tool of the gateway: the one literal list, grouped by category. A tool that is not written here does not
 * exist; the order is the order of the reference pages and of `tools/list`.
 */
import { powerOff, powerOn, rebootGuest, resetVm, shutdownGuest, standbyGuest, suspendVm } from './power.ts';
import {
  createSnapshot,
  deleteAllSnapshots,
  deleteSnapshot,
  listSnapshots,
  renameSnapshot,
  revertToCurrentSnapshot,
  revertToSnapshot,
} from './snapshots.ts';
import type { Tool } from './tool.ts';
import { cloneVm, createVm, deleteVm, reconfigureVm, renameVm } from './vm-lifecycle.ts';
import { getVmStats, getVmToolsStatus } from './vm-monitoring.ts';
import { getVmInfo, listTemplates, listVms } from './vm-reading.ts';

export const toolsets = {
  lifecycle: [listVms, getVmInfo, listTemplates, createVm, cloneVm, deleteVm, reconfigureVm, renameVm],
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
  monitoring: [getVmStats, getVmToolsStatus],
  hosts: [],
  clusters: [],
  datastores: [],
  networks: [],
  devices: [],
  inventory: [],
  history: [],
  gateway: [],
} as const satisfies Record<string, readonly Tool[]>;

export const tools: readonly Tool[] = Object.values(toolsets).flat();
