/** What a history collector shows: its latest page, and a position that reads on towards newer or older items. */

export interface ScrollableView<T> {
  /** The newest items, as many as a page has, newest first. */
  latestPage(): readonly T[];
  /** From the position on, oldest first. */
  readNext(count: number): readonly T[];
  /** From the position back, newest first. */
  readPrevious(count: number): readonly T[];
  /** Before the oldest item: where it begins. */
  rewind(): void;
  /** Just before the latest page. */
  reset(): void;
  /** Items in the latest page. */
  pageSize: number;
}

const DEFAULT_PAGE = 10;

/**
 * @param items all that fit, oldest first
 * @param orderOf a number that grows from item to item
 */
export function createScrollableView<T>(items: () => readonly T[], orderOf: (item: T) => number): ScrollableView<T> {
  // The last item before the position.
  let position = Number.NEGATIVE_INFINITY;
  const view: ScrollableView<T> = {
    pageSize: DEFAULT_PAGE,
    latestPage: () => items().slice(-view.pageSize).reverse(),
    readNext(count) {
      const read = items()
        .filter((item) => orderOf(item) > position)
        .slice(0, count);
      const last = read.at(-1);
      if (last !== undefined) position = orderOf(last);
      return read;
    },
    readPrevious(count) {
      const before = items().filter((item) => orderOf(item) <= position);
      const read = before.slice(-count).reverse();
      const older = before.at(-count - 1);
      position = older === undefined ? Number.NEGATIVE_INFINITY : orderOf(older);
      return read;
    },
    rewind() {
      position = Number.NEGATIVE_INFINITY;
    },
    reset() {
      const older = items().at(-view.pageSize - 1);
      position = older === undefined ? Number.NEGATIVE_INFINITY : orderOf(older);
    },
  };
  return view;
}
