/**
 * Pages of what goes on happening, newest first. The first page fixes what all its pages are of: from then on nothing
 * newer is in them, and nothing is lost because the time of day moved on. What the server itself forgets between two
 * pages is gone, and repeats or hides nothing else.
 */
import { descending, keyIn, page, refusedCursor } from './page.ts';

/** When it happened, in milliseconds since the epoch, and the server's own count within that. */
interface Moment {
  readonly time: number;
  readonly number: number;
}

/** What all pages are of; it travels in the cursor. */
export interface HistoryFrame {
  /** Milliseconds since the epoch; 0 where there is no earliest. */
  readonly since: number;
  readonly newest: Moment;
}

interface Wanted {
  readonly limit: number;
  readonly cursor?: string | undefined;
  /** In all pages together. */
  readonly maxCount: number;
  /** Where there is no cursor, which has its own. */
  readonly since?: number;
}

interface HistoryPage<T> {
  readonly items: T[];
  /** Before `maxCount`. */
  readonly found: number;
  /** In all pages. */
  readonly total: number;
  readonly next_cursor?: string;
}

/** The frame of the page that a cursor asks for. Errors: INVALID_INPUT for a cursor that the list has not given. */
export function frameIn(list: string, cursor: string | undefined): HistoryFrame | undefined {
  if (cursor === undefined) return undefined;
  const frame = /^(\d{1,15}) (\d{1,15}) (\d{1,15})\0/.exec(keyIn(list, cursor));
  if (frame === null) throw refusedCursor();
  const [since, time, number] = frame.slice(1).map(Number) as [number, number, number];
  return { since, newest: { time, number } };
}

/**
 * @param items in any order, what is newer than the frame among them
 * @param momentOf the same for an item at all times, with its unique id
 */
export function historyPage<T>(
  list: string,
  items: readonly T[],
  momentOf: (item: T) => Moment & { readonly id: string },
  { limit, cursor, maxCount, since = 0 }: Wanted,
): HistoryPage<T> {
  const frame = frameIn(list, cursor);
  const dated = items
    .map((item) => ({ item, moment: counted(momentOf(item)) }))
    .filter(({ moment }) => frame === undefined || byNewest(moment, frame.newest) >= 0)
    .sort((a, b) => byNewest(a.moment, b.moment));
  const newest = frame?.newest ?? dated[0]?.moment ?? { time: 0, number: 0 };
  const prefix = `${frame?.since ?? since} ${newest.time} ${newest.number}\0`;
  const { items: chosen, ...rest } = page(
    list,
    dated.slice(0, maxCount),
    ({ moment: { time, number, id } }) => `${prefix}${descending(time)}${descending(number)}${id}`,
    { limit, cursor },
  );
  return { items: chosen.map(({ item }) => item), found: dated.length, ...rest };
}

/** As a cursor can hold it, whatever the server says. */
function counted<M extends Moment>(moment: M): M {
  const whole = (number: number) => Math.min(Math.max(Math.trunc(number) || 0, 0), 1e15 - 1);
  return { ...moment, time: whole(moment.time), number: whole(moment.number) };
}

function byNewest(a: Moment, b: Moment): number {
  return b.time - a.time || b.number - a.number;
}
