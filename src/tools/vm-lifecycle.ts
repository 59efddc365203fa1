/** VMs come into being, change, and go. */
import { z } from 'zod';
import { GatewayError } from '../lib/errors.ts';
import { formatDatastorePath, parseDatastorePath } from '../vsphere/datastore-path.ts';
import { InvalidStateError } from '../vsphere/errors.ts';
import { isFault } from '../vsphere/faults.ts';
import type { InventoryObject } from '../vsphere/inventory.ts';
import { requireFreeName } from '../vsphere/name-taken.ts';
import { encodeName, quoted } from '../vsphere/names.ts';
import { nicBacking } from '../vsphere/nic-backing.ts';
import { chooseHost } from '../vsphere/vm-host-choice.ts';
import { requireReconfigurable } from '../vsphere/vm-reconfiguration.ts';
import { newVmSpec } from '../vsphere/vm-spec.ts';
import { readPowerState } from '../vsphere/vm-state.ts';
import { datastoreName, newName, objectRef, toObjectRef, vmName } from './fields.ts';
import { cloneBeside, made, madeVm } from './new-vm.ts';
import { defineTool, type ServerContext } from './tool.ts';

const cpu = z.int().min(1).max(768);
const memoryMb = z.int().min(4).max(25_165_824).multipleOf(4);
/** Left out: where this server puts new things. */
const place = z.string().min(1).max(2048).optional();
const annotation = z.string().max(16_384);

export const createVm = defineTool({
  name: 'create_vm',
  title: 'Create VM',
  description:
    'Make a new, empty VM, powered off, with so many CPUs, so much memory, one thin disk, a network card and, with iso_path, a CD drive. For one with an operating system use clone_vm or deploy_from_template.',
  permission: 'VM_LIFECYCLE',
  effect: 'create',
  task: true,
  input: {
    name: newName,
    cpu: cpu.default(2),
    memory_mb: memoryMb.default(4096),
    disk_gb: z.int().min(1).max(63_488).default(20),
    datastore: place,
    network: place,
    guest_id: z
      .string()
      .regex(/^\w{1,80}$/)
      .default('otherGuest64')
      .describe('ubuntu64Guest, windows9Server64Guest, …'),
    iso_path: z.string().min(1).max(1024).optional().describe('Path on iso_datastore, or [datastore] path.'),
    iso_datastore: place.describe('Default: datastore.'),
    boot_from_iso: z.boolean().default(true),
  },
  output: { ...madeVm, network: z.string() },
  target: ({ name }) => name,
  async handler(given, context) {
    const { vsphere } = context;
    const { inventory, defaults } = vsphere;
    const [datastore, network, computeResource, pool, folder] = await Promise.all([
      given.datastore === undefined ? defaults.datastore() : inventory.find('Datastore', given.datastore),
      given.network === undefined ? defaults.network() : inventory.find('Network', given.network),
      defaults.computeResource(),
      defaults.resourcePool(),
      defaults.vmFolder(),
    ]);
    const [nic, host, iso] = await Promise.all([
      nicBacking(vsphere, network),
      chooseHost(vsphere, computeResource, { datastore: datastore.ref, network: network.ref }),
      isoPath(given.iso_path, given.iso_datastore, datastore, vsphere),
      requireFreeName(vsphere, folder.ref, given.name),
    ]);
    const config = newVmSpec({
      name: given.name,
      cpu: given.cpu,
      memoryMb: given.memory_mb,
      diskGb: given.disk_gb,
      guestId: given.guest_id,
      datastore: datastore.name,
      nic,
      iso,
      bootFromIso: given.boot_from_iso,
    });
    await context.acting(folder);
    const request = { _this: folder.ref, config, pool: pool.ref, ...(host ? { host } : {}) };
    const { task, result } = await context.follow(await vsphere.call('CreateVM_Task', request));
    return {
      ...(await made(result, context)),
      datastore: datastore.name,
      network: network.name,
      task,
    };
  },
});

export const cloneVm = defineTool({
  name: 'clone_vm',
  title: 'Clone VM',
  description:
    'Copy a template or a VM, with its disks, to a new VM in the same folder and resource pool. Needs a vCenter: a lone ESXi host cannot clone. The guest is copied as it is, host name and fixed addresses included.',
  permission: 'VM_LIFECYCLE',
  effect: 'create',
  task: true,
  input: {
    template_name: vmName.describe('Template or VM: name, path or id.'),
    new_name: newName,
    power_on: z.boolean().default(false),
    datastore: datastoreName.optional().describe("Default: the source's."),
  },
  output: { ...madeVm, source: objectRef },
  target: ({ new_name }) => new_name,
  async handler(given, context) {
    const { vsphere } = context;
    vsphere.requireVcenter('clone_vm');
    const [source, datastore] = await Promise.all([
      vsphere.inventory.find('VirtualMachine', given.template_name),
      given.datastore === undefined ? undefined : vsphere.inventory.find('Datastore', given.datastore),
    ]);
    const wish = { name: given.new_name, datastore, powerOn: given.power_on };
    return { ...(await cloneBeside(source, wish, context)), source: toObjectRef(source) };
  },
});

export const deleteVm = defineTool({
  name: 'delete_vm',
  title: 'Delete VM',
  description:
    'Delete a VM or template with all its disks and snapshots, for good. A running VM is powered off first, hard, and stays off should the deletion fail.',
  permission: 'VM_LIFECYCLE',
  effect: 'delete',
  task: true,
  input: { name: vmName },
  output: {
    vm: objectRef,
    deleted: z.boolean().describe('false while the task runs'),
    powered_off_first: z.boolean(),
  },
  target: ({ name }) => name,
  async handler({ name }, context) {
    const { vsphere } = context;
    const vm = await vsphere.inventory.find('VirtualMachine', name);
    const running = (await readPowerState(vsphere, vm)) === 'poweredOn';
    await context.acting(vm);
    if (running) await powerOffFirst(vm, context);
    const { task } = await destroy(vm, context).catch((error: unknown) => {
      throw running && error instanceof GatewayError ? new StoppedOnlyError(vm, error) : error;
    });
    const left = await vsphere.read('VirtualMachine', [vm.ref], ['name']);
    return { vm: toObjectRef(vm), deleted: left.length === 0, powered_off_first: running, task };
  },
});

export const reconfigureVm = defineTool({
  name: 'reconfigure_vm',
  title: 'Reconfigure VM',
  description:
    "Change a VM's number of CPUs, memory or annotation; what is left out stays. A running VM takes more CPUs or memory only where hot add is enabled, and never less memory: shut it down first.",
  permission: 'VM_LIFECYCLE',
  effect: 'update',
  idempotent: true,
  task: true,
  input: {
    name: vmName,
    cpu: cpu.optional(),
    memory_mb: memoryMb.optional(),
    annotation: annotation.optional().describe('Notes; an empty text clears them.'),
  },
  output: { vm: objectRef, cpu: z.int().optional(), memory_mb: z.int().optional(), annotation: z.string() },
  target: ({ name }) => name,
  async handler(given, context) {
    const { cpu, memory_mb, annotation } = given;
    if (cpu === undefined && memory_mb === undefined && annotation === undefined) {
      throw new GatewayError('INVALID_INPUT', 'Give cpu, memory_mb or annotation: there is nothing to change.');
    }
    const { vsphere } = context;
    const vm = await vsphere.inventory.find('VirtualMachine', given.name);
    await requireReconfigurable(vsphere, vm, { cpu, memoryMb: memory_mb });
    await context.acting(vm);
    const started = await vsphere.call('ReconfigVM_Task', {
      _this: vm.ref,
      spec: {
        ...(cpu === undefined ? {} : { numCPUs: cpu }),
        ...(memory_mb === undefined ? {} : { memoryMB: memory_mb }),
        ...(annotation === undefined ? {} : { annotation }),
      },
    });
    const { task } = await context.follow(started);
    const { props } = await vsphere.readOne('VirtualMachine', vm.ref, [
      'config.hardware.numCPU',
      'config.hardware.memoryMB',
      'config.annotation',
    ]);
    return {
      vm: toObjectRef(vm),
      cpu: props['config.hardware.numCPU'],
      memory_mb: props['config.hardware.memoryMB'],
      annotation: props['config.annotation'] ?? '',
      task,
    };
  },
});

export const renameVm = defineTool({
  name: 'rename_vm',
  title: 'Rename VM',
  description:
    'Change what a VM or template is called in the inventory. Its id, its files on the datastore and the host name inside the guest stay.',
  permission: 'VM_LIFECYCLE',
  effect: 'update',
  idempotent: true,
  task: true,
  input: { name: vmName, new_name: newName },
  output: { vm: objectRef, old_name: z.string() },
  target: ({ name }) => name,
  async handler({ name, new_name }, context) {
    const { vsphere } = context;
    const vm = await vsphere.inventory.find('VirtualMachine', name);
    if (vm.name === new_name) throw new InvalidStateError(`${quoted(vm.name)} has this name already.`);
    const { props } = await vsphere.readOne('VirtualMachine', vm.ref, ['parent']);
    if (props.parent !== undefined) await requireFreeName(vsphere, props.parent, new_name);
    await context.acting(vm);
    const started = await vsphere.call('Rename_Task', { _this: vm.ref, newName: encodeName(new_name) });
    const { task } = await context.follow(started);
    return { vm: toObjectRef(await vsphere.inventory.describe(vm.ref)), old_name: vm.name, task };
  },
});

/** Waited for whatever `wait` says: only a VM that is off can be deleted. */
async function powerOffFirst(vm: InventoryObject, { vsphere, progress, follow }: ServerContext): Promise<void> {
  progress(0, `powering off ${vm.name}`);
  await follow(await vsphere.call('PowerOffVM_Task', { _this: vm.ref }), { step: true });
}

async function destroy(vm: InventoryObject, { vsphere, follow }: ServerContext) {
  return follow(await vsphere.call('Destroy_Task', { _this: vm.ref }));
}

/** The deletion went wrong after its first step: its caller must know that the VM no longer runs. */
class StoppedOnlyError extends GatewayError {
  override readonly maybeExecuted: boolean;

  constructor({ name }: InventoryObject, error: GatewayError) {
    const refused = error.code === 'TASK_FAILED' || isFault(error);
    const outcome = refused ? ', and not deleted:' : ';';
    super(error.code, `${quoted(name)} was powered off first${outcome} ${error.message}`, { cause: error });
    this.maybeExecuted = error.maybeExecuted;
  }
}

async function isoPath(
  given: string | undefined,
  isoDatastore: string | undefined,
  vmDatastore: InventoryObject,
  { inventory }: ServerContext['vsphere'],
): Promise<string | undefined> {
  if (given === undefined) return undefined;
  const { datastore, path } = parseDatastorePath(given);
  if (datastore !== undefined && isoDatastore !== undefined && datastore !== isoDatastore) {
    throw new GatewayError('INVALID_INPUT', 'iso_path and iso_datastore name different datastores: give one.');
  }
  const wanted = isoDatastore ?? datastore;
  const isOwn = wanted === undefined || wanted === vmDatastore.name;
  const { name } = isOwn ? vmDatastore : await inventory.find('Datastore', wanted);
  return formatDatastorePath(name, path);
}
