/** Packages (OVF and OVA): what is in them, and VMs made of them. */
import { z } from 'zod';
import { GatewayError } from '../lib/errors.ts';
import { cdromFirst } from '../vsphere/boot-order.ts';
import { cdDriveAdded } from '../vsphere/cdrom.ts';
import { findDatastoreBytes, openDatastoreBytes } from '../vsphere/datastore-bytes.ts';
import { findPlace } from '../vsphere/datastore-file.ts';
import { requireImage } from '../vsphere/datastore-image.ts';
import { parseDatastorePath } from '../vsphere/datastore-path.ts';
import type { InventoryObject } from '../vsphere/inventory.ts';
import { requireFreeName } from '../vsphere/name-taken.ts';
import { quoted } from '../vsphere/names.ts';
import { withOva } from '../vsphere/ova-source.ts';
import { planImport, sendFiles } from '../vsphere/ovf-import.ts';
import { type OvfPackage, openArchive, openFolder } from '../vsphere/ovf-package.ts';
import { readHardware } from '../vsphere/vm-hardware.ts';
import { chooseHost } from '../vsphere/vm-host-choice.ts';
import { cursor, datastoreName, limit, networkName, newName, objectRef, powerState, toObjectRef } from './fields.ts';
import { ascending, page, pageFields } from './page.ts';
import { defineTool, type ServerContext } from './tool.ts';

/** Of a transfer of hundreds of gigabytes. */
export const TRANSFER_DEADLINE_SECONDS = 6 * 60 * 60;

const ovaPath = z
  .string()
  .min(1)
  .max(4096)
  .describe('"[datastore] path", a listed https URL, or a file in MCP_FILES_DIR.');
const ovfPath = z.string().min(1).max(1024).describe('.ovf file on the datastore, or [datastore] path.');

export const movedFiles = z.array(z.object({ file: z.string(), size_bytes: z.int(), sha256: z.string() }));

export const inspectOva = defineTool({
  name: 'inspect_ova',
  title: 'Inspect OVA',
  description:
    'Tell what is in an OVA package before deploy_ova: product, deployment options, networks, disks. Reads its descriptor only. For an unpacked .ovf on a datastore use list_ovf_networks.',
  permission: 'READ_ONLY',
  effect: 'read',
  input: { ova_path: ovaPath },
  output: {
    source: z.string(),
    product: z.string().optional(),
    vendor: z.string().optional(),
    version: z.string().optional(),
    os_type: z.string().optional(),
    hardware_version: z.string().optional(),
    deployment_options: z.array(z.object({ id: z.string(), label: z.string(), default: z.boolean() })),
    networks: z.array(z.string()),
    disks: z.array(z.object({ disk_id: z.string(), capacity: z.string(), units: z.string() })),
    disk_files: z.array(z.object({ file: z.string(), size_bytes: z.int().optional() })),
  },
  async handler({ ova_path }, context) {
    const { source, descriptor } = await withOva(context, ova_path, openArchive);
    return {
      source,
      product: descriptor.product ?? descriptor.name,
      vendor: descriptor.vendor,
      version: descriptor.version,
      os_type: descriptor.osType,
      hardware_version: descriptor.hardwareVersion,
      deployment_options: descriptor.deploymentOptions.map(({ id, label, isDefault }) => ({
        id,
        label,
        default: isDefault,
      })),
      networks: descriptor.networks.map(({ name }) => name),
      disks: descriptor.disks.map(({ diskId, capacity, units }) => ({ disk_id: diskId, capacity, units })),
      disk_files: descriptor.files.map(({ href, size }) => ({ file: href, size_bytes: size })),
    };
  },
});

export const listOvfNetworks = defineTool({
  name: 'list_ovf_networks',
  title: 'List networks of an OVF',
  description:
    'List the networks that an OVF package on a datastore names, and to which network deploy_ovf would connect each when it is given none. For an OVA use inspect_ova.',
  permission: 'READ_ONLY',
  effect: 'read',
  input: { ovf_path: ovfPath, datastore: datastoreName, limit, cursor },
  output: {
    source: z.string(),
    networks: z.array(z.object({ name: z.string(), description: z.string(), network: z.string() })),
    ...pageFields,
  },
  async handler({ ovf_path, datastore, ...wanted }, context) {
    const { source, descriptor } = await openOvf(ovf_path, datastore, context);
    const network = descriptor.networks.length === 0 ? undefined : await context.vsphere.defaults.network();
    const named = descriptor.networks.map((each, index) => ({ ...each, index }));
    const { items, ...rest } = page(`ovf ${source}`, named, ({ index }) => ascending(index), wanted);
    const networks = items.map(({ name, description }) => ({ name, description, network: network?.name ?? '' }));
    return { source, networks, ...rest };
  },
});

const deployed = {
  vm: objectRef,
  action: z.string(),
  datastore: z.string(),
  source: z.string(),
  network: z.string(),
  disks: movedFiles,
  uuid: z.string().optional(),
  power_state: powerState,
  warnings: z.array(z.string()).optional(),
};

export const deployOvf = defineTool({
  name: 'deploy_ovf',
  title: 'Deploy OVF',
  description:
    'Make a VM of an OVF package that lies unpacked on a datastore, disks beside the .ovf file; all its networks are mapped to one. For a single .ova file use deploy_ova; for a VM that is here clone_vm.',
  permission: 'VM_LIFECYCLE',
  effect: 'create',
  endsWithCaller: true,
  deadlineSeconds: TRANSFER_DEADLINE_SECONDS,
  input: {
    ovf_path: ovfPath,
    vm_name: newName,
    datastore: datastoreName.describe('For the VM, and where the .ovf is.'),
    network: networkName.optional(),
    power_on: z.boolean().default(false),
  },
  output: deployed,
  target: ({ vm_name }) => vm_name,
  async handler(given, context) {
    const from = await openOvf(given.ovf_path, given.datastore, context);
    return deploy(from, { ...given, disk_provisioning: 'thin' }, context);
  },
});

export const deployOva = defineTool({
  name: 'deploy_ova',
  title: 'Deploy OVA',
  description:
    'Make a VM of an OVA package (one .ova file) from a datastore, a listed URL or the gateway, streamed; all its networks are mapped to one. inspect_ova tells its options. For an .ovf use deploy_ovf.',
  permission: 'VM_LIFECYCLE',
  effect: 'create',
  endsWithCaller: true,
  deadlineSeconds: TRANSFER_DEADLINE_SECONDS,
  input: {
    ova_path: ovaPath,
    vm_name: newName,
    datastore: datastoreName.optional(),
    network: networkName.optional(),
    power_on: z.boolean().default(false),
    disk_provisioning: z.enum(['thin', 'thick', 'eagerZeroedThick']).default('thin'),
    deployment_option: z.string().min(1).max(255).optional(),
    iso_path: z.string().min(1).max(1024).optional().describe('For a CD drive besides: path, or [datastore] path.'),
    iso_datastore: datastoreName.optional(),
    boot_from_iso: z.boolean().default(true),
  },
  output: { ...deployed, iso: z.string().optional() },
  target: ({ vm_name }) => vm_name,
  handler: (given, context) =>
    withOva(context, given.ova_path, async (ova) => deploy(await openArchive(ova), given, context)),
});

async function openOvf(path: string, datastore: string, { vsphere }: ServerContext): Promise<OvfPackage> {
  const { datastore: named, path: file } = parseDatastorePath(path);
  if (!/\.ovf$/i.test(file)) {
    throw new GatewayError(
      'INVALID_INPUT',
      'ovf_path has to name an .ovf file; an .ova is for deploy_ova and inspect_ova.',
    );
  }
  const place = await findPlace(vsphere, named ?? datastore);
  const folder = file.slice(0, file.lastIndexOf('/') + 1);
  const descriptor = await openDatastoreBytes(vsphere, place, file);
  return openFolder(descriptor, (name) => findDatastoreBytes(vsphere, place, folder + name));
}

interface DeployWish {
  readonly vm_name: string;
  readonly datastore?: string | undefined;
  readonly network?: string | undefined;
  readonly power_on: boolean;
  readonly disk_provisioning: 'thin' | 'thick' | 'eagerZeroedThick';
  readonly deployment_option?: string | undefined;
  readonly iso_path?: string | undefined;
  readonly iso_datastore?: string | undefined;
  readonly boot_from_iso?: boolean | undefined;
}

async function deploy(from: OvfPackage, wish: DeployWish, context: ServerContext) {
  const { vsphere, progress } = context;
  const { inventory, defaults } = vsphere;
  const [datastore, network, computeResource, pool, folder] = await Promise.all([
    wish.datastore === undefined ? defaults.datastore() : inventory.find('Datastore', wish.datastore),
    wish.network === undefined ? defaults.network() : inventory.find('Network', wish.network),
    defaults.computeResource(),
    defaults.resourcePool(),
    defaults.vmFolder(),
  ]);
  const [host, iso] = await Promise.all([
    chooseHost(vsphere, computeResource, { datastore: datastore.ref, network: network.ref }),
    isoFor(wish, datastore, context),
    requireFreeName(vsphere, folder.ref, wish.vm_name),
  ]);
  const plan = await planImport(vsphere, from, {
    name: wish.vm_name,
    datastore,
    network,
    pool: pool.ref,
    folder: folder.ref,
    host,
    provisioning: wish.disk_provisioning,
    deploymentOption: wish.deployment_option,
  });
  await context.acting(folder);
  const { vm, disks } = await vsphere.useLease(plan.start, async (lease) => {
    const sent = await sendFiles(vsphere, lease, plan, progress);
    return { vm: await inventory.describe(lease.info.entity), disks: sent };
  });
  context.reading(vm);
  if (iso === undefined && !wish.power_on) context.changed();
  await finish(vm, { iso, bootFromIso: wish.boot_from_iso === true, powerOn: wish.power_on }, context);
  const { props } = await vsphere.readOne('VirtualMachine', vm.ref, ['config.uuid', 'runtime.powerState']);
  return {
    vm: toObjectRef(vm),
    action: 'deployed',
    datastore: datastore.name,
    source: from.source,
    network: network.name,
    disks: disks.map(({ file, sizeBytes, sha256 }) => ({ file, size_bytes: sizeBytes, sha256 })),
    uuid: props['config.uuid'],
    power_state: props['runtime.powerState'] ?? 'unknown',
    ...(plan.warnings.length > 0 ? { warnings: plan.warnings.slice(0, 20) } : {}),
    ...(iso === undefined ? {} : { iso }),
  };
}

interface Finish {
  readonly iso: string | undefined;
  readonly bootFromIso: boolean;
  readonly powerOn: boolean;
}

/** What is left to do on the VM that is there now; who hears of a failure must know that it is. */
async function finish(
  vm: InventoryObject,
  { iso, bootFromIso, powerOn }: Finish,
  { vsphere, follow }: ServerContext,
): Promise<void> {
  let missing = 'without its CD drive';
  try {
    if (iso !== undefined) {
      const hardware = await readHardware(vsphere, vm);
      const spec = {
        deviceChange: cdDriveAdded(hardware, iso),
        ...(bootFromIso ? { bootOptions: { bootOrder: cdromFirst(hardware) } } : {}),
      };
      await follow(await vsphere.call('ReconfigVM_Task', { _this: vm.ref, spec }), { step: true, on: vm });
    }
    missing = 'and not powered on';
    if (powerOn) await follow(await vsphere.call('PowerOnVM_Task', { _this: vm.ref }), { step: true, on: vm });
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    throw new GatewayError(error.code, `${quoted(vm.name)} was deployed, ${missing}: ${error.message}`, {
      cause: error,
    });
  }
}

async function isoFor(
  { iso_path, iso_datastore }: DeployWish,
  own: InventoryObject,
  { vsphere }: ServerContext,
): Promise<string | undefined> {
  if (iso_path === undefined) return undefined;
  const { datastore, path } = parseDatastorePath(iso_path);
  const named = iso_datastore ?? datastore;
  if (datastore !== undefined && iso_datastore !== undefined && datastore !== iso_datastore) {
    throw new GatewayError('INVALID_INPUT', 'iso_path and iso_datastore name different datastores: give one.');
  }
  return requireImage(vsphere, named === undefined ? own : await vsphere.inventory.find('Datastore', named), path);
}
