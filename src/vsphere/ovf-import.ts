/** A package as a new VM: OvfManager.CreateImportSpec, ResourcePool.ImportVApp, and its files over the lease. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { GatewayError } from '../lib/errors.ts';
import type { HttpNfcLeaseDeviceUrl, LocalizedMethodFault, OvfFileItem } from '../vim25/generated/types.ts';
import { requireStatus } from './datastore-bytes.ts';
import { InvalidStateError, listed, UnsupportedError } from './errors.ts';
import type { InventoryObject } from './inventory.ts';
import { encodeName, quoted } from './names.ts';
import type { Lease } from './nfc-lease.ts';
import { BadPackageError } from './ovf-errors.ts';
import type { OvfPackage, PackageFile } from './ovf-package.ts';
import type { ManagedObjectReference } from './references.ts';
import type { VsphereCall } from './vsphere.ts';

export interface ImportWish {
  /** As a person writes it. */
  readonly name: string;
  readonly datastore: InventoryObject;
  /** For each network that the package names. */
  readonly network: InventoryObject;
  readonly pool: ManagedObjectReference;
  readonly folder: ManagedObjectReference;
  readonly host: ManagedObjectReference | undefined;
  readonly provisioning: 'thin' | 'thick' | 'eagerZeroedThick';
  readonly deploymentOption?: string | undefined;
}

export interface ImportPlan {
  readonly start: Parameters<VsphereCall['useLease']>[0];
  readonly files: readonly { readonly item: OvfFileItem; readonly file: PackageFile }[];
  /** vSphere's, in its words. */
  readonly warnings: readonly string[];
}

export interface MovedFile {
  readonly file: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** `percent` is 0 to 100. */
export type OnProgress = (percent: number, message: string) => void;

/**
 * Has vSphere check the package and all that it is to become. Nothing is changed.
 *
 * Errors: INVALID_INPUT for what is wrong with the package, a missing file among it; INVALID_STATE for too little space.
 */
export async function planImport(vsphere: VsphereCall, from: OvfPackage, wish: ImportWish): Promise<ImportPlan> {
  const { ovfManager } = vsphere.content;
  if (ovfManager === undefined) throw new UnsupportedError('This server does not take OVF packages.');
  requireOption(from, wish.deploymentOption);
  const { importSpec, fileItem, error, warning } = await vsphere.call('CreateImportSpec', {
    _this: ovfManager,
    ovfDescriptor: from.xml,
    resourcePool: wish.pool,
    datastore: wish.datastore.ref,
    cisp: {
      entityName: encodeName(wish.name),
      locale: 'US',
      deploymentOption: wish.deploymentOption ?? '',
      diskProvisioning: wish.provisioning,
      networkMapping: from.descriptor.networks.map(({ name }) => ({ name, network: wish.network.ref })),
      ...(wish.host ? { hostSystem: wish.host } : {}),
    },
  });
  const refusals = error ?? [];
  if (refusals.length > 0 || importSpec === undefined) {
    throw new BadPackageError(`vSphere says: ${listed(refusals.map(sentence), 5) || 'it makes nothing of it'}`);
  }
  const files: { item: OvfFileItem; file: PackageFile }[] = [];
  for (const item of fileItem ?? []) files.push({ item, file: await from.file(item.path) });
  await requireRoom(vsphere, wish.datastore, files);
  const { pool, folder, host } = wish;
  return {
    start: (call) => call('ImportVApp', { _this: pool, spec: importSpec, folder, ...(host ? { host } : {}) }),
    files,
    warnings: (warning ?? []).map(sentence),
  };
}

/** Sends every file of the plan. Errors: INVALID_INPUT for what its manifest denies; those of source and transfer. */
export async function sendFiles(
  { transfer }: VsphereCall,
  lease: Lease,
  { files }: ImportPlan,
  onProgress: OnProgress,
): Promise<MovedFile[]> {
  const total = files.reduce((sum, { file }) => sum + file.bytes.size, 0);
  const moved: MovedFile[] = [];
  let before = 0;
  for (const { item, file } of files) {
    const place = placeOf(lease, item);
    const hash = createHash('sha256');
    const check = file.digest && createHash(file.digest.algorithm);
    let own = 0;
    const bytes = async function* () {
      for await (const piece of file.bytes.read(0, file.bytes.size)) {
        hash.update(piece);
        check?.update(piece);
        own += piece.byteLength;
        const percent = (100 * (before + own)) / Math.max(1, total);
        lease.report(percent);
        onProgress(Math.min(99, percent), `uploading ${file.href}`);
        yield piece;
      }
    };
    await transfer.at(
      { url: place.url, thumbprint: place.sslThumbprint },
      {
        // What is made by the transfer is PUT, what was made with the VM is POSTed (vSphere API, OvfFileItem.create).
        method: item.create ? 'PUT' : 'POST',
        headers: {
          'content-type': place.disk === true ? 'application/x-vnd.vmware-streamVmdk' : 'application/octet-stream',
          'content-length': String(file.bytes.size),
          overwrite: 't',
        },
        body: Readable.from(bytes(), { objectMode: false, highWaterMark: 256 * 1024 }),
        signal: lease.signal,
      },
      async ({ statusCode, body }) => {
        await body.dump();
        requireStatus(statusCode, [200, 201, 204], file.href);
      },
    );
    if (check && check.digest('hex') !== file.digest?.hex) {
      throw new BadPackageError(
        `${quoted(file.href)} is not the file that its manifest tells of; nothing was deployed`,
      );
    }
    before += own;
    moved.push({ file: file.href, sizeBytes: own, sha256: hash.digest('hex') });
  }
  return moved;
}

function placeOf({ info }: Lease, { deviceId, path }: OvfFileItem): HttpNfcLeaseDeviceUrl {
  const place = info.deviceUrl?.find(({ importKey }) => importKey === deviceId);
  if (place) return place;
  throw new GatewayError('VSPHERE_FAULT', `vSphere asks for ${quoted(path)}, and names no place for it.`);
}

function requireOption({ descriptor: { deploymentOptions } }: OvfPackage, wanted: string | undefined): void {
  if (wanted === undefined || deploymentOptions.some(({ id }) => id === wanted)) return;
  const known = deploymentOptions.map(({ id }) => quoted(id));
  throw new GatewayError(
    'INVALID_INPUT',
    known.length === 0
      ? 'The package has no deployment options: leave deployment_option out.'
      : `The package has no deployment option ${quoted(wanted)}; it has ${listed(known)}.`,
  );
}

/** As compressed as they come the files need their size at least. */
async function requireRoom(
  vsphere: VsphereCall,
  datastore: InventoryObject,
  files: readonly { readonly file: PackageFile }[],
): Promise<void> {
  const needed = files.reduce((sum, { file }) => sum + file.bytes.size, 0);
  const { props } = await vsphere.readOne('Datastore', datastore.ref, ['summary']);
  const free = props.summary?.freeSpace;
  if (free === undefined || free >= needed) return;
  throw new InvalidStateError(
    `The datastore ${quoted(datastore.name)} has ${free} bytes free, and the package needs ${needed}: name another.`,
  );
}

function sentence({ localizedMessage, fault }: LocalizedMethodFault): string {
  return localizedMessage || ((fault as { $type?: string }).$type ?? 'unknown');
}
