/** What a VM uses, and how its VMware Tools are. */
import { z } from 'zod';
import { readTools, readVmStats } from '../vsphere/virtual-machine.ts';
import { objectRef, powerState, toObjectRef, vmName } from './fields.ts';
import { defineTool } from './tool.ts';

const amount = z.number().optional();
const text = z.string().optional();

export const getVmStats = defineTool({
  name: 'get_vm_stats',
  title: 'Get VM stats',
  description:
    'What one VM uses now: CPU, memory, storage and uptime. Figures are of the last minutes and missing while it is off. For its configuration use get_vm_info.',
  permission: 'READ_ONLY',
  effect: 'read',
  input: { name: vmName },
  output: {
    ...objectRef.shape,
    power_state: powerState,
    cpu_usage_mhz: amount,
    cpu_demand_mhz: amount,
    memory_usage_mb: amount,
    memory_active_mb: amount,
    memory_ballooned_mb: amount,
    memory_swapped_mb: amount,
    storage_committed_gb: amount,
    storage_uncommitted_gb: amount,
    uptime_seconds: amount,
    uptime_human: text,
  },
  target: ({ name }) => name,
  async handler({ name }, { vsphere, reading }) {
    const vm = await vsphere.inventory.find('VirtualMachine', name);
    reading(vm);
    const stats = await readVmStats(vsphere, vm.ref);
    return {
      ...toObjectRef(vm),
      power_state: stats.powerState ?? 'unknown',
      cpu_usage_mhz: stats.cpuUsageMhz,
      cpu_demand_mhz: stats.cpuDemandMhz,
      memory_usage_mb: stats.memoryUsageMb,
      memory_active_mb: stats.memoryActiveMb,
      memory_ballooned_mb: stats.memoryBalloonedMb,
      memory_swapped_mb: stats.memorySwappedMb,
      storage_committed_gb: stats.storageCommittedGb,
      storage_uncommitted_gb: stats.storageUncommittedGb,
      uptime_seconds: stats.uptimeSeconds,
      uptime_human: stats.uptimeHuman,
    };
  },
});

export const getVmToolsStatus = defineTool({
  name: 'get_vm_tools_status',
  title: 'Get VMware Tools status',
  description:
    'Whether VMware Tools run in a VM and are up to date, with the addresses and names that the guest reports. shutdown_guest, reboot_guest and quiesced snapshots need them running.',
  permission: 'READ_ONLY',
  effect: 'read',
  input: { name: vmName },
  output: {
    ...objectRef.shape,
    tools_status: text,
    tools_version: text,
    tools_running_status: text,
    tools_version_status: text,
    ip_address: text,
    hostname: text,
    guest_os: text,
    guest_id: text,
    guest_state: text,
  },
  target: ({ name }) => name,
  async handler({ name }, { vsphere, reading }) {
    const vm = await vsphere.inventory.find('VirtualMachine', name);
    reading(vm);
    const tools = await readTools(vsphere, vm.ref);
    return {
      ...toObjectRef(vm),
      tools_status: tools.status,
      tools_version: tools.version,
      tools_running_status: tools.runningStatus,
      tools_version_status: tools.versionStatus,
      ip_address: tools.ipAddress,
      hostname: tools.hostname,
      guest_os: tools.guestOs,
      guest_id: tools.guestId,
      guest_state: tools.guestState,
    };
  },
});
