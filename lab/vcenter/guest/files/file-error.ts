/** What goes wrong with the files of a guest, by the names that POSIX has for it. */

const SENTENCES = {
  EACCES: 'Permission denied',
  EPERM: 'Operation not permitted',
  ENOENT: 'No such file or directory',
  EEXIST: 'File exists',
  ENOTDIR: 'Not a directory',
  EISDIR: 'Is a directory',
  ENOTEMPTY: 'Directory not empty',
  EINVAL: 'Invalid argument',
  EBUSY: 'Device or resource busy',
  ELOOP: 'Too many levels of symbolic links',
  ENAMETOOLONG: 'File name too long',
  EFBIG: 'File too large',
  ENOSPC: 'No space left on device',
} as const;

export type FileErrorCode = keyof typeof SENTENCES;

export class GuestFileError extends Error {
  readonly code: FileErrorCode;
  readonly path: string;

  /** Its message is strerror's: `No such file or directory`. */
  constructor(code: FileErrorCode, path: string) {
    super(SENTENCES[code]);
    this.code = code;
    this.path = path;
  }
}
