/** What goes wrong with files, as vSphere says it. `file` is a datastore path: `[nfs] iso/a.iso`. */
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import { fault, type VimFault } from '../core/faults.ts';

export function fileNotFound(file: string): VimFault {
  return fault('FileNotFound', { file }, `File ${file} was not found`);
}

export function fileAlreadyExists(file: string): VimFault {
  return fault(
    'FileAlreadyExists',
    { file },
    `Cannot complete the operation because the file or folder ${file} already exists`,
  );
}

export function fileLocked(file: string): VimFault {
  return fault('FileLocked', { file }, `Unable to access file ${file} since it is locked`);
}

export function cannotAccessFile(file: string): VimFault {
  return fault('CannotAccessFile', { file }, `Unable to access file ${file}`);
}

export function fileNotWritable(file: string): VimFault {
  return fault('FileNotWritable', { file }, `Unable to write to file ${file}`);
}

export function cannotDeleteFile(file: string): VimFault {
  return fault('CannotDeleteFile', { file }, `Cannot delete file ${file}.`);
}

/** Also for what would not end up larger than a file system holds. */
export function noDiskSpace(file: string, datastore: string): VimFault {
  return fault('NoDiskSpace', { file, datastore }, `Insufficient disk space on datastore '${datastore}'.`);
}

export function invalidDatastorePath(datastorePath: string): VimFault {
  return fault('InvalidDatastorePath', { datastorePath }, `Invalid datastore path '${datastorePath}'.`);
}

export function invalidDatastore(name: string, datastore?: ManagedObjectReference): VimFault {
  return fault('InvalidDatastore', { name, ...(datastore && { datastore }) }, `Invalid datastore '${name}'.`);
}
