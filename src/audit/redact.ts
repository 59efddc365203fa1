/**
 * What may stand in a record. Everything that is written passes through here: a secret leaves its length and a keyed
 * digest (two records can be compared, the value cannot be guessed), and whatever is too long, too wide, too deep or
 * no data at all is cut to something that says so. Input is hostile: it never throws and never runs long.
 */
import { createHmac, type KeyObject } from 'node:crypto';
import { Secret } from '../lib/secret.ts';

const LONGEST_STRING = 2_048;
const LONGEST_KEY = 256;
const MOST_ITEMS = 100;
const DEEPEST = 16;
/** Of one record: values of any kind, and characters of text. */
const MOST_VALUES = 2_000;
const MOST_CHARACTERS = 64 * 1024;

interface Budget {
  values: number;
  characters: number;
  readonly key: KeyObject;
  readonly above: object[];
}

export type Recordable = string | number | boolean | null | Recordable[] | { [name: string]: Recordable };

/**
 * A copy of `value` that is plain data within limits, its objects' keys in sorted order.
 * @param key for the digests of secrets and binary data
 * @returns undefined for what is no data (a function, a symbol, undefined)
 */
export function recordable(value: unknown, key: KeyObject): Recordable | undefined {
  return copy(value, { values: MOST_VALUES, characters: MOST_CHARACTERS, key, above: [] });
}

function copy(value: unknown, budget: Budget): Recordable | undefined {
  budget.values -= 1;
  if (budget.values < 0) return '[cut]';
  switch (typeof value) {
    case 'string':
      return text(value, LONGEST_STRING, budget);
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'boolean':
      return value;
    case 'bigint':
      return text(bigintText(value), LONGEST_STRING, budget);
    case 'object':
      return value === null ? null : object(value, budget);
    default:
      return undefined;
  }
}

function object(value: object, budget: Budget): Recordable {
  try {
    if (value instanceof Secret) return digest(Buffer.from(value.reveal()), value.length, 'redacted', budget.key);
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
    if (ArrayBuffer.isView(value)) {
      const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
      return digest(bytes, bytes.length, 'binary', budget.key);
    }
    if (budget.above.includes(value)) return '[circular]';
    if (budget.above.length >= DEEPEST) return '[nested too deep]';
    budget.above.push(value);
    const copied = Array.isArray(value) ? array(value, budget) : record(value, budget);
    budget.above.pop();
    return copied;
  } catch {
    // A getter or a proxy that throws: still recorded, as what it is.
    return '[unreadable]';
  }
}

function array(items: readonly unknown[], budget: Budget): Recordable {
  const copied: Recordable[] = [];
  const count = items.length;
  for (let i = 0; i < count && i < MOST_ITEMS && budget.values > 0; i += 1) {
    copied.push(copy(items[i], budget) ?? null);
  }
  if (copied.length < count) copied.push(`[cut: ${count - copied.length} more items]`);
  return copied;
}

function record(value: object, budget: Budget): Recordable {
  // No prototype: a key named `__proto__` is a key like any other.
  const copied: { [name: string]: Recordable } = Object.create(null);
  const names = Object.keys(value).sort();
  let taken = 0;
  for (const name of names) {
    if (taken >= MOST_ITEMS || budget.values <= 0) break;
    taken += 1;
    const item = copy((value as Record<string, unknown>)[name], budget);
    if (item !== undefined) copied[text(name, LONGEST_KEY, budget)] = item;
  }
  if (taken < names.length) copied['[cut]'] = `${names.length - taken} more fields`;
  return copied;
}

function text(value: string, longest: number, budget: Budget): string {
  const most = Math.min(longest, Math.max(0, budget.characters));
  if (value.length <= most) {
    budget.characters -= value.length;
    return value;
  }
  budget.characters -= most;
  // Not in the middle of a surrogate pair.
  const high = most > 0 && (value.charCodeAt(most - 1) & 0xfc00) === 0xd800;
  return `${value.slice(0, high ? most - 1 : most)}… [cut: ${value.length} characters]`;
}

/** Writing out a huge integer takes time that grows with its square: beyond 1,024 bits only its size is said. */
function bigintText(value: bigint): string {
  return BigInt.asIntN(1024, value) === value ? value.toString() : '[integer of more than 1024 bits]';
}

function digest(bytes: Buffer, length: number, kind: 'redacted' | 'binary', key: KeyObject): Recordable {
  const mac = createHmac('sha256', key).update(bytes).digest('hex');
  return { [kind]: true, length, digest: `hmac-sha256:${mac}` };
}
