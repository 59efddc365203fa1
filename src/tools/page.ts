import { createHash } from 'node:crypto';
import { z } from 'zod';
import { GatewayError } from '../lib/errors.ts';

/** What every list returns beside its items. */
export const pageFields = {
  total: z.int().describe('In all pages.'),
  next_cursor: z.string().optional(),
};

interface Page<T> {
  readonly items: T[];
  readonly total: number;
  readonly next_cursor?: string;
}

interface Wanted {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/**
 * One page of a list. The cursor is the key of the last item of the page before, so objects that come and go
 * between two pages neither repeat nor hide others.
 *
 * Errors: INVALID_INPUT for a cursor that this list has not given.
 *
 * @param list what is listed: the cursor of one list is none of another
 * @param items in any order
 * @param key unique per item; the list is sorted by it
 */
export function page<T>(
  list: string,
  items: readonly T[],
  key: (item: T) => string,
  { limit, cursor }: Wanted,
): Page<T> {
  const sorted = items
    .map((item) => ({ item, key: key(item) }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  const after = cursor === undefined ? undefined : keyIn(list, cursor);
  const start = after === undefined ? 0 : sorted.findIndex((entry) => entry.key > after);
  const chosen = start < 0 ? [] : sorted.slice(start, start + limit);
  const last = chosen.at(-1);
  const more = last !== undefined && start + limit < sorted.length;
  return {
    items: chosen.map((entry) => entry.item),
    total: sorted.length,
    ...(more ? { next_cursor: encode(list, last.key) } : {}),
  };
}

const LARGEST = 1e15 - 1;

/** A whole number as part of a key, so that larger ones come later. What is beyond 15 digits counts as the largest. */
export function ascending(number: number): string {
  const bounded = Math.min(Math.max(Math.trunc(number) || 0, -LARGEST), LARGEST);
  return String(1e15 + bounded).padStart(16, '0');
}

/** The same, so that larger ones come first. */
export function descending(number: number): string {
  return ascending(-number);
}

/** Tells a cursor from what a caller made up or took from another list. It keeps no secret and needs none. */
const CHECKSUM_BYTES = 6;

function encode(list: string, key: string): string {
  return Buffer.concat([checksum(list, key), Buffer.from(key)]).toString('base64url');
}

/** The key that a cursor holds. Errors: INVALID_INPUT for a cursor that this list has not given. */
export function keyIn(list: string, cursor: string): string {
  const key = Buffer.from(cursor, 'base64url').subarray(CHECKSUM_BYTES).toString();
  if (encode(list, key) !== cursor) throw refusedCursor();
  return key;
}

export function refusedCursor(): GatewayError {
  return new GatewayError('INVALID_INPUT', 'cursor: not one that this tool returned. Leave it out to start anew.');
}

function checksum(list: string, key: string): Buffer {
  return createHash('sha256').update(`${list}\0${key}`).digest().subarray(0, CHECKSUM_BYTES);
}
