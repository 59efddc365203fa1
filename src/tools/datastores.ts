/** Datastores: how full they are, and what lies on them. */
import { z } from 'zod';
import {
  browseDatastore as browse,
  type DatastoreSummary,
  readDatastore,
  listDatastores as readDatastores,
} from '../vsphere/datastore.ts';
import { folderPath } from '../vsphere/datastore-folder.ts';
import { ObjectNotFoundError, TaskFailedError } from '../vsphere/errors.ts';
import { quoted } from '../vsphere/names.ts';
import { humanSize } from '../vsphere/units.ts';
import { namesOf } from '../vsphere/virtual-machine.ts';
import { cursor, datastoreName, limit, objectRef, toObjectRef } from './fields.ts';
import { objectPage } from './object-page.ts';
import { objectPageFields, page, pageFields } from './page.ts';
import { defineTool } from './tool.ts';

const text = z.string().optional();
const amount = z.number().optional();

const space = {
  type: text,
  capacity_gb: amount,
  free_gb: amount,
  used_gb: amount,
  used_percent: amount,
  accessible: z.boolean().optional(),
  maintenance_mode: text,
  vm_count: z.int().optional(),
};

export const listDatastores = defineTool({
  name: 'list_datastores',
  title: 'List datastores',
  description:
    'The datastores of one server with type, size, free space and number of VMs. get_datastore_info names the VMs on one; browse_datastore lists its files.',
  permission: 'READ_ONLY',
  effect: 'read',
  input: { limit, cursor },
  output: { datastores: z.array(objectRef.extend(space)), ...objectPageFields },
  async handler(given, { vsphere }) {
    const { items, ...rest } = await objectPage(
      'datastores',
      vsphere,
      await readDatastores(vsphere),
      given,
      (datastore, ref) => ({
        ...ref,
        ...toSpace(datastore),
      }),
    );
    return { datastores: items, ...rest };
  },
});

const MOST_VMS = 20;

export const getDatastoreInfo = defineTool({
  name: 'get_datastore_info',
  title: 'Get datastore info',
  description:
    'One datastore: type, size, free space, state, URL, and up to twenty of the VMs on it. For its files use browse_datastore.',
  permission: 'READ_ONLY',
  effect: 'read',
  input: { name: datastoreName },
  output: { ...objectRef.shape, ...space, url: text, vms: z.array(z.string()) },
  target: ({ name }) => name,
  async handler({ name }, { vsphere, reading }) {
    const found = await vsphere.inventory.find('Datastore', name);
    reading(found);
    const datastore = await readDatastore(vsphere, found.ref);
    const vms = await namesOf(vsphere, (datastore.vms ?? []).slice(0, MOST_VMS));
    return {
      ...toObjectRef(found),
      ...toSpace(datastore),
      url: datastore.url,
      vms: [...vms.values()].sort(),
    };
  },
});

export const browseDatastore = defineTool({
  name: 'browse_datastore',
  title: 'Browse datastore',
  description:
    'The files in one folder of a datastore (its root when path is left out), without those in subfolders: ISOs, disks, VM folders, with size and time. Finds iso_path for create_vm. Reads no contents.',
  permission: 'READ_ONLY',
  effect: 'read',
  input: {
    datastore: datastoreName,
    path: z.string().max(1024).default('').describe('Folder on it, such as iso or web01; empty for the root.'),
    limit,
    cursor,
  },
  output: {
    datastore: objectRef,
    path: z.string(),
    files: z.array(
      z.object({
        name: z.string(),
        type: z.string().describe('folder, disk, iso, config, log, file, …'),
        size_bytes: amount,
        size_human: text,
        modified: text,
        disk_type: text,
        capacity_kb: amount,
        hardware_version: amount,
      }),
    ),
    ...pageFields,
  },
  target: ({ datastore }) => datastore,
  async handler(given, { vsphere, reading }) {
    const path = folderPath(given.path);
    const datastore = await vsphere.inventory.find('Datastore', given.datastore);
    reading(datastore);
    const found = await browse(vsphere, datastore.ref, path).catch((error: unknown) => {
      if (error instanceof TaskFailedError && error.faultType === 'FileNotFound') {
        const message = `There is no folder ${quoted(path)} on the datastore ${quoted(datastore.name)}.`;
        throw new ObjectNotFoundError(message, { cause: error });
      }
      throw error;
    });
    const { items, ...rest } = page('files', found, ({ name }) => name, given);
    return {
      datastore: toObjectRef(datastore),
      path,
      files: items.map((file) => ({
        name: file.name,
        type: file.type,
        size_bytes: file.sizeBytes,
        size_human: file.sizeBytes === undefined ? undefined : humanSize(file.sizeBytes),
        modified: file.modified,
        disk_type: file.diskType,
        capacity_kb: file.capacityKb,
        hardware_version: file.hardwareVersion,
      })),
      ...rest,
    };
  },
});

function toSpace(datastore: DatastoreSummary) {
  return {
    type: datastore.type,
    capacity_gb: datastore.capacityGb,
    free_gb: datastore.freeGb,
    used_gb: datastore.usedGb,
    used_percent: datastore.usedPercent,
    accessible: datastore.accessible,
    maintenance_mode: datastore.maintenanceMode,
    vm_count: datastore.vms?.length,
  };
}
