/** Disks to stream-optimized VMDKs and back. */
import { promisify } from 'node:util';
import { deflate, inflateSync } from 'node:zlib';
import {
  ENTRIES_PER_TABLE,
  GRAIN_BYTES,
  GRAIN_SECTORS,
  MARKER,
  readHeader,
  SECTOR,
  toSectors,
  writeGrain,
  writeHeader,
  writeMarker,
  writePreamble,
} from './vmdk-layout.ts';

const compress = promisify(deflate);
const NO_DATA = Buffer.alloc(GRAIN_BYTES);

/**
 * A disk as a stream-optimized VMDK, piece by piece. Grains of zeros are not in it: an empty disk of any size is
 * small.
 *
 * @param raw what the disk holds from its start; the rest is zeros
 */
export async function* encodeVmdk(
  name: string,
  capacityBytes: number,
  raw: Buffer = Buffer.alloc(0),
): AsyncGenerator<Buffer> {
  const capacitySectors = toSectors(capacityBytes);
  const grains = Math.ceil(capacitySectors / GRAIN_SECTORS);
  const tables = Math.ceil(grains / ENTRIES_PER_TABLE);
  const directory = Buffer.alloc(toSectors(tables * 4) * SECTOR);
  let at = 0;
  const emit = (piece: Buffer) => {
    at += piece.length / SECTOR;
    return piece;
  };
  yield emit(writePreamble(name, capacitySectors));
  for (let table = 0; table < tables && table * ENTRIES_PER_TABLE * GRAIN_BYTES < raw.length; table++) {
    const entries = Buffer.alloc(ENTRIES_PER_TABLE * 4);
    let used = false;
    for (let entry = 0; entry < ENTRIES_PER_TABLE; entry++) {
      const grain = table * ENTRIES_PER_TABLE + entry;
      const held = raw.subarray(grain * GRAIN_BYTES, (grain + 1) * GRAIN_BYTES);
      if (held.length === 0 || held.equals(NO_DATA.subarray(0, held.length))) continue;
      const whole = held.length === GRAIN_BYTES ? held : Buffer.concat([held], GRAIN_BYTES);
      used = true;
      entries.writeUInt32LE(at, entry * 4);
      yield emit(writeGrain(grain * GRAIN_SECTORS, await compress(whole)));
    }
    if (!used) continue;
    yield emit(writeMarker(MARKER.grainTable, entries.length / SECTOR));
    directory.writeUInt32LE(at, table * 4);
    yield emit(entries);
  }
  yield emit(writeMarker(MARKER.grainDirectory, directory.length / SECTOR));
  const directoryAt = at;
  yield emit(directory);
  yield emit(writeMarker(MARKER.footer, 1));
  yield emit(writeHeader(capacitySectors, directoryAt));
  yield emit(writeMarker(MARKER.endOfStream, 0));
}

/**
 * What the disk of a stream-optimized VMDK holds, up to its last grain with data. Undefined for what is none, is
 * broken, or reaches further than `mayTake` allows.
 */
export function decodeVmdk(vmdk: Buffer, mayTake: (bytes: number) => boolean): Buffer | undefined {
  const header = readHeader(vmdk);
  if (!header?.streamOptimized) return undefined;
  const grainBytes = header.grainSectors * SECTOR;
  const capacity = header.capacitySectors * SECTOR;
  const grains: { at: number; data: Buffer }[] = [];
  let end = 0;
  let held = 0;
  for (let at = Number(vmdk.readBigUInt64LE(64)) * SECTOR; at + SECTOR <= vmdk.length; ) {
    const value = Number(vmdk.readBigUInt64LE(at));
    const size = vmdk.readUInt32LE(at + 8);
    if (size === 0) {
      if (vmdk.readUInt32LE(at + 12) === MARKER.endOfStream) break;
      at += (1 + value) * SECTOR;
      continue;
    }
    const data = inflate(vmdk.subarray(at + 12, at + 12 + size), grainBytes);
    held += data?.length ?? 0;
    if (!data || value * SECTOR + data.length > Math.max(capacity, grainBytes) || !mayTake(held)) return undefined;
    grains.push({ at: value * SECTOR, data });
    end = Math.max(end, value * SECTOR + data.length);
    at += toSectors(12 + size) * SECTOR;
  }
  if (!mayTake(end)) return undefined;
  const raw = Buffer.alloc(end);
  for (const { at, data } of grains) data.copy(raw, at);
  return raw;
}

function inflate(data: Buffer, maxBytes: number): Buffer | undefined {
  try {
    return inflateSync(data, { maxOutputLength: maxBytes });
  } catch {
    return undefined;
  }
}
