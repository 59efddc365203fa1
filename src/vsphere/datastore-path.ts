/** Paths of files on datastores, as vSphere writes them: `[datastore] folder/file`. */
import { GatewayError } from '../lib/errors.ts';

export interface DatastorePath {
  /** Absent where the path names none. */
  readonly datastore?: string;
  readonly path: string;
}

const BRACKETED = /^\[([^\][]{1,80})\]\s*(.*)$/su;

/** Controls, and halves of characters, which no URL can hold. */
const UNSENDABLE = /[\p{Cc}\p{Cs}]/u;

/** Takes `[nfs] iso/a.iso` and `iso/a.iso`. */
export function parseDatastorePath(text: string): DatastorePath {
  const match = BRACKETED.exec(text);
  const path = (match ? match[2]! : text).replace(/^\/+/, '');
  const impossible = path === '' || path.startsWith('[') || UNSENDABLE.test(path);
  if (impossible || path.split('/').includes('..')) {
    throw new GatewayError('INVALID_INPUT', 'A file on a datastore is written as "[datastore] folder/file".');
  }
  return match ? { datastore: match[1]!, path } : { path };
}

export function formatDatastorePath(datastore: string, path: string): string {
  return `[${datastore}] ${path}`;
}
