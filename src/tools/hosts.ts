/** ESXi hosts: which there are, what one is, and how busy it is. */
import { z } from 'zod';
import { readHost, readHostInfo, listHosts as readHosts } from '../vsphere/host-system.ts';
import { cursor, hostName, limit, objectRef, toObjectRef } from './fields.ts';
import { objectPage } from './object-page.ts';
import { objectPageFields } from './page.ts';
import { defineTool } from './tool.ts';

const text = z.string().optional();
const amount = z.number().optional();

export const listHosts = defineTool({
  name: 'list_hosts',
  title: 'List ESXi hosts',
  description:
    'The ESXi hosts of one server with their state, model, size and number of VMs. For load use get_host_stats; for version and hardware get_host_info. The managed servers themselves are in list_servers.',
  permission: 'READ_ONLY',
  effect: 'read',
  input: { limit, cursor },
  output: {
    hosts: z.array(
      objectRef.extend({
        connection_state: text,
        power_state: text,
        maintenance_mode: z.boolean().optional(),
        model: text,
        cpu_cores: amount,
        memory_gb: amount,
        vm_count: z.int().optional(),
      }),
    ),
    ...objectPageFields,
  },
  async handler(given, { vsphere }) {
    const { items, ...rest } = await objectPage('hosts', vsphere, await readHosts(vsphere), given, (host, ref) => ({
      ...ref,
      connection_state: host.connectionState,
      power_state: host.powerState,
      maintenance_mode: host.inMaintenanceMode,
      model: host.model,
      cpu_cores: host.cpuCores,
      memory_gb: host.memoryTotalGb,
      vm_count: host.vmCount,
    }));
    return { hosts: items, ...rest };
  },
});

export const getHostStats = defineTool({
  name: 'get_host_stats',
  title: 'Get host stats',
  description:
    'How busy one ESXi host is now: CPU and memory used of what it has, uptime, number of VMs. For version and state use get_host_info, for one VM get_vm_stats.',
  permission: 'READ_ONLY',
  effect: 'read',
  input: { host_name: hostName },
  output: {
    ...objectRef.shape,
    connection_state: text,
    power_state: text,
    model: text,
    vendor: text,
    cpu_model: text,
    cpu_cores: amount,
    cpu_threads: amount,
    cpu_mhz: amount,
    cpu_usage_mhz: amount,
    cpu_usage_percent: amount,
    memory_total_gb: amount,
    memory_usage_mb: amount,
    memory_usage_percent: amount,
    uptime_seconds: amount,
    uptime_human: text,
    vm_count: z.int().optional(),
  },
  target: ({ host_name }) => host_name,
  async handler({ host_name }, { vsphere, reading }) {
    const host = await vsphere.inventory.host(host_name);
    reading(host);
    const stats = await readHost(vsphere, host.ref);
    return {
      ...toObjectRef(host),
      connection_state: stats.connectionState,
      power_state: stats.powerState,
      model: stats.model,
      vendor: stats.vendor,
      cpu_model: stats.cpuModel,
      cpu_cores: stats.cpuCores,
      cpu_threads: stats.cpuThreads,
      cpu_mhz: stats.cpuMhz,
      cpu_usage_mhz: stats.cpuUsageMhz,
      cpu_usage_percent: stats.cpuUsagePercent,
      memory_total_gb: stats.memoryTotalGb,
      memory_usage_mb: stats.memoryUsageMb,
      memory_usage_percent: stats.memoryUsagePercent,
      uptime_seconds: stats.uptimeSeconds,
      uptime_human: stats.uptimeHuman,
      vm_count: stats.vmCount,
    };
  },
});

export const getHostInfo = defineTool({
  name: 'get_host_info',
  title: 'Get host info',
  description:
    'What one ESXi host is: version and build, hardware in short, connection, maintenance mode, boot time, management address. For load use get_host_stats, for devices get_host_hardware, for the rest get_host_networking.',
  permission: 'READ_ONLY',
  effect: 'read',
  input: { host_name: hostName },
  output: {
    ...objectRef.shape,
    uuid: text,
    product: z.object({ name: text, version: text, build: text, full_name: text }),
    hardware: z.object({
      vendor: text,
      model: text,
      cpu_model: text,
      cpu_cores: amount,
      cpu_threads: amount,
      cpu_mhz: amount,
      memory_gb: amount,
      nics: amount,
      hbas: amount,
    }),
    status: z.object({
      power_state: text,
      connection_state: text,
      maintenance_mode: z.boolean().optional(),
      uptime_seconds: amount,
      boot_time: text,
    }),
    management_ip: text,
    vm_count: z.int().optional(),
  },
  target: ({ host_name }) => host_name,
  async handler({ host_name }, { vsphere, reading }) {
    const host = await vsphere.inventory.host(host_name);
    reading(host);
    const info = await readHostInfo(vsphere, host.ref);
    const { fullName, ...product } = info.product;
    return {
      ...toObjectRef(host),
      uuid: info.uuid,
      product: { ...product, full_name: fullName },
      hardware: {
        vendor: info.vendor,
        model: info.model,
        cpu_model: info.cpuModel,
        cpu_cores: info.cpuCores,
        cpu_threads: info.cpuThreads,
        cpu_mhz: info.cpuMhz,
        memory_gb: info.memoryTotalGb,
        nics: info.nics,
        hbas: info.hbas,
      },
      status: {
        power_state: info.powerState,
        connection_state: info.connectionState,
        maintenance_mode: info.inMaintenanceMode,
        uptime_seconds: info.uptimeSeconds,
        boot_time: info.bootTime,
      },
      management_ip: info.managementIp,
      vm_count: info.vmCount,
    };
  },
});
