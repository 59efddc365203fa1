/** VMs move between hosts, pools and datastores. */
import { z } from 'zod';
import { GatewayError } from '../lib/errors.ts';
import { byLabel, disksOf, readDevices } from '../vsphere/devices.ts';
import { InvalidStateError } from '../vsphere/errors.ts';
import type { InventoryObject } from '../vsphere/inventory.ts';
import { requireFreeName } from '../vsphere/name-taken.ts';
import { quoted } from '../vsphere/names.ts';
import { sameRef } from '../vsphere/references.ts';
import {
  bytesTo,
  checkRelocation,
  destinationOf,
  isWhollyOn,
  type PlacedVm,
  type Relocation,
  readPlacedVm,
  requireRoomOn,
  requireUsableHost,
  requireWithinReach,
} from '../vsphere/relocation.ts';
import { datastoreName, objectRef, poolName, powerState, toObjectRef, vmName } from './fields.ts';
import { defineTool, type ServerContext } from './tool.ts';

/** Copying disks takes its time: what is not done by then goes on in vSphere. */
const DEADLINE_SECONDS = 4 * 60 * 60;
const text = z.string().optional();
const target = ({ vm_name }: { vm_name: string }) => vm_name;

export const storageVmotion = defineTool({
  name: 'storage_vmotion',
  title: 'Storage vMotion',
  description:
    'Move all files of a VM or template, disks included, to another datastore that its host reaches; a running VM goes on running. For one disk use move_vm_disk, for another host migrate_vm. Needs a vCenter.',
  permission: 'VM_LIFECYCLE',
  effect: 'update',
  idempotent: true,
  task: true,
  deadlineSeconds: DEADLINE_SECONDS,
  input: {
    vm_name: vmName,
    target_datastore: datastoreName,
    thin_provision: z.boolean().optional().describe('Make its disks thin, or thick; left out: as they are.'),
  },
  output: {
    vm: objectRef,
    action: z.string(),
    source_datastore: text,
    target_datastore: z.string(),
    datastores: z.array(z.string()).describe('Where its files are now.'),
    thin_provision: z.boolean().optional(),
  },
  target,
  async handler({ vm_name, target_datastore, thin_provision }, context) {
    const { vsphere } = context;
    vsphere.requireVcenter('storage_vmotion');
    const { vm, datastore } = await find(vm_name, target_datastore, context);
    if (isWhollyOn(vm, datastore)) {
      throw new InvalidStateError(`${quoted(vm.object.name)} is on ${quoted(datastore.name)} already.`);
    }
    await requireRoomOn(vsphere, datastore, bytesTo(vm, datastore, thin_provision));
    await requireWithinReach(vsphere, await vsphere.inventory.describe(vm.host), [datastore.ref], []);
    const { task } = await relocate(vm.object, context, {
      datastore: datastore.ref,
      ...(thin_provision === undefined ? {} : { transform: thin_provision ? 'sparse' : 'flat' }),
    });
    return {
      vm: toObjectRef(vm.object),
      action: 'moved',
      source_datastore: vm.home,
      target_datastore: datastore.name,
      datastores: await datastoresOf(vm.object, context),
      ...(thin_provision === undefined ? {} : { thin_provision }),
      task,
    };
  },
});

export const moveVmDisk = defineTool({
  name: 'move_vm_disk',
  title: 'Move VM disk',
  description:
    'Move one virtual disk of a VM to another datastore; its other disks and its configuration stay, and a running VM goes on running. list_disks tells the labels. For all of them use storage_vmotion. Needs a vCenter.',
  permission: 'VM_LIFECYCLE',
  effect: 'update',
  idempotent: true,
  task: true,
  deadlineSeconds: DEADLINE_SECONDS,
  input: {
    vm_name: vmName,
    disk_label: z.string().min(1).max(255).describe('Label, such as "Hard disk 1".'),
    target_datastore: datastoreName,
  },
  output: {
    vm: objectRef,
    action: z.string(),
    disk: z.string(),
    source_datastore: text,
    target_datastore: z.string(),
    file: text.describe('Where the disk is now.'),
  },
  target,
  async handler({ vm_name, disk_label, target_datastore }, context) {
    const { vsphere } = context;
    vsphere.requireVcenter('move_vm_disk');
    const { vm, datastore } = await find(vm_name, target_datastore, context);
    const disk = byLabel(vm.disks, disk_label, 'disk');
    if (disk.datastore === datastore.name) {
      throw new InvalidStateError(`${quoted(disk.label)} is on ${quoted(datastore.name)} already.`);
    }
    await requireRoomOn(vsphere, datastore, disk.thinProvisioned === true ? 0 : disk.capacityBytes);
    await requireWithinReach(vsphere, await vsphere.inventory.describe(vm.host), [datastore.ref], []);
    const { task } = await relocate(vm.object, context, {
      disk: [{ diskId: disk.key, datastore: datastore.ref }],
    });
    const now = disksOf(await readDevices(vsphere, vm.object.ref)).find(({ key }) => key === disk.key);
    return {
      vm: toObjectRef(vm.object),
      action: 'moved',
      disk: disk.label,
      source_datastore: disk.datastore,
      target_datastore: datastore.name,
      file: now?.file,
      task,
    };
  },
});

export const migrateVm = defineTool({
  name: 'migrate_vm',
  title: 'Migrate VM',
  description:
    'Move a VM to another ESXi host, resource pool or datastore, also to another cluster; a running VM goes on running (vMotion). What speaks against it is told before anything moves. Needs a vCenter.',
  permission: 'VM_LIFECYCLE',
  effect: 'update',
  idempotent: true,
  task: true,
  deadlineSeconds: DEADLINE_SECONDS,
  input: {
    vm_name: vmName,
    host_name: z.string().min(1).max(2048).optional().describe('ESXi host to go to: name, path or id.'),
    datastore: datastoreName.optional().describe('Left out: its files stay where they are.'),
    resource_pool: poolName.optional().describe('Default: the present one, or the root pool of another cluster.'),
  },
  output: {
    vm: objectRef,
    action: z.string(),
    from_host: z.string(),
    host: z.string().describe('Where it is now.'),
    resource_pool: text,
    datastores: z.array(z.string()),
    power_state: powerState,
    warnings: z.array(z.string()).describe("vSphere's, from before the move."),
  },
  target,
  async handler(given, context) {
    const { vsphere } = context;
    vsphere.requireVcenter('migrate_vm');
    const { inventory } = vsphere;
    if (given.host_name === undefined && given.datastore === undefined && given.resource_pool === undefined) {
      throw new GatewayError('INVALID_INPUT', 'Give host_name, datastore or resource_pool: there is nowhere to go.');
    }
    const [object, host, datastore, pool] = await Promise.all([
      inventory.find('VirtualMachine', given.vm_name),
      given.host_name === undefined ? undefined : inventory.find('HostSystem', given.host_name),
      given.datastore === undefined ? undefined : inventory.find('Datastore', given.datastore),
      given.resource_pool === undefined ? undefined : inventory.find('ResourcePool', given.resource_pool),
    ]);
    const vm = await readPlacedVm(vsphere, object);
    requireElsewhere(vm, { host, datastore, pool });
    const from = await inventory.describe(vm.host);
    if (host !== undefined) await requireUsableHost(vsphere, host);
    if (datastore !== undefined) await requireRoomOn(vsphere, datastore, bytesTo(vm, datastore, undefined));
    const place = await destinationOf(vsphere, vm, { host, pool });
    const stays = datastore === undefined ? vm.datastores : [datastore.ref];
    if (host !== undefined) await requireWithinReach(vsphere, host, stays, vm.running ? vm.networks : []);
    if (place.folder !== undefined) await requireFreeName(vsphere, place.folder, object.name);
    const spec = { ...place, ...(datastore && { datastore: datastore.ref }) };
    const { task, warnings } = await relocate(object, context, spec);
    return { ...(await whereabouts(object, context)), action: 'migrated', from_host: from.name, warnings, task };
  },
});

interface Wanted {
  readonly host: InventoryObject | undefined;
  readonly datastore: InventoryObject | undefined;
  readonly pool: InventoryObject | undefined;
}

/** Errors: INVALID_STATE where the VM is in all the places that were named. */
function requireElsewhere(vm: PlacedVm, { host, datastore, pool }: Wanted): void {
  const isThere =
    (host === undefined || sameRef(vm.host, host.ref)) &&
    (datastore === undefined || isWhollyOn(vm, datastore)) &&
    (pool === undefined || sameRef(vm.pool, pool.ref));
  const places = [host, pool, datastore].flatMap((place) => (place === undefined ? [] : quoted(place.name)));
  if (isThere) throw new InvalidStateError(`${quoted(vm.object.name)} is on ${places.join(', ')} already.`);
}

async function find(vmName: string, datastoreName: string, { vsphere }: ServerContext) {
  const [object, datastore] = await Promise.all([
    vsphere.inventory.find('VirtualMachine', vmName),
    vsphere.inventory.find('Datastore', datastoreName),
  ]);
  return { vm: await readPlacedVm(vsphere, object), datastore };
}

/** All checks come before; the last of them is vCenter's own. */
async function relocate(vm: InventoryObject, context: ServerContext, spec: Relocation) {
  const { vsphere, acting, follow } = context;
  const warnings = await checkRelocation(vsphere, vm, spec);
  await acting(vm);
  const { task } = await follow(await vsphere.call('RelocateVM_Task', { _this: vm.ref, spec }));
  return { task, warnings };
}

async function datastoresOf(vm: InventoryObject, { vsphere }: ServerContext): Promise<string[]> {
  const { props } = await vsphere.readOne('VirtualMachine', vm.ref, ['datastore']);
  const objects = await vsphere.inventory.describeAll(props.datastore ?? []);
  return [...objects.values()].map(({ name }) => name).sort();
}

async function whereabouts(vm: InventoryObject, context: ServerContext) {
  const { vsphere, reading } = context;
  const { props } = await vsphere.readOne('VirtualMachine', vm.ref, [
    'runtime.host',
    'runtime.powerState',
    'resourcePool',
  ]);
  const { resourcePool: pool, 'runtime.host': host } = props;
  const refs = [vm.ref, pool, host].filter((ref) => ref !== undefined);
  const objects = await vsphere.inventory.describeAll(refs);
  const now = objects.get(vm.id) ?? vm;
  reading(now);
  return {
    vm: toObjectRef(now),
    host: objects.get(host?.value ?? '')?.name ?? '',
    resource_pool: objects.get(pool?.value ?? '')?.path,
    datastores: await datastoresOf(vm, context),
    power_state: props['runtime.powerState'] ?? 'unknown',
  };
}
