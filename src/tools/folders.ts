/** Folders of the inventory come and go, and VMs move between them. */
import { z } from 'zod';
import { InvalidStateError } from '../vsphere/errors.ts';
import {
  type FolderContents,
  holdsVms,
  newFolderName,
  readFolderContents,
  requireOwnFolder,
  requirePlainFolder,
  requireVmFolder,
} from '../vsphere/folder-contents.ts';
import type { InventoryObject } from '../vsphere/inventory.ts';
import { requireFreeName } from '../vsphere/name-taken.ts';
import { quoted } from '../vsphere/names.ts';
import { sameRef } from '../vsphere/references.ts';
import { newName, objectRef, toObjectRef, vmName } from './fields.ts';
import { defineTool, type ServerContext } from './tool.ts';

const folderName = z.string().min(1).max(2048).describe('Folder: path (/DC/vm/folder), name or id.');

export const createFolder = defineTool({
  name: 'create_folder',
  title: 'Create folder',
  description:
    'Make an empty inventory folder, for what its parent holds: VMs, hosts, datastores or networks. Needs a vCenter. For a directory on a datastore use the datastore tools.',
  permission: 'VM_LIFECYCLE',
  effect: 'create',
  input: { folder_name: newName, parent_path: folderName.optional().describe('Default: where new VMs go.') },
  output: { action: z.string(), folder: objectRef, parent: z.string() },
  target: ({ folder_name }) => folder_name,
  async handler({ folder_name, parent_path }, context) {
    const { vsphere } = context;
    vsphere.requireVcenter('create_folder');
    const parent =
      parent_path === undefined
        ? await vsphere.defaults.vmFolder()
        : await vsphere.inventory.find('Folder', parent_path);
    requirePlainFolder(parent);
    await requireFreeName(vsphere, parent.ref, folder_name);
    await context.acting(parent);
    const made = await vsphere.call('CreateFolder', { _this: parent.ref, name: newFolderName(folder_name) });
    context.changed();
    const folder = await vsphere.inventory.describe(made);
    context.reading(folder);
    return { action: 'created', folder: toObjectRef(folder), parent: parent.path };
  },
});

export const deleteFolder = defineTool({
  name: 'delete_folder',
  title: 'Delete folder',
  description:
    'Delete an inventory folder. One that is not empty takes force: true, works for folders of VMs only, and takes their VMs out of the inventory, files left on the datastores; to delete VMs use delete_vm. Needs a vCenter.',
  permission: 'VM_LIFECYCLE',
  effect: 'delete',
  task: true,
  input: {
    folder_path: folderName,
    force: z.boolean().default(false).describe('Also where VMs or folders are in it.'),
  },
  output: {
    folder: objectRef,
    deleted: z.boolean().describe('false while the task runs'),
    vms_unregistered: z.int(),
    folders_deleted: z.int().describe('Those in it.'),
    warning: z.string().optional(),
  },
  target: ({ folder_path }) => folder_path,
  async handler({ folder_path, force }, context) {
    const { vsphere } = context;
    vsphere.requireVcenter('delete_folder');
    const folder = await vsphere.inventory.find('Folder', folder_path);
    await requireOwnFolder(vsphere, folder);
    const contents = await readFolderContents(vsphere, folder);
    const forVms = await holdsVms(vsphere, folder.ref);
    requireDeletable(folder, contents, { force, forVms });
    await context.acting(folder);
    // Of folders of VMs never Destroy_Task: it would delete the disks of a VM that has come in since they were read.
    const method = forVms ? 'UnregisterAndDestroy_Task' : 'Destroy_Task';
    const { task } = await context.follow(await vsphere.call(method, { _this: folder.ref }));
    const left = await vsphere.read('Folder', [folder.ref], ['name']);
    return {
      folder: toObjectRef(folder),
      deleted: left.length === 0,
      vms_unregistered: contents.vms,
      folders_deleted: contents.folders,
      ...(contents.vms > 0 && {
        warning: `${contents.vms} VMs and templates left the inventory; their files are still on the datastores.`,
      }),
      task,
    };
  },
});

/** Errors: INVALID_STATE, with what is in the folder. */
function requireDeletable(
  folder: InventoryObject,
  { vms, runningVms, folders, others }: FolderContents,
  { force, forVms }: { readonly force: boolean; readonly forVms: boolean },
): void {
  if (vms + folders + others === 0) return;
  const within = `${quoted(folder.path)} is not empty: ${vms} VMs (${runningVms} of them not off), ${folders} folders, ${others} other objects`;
  if (!forVms || others > 0) throw new InvalidStateError(`${within}. Move them elsewhere first.`);
  if (!force) throw new InvalidStateError(`${within}. Move them elsewhere, or see what force does.`);
  if (runningVms > 0) throw new InvalidStateError(`${within}. Power its VMs off first.`);
}

export const moveVmToFolder = defineTool({
  name: 'move_vm_to_folder',
  title: 'Move VM to folder',
  description:
    'Put a VM or template into another inventory folder of its datacenter. It goes on running where it is; permissions may change with the folder. For another host or datastore use migrate_vm. Needs a vCenter.',
  permission: 'VM_LIFECYCLE',
  effect: 'update',
  idempotent: true,
  task: true,
  input: { vm_name: vmName, folder_path: folderName },
  output: { vm: objectRef, action: z.string(), from_folder: z.string(), to_folder: z.string() },
  target: ({ vm_name }) => vm_name,
  async handler({ vm_name, folder_path }, context) {
    const { vsphere } = context;
    vsphere.requireVcenter('move_vm_to_folder');
    const [vm, folder] = await Promise.all([
      vsphere.inventory.find('VirtualMachine', vm_name),
      vsphere.inventory.find('Folder', folder_path),
    ]);
    const from = await requireMovable(vm, folder, context);
    await context.acting(vm);
    const started = await vsphere.call('MoveIntoFolder_Task', { _this: folder.ref, list: [vm.ref] });
    const { task } = await context.follow(started, { on: folder });
    const moved = await vsphere.inventory.describe(vm.ref);
    context.reading(moved);
    return { vm: toObjectRef(moved), action: 'moved', from_folder: from, to_folder: folder.path, task };
  },
});

/** The path of the folder that the VM is in. */
async function requireMovable(vm: InventoryObject, folder: InventoryObject, { vsphere }: ServerContext) {
  const { props } = await vsphere.readOne('VirtualMachine', vm.ref, ['parent', 'parentVApp']);
  if (props.parentVApp !== undefined || props.parent === undefined) {
    throw new InvalidStateError(`${quoted(vm.name)} is in a vApp, and so in no folder: it cannot be moved by itself.`);
  }
  if (sameRef(props.parent, folder.ref)) {
    throw new InvalidStateError(`${quoted(vm.name)} is in ${quoted(folder.path)} already.`);
  }
  await requireVmFolder(vsphere, folder);
  const [here, there] = await Promise.all([
    vsphere.inventory.datacenterOf(vm.ref),
    vsphere.inventory.datacenterOf(folder.ref),
  ]);
  if (!sameRef(here?.ref, there?.ref)) {
    throw new InvalidStateError(
      `${quoted(folder.path)} is in another datacenter than ${quoted(vm.name)}: choose a folder of ${quoted(here?.name ?? '')}.`,
    );
  }
  await requireFreeName(vsphere, folder.ref, vm.name);
  return (await vsphere.inventory.describe(props.parent)).path;
}
