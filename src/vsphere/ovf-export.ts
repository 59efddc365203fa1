/** A VM as a package in a folder on a datastore: its disks, a descriptor, and a manifest that verifies. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { GatewayError } from '../lib/errors.ts';
import type { HttpNfcLeaseDeviceUrl, HttpNfcLeaseManifestEntry, OvfFile } from '../vim25/generated/types.ts';
import type { HttpResponse } from '../vim25/transport.ts';
import { requireStatus } from './datastore-bytes.ts';
import { type DatastorePlace, datastorePathOf, startDelete } from './datastore-file.ts';
import { folderUrl } from './datastore-transfer.ts';
import { InvalidStateError } from './errors.ts';
import { isFault } from './faults.ts';
import type { InventoryObject } from './inventory.ts';
import { quoted } from './names.ts';
import type { Lease } from './nfc-lease.ts';
import type { MovedFile, OnProgress } from './ovf-import.ts';
import { writeManifest } from './ovf-manifest.ts';
import type { VsphereCall } from './vsphere.ts';

const TIDY_UP_MS = 30_000;

export interface ExportPlace {
  readonly place: DatastorePlace;
  /** A folder that does not exist yet. */
  readonly folder: string;
}

/**
 * Writes the package. Where anything goes wrong the lease is aborted and the folder removed.
 *
 * Errors: INVALID_STATE where the folder exists already; those of the transfers; the fault that ended the lease.
 */
export async function exportVm(
  vsphere: VsphereCall,
  vm: InventoryObject,
  to: ExportPlace,
  onProgress: OnProgress,
): Promise<MovedFile[]> {
  return vsphere.useLease(
    (call) => call('ExportVm', { _this: vm.ref }),
    async (lease) => {
      await makeFolder(vsphere, to);
      try {
        return await writePackage(vsphere.until(lease.signal), vm, lease, to, onProgress);
      } catch (error) {
        await removeFolder(vsphere, to);
        throw error;
      }
    },
  );
}

async function writePackage(
  vsphere: VsphereCall,
  vm: InventoryObject,
  lease: Lease,
  to: ExportPlace,
  onProgress: OnProgress,
): Promise<MovedFile[]> {
  const base = fileNameOf(vm.name);
  const places = lease.info.deviceUrl ?? [];
  const expected =
    places.reduce((sum, { fileSize = 0 }) => sum + fileSize, 0) || lease.info.totalDiskCapacityInKB * 1024;
  const moved: (MovedFile & { readonly sha1: string; readonly key: string })[] = [];
  let before = 0;
  for (const [index, place] of places.entries()) {
    const name = `${base}-${fileNameOf(place.targetId ?? `disk-${index}.vmdk`)}`;
    const copied = await copy(vsphere, place, { ...to, name }, (own) => {
      // The size is an estimate: disks travel compressed.
      const percent = Math.min(95, (95 * (before + own)) / Math.max(1, expected));
      lease.report(percent);
      onProgress(percent, `writing ${name}`);
    });
    before += copied.sizeBytes;
    moved.push({ ...copied, key: place.key });
  }
  const manifest = await vsphere.call('HttpNfcLeaseGetManifest', { _this: lease.ref });
  for (const file of moved)
    requireSame(
      file,
      manifest.find(({ key }) => key === file.key),
    );

  const xml = await describe(
    vsphere,
    vm,
    moved.map((file) => ovfFile(file, manifest)),
  );
  const files: MovedFile[] = moved.map(({ file, sizeBytes, sha256 }) => ({ file, sizeBytes, sha256 }));
  files.unshift(await write(vsphere, to, `${base}.ovf`, xml));
  const sums = files.map(({ file, sha256 }) => ({ name: file, sha256 }));
  files.push(await write(vsphere, to, `${base}.mf`, writeManifest(sums)));
  return files;
}

/** From the host's stream into the datastore's, through this process and no file of it. */
async function copy(
  { transfer, signal }: VsphereCall,
  from: HttpNfcLeaseDeviceUrl,
  { place, folder, name }: ExportPlace & { readonly name: string },
  onBytes: (own: number) => void,
): Promise<MovedFile & { readonly sha1: string }> {
  const sha256 = createHash('sha256');
  const sha1 = createHash('sha1');
  let own = 0;
  await transfer.at({ url: from.url, thumbprint: from.sslThumbprint }, { method: 'GET', signal }, async (source) => {
    requireStatus(source.statusCode, [200], name);
    const bytes = async function* () {
      for await (const piece of source.body) {
        sha256.update(piece);
        sha1.update(piece);
        own += piece.byteLength;
        onBytes(own);
        yield piece;
      }
    };
    const body = Readable.from(bytes(), { objectMode: false, highWaterMark: 256 * 1024 });
    const headers = { 'content-type': 'application/octet-stream' };
    await transfer.onServer(folderUrl(place, `${folder}/${name}`), { method: 'PUT', headers, body, signal }, (answer) =>
      written(answer, name),
    );
  });
  return { file: name, sizeBytes: own, sha256: sha256.digest('hex'), sha1: sha1.digest('hex') };
}

async function write(
  { transfer, signal }: VsphereCall,
  { place, folder }: ExportPlace,
  name: string,
  text: string,
): Promise<MovedFile> {
  const body = Buffer.from(text);
  const url = folderUrl(place, `${folder}/${name}`);
  await transfer.onServer(url, { method: 'PUT', body, signal }, (answer) => written(answer, name));
  return { file: name, sizeBytes: body.length, sha256: createHash('sha256').update(body).digest('hex') };
}

async function written({ statusCode, body }: HttpResponse, name: string): Promise<void> {
  await body.dump();
  requireStatus(statusCode, [200, 201, 204], name);
}

/** What the host says that it sent is what has arrived. */
function requireSame(
  { file, sha1, sha256, sizeBytes }: MovedFile & { readonly sha1: string },
  sent: HttpNfcLeaseManifestEntry | undefined,
): void {
  if (sent === undefined) return;
  const type = sent.checksumType?.toLowerCase();
  const same =
    type === 'sha256' && sent.checksum ? sent.checksum.toLowerCase() === sha256 : sent.sha1.toLowerCase() === sha1;
  if (same && sent.size === sizeBytes) return;
  throw new GatewayError('UNAVAILABLE', `${quoted(file)} did not arrive as it was sent; nothing was kept. Try again.`);
}

function ovfFile(
  { key, file, sizeBytes }: MovedFile & { readonly key: string },
  manifest: readonly HttpNfcLeaseManifestEntry[],
): OvfFile {
  const { capacity, populatedSize } = manifest.find((entry) => entry.key === key) ?? {};
  return {
    deviceId: key,
    path: file,
    size: sizeBytes,
    ...(capacity === undefined ? {} : { capacity }),
    ...(populatedSize === undefined ? {} : { populatedSize }),
  };
}

async function describe(vsphere: VsphereCall, vm: InventoryObject, ovfFiles: readonly OvfFile[]): Promise<string> {
  const { ovfDescriptor, error = [] } = await vsphere.call('CreateDescriptor', {
    _this: vsphere.content.ovfManager!,
    obj: vm.ref,
    cdp: { ovfFiles, name: vm.name, includeImageFiles: false },
  });
  const [first] = error;
  if (first === undefined) return ovfDescriptor;
  throw new GatewayError(
    'VSPHERE_FAULT',
    `vSphere cannot describe the VM: ${first.localizedMessage ?? 'no reason given'}`,
  );
}

async function makeFolder({ call, content }: VsphereCall, { place, folder }: ExportPlace): Promise<void> {
  const name = datastorePathOf(place, folder);
  const request = {
    _this: content.fileManager!,
    name,
    datacenter: place.datacenter.ref,
    createParentDirectories: true,
  };
  await call('MakeDirectory', request).catch((error: unknown) => {
    if (!isFault(error, 'FileAlreadyExists')) throw error;
    throw new InvalidStateError(`${quoted(name)} exists already: name a new folder for the package.`);
  });
}

/** Also for a caller who has gone. What cannot be removed is no reason to hide what went wrong. */
async function removeFolder(vsphere: VsphereCall, { place, folder }: ExportPlace): Promise<void> {
  const own = vsphere.until(AbortSignal.timeout(TIDY_UP_MS));
  try {
    await own.tasks.wait(await startDelete(own, place, folder, 'folder'));
  } catch {
    // The error that led here tells that the export failed.
  }
}

/** A name that is one in every file system, and in a manifest. */
function fileNameOf(name: string): string {
  return (
    name
      .replace(/[^\p{L}\p{N}._-]+/gu, '_')
      .replace(/^[.-]+/, '_')
      .slice(0, 100) || 'vm'
  );
}
