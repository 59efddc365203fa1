/** Files and folders on datastores, made, moved, copied and removed as a whole. */
import { z } from 'zod';
import { GatewayError } from '../lib/errors.ts';
import {
  type DatastorePlace,
  datastorePathOf,
  existingFile,
  fileAt,
  findPlace,
  isEmptyFolder,
  parseFilePath,
  type Relocation,
  requireParentFolder,
  requireSpace,
  startCopy,
  startDelete,
  startMove,
} from '../vsphere/datastore-file.ts';
import { refuseUsed, usersOf } from '../vsphere/datastore-file-users.ts';
import { InvalidStateError } from '../vsphere/errors.ts';
import { isFault } from '../vsphere/faults.ts';
import { quoted } from '../vsphere/names.ts';
import { datastoreName, objectRef, toObjectRef } from './fields.ts';
import { defineTool, type ServerContext } from './tool.ts';

const path = z.string().min(1).max(1024);
const type = z.string().describe('folder, disk, iso or file');
const placed = z.object({ datastore: z.string(), path: z.string(), size_bytes: z.number().optional() });
const source = { source_datastore: datastoreName, source_path: path.describe('"folder/file" on it.') };
const dest_datastore = datastoreName.optional().describe('Left out: the same datastore.');

export const deleteDatastoreFile = defineTool({
  name: 'delete_datastore_file',
  title: 'Delete datastore file',
  description:
    'Delete a file, a disk with all its files, or a folder of a datastore for good. Refused while a VM uses it, and names the VM. A folder that is not empty needs recursive. delete_vm removes VMs.',
  permission: 'VM_LIFECYCLE',
  effect: 'delete',
  task: true,
  input: {
    datastore: datastoreName,
    path: path.describe('"folder/file" on it.'),
    recursive: z.boolean().default(false).describe('Also a folder with all that is in it.'),
  },
  output: { datastore: objectRef, path: z.string(), type, deleted: z.boolean() },
  target: ({ datastore }) => datastore,
  async handler(given, context) {
    const { vsphere } = context;
    const wanted = parseFilePath(given.path, 'path');
    const place = await findPlace(vsphere, given.datastore);
    context.reading(place.datastore);
    const file = await existingFile(vsphere, place, wanted);
    refuseUsed(wanted, await usersOf(vsphere, place, wanted), 'detach it there, or delete the VM with delete_vm.');
    if (file.type === 'folder' && !given.recursive && !(await isEmptyFolder(vsphere, place, wanted))) {
      throw new InvalidStateError(`The folder ${quoted(wanted)} is not empty: recursive deletes all that is in it.`);
    }
    await context.acting(place.datastore);
    const { task } = await context.follow(await startDelete(vsphere, place, wanted, file.type));
    const deleted = task.state === 'success' && (await fileAt(vsphere, place, wanted)) === undefined;
    return { datastore: toObjectRef(place.datastore), path: wanted, type: file.type, deleted, task };
  },
});

export const createDatastoreFolder = defineTool({
  name: 'create_datastore_folder',
  title: 'Create datastore folder',
  description:
    'Make a folder on a datastore, with those above it. For files only: folders of the inventory, for VMs, are made with create_folder.',
  permission: 'VM_LIFECYCLE',
  effect: 'create',
  input: { datastore: datastoreName, path: path.describe('"folder/subfolder" on it.') },
  output: { datastore: objectRef, path: z.string(), type },
  target: ({ datastore }) => datastore,
  async handler(given, context) {
    const { vsphere } = context;
    const wanted = parseFilePath(given.path, 'path');
    const place = await findPlace(vsphere, given.datastore);
    context.reading(place.datastore);
    const taken = () => new InvalidStateError(`${quoted(wanted)} exists on ${quoted(place.datastore.name)} already.`);
    if ((await fileAt(vsphere, place, wanted)) !== undefined) throw taken();
    await context.acting(place.datastore);
    await vsphere
      .call('MakeDirectory', {
        _this: vsphere.content.fileManager!,
        name: datastorePathOf(place, wanted),
        datacenter: place.datacenter.ref,
        createParentDirectories: true,
      })
      .catch((error: unknown) => {
        throw isFault(error, 'FileAlreadyExists') ? taken() : error;
      });
    context.changed();
    const made = await existingFile(vsphere, place, wanted);
    return { datastore: toObjectRef(place.datastore), path: wanted, type: made.type };
  },
});

const relocated = { action: z.string(), source: placed, destination: placed };

export const moveDatastoreFile = defineTool({
  name: 'move_datastore_file',
  title: 'Move datastore file',
  description:
    "Move or rename a file, disk or folder on datastores; never over another file, nor one that a VM uses. move_vm_disk and storage_vmotion move a VM's own disks.",
  permission: 'VM_LIFECYCLE',
  effect: 'update',
  destructive: true,
  task: true,
  input: { ...source, dest_datastore, dest_path: path.optional().describe('New "folder/file"; left out: the same.') },
  output: relocated,
  target: ({ source_datastore }) => source_datastore,
  async handler(given, context) {
    const relocation = await prepare(context, { ...given, force: false });
    const users = await usersOf(context.vsphere, relocation.from, relocation.path);
    refuseUsed(relocation.path, users, "move_vm_disk or storage_vmotion move a VM's own files; detach others first.");
    await context.acting(relocation.from.datastore);
    const { task } = await context.follow(await startMove(context.vsphere, relocation));
    return { ...(await outcome('moved', context, relocation, task.state)), task };
  },
});

export const copyDatastoreFile = defineTool({
  name: 'copy_datastore_file',
  title: 'Copy datastore file',
  description:
    'Copy a file, disk or folder on or between datastores, with all the files of a disk; over another only with force. clone_vm copies whole VMs. A disk of a running VM is refused.',
  permission: 'VM_LIFECYCLE',
  effect: 'create',
  destructive: true,
  task: true,
  input: {
    ...source,
    dest_datastore,
    dest_path: path.describe('New "folder/file".'),
    force: z.boolean().default(false).describe('Replace an existing file.'),
  },
  output: { ...relocated, force: z.boolean() },
  target: ({ dest_datastore, source_datastore }) => dest_datastore ?? source_datastore,
  async handler(given, context) {
    const { vsphere } = context;
    const relocation = await prepare(context, given);
    const { from, path, to, type, size } = relocation;
    if (type === 'disk' || type === 'folder') {
      const running = (await usersOf(vsphere, from, path)).filter((user) => user.running);
      refuseUsed(path, running, 'power it off first, or use clone_vm.');
    }
    requireSpace(to, size);
    await context.acting(to.datastore);
    const { task } = await context.follow(await startCopy(vsphere, relocation));
    return { ...(await outcome('copied', context, relocation, task.state)), force: given.force, task };
  },
});

interface Given {
  readonly source_datastore: string;
  readonly source_path: string;
  readonly dest_datastore?: string | undefined;
  readonly dest_path?: string | undefined;
  readonly force: boolean;
}

/** Finds both ends, and all that is against it but the users of the source. */
async function prepare(
  { vsphere, reading }: ServerContext,
  given: Given,
): Promise<Relocation & { readonly size: number | undefined }> {
  const path = parseFilePath(given.source_path, 'source_path');
  const newPath = given.dest_path === undefined ? path : parseFilePath(given.dest_path, 'dest_path');
  const from = await findPlace(vsphere, given.source_datastore);
  reading(from.datastore);
  const to = given.dest_datastore === undefined ? from : await findPlace(vsphere, given.dest_datastore);
  const { type, sizeBytes } = await existingFile(vsphere, from, path);
  if (from.datastore.id === to.datastore.id && `${newPath}/`.startsWith(`${path}/`)) {
    const why = newPath === path ? 'is where it is already' : 'is inside itself';
    throw new GatewayError('INVALID_INPUT', `${quoted(newPath)} ${why}: give another dest_path or dest_datastore.`);
  }
  if (type === 'disk' && !newPath.endsWith('.vmdk')) {
    throw new GatewayError('INVALID_INPUT', `${quoted(path)} is a virtual disk: dest_path has to end in .vmdk.`);
  }
  const there = await fileAt(vsphere, to, newPath);
  if (there !== undefined) await refuseTaken(vsphere, to, newPath, { type, over: there.type, force: given.force });
  await requireParentFolder(vsphere, to, newPath);
  return { from, path, to, newPath, type, force: given.force, size: type === 'folder' ? undefined : sizeBytes };
}

async function refuseTaken(
  vsphere: ServerContext['vsphere'],
  to: DatastorePlace,
  newPath: string,
  { type, over, force }: { readonly type: string; readonly over: string; readonly force: boolean },
): Promise<void> {
  if (!force || over === 'folder' || type === 'folder') {
    throw new InvalidStateError(
      `${quoted(newPath)} exists on ${quoted(to.datastore.name)} already: choose another dest_path.`,
    );
  }
  refuseUsed(newPath, await usersOf(vsphere, to, newPath), 'detach it there first.');
}

async function outcome(
  action: string,
  { vsphere }: ServerContext,
  { from, path, to, newPath }: Relocation,
  state: 'success' | 'running',
) {
  const there = state === 'success' ? await existingFile(vsphere, to, newPath) : undefined;
  return {
    action,
    source: { datastore: from.datastore.name, path },
    destination: { datastore: to.datastore.name, path: newPath, size_bytes: there?.sizeBytes },
  };
}
