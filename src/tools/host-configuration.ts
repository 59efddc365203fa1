/** How an ESXi host is set up: its services, its time, its hardware and its network. */
import { z } from 'zod';
import { readHostHardware } from '../vsphere/host-hardware.ts';
import { readHostNetworking } from '../vsphere/host-networking.ts';
import { listHostServices, pickService, readTimeConfiguration } from '../vsphere/host-services.ts';
import { bytesToGb } from '../vsphere/units.ts';
import { cursor, hostName, limit, objectRef, toObjectRef } from './fields.ts';
import { page, pageFields } from './page.ts';
import { defineTool } from './tool.ts';

const text = z.string().optional();
const amount = z.number().optional();
const texts = z.array(z.string());
const service = z.object({
  key: z.string(),
  label: z.string(),
  policy: z.string().describe('on, off or automatic'),
  running: z.boolean(),
  required: z.boolean(),
  uninstallable: z.boolean(),
});

export const listServices = defineTool({
  name: 'list_services',
  title: 'List host services',
  description:
    'The services of one ESXi host (SSH, NTP, shell, …) with their key, whether they run, and whether they start with the host. get_service_status takes a key and tells of one.',
  permission: 'READ_ONLY',
  effect: 'read',
  input: { host_name: hostName, limit, cursor },
  output: { host: objectRef, services: z.array(service), ...pageFields },
  target: ({ host_name }) => host_name,
  async handler({ host_name, ...paging }, { vsphere, reading }) {
    const host = await vsphere.inventory.host(host_name);
    reading(host);
    const { items, ...rest } = page('services', await listHostServices(vsphere, host), ({ key }) => key, paging);
    return { host: toObjectRef(host), services: items, ...rest };
  },
});

export const getServiceStatus = defineTool({
  name: 'get_service_status',
  title: 'Get host service status',
  description: 'Whether one service of an ESXi host runs and starts with the host. list_services tells the keys.',
  permission: 'READ_ONLY',
  effect: 'read',
  input: {
    host_name: hostName,
    service_key: z.string().min(1).max(100).describe('Key of the service, such as TSM-SSH or ntpd.'),
  },
  output: { host: objectRef, ...service.shape },
  target: ({ host_name }) => host_name,
  async handler({ host_name, service_key }, { vsphere, reading }) {
    const host = await vsphere.inventory.host(host_name);
    reading(host);
    return { host: toObjectRef(host), ...pickService(await listHostServices(vsphere, host), service_key) };
  },
});

export const getNtpConfig = defineTool({
  name: 'get_ntp_config',
  title: 'Get NTP configuration',
  description:
    'How one ESXi host keeps time: its NTP servers, whether the NTP service runs, its time zone, and its clock where the host tells it.',
  permission: 'READ_ONLY',
  effect: 'read',
  input: { host_name: hostName },
  output: {
    host: objectRef,
    ntp_servers: texts,
    service_running: z.boolean().optional(),
    service_policy: text,
    current_time: text,
    timezone: text,
  },
  target: ({ host_name }) => host_name,
  async handler({ host_name }, { vsphere, reading }) {
    const host = await vsphere.inventory.host(host_name);
    reading(host);
    const time = await readTimeConfiguration(vsphere, host);
    return {
      host: toObjectRef(host),
      ntp_servers: [...time.ntpServers],
      service_running: time.serviceRunning,
      service_policy: time.servicePolicy,
      current_time: time.currentTime,
      timezone: time.timezone,
    };
  },
});

const MOST_PCI_DEVICES = 10;

export const getHostHardware = defineTool({
  name: 'get_host_hardware',
  title: 'Get host hardware',
  description:
    'The hardware of one ESXi host: BIOS, processors, memory, physical network cards and its first ten PCI devices. get_host_info has the short form.',
  permission: 'READ_ONLY',
  effect: 'read',
  input: { host_name: hostName },
  output: {
    host: objectRef,
    uuid: text,
    bios: z.object({ vendor: text, version: text, release_date: text }),
    cpu: z.object({ packages: amount, cores: amount, threads: amount, hz: amount }),
    memory: z.object({ total_bytes: amount, total_gb: amount }),
    pci_devices: z.array(z.object({ id: text, vendor_name: text, device_name: text, class_id: text })),
    pci_device_count: z.int(),
    network_adapters: z.array(
      z.object({ device: text, driver: text, mac: text, link_speed: amount.describe('Mbit/s') }),
    ),
  },
  target: ({ host_name }) => host_name,
  async handler({ host_name }, { vsphere, reading }) {
    const host = await vsphere.inventory.host(host_name);
    reading(host);
    const { uuid, bios, cpu, memoryBytes, pciDevices, networkAdapters } = await readHostHardware(vsphere, host);
    return {
      host: toObjectRef(host),
      uuid,
      bios: { vendor: bios.vendor, version: bios.version, release_date: bios.releaseDate },
      cpu: { ...cpu },
      memory: { total_bytes: memoryBytes, total_gb: bytesToGb(memoryBytes) },
      pci_devices: pciDevices.slice(0, MOST_PCI_DEVICES).map(({ id, vendorName, deviceName, classId }) => ({
        id,
        vendor_name: vendorName,
        device_name: deviceName,
        class_id: classId,
      })),
      pci_device_count: pciDevices.length,
      network_adapters: networkAdapters.map(({ device, driver, mac, linkSpeedMb }) => ({
        device,
        driver,
        mac,
        link_speed: linkSpeedMb,
      })),
    };
  },
});

export const getHostNetworking = defineTool({
  name: 'get_host_networking',
  title: 'Get host networking',
  description:
    'How one ESXi host is wired: its standard and distributed switches, port groups with VLANs, VMkernel adapters, DNS. For one network on all hosts use get_network_info.',
  permission: 'READ_ONLY',
  effect: 'read',
  input: { host_name: hostName },
  output: {
    host: objectRef,
    vswitches: z.array(
      z.object({
        name: z.string(),
        distributed: z.boolean(),
        ports: amount,
        ports_available: amount,
        mtu: amount,
        pnics: texts,
      }),
    ),
    portgroups: z.array(z.object({ name: text, vswitch: text, vlan_id: amount })),
    vmkernel_adapters: z.array(
      z.object({ device: text, portgroup: text, ip: text, netmask: text, mac: text, mtu: amount }),
    ),
    dns: z.object({ hostname: text, domain: text, servers: texts, search_domains: texts }),
  },
  target: ({ host_name }) => host_name,
  async handler({ host_name }, { vsphere, reading }) {
    const host = await vsphere.inventory.host(host_name);
    reading(host);
    const { vswitches, distributedSwitches, portgroups, vmkernelAdapters, dns } = await readHostNetworking(
      vsphere,
      host,
    );
    return {
      host: toObjectRef(host),
      vswitches: [
        ...vswitches.map(({ portsAvailable, pnics, ...each }) => ({
          ...each,
          distributed: false,
          ports_available: portsAvailable,
          pnics: [...pnics],
        })),
        ...distributedSwitches.map(({ pnics, ...each }) => ({ ...each, distributed: true, pnics: [...pnics] })),
      ],
      portgroups: portgroups.map(({ name, vswitch, vlanId }) => ({ name, vswitch, vlan_id: vlanId })),
      vmkernel_adapters: vmkernelAdapters.map((adapter) => ({ ...adapter })),
      dns: {
        hostname: dns.hostname,
        domain: dns.domain,
        servers: [...dns.servers],
        search_domains: [...dns.searchDomains],
      },
    };
  },
});
