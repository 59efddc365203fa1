/** Which VMs need a file on a datastore: nothing that one of them needs is taken away from under it. */
import type { VirtualDevice } from '../vim25/generated/types.ts';
import { type DatastorePlace, datastorePathOf } from './datastore-file.ts';
import { InvalidStateError, listed } from './errors.ts';
import { decodeName, quoted } from './names.ts';
import type { ManagedObjectReference } from './references.ts';
import type { VsphereCall } from './vsphere.ts';

export interface FileUser {
  readonly vm: string;
  readonly ref: ManagedObjectReference;
  readonly running: boolean;
}

/** The files beside a disk's descriptor; who uses one uses all. */
const EXTENT = /-(?:flat|delta|sesparse|ctk|rdmp?|[sf]\d{3})\.vmdk$/;
/** A VM goes on without its old logs. */
const DISPENSABLE = new Set(['log', 'core']);
const MOST_SHOWN = 5;

/** The VMs and templates that have the file, or something in the folder, as disk, medium or file of their own. */
export async function usersOf(vsphere: VsphereCall, place: DatastorePlace, path: string): Promise<FileUser[]> {
  const own = descriptorOf(datastorePathOf(place, path));
  const vms = await vsphere.read('VirtualMachine', place.vms, [
    'name',
    'runtime.powerState',
    'config.files.vmPathName',
    'layoutEx.file',
    'config.hardware.device',
  ]);
  return vms
    .filter(({ props }) => {
      const files = [
        props['config.files.vmPathName'],
        ...(props['layoutEx.file'] ?? []).filter(({ type }) => !DISPENSABLE.has(type)).map(({ name }) => name),
        ...(props['config.hardware.device'] ?? []).flatMap(backingFiles),
      ];
      return files.some((file) => {
        const used = file === undefined ? '' : descriptorOf(file);
        return used === own || used.startsWith(`${own}/`);
      });
    })
    .map(({ ref, props }) => ({
      ref,
      vm: decodeName(props.name ?? ref.value),
      running: props['runtime.powerState'] !== 'poweredOff',
    }));
}

/** A disk with snapshots stands on a chain of files. */
function backingFiles({ backing }: VirtualDevice): string[] {
  const files: string[] = [];
  type Chain = { readonly fileName?: string; readonly parent?: Chain };
  for (let each = backing as Chain | undefined; each !== undefined; each = each.parent) {
    if (typeof each.fileName === 'string') files.push(each.fileName);
  }
  return files;
}

function descriptorOf(file: string): string {
  return file.replace(EXTENT, '.vmdk');
}

/** Errors: INVALID_STATE with the VMs. @param advice what would have to be done first */
export function refuseUsed(path: string, users: readonly FileUser[], advice: string): void {
  if (users.length === 0) return;
  const names = listed(
    users.map(({ vm }) => quoted(vm)),
    MOST_SHOWN,
  );
  const who = users.length === 1 ? `the VM ${names}` : `the VMs ${names}`;
  throw new InvalidStateError(`${quoted(path)} is in use by ${who}: ${advice}`);
}
