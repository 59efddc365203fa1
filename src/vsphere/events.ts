/** What happened on a server, newest first. */
import type { Event, EventFilterSpec } from '../vim25/generated/types.ts';
import { decodeName } from './names.ts';
import type { Reader } from './reader.ts';
import type { ManagedObjectReference } from './references.ts';

export interface EventEntry {
  readonly key: number;
  /** The class: `VmPoweredOnEvent`; the id of an extended event: `esx.problem.net.connectivity.lost`. */
  readonly type: string;
  /** ISO 8601 */
  readonly createdTime: string;
  readonly message: string;
  readonly user: string;
  readonly vm: string | undefined;
  readonly host: string | undefined;
}

export interface EventQuery {
  readonly maxCount: number;
  /** Classes or ids of extended events; all when left out. */
  readonly types?: readonly string[] | undefined;
  /** ISO 8601 */
  readonly since?: string | undefined;
  /** ISO 8601 */
  readonly until?: string | undefined;
  /** Events of one object and what is below it. */
  readonly entity?: ManagedObjectReference | undefined;
}

/** vSphere's own limit of a page (EventManager.CreateCollectorForEvents). */
const LARGEST_PAGE = 1000;

/** The newest events first, in a few round trips: the collector dies with the reading. */
export async function listEvents(reader: Reader, query: EventQuery): Promise<EventEntry[]> {
  const { eventManager } = reader.content;
  if (eventManager === undefined) return [];
  const events = await reader.withTemporary(
    (call) => call('CreateCollectorForEvents', { _this: eventManager, filter: filterOf(query) }),
    (call, collector) => call('DestroyCollector', { _this: collector }),
    (collector) => newestOf(reader, collector, query.maxCount),
  );
  return events.map(toEntry).sort(byNewest).slice(0, query.maxCount);
}

function filterOf({ types, since, until, entity }: EventQuery): EventFilterSpec {
  return {
    ...(types === undefined || types.length === 0 ? {} : { eventTypeId: [...types] }),
    ...(since === undefined && until === undefined ? {} : { time: { beginTime: since, endTime: until } }),
    ...(entity === undefined ? {} : { entity: { entity, recursion: 'all' } }),
  };
}

/** A collector starts at the newest page; reading back from there gives older ones. */
async function newestOf(reader: Reader, collector: ManagedObjectReference, count: number): Promise<Event[]> {
  const page = Math.min(count, LARGEST_PAGE);
  await reader.call('SetCollectorPageSize', { _this: collector, maxCount: page });
  await reader.call('ResetCollector', { _this: collector });
  const { props } = await reader.readOne('EventHistoryCollector', collector, ['latestPage']);
  return [...(props.latestPage ?? [])];
}

export function toEntry(event: Event): EventEntry {
  const { $type = 'Event', eventTypeId } = event as Event & { $type?: string; eventTypeId?: string };
  return {
    key: event.key,
    type: eventTypeId ?? $type,
    createdTime: event.createdTime,
    message: event.fullFormattedMessage ?? '',
    user: event.userName,
    vm: event.vm?.name === undefined ? undefined : decodeName(event.vm.name),
    host: event.host?.name === undefined ? undefined : decodeName(event.host.name),
  };
}

function byNewest(a: EventEntry, b: EventEntry): number {
  return Date.parse(b.createdTime) - Date.parse(a.createdTime) || b.key - a.key;
}
