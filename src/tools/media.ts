/** The CD drives of a VM, and the images in them. */
import { z } from 'zod';
import { GatewayError } from '../lib/errors.ts';
import { cdromFirst } from '../vsphere/boot-order.ts';
import { type CdDrive, cdDriveAdded, cdDrivesOf, imageChanged } from '../vsphere/cdrom.ts';
import { requireImage } from '../vsphere/datastore-image.ts';
import { parseDatastorePath } from '../vsphere/datastore-path.ts';
import { InvalidStateError, listed, ObjectNotFoundError } from '../vsphere/errors.ts';
import { quoted } from '../vsphere/names.ts';
import { homeDatastore, reachableFrom } from '../vsphere/vm-reach.ts';
import { datastoreName, objectRef, toObjectRef, vmName } from './fields.ts';
import { defineTool, type ServerContext } from './tool.ts';
import { added, reconfigured, type Subject, toBeChanged } from './vm-devices.ts';

const isoPath = z.string().min(1).max(1024).describe('Path on the datastore, or [datastore] path.');
const isoDatastore = datastoreName.optional().describe("Default: the VM's own.");

export const attachIso = defineTool({
  name: 'attach_iso',
  title: 'Attach ISO',
  description:
    'Put an ISO image from a datastore into a CD drive that a VM has, in place of what is in it. Without a drive use add_cdrom; browse_datastore finds images. set_boot_order starts from it.',
  permission: 'VM_LIFECYCLE',
  effect: 'update',
  idempotent: true,
  task: true,
  input: {
    vm_name: vmName,
    iso_path: isoPath,
    datastore: isoDatastore,
    cdrom_index: z.int().min(0).max(127).default(0).describe('0 is the first drive.'),
  },
  output: {
    vm: objectRef,
    action: z.string(),
    iso_path: z.string().optional(),
    cdrom: z.string(),
    connected: z.boolean().describe('Only while the VM runs.'),
  },
  target: ({ vm_name }) => vm_name,
  async handler({ vm_name, iso_path, datastore, cdrom_index }, context) {
    const subject = await toBeChanged(vm_name, context);
    const drive = driveAt(subject, cdrom_index);
    const iso = await imageFor(subject, iso_path, datastore, context);
    const { task, now } = await reconfigured(subject, { deviceChange: imageChanged([drive], iso) }, context);
    const after = cdDrivesOf(now.devices).find(({ key }) => key === drive.key);
    return {
      vm: toObjectRef(subject.vm),
      action: 'attach',
      iso_path: after?.iso,
      cdrom: drive.label,
      connected: after?.connected === true,
      task,
    };
  },
});

export const detachIso = defineTool({
  name: 'detach_iso',
  title: 'Detach ISO',
  description:
    'Take the ISO images out of all CD drives of a VM; the drives and the files stay. Unmount them in a running guest first: it can hold on to a disc.',
  permission: 'VM_LIFECYCLE',
  effect: 'update',
  task: true,
  input: { vm_name: vmName },
  output: {
    vm: objectRef,
    action: z.string(),
    ejected: z.array(z.object({ cdrom: z.string(), previous_iso: z.string() })),
    still_attached: z.int().describe('0 once the task has ended'),
  },
  target: ({ vm_name }) => vm_name,
  async handler({ vm_name }, context) {
    const subject = await toBeChanged(vm_name, context);
    const drives = cdDrivesOf(subject.hardware.devices).filter(({ iso }) => iso !== undefined);
    if (drives.length === 0) {
      throw new InvalidStateError(
        `No CD drive of ${quoted(subject.vm.name)} holds an ISO: there is nothing to detach.`,
      );
    }
    const { task, now } = await reconfigured(subject, { deviceChange: imageChanged(drives, undefined) }, context);
    return {
      vm: toObjectRef(subject.vm),
      action: 'detach',
      ejected: drives.map(({ label, iso = '' }) => ({ cdrom: label, previous_iso: iso })),
      still_attached: cdDrivesOf(now.devices).filter(({ iso }) => iso !== undefined).length,
      task,
    };
  },
});

export const addCdrom = defineTool({
  name: 'add_cdrom',
  title: 'Add CD drive',
  description:
    'Add a CD drive to a VM, empty or with an ISO image from a datastore in it. For a drive that is there use attach_iso. boot_from_iso makes the CD the first that the VM starts from.',
  permission: 'VM_LIFECYCLE',
  effect: 'create',
  task: true,
  input: {
    vm_name: vmName,
    iso_path: isoPath.optional(),
    iso_datastore: isoDatastore,
    boot_from_iso: z.boolean().default(false),
  },
  output: {
    vm: objectRef,
    action: z.string(),
    cdrom: z.string().optional(),
    device_key: z.int().optional(),
    iso: z.string().optional(),
    boot_from_iso: z.boolean(),
  },
  target: ({ vm_name }) => vm_name,
  async handler({ vm_name, iso_path, iso_datastore, boot_from_iso }, context) {
    if (iso_path === undefined && (boot_from_iso || iso_datastore !== undefined)) {
      throw new GatewayError(
        'INVALID_INPUT',
        'iso_path: say which image, or leave boot_from_iso and iso_datastore out.',
      );
    }
    const subject = await toBeChanged(vm_name, context);
    const iso = iso_path === undefined ? undefined : await imageFor(subject, iso_path, iso_datastore, context);
    const change = {
      deviceChange: cdDriveAdded(subject.hardware, iso),
      ...(boot_from_iso ? { bootOptions: { bootOrder: cdromFirst(subject.hardware) } } : {}),
    };
    const { task, now } = await reconfigured(subject, change, context);
    const drive = added(subject, cdDrivesOf(now.devices));
    return {
      vm: toObjectRef(subject.vm),
      action: 'add',
      cdrom: drive?.label,
      device_key: drive?.key,
      iso: drive === undefined ? iso : drive.iso,
      boot_from_iso,
      task,
    };
  },
});

function driveAt({ vm, hardware }: Subject, index: number): CdDrive {
  const drives = cdDrivesOf(hardware.devices);
  const drive = drives[index];
  if (drive !== undefined) return drive;
  const there = listed(drives.map(({ label }, at) => `${at} (${label})`));
  throw new ObjectNotFoundError(
    drives.length === 0
      ? `${quoted(vm.name)} has no CD drive: add_cdrom adds one, with an image in it.`
      : `${quoted(vm.name)} has no CD drive ${index}; there are ${there}`,
  );
}

/** The image's full path. Errors: NOT_FOUND where it is not there, INVALID_STATE where the VM's host cannot read it. */
async function imageFor(
  subject: Subject,
  given: string,
  isoDatastore: string | undefined,
  { vsphere }: ServerContext,
): Promise<string> {
  const { datastore: bracketed, path } = parseDatastorePath(given);
  if (bracketed !== undefined && isoDatastore !== undefined && bracketed !== isoDatastore) {
    throw new GatewayError('INVALID_INPUT', 'iso_path and the datastore argument name different datastores: give one.');
  }
  const wanted = isoDatastore ?? bracketed ?? homeDatastore(subject);
  return requireImage(vsphere, await reachableFrom(subject, 'Datastore', wanted, vsphere), path);
}
