/** A package to deploy: an OVA, or a descriptor in a folder with its disks beside it. */
import { createHash } from 'node:crypto';
import { type ByteSource, readBytes } from './byte-source.ts';
import { quoted } from './names.ts';
import { isSafeName, readArchive } from './ova-archive.ts';
import { MOST_DESCRIPTOR_BYTES, type OvfDescriptor, readOvfDescriptor } from './ovf-descriptor.ts';
import { BadPackageError } from './ovf-errors.ts';
import { type Digest, MOST_MANIFEST_BYTES, readManifest } from './ovf-manifest.ts';

export interface OvfPackage {
  readonly source: string;
  readonly xml: string;
  readonly descriptor: OvfDescriptor;
  /**
   * A file that the descriptor refers to.
   *
   * Errors: INVALID_INPUT where it is missing, is of another size than the descriptor says, is compressed or in pieces,
   * or is not in the manifest that there is.
   */
  file(href: string): Promise<PackageFile>;
}

export interface PackageFile {
  readonly href: string;
  readonly bytes: ByteSource;
  /** From the manifest; undefined for a package without one. */
  readonly digest: Digest | undefined;
}

/** Errors: INVALID_INPUT; those of the source. */
export async function openArchive(source: ByteSource): Promise<OvfPackage> {
  const files = await readArchive(source);
  const [name, ...others] = [...files.keys()].filter((each) => /\.ovf$/i.test(each));
  if (name === undefined) throw new BadPackageError('there is no descriptor (.ovf) in it');
  if (others.length > 0) throw new BadPackageError('there are several descriptors (.ovf) in it');
  return openPackage(source.name, { name, bytes: files.get(name)! }, async (wanted) => files.get(wanted));
}

/** @param beside a file in the descriptor's folder, if it is there */
export async function openFolder(
  bytes: ByteSource,
  beside: (name: string) => Promise<ByteSource | undefined>,
): Promise<OvfPackage> {
  const name = bytes.name.slice(Math.max(bytes.name.lastIndexOf('/'), bytes.name.lastIndexOf('] ') + 1) + 1);
  return openPackage(bytes.name, { name, bytes }, beside);
}

async function openPackage(
  source: string,
  { name, bytes }: { readonly name: string; readonly bytes: ByteSource },
  find: (name: string) => Promise<ByteSource | undefined>,
): Promise<OvfPackage> {
  const text = await readWhole(bytes, MOST_DESCRIPTOR_BYTES, 'descriptor');
  const xml = text.toString('utf8');
  const descriptor = readOvfDescriptor(xml);
  const manifestFile = await find(name.replace(/\.ovf$/i, '.mf'));
  const manifest =
    manifestFile && readManifest((await readWhole(manifestFile, MOST_MANIFEST_BYTES, 'manifest')).toString());
  const digestOf = (file: string): Digest | undefined => {
    const digest = manifest?.get(file);
    if (manifest && !digest) throw new BadPackageError(`its manifest says nothing of ${quoted(file)}`);
    return digest;
  };
  const own = digestOf(name);
  if (own && createHash(own.algorithm).update(text).digest('hex') !== own.hex) {
    throw new BadPackageError('its descriptor is not the one that its manifest tells of');
  }
  return {
    source,
    xml,
    descriptor,
    async file(href) {
      const reference = descriptor.files.find((file) => file.href === href);
      if (!reference || !isSafeName(href)) throw new BadPackageError(`${quoted(href)} is no file of it`);
      if (reference.compressed) throw new BadPackageError(`${quoted(href)} is compressed: unpack the package first`);
      if (reference.chunked) throw new BadPackageError(`${quoted(href)} is cut into pieces: join them first`);
      const digest = digestOf(href);
      const found = await find(href);
      if (!found) throw new BadPackageError(`${quoted(href)} is missing`);
      if (reference.size !== undefined && reference.size !== found.size) {
        throw new BadPackageError(`${quoted(href)} has ${found.size} bytes, and should have ${reference.size}`);
      }
      return { href, bytes: found, digest };
    },
  };
}

async function readWhole(bytes: ByteSource, most: number, what: string): Promise<Buffer> {
  if (bytes.size > most) throw new BadPackageError(`its ${what} is larger than ${most} bytes`);
  return readBytes(bytes, 0, bytes.size);
}
