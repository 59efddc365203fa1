/**
 * The stream-optimized VMDK, as disks travel in OVF packages: a header, compressed grains of 64 KiB each behind a
 * marker, tables of where they lie, and a footer, which says where the tables are. Sizes are in sectors.
 *
 * Virtual Disk Format 1.1 (VMware, 2011).
 */

export const SECTOR = 512;
export const GRAIN_SECTORS = 128;
export const GRAIN_BYTES = GRAIN_SECTORS * SECTOR;
export const ENTRIES_PER_TABLE = 512;
const OVERHEAD_SECTORS = 128;
export const MARKER = { endOfStream: 0, grainTable: 1, grainDirectory: 2, footer: 3 } as const;

const MAGIC = 0x564d444b;
const VERSION = 3;
const DESCRIPTOR_AT = 1;
const DESCRIPTOR_SECTORS = 20;
/** Valid line ends, compressed grains, markers. */
const FLAGS = 0x30001;
const COMPRESSION_DEFLATE = 1;
const DIRECTORY_AT_END = 0xffff_ffff_ffff_ffffn;

export interface Header {
  readonly capacitySectors: number;
  readonly grainSectors: number;
  readonly streamOptimized: boolean;
}

/** @param directoryAt the sector of the grain directory; undefined: the footer says it */
export function writeHeader(capacitySectors: number, directoryAt?: number): Buffer {
  const header = Buffer.alloc(SECTOR);
  header.writeUInt32LE(MAGIC, 0);
  header.writeUInt32LE(VERSION, 4);
  header.writeUInt32LE(FLAGS, 8);
  header.writeBigUInt64LE(BigInt(capacitySectors), 12);
  header.writeBigUInt64LE(BigInt(GRAIN_SECTORS), 20);
  header.writeBigUInt64LE(BigInt(DESCRIPTOR_AT), 28);
  header.writeBigUInt64LE(BigInt(DESCRIPTOR_SECTORS), 36);
  header.writeUInt32LE(ENTRIES_PER_TABLE, 44);
  header.writeBigUInt64LE(0n, 48);
  header.writeBigUInt64LE(directoryAt === undefined ? DIRECTORY_AT_END : BigInt(directoryAt), 56);
  header.writeBigUInt64LE(BigInt(OVERHEAD_SECTORS), 64);
  header.write('\n \r\n', 73, 'latin1');
  header.writeUInt16LE(COMPRESSION_DEFLATE, 77);
  return header;
}

/** Undefined for what is no sparse VMDK. */
export function readHeader(bytes: Buffer): Header | undefined {
  if (bytes.length < SECTOR || bytes.readUInt32LE(0) !== MAGIC) return undefined;
  const capacity = bytes.readBigUInt64LE(12);
  const grain = bytes.readBigUInt64LE(20);
  if (capacity > BigInt(Number.MAX_SAFE_INTEGER) || grain === 0n || grain > 65_536n) return undefined;
  return {
    capacitySectors: Number(capacity),
    grainSectors: Number(grain),
    streamOptimized: (bytes.readUInt32LE(8) & 0x30000) === 0x30000 && bytes.readUInt16LE(77) === COMPRESSION_DEFLATE,
  };
}

/** The header's sectors and the descriptor's, up to the first grain. */
export function writePreamble(name: string, capacitySectors: number): Buffer {
  const preamble = Buffer.alloc(OVERHEAD_SECTORS * SECTOR);
  writeHeader(capacitySectors).copy(preamble);
  preamble.write(descriptor(name, capacitySectors), DESCRIPTOR_AT * SECTOR, 'utf8');
  return preamble;
}

/** A marker of metadata; what it announces follows. */
export function writeMarker(type: number, sectors: number): Buffer {
  const marker = Buffer.alloc(SECTOR);
  marker.writeBigUInt64LE(BigInt(sectors), 0);
  marker.writeUInt32LE(0, 8);
  marker.writeUInt32LE(type, 12);
  return marker;
}

/** A grain with its marker, filled up to whole sectors. */
export function writeGrain(sector: number, compressed: Buffer): Buffer {
  const grain = Buffer.alloc(toSectors(12 + compressed.length) * SECTOR);
  grain.writeBigUInt64LE(BigInt(sector), 0);
  grain.writeUInt32LE(compressed.length, 8);
  compressed.copy(grain, 12);
  return grain;
}

export function toSectors(bytes: number): number {
  return Math.ceil(bytes / SECTOR);
}

function descriptor(name: string, capacitySectors: number): string {
  const cylinders = Math.max(1, Math.min(65_535, Math.floor(capacitySectors / (255 * 63))));
  return `# Disk DescriptorFile
version=1
CID=fffffffe
parentCID=ffffffff
createType="streamOptimized"

# Extent description
RDONLY ${capacitySectors} SPARSE "${name.replace(/["\r\n]/g, '').slice(0, 200)}"

# The Disk Data Base
#DDB

ddb.adapterType = "lsilogic"
ddb.geometry.cylinders = "${cylinders}"
ddb.geometry.heads = "255"
ddb.geometry.sectors = "63"
ddb.virtualHWVersion = "19"
`;
}
