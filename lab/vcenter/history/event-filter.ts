/** EventFilterSpec: which events a person asks for. */
import type { Event, EventFilterSpec } from '../../../src/vim25/generated/types.ts';
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import type { EventLog } from '../core/events.ts';
import { invalidArgument } from '../core/faults.ts';
import type { World } from '../core/world.ts';
import { categoryOf } from './event-descriptions.ts';
import { type Place, placeFilter } from './places.ts';

export type EventFilter = (event: Event) => boolean;

/** Errors: InvalidArgument, ManagedObjectNotFound. */
export function eventFilter(spec: EventFilterSpec, { events, objects, content }: World): EventFilter {
  const tests: EventFilter[] = [];
  const { entity, time, userName, eventChainId, alarm, scheduledTask, type, eventTypeId, category } = spec;
  if (entity) {
    const isThere = placeFilter(entity, objects);
    tests.push((event) => isThere(placeOf(event, events, content.rootFolder)));
  }
  if (time) {
    const from = instant(time.beginTime, Number.NEGATIVE_INFINITY, 'filter.time.beginTime');
    const to = instant(time.endTime, Number.POSITIVE_INFINITY, 'filter.time.endTime');
    tests.push(({ createdTime }) => Date.parse(createdTime) >= from && Date.parse(createdTime) <= to);
  }
  if (userName) {
    const wanted = new Set(userName.userList?.map((name) => name.toLowerCase()));
    tests.push(({ userName: by }) => (by === '' ? userName.systemUser : wanted.has(by.toLowerCase())));
  }
  if (eventChainId !== undefined) tests.push(({ chainId }) => chainId === eventChainId);
  if (alarm)
    tests.push((event) => (event as { alarm?: { alarm: ManagedObjectReference } }).alarm?.alarm.value === alarm.value);
  // There are no scheduled tasks.
  if (scheduledTask) tests.push(() => false);
  const types = [...(type ?? []), ...(eventTypeId ?? [])];
  if (types.length > 0) {
    const wanted = new Set(types.map((name) => name.replace(/^vim\.event\./, '')));
    tests.push((event) => wanted.has(typeOf(event)) || wanted.has(event.$type ?? ''));
  }
  if (category && category.length > 0) tests.push((event) => category.includes(categoryOf(event)));
  return (event) => tests.every((test) => test(event));
}

/** The class; of an event that has one, its id. */
function typeOf(event: Event): string {
  return (event as { eventTypeId?: string }).eventTypeId ?? event.$type ?? 'Event';
}

function placeOf(event: Event, events: EventLog, root: ManagedObjectReference): Place {
  const around = [
    event.vm?.vm,
    event.host?.host,
    event.computeResource?.computeResource,
    event.ds?.datastore,
    event.net?.network,
    event.dvs?.dvs,
    event.datacenter?.datacenter,
  ].filter((ref) => ref !== undefined);
  return { own: events.entityOf(event) ?? around[0] ?? root, around: [...around, root] };
}

/** Milliseconds since the epoch. Errors: the fault InvalidArgument. */
export function instant(text: string | undefined, otherwise: number, property: string): number {
  if (text === undefined) return otherwise;
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw invalidArgument(property);
  return at;
}
