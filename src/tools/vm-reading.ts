/** VMs and templates: which there are, and one in full. */
import { z } from 'zod';
import { refKey, sameRef } from '../vsphere/references.ts';
import { readVm } from '../vsphere/virtual-machine.ts';
import { listPlacedVms, type PlacedVm } from '../vsphere/vm-list.ts';
import { cursor, limit, objectRef, powerState, toObjectRef, vmName } from './fields.ts';
import { nameFilter } from './name-filter.ts';
import { page, pageFields } from './page.ts';
import { defineTool, type ServerContext } from './tool.ts';

const hardware = { cpu: z.number().optional(), memory_mb: z.number().optional(), guest_os: z.string().optional() };
const container = z.string().min(1).max(2048).optional();

export const listVms = defineTool({
  name: 'list_vms',
  title: 'List VMs',
  description:
    'The VMs of one server with power state, size and guest, narrowed by name, power state, folder, cluster or tag. Templates are in list_templates; get_vm_info tells all about one VM; find searches every server, also by IP and MAC.',
  permission: 'READ_ONLY',
  effect: 'read',
  input: {
    name: z.string().min(1).max(80).optional().describe('Part of the name in any case, or a pattern with * and ?.'),
    power_state: z.enum(['poweredOn', 'poweredOff', 'suspended']).optional(),
    folder: container.describe('Folder, with what is below it: name, path or id.'),
    cluster: container.describe('Cluster: name, path or id.'),
    tag: container.describe('Tag on the VM: name, category/name or id.'),
    limit,
    cursor,
  },
  output: { vms: z.array(objectRef.extend({ power_state: powerState, ...hardware })), ...pageFields },
  async handler(given, { vsphere }) {
    const [all, isWithin] = await Promise.all([listPlacedVms(vsphere), placeFilter(given, vsphere)]);
    const isNamed = nameFilter(given.name);
    const wanted = all.filter(
      (vm) =>
        !vm.isTemplate &&
        (given.power_state === undefined || vm.powerState === given.power_state) &&
        isNamed(vm.name) &&
        isWithin(vm),
    );
    const { items, ...rest } = page('vms', wanted, keyOf, given);
    return { vms: items.map((vm) => ({ ...toListed(vm), power_state: vm.powerState })), ...rest };
  },
});

export const listTemplates = defineTool({
  name: 'list_templates',
  title: 'List templates',
  description: 'The templates that clone_vm can make VMs of, with size and guest. VMs are in list_vms.',
  permission: 'READ_ONLY',
  effect: 'read',
  input: { limit, cursor },
  output: { templates: z.array(objectRef.extend(hardware)), ...pageFields },
  async handler({ limit, cursor }, { vsphere }) {
    const templates = (await listPlacedVms(vsphere)).filter(({ isTemplate }) => isTemplate);
    const { items, ...rest } = page('templates', templates, keyOf, { limit, cursor });
    return { templates: items.map(toListed), ...rest };
  },
});

const text = z.string().optional();

export const getVmInfo = defineTool({
  name: 'get_vm_info',
  title: 'Get VM info',
  description:
    'All about one VM or template: state, size, guest, addresses, host, datastores, disks and network cards. For load and storage use get_vm_stats.',
  permission: 'READ_ONLY',
  effect: 'read',
  input: { name: vmName },
  output: {
    ...objectRef.shape,
    power_state: powerState,
    is_template: z.boolean(),
    ...hardware,
    guest_id: text,
    uuid: text,
    instance_uuid: text,
    hardware_version: text,
    host: text,
    datastore: z.array(z.string()),
    ip_address: text,
    hostname: text,
    tools_status: text,
    tools_version: text,
    disks: z.array(z.object({ label: z.string(), capacity_gb: z.number(), thin_provisioned: z.boolean().optional() })),
    nics: z.array(z.object({ label: z.string(), mac_address: text, connected: z.boolean(), network: text })),
    annotation: z.string(),
  },
  target: ({ name }) => name,
  async handler({ name }, { vsphere, reading }) {
    const vm = await vsphere.inventory.find('VirtualMachine', name);
    reading(vm);
    const info = await readVm(vsphere, vm.ref);
    return {
      ...toObjectRef(vm),
      power_state: info.powerState ?? 'unknown',
      is_template: info.isTemplate,
      cpu: info.cpu,
      memory_mb: info.memoryMb,
      guest_os: info.guestOs,
      guest_id: info.guestId,
      uuid: info.uuid,
      instance_uuid: info.instanceUuid,
      hardware_version: info.hardwareVersion,
      host: info.host,
      datastore: [...info.datastores],
      ip_address: info.tools.ipAddress,
      hostname: info.tools.hostname,
      tools_status: info.tools.status,
      tools_version: info.tools.version,
      disks: info.disks.map(({ label, capacityGb, thinProvisioned }) => ({
        label,
        capacity_gb: capacityGb,
        thin_provisioned: thinProvisioned,
      })),
      nics: info.nics.map(({ label, macAddress, connected, network }) => ({
        label,
        mac_address: macAddress,
        connected,
        network,
      })),
      annotation: info.annotation ?? '',
    };
  },
});

/** Paths are not unique where names are not, inside vApps. */
function keyOf({ path, id }: PlacedVm): string {
  return `${path}\0${id}`;
}

function toListed(vm: PlacedVm) {
  return { ...toObjectRef(vm), cpu: vm.cpu, memory_mb: vm.memoryMb, guest_os: vm.guestOs };
}

async function placeFilter(
  { folder, cluster, tag }: { folder?: string | undefined; cluster?: string | undefined; tag?: string | undefined },
  { inventory, readOne, tags }: ServerContext['vsphere'],
): Promise<(vm: PlacedVm) => boolean> {
  const [above, hosts, carriers] = await Promise.all([
    folder === undefined ? undefined : inventory.find('Folder', folder),
    cluster === undefined ? undefined : hostsOf(cluster),
    tag === undefined ? undefined : carriersOf(tag),
  ]);
  return (vm) =>
    (above === undefined || vm.within.some((ref) => sameRef(ref, above.ref))) &&
    (hosts === undefined || (vm.host !== undefined && hosts.has(vm.host.value))) &&
    (carriers === undefined || carriers.has(refKey(vm.ref)));

  async function hostsOf(name: string): Promise<Set<string>> {
    const { ref } = await inventory.find('ClusterComputeResource', name);
    const { props } = await readOne('ClusterComputeResource', ref, ['host']);
    return new Set(props.host?.map(({ value }) => value));
  }

  async function carriersOf(name: string): Promise<Set<string>> {
    return new Set((await tags.objectsOf(await tags.find(name))).map(refKey));
  }
}
