import { z } from 'zod';
import { GatewayError } from '../lib/errors.ts';

/** What every list returns beside its items. */
export const pageFields = {
  total: z.int().describe('Items in all, before limit and cursor.'),
  next_cursor: z.string().optional(),
};

interface Page<T> {
  readonly items: T[];
  readonly total: number;
  readonly next_cursor?: string;
}

/**
 * One page of a list. The cursor is the key of the last item of the page before, so objects that come and go
 * between two pages neither repeat nor hide others.
 *
 * @param items in any order
 * @param key unique per item; the list is sorted by it
 */
export function page<T>(items: readonly T[], key: (item: T) => string, limit: number, cursor?: string): Page<T> {
  const sorted = items
    .map((item) => ({ item, key: key(item) }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  const after = cursor === undefined ? undefined : decode(cursor);
  const start = after === undefined ? 0 : sorted.findIndex((entry) => entry.key > after);
  const chosen = start < 0 ? [] : sorted.slice(start, start + limit);
  const last = chosen.at(-1);
  const more = last !== undefined && start + limit < sorted.length;
  return {
    items: chosen.map((entry) => entry.item),
    total: sorted.length,
    ...(more ? { next_cursor: Buffer.from(last.key).toString('base64url') } : {}),
  };
}

function decode(cursor: string): string {
  if (!/^[\w-]+$/.test(cursor)) {
    throw new GatewayError('INVALID_INPUT', 'cursor: not one that this tool returned. Leave it out to start anew.');
  }
  return Buffer.from(cursor, 'base64url').toString();
}
