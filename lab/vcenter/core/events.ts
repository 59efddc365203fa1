/** The event log, oldest first. */
import type { Clock } from '../../../src/lib/clock.ts';
import type { DataObjects, Event } from '../../../src/vim25/generated/types.ts';
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import { currentChain } from './chain.ts';
import type { AnyObject } from './managed-object.ts';

export interface NewEvent {
  readonly user: string;
  /** The sentence that people read. */
  readonly message: string;
  readonly entity?: AnyObject | undefined;
  /** Fields of the event's own class. */
  readonly fields?: object;
  /** Default: that of the task that is running, else one of its own. */
  readonly chainId?: number;
  /** Milliseconds since the epoch; now where it is left out. */
  readonly at?: number;
}

export interface EventLog {
  post<T extends string & keyof DataObjects>($type: T, event: NewEvent): Event;
  all(): readonly Event[];
  /** The object that an event is of, also where its class has no field for it. */
  entityOf(event: Event): ManagedObjectReference | undefined;
  /** Brings what was posted with times of the past into their order, keys too: before anybody has seen them. */
  arrange(): void;
  /** Told of each new one; returns the end of it. */
  watch(watcher: (event: Event) => void): () => void;
}

const MAX_KEPT = 20_000;

/** `describe` gives the event arguments (datacenter, computeResource, host, vm, ds, net, dvs) of an entity. */
export function createEventLog({
  clock,
  describe,
}: {
  clock: Clock;
  describe: (entity: AnyObject) => Partial<Event>;
}): EventLog {
  let log: Event[] = [];
  let lastKey = 0;
  const watchers = new Set<(event: Event) => void>();
  const entities = new WeakMap<Event, ManagedObjectReference>();
  return {
    post($type, { user, message, entity, fields, chainId, at = clock.now() }) {
      const key = ++lastKey;
      const event = {
        $type,
        key,
        chainId: chainId ?? currentChain() ?? key,
        createdTime: new Date(at).toISOString(),
        userName: user,
        ...(entity && describe(entity)),
        fullFormattedMessage: message,
        ...fields,
      } as Event;
      if (entity) entities.set(event, entity.ref);
      log.push(event);
      if (log.length > MAX_KEPT) log = log.slice(-MAX_KEPT / 2);
      for (const watcher of watchers) watcher(event);
      return event;
    },
    all: () => log,
    entityOf: (event) => entities.get(event),
    arrange() {
      const ordered = [...log].sort((a, b) => Date.parse(a.createdTime) - Date.parse(b.createdTime) || a.key - b.key);
      log = ordered.map((event, index) => {
        const chainId = event.chainId === event.key ? index + 1 : event.chainId;
        const arranged = { ...event, key: index + 1, chainId };
        const entity = entities.get(event);
        if (entity) entities.set(arranged, entity);
        return arranged;
      });
    },
    watch(watcher) {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
  };
}
