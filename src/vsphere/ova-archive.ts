/**
 * The files in an OVA: a tar archive (POSIX ustar, with GNU's long names and pax's paths and sizes).
 *
 * Only headers are read here; a file in between is skipped, however large. What an archive says of itself is hostile:
 * each header has its checksum, no entry reaches beyond the archive's end, no name leaves it or comes twice, and there
 * are no more entries than a package can need. An archive that is compressed is refused: nothing here is ever inflated.
 *
 * POSIX.1-2017, pax; GNU tar manual, "Basic Tar Format".
 */
import { type ByteSource, partOf, readBytes } from './byte-source.ts';
import { BadPackageError } from './ovf-errors.ts';

const BLOCK = 512;
const MOST_ENTRIES = 512;
/** Of a long name, or the records of a pax header. */
const MOST_EXTENDED = 64 * 1024;

/**
 * The plain files of the archive by name, in their order.
 *
 * Errors: INVALID_INPUT for what is no archive or a hostile one; those of the source.
 */
export async function readArchive(source: ByteSource): Promise<Map<string, ByteSource>> {
  const files = new Map<string, ByteSource>();
  let at = 0;
  let extended: Extended = {};
  for (let entries = 0; at + BLOCK <= source.size; entries++) {
    if (entries === MOST_ENTRIES) throw new BadPackageError(`it has more than ${MOST_ENTRIES} entries`);
    const block = await readBytes(source, at, BLOCK);
    if (block.every((byte) => byte === 0)) break;
    const header = readHeader(block, at);
    const size = extended.size ?? header.size;
    const start = at + BLOCK;
    if (size > source.size - start) throw new BadPackageError('it is cut off, or says that its files are longer');
    at = start + Math.ceil(size / BLOCK) * BLOCK;
    if (header.type === 'L' || header.type === 'x') {
      if (size > MOST_EXTENDED) throw new BadPackageError('a header in it is too long');
      const data = await readBytes(source, start, size);
      extended = { ...extended, ...(header.type === 'L' ? { name: textOf(data) } : paxOf(data)) };
      continue;
    }
    if (PLAIN.has(header.type)) {
      const name = safeName(extended.name ?? header.name);
      if (files.has(name)) throw new BadPackageError(`"${name}" is in it twice`);
      files.set(name, partOf(source, name, start, size));
    }
    // A long link (K) or what holds for all (g) belongs to no file; links and directories are no files.
    if (header.type !== 'K' && header.type !== 'g') extended = {};
  }
  if (files.size === 0) throw new BadPackageError('there is no file in it');
  return files;
}

const PLAIN: ReadonlySet<string> = new Set(['0', '\0', '7']);

interface Extended {
  readonly name?: string;
  readonly size?: number;
}

interface Header {
  readonly name: string;
  readonly size: number;
  readonly type: string;
}

function readHeader(block: Buffer, at: number): Header {
  if (at === 0 && block[0] === 0x1f && block[1] === 0x8b) {
    throw new BadPackageError('it is compressed with gzip: unpack it first');
  }
  const said = Number.parseInt(textOf(block.subarray(148, 156)).trim(), 8);
  let sum = 8 * 0x20;
  for (const [index, byte] of block.entries()) if (index < 148 || index >= 156) sum += byte;
  if (said !== sum) throw new BadPackageError(at === 0 ? 'it is no tar archive' : 'one of its headers is damaged');
  const type = String.fromCharCode(block[156]!);
  if (type === 'S' || type === 'M') throw new BadPackageError('its files are sparse or in several volumes');
  const isPosix = block.subarray(257, 263).toString('latin1') === 'ustar\0';
  const prefix = isPosix ? textOf(block.subarray(345, 500)) : '';
  const name = textOf(block.subarray(0, 100));
  return { name: prefix === '' ? name : `${prefix}/${name}`, size: numberOf(block.subarray(124, 136)), type };
}

/** Octal digits, or GNU's binary for what is too large for them. */
function numberOf(field: Buffer): number {
  if ((field[0]! & 0x80) !== 0) {
    let value = BigInt(field[0]! & 0x7f);
    for (const byte of field.subarray(1)) value = value * 256n + BigInt(byte);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new BadPackageError('a size in it is impossible');
    return Number(value);
  }
  const digits = textOf(field).trim();
  if (!/^[0-7]{0,12}$/.test(digits)) throw new BadPackageError('one of its headers is damaged');
  return digits === '' ? 0 : Number.parseInt(digits, 8);
}

/** `LENGTH KEY=VALUE\n`, one after another; the length counts the whole record. */
function paxOf(data: Buffer): Extended {
  const found: { name?: string; size?: number } = {};
  for (let at = 0; at < data.length; ) {
    const match = /^(\d{1,6}) ([^=\n]+)=/.exec(data.subarray(at, at + 128).toString('latin1'));
    const length = Number(match?.[1] ?? 0);
    if (!match || length <= match[0].length || at + length > data.length || data[at + length - 1] !== 0x0a) {
      throw new BadPackageError('one of its headers is damaged');
    }
    const value = data.subarray(at + match[0].length, at + length - 1).toString('utf8');
    if (match[2] === 'path') found.name = value;
    if (match[2] === 'size') {
      if (!/^\d{1,15}$/.test(value)) throw new BadPackageError('a size in it is impossible');
      found.size = Number(value);
    }
    if (match[2]!.startsWith('GNU.sparse')) throw new BadPackageError('its files are sparse or in several volumes');
    at += length;
  }
  return found;
}

function textOf(field: Buffer): string {
  const end = field.indexOf(0);
  return field.subarray(0, end === -1 ? field.length : end).toString('utf8');
}

function safeName(given: string): string {
  const name = given.replace(/^(?:\.\/)+/, '');
  if (!isSafeName(name)) throw new BadPackageError('a name in it leads out of it, or cannot be shown');
  return name;
}

/** A relative path without `..`, backslashes, colons and what cannot be seen. */
export function isSafeName(name: string): boolean {
  return (
    name !== '' &&
    name.length <= 1024 &&
    !/[\\:\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(name) &&
    name.split('/').every((segment) => segment !== '' && segment !== '.' && segment !== '..')
  );
}
