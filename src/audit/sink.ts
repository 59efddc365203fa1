/**
 * An append-only file whose every append is durable when it resolves (write + fdatasync), and which always holds
 * exactly what was acknowledged: a write that failed half-way is cut back before anything else is written, and a file
 * that was deleted, replaced, cut or written to by somebody else is noticed before the next append.
 */
import { constants } from 'node:fs';
import { mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AuditUnavailableError, errnoOf } from './errors.ts';
import { syncDirectory } from './keys.ts';

interface FileState {
  readonly size: number;
  readonly ino: number;
  readonly dev: number;
}

export interface SinkHandle {
  write(bytes: Uint8Array, offset: number): Promise<{ bytesWritten: number }>;
  datasync(): Promise<void>;
  truncate(length: number): Promise<void>;
  stat(): Promise<FileState>;
  close(): Promise<void>;
}

/** The file system as the sink uses it; tests put their faults here. */
export interface SinkFiles {
  open(path: string, flags: number, mode: number): Promise<SinkHandle>;
  stat(path: string): Promise<FileState>;
}

const systemFiles: SinkFiles = { open, stat };

const APPEND = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT;

export class DurableFile {
  readonly path: string;
  readonly #files: SinkFiles;
  #handle: SinkHandle;
  #state: FileState;
  /** Bytes that are known to be on disk and acknowledged. */
  #length: number;
  /** There may be bytes after `#length`, of a write that failed. */
  #untidy = false;

  private constructor(path: string, files: SinkFiles, handle: SinkHandle, state: FileState) {
    this.path = path;
    this.#files = files;
    this.#handle = handle;
    this.#state = state;
    this.#length = state.size;
  }

  /** @throws AuditUnavailableError with what the operating system said as its cause */
  static async open(path: string, files: SinkFiles = systemFiles): Promise<DurableFile> {
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const { handle, state } = await openForAppend(path, files);
      return new DurableFile(path, files, handle, state);
    } catch (cause) {
      throw new AuditUnavailableError(`The audit file cannot be opened (${errnoOf(cause) ?? 'error'}).`, cause);
    }
  }

  /**
   * Makes sure that the next append goes where it belongs.
   * @returns whether the file is a new, empty one, because the old one was taken away or emptied
   * @throws AuditUnavailableError where the file is not as this process left it, or cannot be tidied up
   */
  async prepare(): Promise<{ readonly startedAgain: boolean }> {
    try {
      const found = await this.#find();
      if (found === undefined || (found.size === 0 && (this.#length > 0 || !this.#isOurs(found)))) {
        await this.#startAgain();
        return { startedAgain: true };
      }
      if (!this.#isOurs(found)) throw new AuditUnavailableError('The audit file was replaced by another file.');
      if (found.size < this.#length) throw new AuditUnavailableError('The audit file was cut by somebody else.');
      if (this.#untidy) await this.#tidy();
      else if (found.size > this.#length) {
        throw new AuditUnavailableError('The audit file was written to by somebody else.');
      }
      return { startedAgain: false };
    } catch (error) {
      throw unavailable(error);
    }
  }

  /** Resolves when `bytes` are on disk. Rejects with none of them kept, as far as the disk still obeys. */
  async append(bytes: Uint8Array): Promise<void> {
    try {
      this.#untidy = true;
      for (let written = 0; written < bytes.length; ) {
        const { bytesWritten } = await this.#handle.write(bytes, written);
        if (bytesWritten === 0) throw new Error('the file system took no bytes');
        written += bytesWritten;
      }
      await this.#handle.datasync();
      this.#length += bytes.length;
      this.#untidy = false;
    } catch (error) {
      // What cannot be tidied up now is tidied up by the next `prepare`, which refuses until it can.
      await this.#tidy().catch(() => {});
      throw unavailable(error);
    }
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  /** Cuts back to what was acknowledged. Nothing acknowledged is ever cut: `#length` only counts what was synced. */
  async #tidy(): Promise<void> {
    await this.#handle.truncate(this.#length);
    await this.#handle.datasync();
    this.#untidy = false;
  }

  async #startAgain(): Promise<void> {
    const { handle, state } = await openForAppend(this.path, this.#files);
    await this.#handle.close().catch(() => {});
    this.#handle = handle;
    this.#state = state;
    this.#length = state.size;
    this.#untidy = false;
  }

  #isOurs(found: FileState): boolean {
    return found.ino === this.#state.ino && found.dev === this.#state.dev;
  }

  async #find(): Promise<FileState | undefined> {
    try {
      return await this.#files.stat(this.path);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }
}

async function openForAppend(path: string, files: SinkFiles) {
  const handle = await files.open(path, APPEND, 0o600);
  try {
    const state = await handle.stat();
    if (state.size === 0) await syncDirectory(dirname(path));
    return { handle, state };
  } catch (error) {
    await handle.close().catch(() => {});
    throw error;
  }
}

function unavailable(error: unknown): AuditUnavailableError {
  if (error instanceof AuditUnavailableError) return error;
  return new AuditUnavailableError(`The audit file cannot be written (${errnoOf(error) ?? 'error'}).`, error);
}
