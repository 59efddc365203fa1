import { describe, expect, it } from 'vitest';
import { frameIn, historyPage } from './history-page.ts';
import { page } from './page.ts';

interface Entry {
  readonly time: number;
  readonly number: number;
  readonly id: string;
}

const entry = (time: number, number: number): Entry => ({ time, number, id: `task-${number}` });
const momentOf = (item: Entry) => item;
const ids = (items: readonly Entry[]) => items.map(({ id }) => id);

function pageOf(items: readonly Entry[], given: { limit: number; cursor?: string | undefined; maxCount?: number }) {
  return historyPage('tasks', items, momentOf, { maxCount: 100, since: 5, ...given });
}

describe('a page of history', () => {
  const known = [entry(10, 1), entry(30, 9), entry(30, 10), entry(20, 3), entry(40, 2)];

  it('has the newest first, of one moment the one that was counted last', () => {
    expect(ids(pageOf(known, { limit: 9 }).items)).toEqual(['task-2', 'task-10', 'task-9', 'task-3', 'task-1']);
  });

  it('goes on where the one before ended, though newer ones have come and old ones gone', () => {
    const first = pageOf(known, { limit: 2 });
    const later = [entry(50, 11), entry(40, 12), ...known.filter(({ number }) => number !== 1)];
    const second = pageOf(later, { limit: 2, cursor: first.next_cursor });
    expect(ids([...first.items, ...second.items])).toEqual(['task-2', 'task-10', 'task-9', 'task-3']);
    expect(second).toMatchObject({ found: 4, total: 4 });
    expect(second.next_cursor).toBeUndefined();
  });

  it('is of the same newest ones whatever came since', () => {
    const first = pageOf(known, { limit: 1, maxCount: 3 });
    expect(first).toMatchObject({ found: 5, total: 3 });
    const later = [entry(60, 13), entry(61, 14), ...known];
    const second = pageOf(later, { limit: 9, maxCount: 3, cursor: first.next_cursor });
    expect(ids(second.items)).toEqual(['task-10', 'task-9']);
    expect(second).toMatchObject({ found: 5, total: 3 });
  });

  it('keeps in its cursor since when, and what was the newest', () => {
    expect(frameIn('tasks', pageOf(known, { limit: 1 }).next_cursor)).toEqual({
      since: 5,
      newest: { time: 40, number: 2 },
    });
    expect(frameIn('tasks', undefined)).toBeUndefined();
  });

  it('has nothing where nothing happened', () => {
    expect(pageOf([], { limit: 1 })).toEqual({ items: [], found: 0, total: 0 });
  });

  it('takes what no clock says', () => {
    const odd = [Number.NaN, -5, 9e15, Number.POSITIVE_INFINITY, 1.5].map((time, at) => entry(time, at));
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const one = pageOf(odd, { limit: 1, cursor });
      seen.push(...ids(one.items));
      cursor = one.next_cursor;
    } while (cursor !== undefined);
    expect(seen.sort()).toEqual(ids(odd).sort());
  });

  it.each([
    ['another list', () => historyPage('events', known, momentOf, { limit: 1, maxCount: 9 }).next_cursor],
    ['no frame', () => page('tasks', ['a', 'b'], String, { limit: 1 }).next_cursor],
    ['a frame of words', () => page('tasks', ['x y z\0a', 'x y z\0b'], String, { limit: 1 }).next_cursor],
    ['a time too late', () => page('tasks', [`0 ${'9'.repeat(16)} 1\0a`, '9'], String, { limit: 1 }).next_cursor],
    ['nobody', () => 'x'],
  ])('refuses a cursor of %s', (_what, cursor) => {
    for (const work of [() => frameIn('tasks', cursor()), () => pageOf(known, { limit: 1, cursor: cursor() })]) {
      expect(work).toThrow(
        expect.objectContaining({ code: 'INVALID_INPUT', message: expect.stringContaining('cursor') }),
      );
    }
  });
});
