/**
 * The chain: each record's hash covers the record before it, so that none can be changed, taken out, put in or moved
 * without the key. `hash = HMAC-SHA256(key, prev ‖ line without hash)`, over the very bytes of the line.
 */
import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import { type AuditRecord, RECORD_VERSION } from './record.ts';

/** Where a chain stands: its last record. */
export interface ChainHead {
  readonly seq: number;
  readonly hash: string;
}

export const GENESIS: ChainHead = { seq: 0, hash: '0'.repeat(64) };

const HASH_FIELD = ',"hash":"';
/** `,"hash":"` + 64 hex digits + `"}` */
const HASH_LENGTH = HASH_FIELD.length + 64 + 2;

export interface Sealed {
  readonly line: string;
  readonly head: ChainHead;
}

/** @param fields the record's own fields, as the inside of a JSON object */
export function seal(fields: string, after: ChainHead, key: KeyObject): Sealed {
  const seq = after.seq + 1;
  const open = `{"v":${RECORD_VERSION},"seq":${seq},${fields},"prev":"${after.hash}"`;
  const hash = createHmac('sha256', key).update(`${after.hash}${open}}`).digest('hex');
  return { line: `${open}${HASH_FIELD}${hash}"}\n`, head: { seq, hash } };
}

/** @param line without its line feed */
export function hasValidHash(line: Buffer, record: AuditRecord, key: KeyObject): boolean {
  if (line.length <= HASH_LENGTH || line.toString('latin1', line.length - HASH_LENGTH) !== hashField(record)) {
    return false;
  }
  const expected = createHmac('sha256', key)
    .update(record.prev)
    .update(line.subarray(0, line.length - HASH_LENGTH))
    .update('}')
    .digest();
  return timingSafeEqual(expected, Buffer.from(record.hash, 'hex'));
}

function hashField(record: AuditRecord): string {
  return `${HASH_FIELD}${record.hash}"}`;
}

const HASH = /^[0-9a-f]{64}$/;

/** A line as a record, as far as the chain needs to know it; undefined where it is none. */
export function parseRecord(line: Buffer): AuditRecord | undefined {
  let record: AuditRecord;
  try {
    record = JSON.parse(line.toString('utf8'));
  } catch {
    return undefined;
  }
  if (typeof record !== 'object' || record === null || !Number.isSafeInteger(record.seq)) return undefined;
  if (record.v !== RECORD_VERSION || typeof record.id !== 'string' || typeof record.event !== 'string')
    return undefined;
  if (typeof record.hash !== 'string' || typeof record.prev !== 'string') return undefined;
  return HASH.test(record.hash) && HASH.test(record.prev) ? record : undefined;
}
