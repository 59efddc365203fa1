/** GuestFileManager: files and folders of a guest, and the addresses by which files come and go. */
import { invalidArgument } from '../core/faults.ts';
import type { MethodTable } from '../core/method.ts';
import type { World } from '../core/world.ts';
import { cannotAccessFile, fileAlreadyExists } from '../files/faults.ts';
import { inGuest, type LoggedIn } from './access.ts';
import { guestOperationFailed, notADirectory, notAFile } from './faults.ts';
import { attributesOf, listFiles, wantedAttributes } from './file-info.ts';
import { folderOf } from './files/path-style.ts';

/** Of a folder that is made without being told. */
const FOLDER_MODE = 0o700;
const MAX_TRIES = 1_000;

/** A path as the guest takes it: what says not where it begins, begins where the Tools run. */
function pathIn({ guest, files }: LoggedIn, path: string, property: string): string {
  if (path === '') throw invalidArgument(property);
  return files.style.isAbsolute(path) ? path : files.style.join(guest.system.defaultFolder, path);
}

/** A host says `*` in place of its name: whoever called it knows it by one that works. */
function addressOf({ web }: World, query: string): string {
  return `${web.guestFileOrigin ?? `${web.scheme}://*:${web.port}`}/guestFile?${query}`;
}

interface Temporary {
  readonly prefix: string;
  readonly suffix: string;
  readonly directoryPath?: string;
}

/** `prefixvmware17suffix`, as the Tools name them; what is made there is up to `make`. */
function makeTemporary(loggedIn: LoggedIn, request: Temporary, make: (path: string) => void): string {
  const { guest, user, files } = loggedIn;
  const { prefix, suffix } = request;
  if (/[\\/]/.test(prefix + suffix)) throw invalidArgument(/[\\/]/.test(prefix) ? 'prefix' : 'suffix');
  const folder = request.directoryPath || guest.system.temporaryFolder(user);
  for (let number = 0; number < MAX_TRIES; number++) {
    const path = files.style.join(folder, `${prefix}vmware${number}${suffix}`);
    if (files.find(path, { follow: false })) continue;
    make(path);
    return path;
  }
  throw guestOperationFailed('there are too many temporary files');
}

export const guestFileMethods: MethodTable = {
  MakeDirectoryInGuest: inGuest('MakeDirectoryInGuest', 'Modify', (call, loggedIn) => {
    const { directoryPath, createParentDirectories: parents } = call.request;
    const path = pathIn(loggedIn, directoryPath, 'directoryPath');
    loggedIn.files.makeFolder(path, { parents, mode: FOLDER_MODE });
  }),
  DeleteFileInGuest: inGuest('DeleteFileInGuest', 'Modify', (call, loggedIn) => {
    const path = pathIn(loggedIn, call.request.filePath, 'filePath');
    loggedIn.files.remove(path);
  }),
  DeleteDirectoryInGuest: inGuest('DeleteDirectoryInGuest', 'Modify', (call, loggedIn) => {
    const { directoryPath, recursive } = call.request;
    const path = pathIn(loggedIn, directoryPath, 'directoryPath');
    loggedIn.files.removeFolder(path, { recursive });
  }),
  MoveFileInGuest: inGuest('MoveFileInGuest', 'Modify', (call, loggedIn) => {
    const { srcFilePath, dstFilePath, overwrite } = call.request;
    const from = pathIn(loggedIn, srcFilePath, 'srcFilePath');
    const to = pathIn(loggedIn, dstFilePath, 'dstFilePath');
    const { files } = loggedIn;
    const source = files.stat(from, { follow: false });
    const target = files.find(to, { follow: false });
    if (target?.kind === 'directory') throw fileAlreadyExists(to);
    if (source.kind === 'directory') throw notAFile(from);
    if (target && !overwrite) throw fileAlreadyExists(to);
    files.move(from, to);
  }),
  MoveDirectoryInGuest: inGuest('MoveDirectoryInGuest', 'Modify', (call, loggedIn) => {
    const { srcDirectoryPath, dstDirectoryPath } = call.request;
    const from = pathIn(loggedIn, srcDirectoryPath, 'srcDirectoryPath');
    const to = pathIn(loggedIn, dstDirectoryPath, 'dstDirectoryPath');
    const { files } = loggedIn;
    const source = files.stat(from, { follow: false });
    if (files.find(to, { follow: false })) throw fileAlreadyExists(to);
    if (source.kind !== 'directory') throw notADirectory(from);
    files.move(from, to);
  }),
  CreateTemporaryFileInGuest: inGuest('CreateTemporaryFileInGuest', 'Modify', (call, loggedIn) => {
    return makeTemporary(loggedIn, call.request, (path) =>
      loggedIn.files.write(path, Buffer.alloc(0), { mode: 0o600 }),
    );
  }),
  CreateTemporaryDirectoryInGuest: inGuest('CreateTemporaryDirectoryInGuest', 'Modify', (call, loggedIn) => {
    return makeTemporary(loggedIn, call.request, (path) => loggedIn.files.makeFolder(path, { mode: FOLDER_MODE }));
  }),
  ListFilesInGuest: inGuest('ListFilesInGuest', 'Query', (call, loggedIn) => {
    const path = pathIn(loggedIn, call.request.filePath, 'filePath');
    return listFiles(loggedIn.files, path, call.request);
  }),
  ChangeFileAttributesInGuest: inGuest('ChangeFileAttributesInGuest', 'Modify', (call, loggedIn) => {
    const { guestFilePath, fileAttributes } = call.request;
    const path = pathIn(loggedIn, guestFilePath, 'guestFilePath');
    const { mode } = loggedIn.files.stat(path);
    loggedIn.files.change(path, wantedAttributes(loggedIn.files, fileAttributes, mode));
  }),
  InitiateFileTransferFromGuest: inGuest('InitiateFileTransferFromGuest', 'Query', (call, loggedIn) => {
    const { vm, files } = loggedIn;
    const path = pathIn(loggedIn, call.request.guestFilePath, 'guestFilePath');
    const status = files.stat(path, { follow: false });
    if (status.kind === 'symlink') throw invalidArgument('guestFilePath');
    if (status.kind === 'directory') throw notAFile(path);
    if (!files.may(path, 'read')) throw cannotAccessFile(path);
    const transfer = { vm: vm.id, direction: 'from', path, files, size: status.size } as const;
    const query = call.world.guests.transfers.offer({ ...transfer, overwrite: false, attributes: {} });
    return {
      attributes: attributesOf(files, path, status),
      size: status.size,
      url: addressOf(call.world, query),
    };
  }),
  InitiateFileTransferToGuest: inGuest('InitiateFileTransferToGuest', 'Modify', (call, loggedIn) => {
    const { guestFilePath, fileAttributes, fileSize: size, overwrite } = call.request;
    const { vm, user, files } = loggedIn;
    const path = pathIn(loggedIn, guestFilePath, 'guestFilePath');
    if (!Number.isSafeInteger(size) || size < 0) throw invalidArgument('fileSize');
    const attributes = wantedAttributes(files, fileAttributes);
    const status = files.find(path, { follow: false });
    if (status?.kind === 'symlink') throw invalidArgument('guestFilePath');
    if (status?.kind === 'directory') throw notAFile(path);
    if (status && !overwrite) throw fileAlreadyExists(path);
    if (status && !files.may(path, 'write')) throw cannotAccessFile(path);
    if (!status) {
      const folder = folderOf(path, files.style);
      if (files.stat(folder).kind !== 'directory') throw notADirectory(folder);
      if (!files.may(folder, 'write')) throw cannotAccessFile(path);
    }
    // Only root gives files away: it fails before a byte was sent.
    const gives = (attributes.uid ?? user.uid) !== user.uid || (attributes.gid ?? user.gid) !== user.gid;
    if (gives && !user.superuser) throw cannotAccessFile(path);
    const transfer = { vm: vm.id, direction: 'to', path, files, size, overwrite, attributes } as const;
    return addressOf(call.world, call.world.guests.transfers.offer(transfer));
  }),
};
