/** The manifest of a package: `SHA256(disk-0.vmdk)= 3a7b…`, a line for each file (DMTF DSP0243 §5.1). */
import { BadPackageError } from './ovf-errors.ts';

export interface Digest {
  readonly algorithm: 'sha1' | 'sha256' | 'sha512';
  /** Lower-case hexadecimal. */
  readonly hex: string;
}

export const MOST_MANIFEST_BYTES = 256 * 1024;
const LENGTHS = { sha1: 40, sha256: 64, sha512: 128 } as const;

/** The digests by file. Errors: INVALID_INPUT for a line that is none, or a file with two digests. */
export function readManifest(text: string): Map<string, Digest> {
  const digests = new Map<string, Digest>();
  for (const line of text.split(/\r?\n/)) {
    if (line.trim() === '') continue;
    const [, kind = '', name = '', hex = ''] =
      /^(SHA-?(?:1|256|512))\s*\((.+)\)\s*=\s*([\da-f]+)\s*$/i.exec(line) ?? [];
    const algorithm = kind.toLowerCase().replace('-', '') as Digest['algorithm'];
    if (hex.length !== LENGTHS[algorithm]) throw new BadPackageError('its manifest has a line that is no checksum');
    if (digests.has(name)) throw new BadPackageError('its manifest names a file twice');
    digests.set(name, { algorithm, hex: hex.toLowerCase() });
  }
  return digests;
}

export function writeManifest(files: readonly { readonly name: string; readonly sha256: string }[]): string {
  return files.map(({ name, sha256 }) => `SHA256(${name})= ${sha256}\n`).join('');
}
