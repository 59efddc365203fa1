import { describe, expect, it } from 'vitest';
import { cursor as cursorArgument } from './fields.ts';
import { ascending, descending, page } from './page.ts';

const key = (name: string) => name;

describe('page', () => {
  const names = ['e', 'b', 'd', 'a', 'c'];

  it('walks the whole list once, in order', () => {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const one = page('letters', names, key, { limit: 2, cursor });
      expect(one.total).toBe(5);
      seen.push(...one.items);
      cursor = one.next_cursor;
    } while (cursor !== undefined);
    expect(seen).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('neither repeats nor hides an item when others vanish between two pages', () => {
    const first = page('letters', names, key, { limit: 2 });
    const second = page('letters', ['c', 'd', 'e'], key, { limit: 2, cursor: first.next_cursor });
    expect(second.items).toEqual(['c', 'd']);
  });

  it('gives no cursor after the last item', () => {
    expect(page('letters', names, key, { limit: 5 }).next_cursor).toBeUndefined();
    expect(page('letters', [], key, { limit: 5 })).toEqual({ items: [], total: 0 });
  });

  it('gives nothing after a cursor behind the end', () => {
    const behind = page('letters', ['x', 'y', 'z'], key, { limit: 2 }).next_cursor;
    expect(page('letters', names, key, { limit: 5, cursor: behind }).items).toEqual([]);
  });

  const own = page('letters', names, key, { limit: 2 }).next_cursor!;
  it.each([
    ['a path', '../../etc'],
    ['an empty one', ''],
    ['a bare key', Buffer.from('b').toString('base64url')],
    ['a word', 'abcd'],
    ['a cut one', own.slice(0, -1)],
    ['one with more at its end', `${own}AAAA`],
    ["another list's", page('numbers', names, key, { limit: 2 }).next_cursor!],
    ['a long one', 'A'.repeat(8000)],
  ])('refuses a cursor that it has not made: %s', (_what, cursor) => {
    expect(() => page('letters', names, key, { limit: 5, cursor })).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT', message: expect.stringContaining('cursor') }),
    );
  });

  it('makes cursors that the argument takes, of the longest names too', () => {
    const long = ['a', 'b', 'c'].map((end) => `${'\u{1f5a5}'.repeat(80)}/`.repeat(12) + end);
    const { next_cursor } = page('names', long, key, { limit: 1 });
    expect(cursorArgument.parse(next_cursor)).toBe(next_cursor);
    expect(page('names', long, key, { limit: 5, cursor: next_cursor }).items).toEqual(long.slice(1));
  });
});

describe('numbers in keys', () => {
  const numbers = [-(10 ** 14), -101, -1, 0, 1, 9, 10, 2_000, 10 ** 14];

  it('sort as numbers do, in either direction', () => {
    expect(numbers.map(ascending)).toEqual(numbers.map(ascending).sort());
    expect(numbers.map(descending).reverse()).toEqual(numbers.map(descending).sort());
  });

  it('are of one length, whatever the number', () => {
    const all = [...numbers, Number.NaN, Number.POSITIVE_INFINITY, -Number.MAX_VALUE, 1.5];
    expect(new Set(all.flatMap((number) => [ascending(number).length, descending(number).length]))).toEqual(
      new Set([16]),
    );
  });
});
