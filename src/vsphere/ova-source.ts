/** Where an OVA may be: on a datastore, at a listed URL, or in the folder that the operator opened (MCP_FILES_DIR). */
import { GatewayError } from '../lib/errors.ts';
import type { FilesFolder } from '../lib/files-folder.ts';
import { type ByteSource, exactly } from './byte-source.ts';
import { openDatastoreBytes } from './datastore-bytes.ts';
import { findPlace } from './datastore-file.ts';
import { parseDatastorePath } from './datastore-path.ts';
import type { UrlSources } from './url-source.ts';
import type { VsphereCall } from './vsphere.ts';

export interface OvaPlaces {
  readonly vsphere: VsphereCall;
  /** Absent where the operator opened no folder. */
  readonly files?: FilesFolder | undefined;
  /** Absent where the operator listed no URL. */
  readonly urls?: UrlSources | undefined;
}

/**
 * Opens the file for as long as `use` takes.
 *
 * Errors: INVALID_INPUT for a path that is none of these, PERMISSION_DENIED for what the operator did not open,
 * NOT_FOUND; those of `use`.
 */
export async function withOva<R>(
  { vsphere, files, urls }: OvaPlaces,
  path: string,
  use: (ova: ByteSource) => Promise<R>,
): Promise<R> {
  if (path.startsWith('[')) {
    const { datastore, path: inside } = parseDatastorePath(path);
    return use(await openDatastoreBytes(vsphere, await findPlace(vsphere, datastore!), inside));
  }
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(path)) {
    if (urls === undefined) throw closed('URLs', 'OVA_URL_ALLOWLIST');
    const source = await urls.open(path, vsphere.signal);
    return use(source).finally(() => source.close());
  }
  if (files === undefined) throw closed("files of the gateway's own machine", 'MCP_FILES_DIR');
  const file = await files.open(path);
  const source: ByteSource = {
    name: file.path,
    size: file.size,
    read: (start, length) => exactly(file.read({ start, end: start + length }), length, file.path),
  };
  return use(source).finally(() => file.close());
}

function closed(what: string, option: string): GatewayError {
  return new GatewayError(
    'PERMISSION_DENIED',
    `The operator has opened no ${what} (${option}): put the package on a datastore, and write "[datastore] path".`,
  );
}
