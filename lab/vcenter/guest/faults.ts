/** What goes wrong in a guest, as vCenter says it. */
import { fault, invalidArgument, type VimFault } from '../core/faults.ts';
import { cannotAccessFile, fileAlreadyExists, fileNotFound } from '../files/faults.ts';
import { GuestFileError } from './files/file-error.ts';

export function invalidGuestLogin(): VimFault {
  return fault(
    'InvalidGuestLogin',
    {},
    'Failed to authenticate with the guest operating system using the supplied credentials.',
  );
}

export function guestOperationsUnavailable(): VimFault {
  return fault('GuestOperationsUnavailable', {}, 'The guest operations agent could not be contacted.');
}

export function guestPermissionDenied(): VimFault {
  return fault(
    'GuestPermissionDenied',
    {},
    'The guest authentication being used does not have sufficient permissions to perform the operation.',
  );
}

export function guestProcessNotFound(pid: number): VimFault {
  return fault('GuestProcessNotFound', { pid }, `Process ${pid} was not found in the guest operating system.`);
}

export function operationNotSupportedByGuest(): VimFault {
  return fault('OperationNotSupportedByGuest', {}, 'The operation is not supported by the guest operating system.');
}

/** Some bound of the guest's is reached. */
export function guestOperationFailed(reason: string): VimFault {
  return fault('GuestOperationsFault', {}, `The guest operation failed: ${reason}`);
}

export function notADirectory(file: string): VimFault {
  return fault('NotADirectory', { file }, `${file} is not a directory.`);
}

export function notAFile(file: string): VimFault {
  return fault('NotAFile', { file }, `${file} is not a file.`);
}

/** Runs what may fail on a file; the Tools' own table of errors says which fault that is. */
export function withFileFaults<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw error instanceof GuestFileError ? fileFault(error) : error;
  }
}

function fileFault({ code, path: file }: GuestFileError): VimFault {
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return cannotAccessFile(file);
    case 'ENOENT':
      return fileNotFound(file);
    case 'EEXIST':
      return fileAlreadyExists(file);
    case 'ENOTDIR':
      return notADirectory(file);
    case 'EISDIR':
      return notAFile(file);
    case 'ENOTEMPTY':
      return fault('DirectoryNotEmpty', { file }, `The directory ${file} is not empty.`);
    case 'ENAMETOOLONG':
      return fault('FileNameTooLong', { file }, `The file name ${file.slice(0, 100)}… is too long.`);
    case 'EINVAL':
      return invalidArgument('filePath');
    case 'EBUSY':
    case 'ELOOP':
    case 'EFBIG':
    case 'ENOSPC':
      return fault('FileFault', { file }, `An error occurred while accessing ${file} in the guest.`);
  }
}
