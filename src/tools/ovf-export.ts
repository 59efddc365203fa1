/** VMs as packages on a datastore. */
import { z } from 'zod';
import { GatewayError } from '../lib/errors.ts';
import { datastorePathOf, fileAt, findPlace, parseFilePath } from '../vsphere/datastore-file.ts';
import { parseDatastorePath } from '../vsphere/datastore-path.ts';
import { InvalidStateError } from '../vsphere/errors.ts';
import { quoted } from '../vsphere/names.ts';
import { exportVm } from '../vsphere/ovf-export.ts';
import { readHardware, requireOff } from '../vsphere/vm-hardware.ts';
import { datastoreName, objectRef, toObjectRef, vmName } from './fields.ts';
import { movedFiles, TRANSFER_DEADLINE_SECONDS } from './ovf.ts';
import { defineTool } from './tool.ts';

export const exportVmOvf = defineTool({
  name: 'export_vm_ovf',
  aliases: ['export_ovf'],
  title: 'Export VM as OVF',
  description:
    'Write a VM that is off as an OVF package into a new folder on a datastore: descriptor, disks, and a manifest (SHA-256). The VM stays. To copy it within this vCenter use clone_vm.',
  permission: 'VM_LIFECYCLE',
  effect: 'create',
  endsWithCaller: true,
  deadlineSeconds: TRANSFER_DEADLINE_SECONDS,
  input: {
    vm_name: vmName,
    target_path: z.string().min(1).max(1024).describe('New folder on the datastore, or [datastore] folder.'),
    datastore: datastoreName.optional().describe("Default: the VM's own."),
  },
  output: {
    vm: objectRef,
    action: z.string(),
    datastore: z.string(),
    target_path: z.string(),
    files: movedFiles,
    ovf_descriptor: z.string(),
  },
  target: ({ vm_name }) => vm_name,
  async handler({ vm_name, target_path, datastore }, context) {
    const { vsphere } = context;
    const vm = await vsphere.inventory.find('VirtualMachine', vm_name);
    const given = parseDatastorePath(target_path);
    if (datastore !== undefined && given.datastore !== undefined && datastore !== given.datastore) {
      throw new GatewayError('INVALID_INPUT', 'target_path and datastore name different datastores: give one.');
    }
    const hardware = await readHardware(vsphere, vm);
    requireOff(vm, hardware, 'only a VM that is off can be exported');
    const home = hardware.file === undefined ? undefined : parseDatastorePath(hardware.file).datastore;
    const named = datastore ?? given.datastore ?? home;
    if (named === undefined) throw new GatewayError('INVALID_INPUT', 'Name the datastore for the package.');
    const place = await findPlace(vsphere, named);
    const folder = parseFilePath(given.path, 'target_path');
    if ((await fileAt(vsphere, place, folder)) !== undefined) {
      throw new InvalidStateError(`${quoted(datastorePathOf(place, folder))} exists already: name a new folder.`);
    }
    await context.acting(vm);
    const files = await exportVm(vsphere, vm, { place, folder }, context.progress);
    context.changed();
    return {
      vm: toObjectRef(vm),
      action: 'exported',
      datastore: place.datastore.name,
      target_path: datastorePathOf(place, folder),
      files: files.map(({ file, sizeBytes, sha256 }) => ({ file, size_bytes: sizeBytes, sha256 })),
      ovf_descriptor: datastorePathOf(place, `${folder}/${files[0]!.file}`),
    };
  },
});
