import { describe, expect, it } from 'vitest';
import { page } from './page.ts';

const key = (name: string) => name;

describe('page', () => {
  const names = ['e', 'b', 'd', 'a', 'c'];

  it('walks the whole list once, in order', () => {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const one = page(names, key, 2, cursor);
      expect(one.total).toBe(5);
      seen.push(...one.items);
      cursor = one.next_cursor;
    } while (cursor !== undefined);
    expect(seen).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('neither repeats nor hides an item when others vanish between two pages', () => {
    const first = page(names, key, 2);
    const second = page(['c', 'd', 'e'], key, 2, first.next_cursor);
    expect(second.items).toEqual(['c', 'd']);
  });

  it('gives no cursor after the last item', () => {
    expect(page(names, key, 5).next_cursor).toBeUndefined();
    expect(page([], key, 5)).toEqual({ items: [], total: 0 });
  });

  it('gives nothing after a cursor behind the end', () => {
    const behind = Buffer.from('z').toString('base64url');
    expect(page(names, key, 5, behind).items).toEqual([]);
  });

  it('refuses a cursor it cannot have made', () => {
    expect(() => page(names, key, 5, '../../etc')).toThrow(/cursor/);
  });
});
