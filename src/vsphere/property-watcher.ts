/**
 * One PropertyCollector per server that tells of changes, for all that wait for some at once: a filter for each,
 * and one long WaitForUpdatesEx for all of them. It lives through a lost session and a restarted server: the
 * collector and its filters are made anew and everything watched is read once more, so that nothing is missed.
 */

import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { VimClient } from '../vim25/client.ts';
import type { PropertyFilterSpec, UpdateSet } from '../vim25/generated/types.ts';
import { goneObject, isFault } from './faults.ts';
import type { CallMethod } from './reader.ts';
import { type ManagedObjectReference, refKey, sameRef } from './references.ts';

interface WatchListener {
  /** Some of the watched properties as they are now, by path. The first time all of them. */
  changed(props: Readonly<Record<string, unknown>>): void;
  /** The server no longer knows the object. */
  gone(): void;
  /** The server refuses to tell of the object, again and again, while it tells of others: the watch is over. */
  failed(error: unknown): void;
  /** The connection is closed for good; what becomes of the object is not told any more. */
  closed(): void;
}

export interface PropertyWatcher {
  /** Tells `listener` of the object's state now and of each change until the returned function is called. */
  watch(ref: ManagedObjectReference, paths: readonly string[], listener: WatchListener): () => void;
  close(): void;
}

interface Options {
  readonly client: VimClient;
  readonly call: CallMethod;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Well under any HTTP timeout on the way. */
const MAX_WAIT_SECONDS = 30;
/** A fault about one watch alone is given so many chances to pass. */
const MOST_REFUSALS = 3;
const BACKOFF_MS = [250, 1000, 2000, 5000, 10_000] as const;

interface Watch {
  readonly ref: ManagedObjectReference;
  readonly spec: PropertyFilterSpec;
  readonly listener: WatchListener;
  /** The collector that has a filter for it, once it was made and the object read. */
  filterOf?: Collector;
  filter?: ManagedObjectReference;
  /** How often in a row the server has refused it. */
  refusals: number;
  /** It was refused just now, and is not tried again for a moment. */
  resting: boolean;
}

interface Collector {
  readonly ref: ManagedObjectReference;
  readonly generation: number;
  version: string;
}

export function createPropertyWatcher({ client, call, clock, logger }: Options): PropertyWatcher {
  const watches = new Set<Watch>();
  const closing = new AbortController();
  const { signal } = closing;
  const main = client.serviceContent.propertyCollector;
  let collector: Collector | undefined;
  let making: Promise<Collector> | undefined;
  let looping = false;
  let waiting: AbortController | undefined;

  return {
    watch(ref, paths, listener) {
      const watch: Watch = { ref, spec: specOf(ref, paths), listener, refusals: 0, resting: false };
      if (signal.aborted) {
        queueMicrotask(() => listener.closed());
        return () => {};
      }
      watches.add(watch);
      joinWait(watch);
      startLoop();
      return () => {
        watches.delete(watch);
        if (watch.filter !== undefined && watch.filterOf === collector) void destroyFilter(watch.filter);
      };
    },
    close() {
      closing.abort();
      const left = [...watches];
      watches.clear();
      for (const { listener } of left) listener.closed();
    },
  };

  /** Adds the watch to the wait that is under way, if one is. */
  function joinWait(watch: Watch): void {
    if (!looping || collector === undefined) return;
    addFilter(watch, collector).catch(() => {
      // The session or the collector is lost: the wait that is under way cannot tell in time, so it is ended.
      giveUpCollector();
      waiting?.abort();
    });
  }

  /** The next attempt makes a new one; this one must not live on beside it, with its filters, for the session's life. */
  function giveUpCollector(): void {
    const left = collector;
    collector = undefined;
    if (left === undefined || left.generation !== client.generation) return;
    void call('DestroyPropertyCollector', { _this: left.ref }).catch(() => undefined);
  }

  function startLoop(): void {
    if (looping || signal.aborted) return;
    looping = true;
    void loop().finally(() => {
      looping = false;
      if (watches.size > 0) startLoop();
    });
  }

  async function loop(): Promise<void> {
    let failures = 0;
    while (watches.size > 0 && !signal.aborted) {
      try {
        const current = await currentCollector();
        await Promise.all([...watches].map((watch) => addFilter(watch, current)));
        waiting = new AbortController();
        const updates = await client.call(
          'WaitForUpdatesEx',
          { _this: current.ref, version: current.version, options: { maxWaitSeconds: MAX_WAIT_SECONDS } },
          { signal: AbortSignal.any([signal, waiting.signal]), longPoll: true, operationId: 'mcvsphere-wait' },
        );
        failures = 0;
        if (updates === undefined) continue;
        current.version = updates.version;
        tell(updates);
      } catch (error) {
        if (signal.aborted) return;
        giveUpCollector();
        const interrupted = waiting?.signal.aborted === true;
        waiting = undefined;
        if (interrupted) continue;
        const wait = BACKOFF_MS[Math.min(failures++, BACKOFF_MS.length - 1)]!;
        logger.debug({ err: error, retry_ms: wait }, 'waiting for updates was interrupted');
        // A lost session answers with a fault: the next attempt has a new one and needs no pause.
        if (!isFault(error) || failures > 1) await clock.sleep(wait, signal).catch(() => undefined);
      }
    }
  }

  /** The collector of the session as it is now. */
  async function currentCollector(): Promise<Collector> {
    if (collector !== undefined && collector.generation === client.generation) return collector;
    making ??= call('CreatePropertyCollector', { _this: main })
      .then((ref) => {
        collector = { ref, generation: client.generation, version: '' };
        return collector;
      })
      .finally(() => {
        making = undefined;
      });
    return making;
  }

  /**
   * Adds the watch to the collector and tells its object's state: a wait that is already under way need not
   * report what a filter that was added to it finds at once.
   */
  async function addFilter(watch: Watch, current: Collector): Promise<void> {
    if (watch.filterOf === current || watch.resting) return;
    watch.filterOf = current;
    delete watch.filter;
    try {
      const filter = await call('CreateFilter', { _this: current.ref, spec: watch.spec, partialUpdates: false });
      watch.filter = filter;
      const state = await call('RetrievePropertiesEx', { _this: main, specSet: [watch.spec], options: {} });
      if (!watches.has(watch)) {
        await destroyFilter(filter);
        return;
      }
      watch.refusals = 0;
      const [object] = state?.objects ?? [];
      if (object === undefined) watch.listener.gone();
      else watch.listener.changed(Object.fromEntries((object.propSet ?? []).map(({ name, val }) => [name, val])));
    } catch (error) {
      delete watch.filterOf;
      if (sameRef(goneObject(error), watch.ref)) watch.listener.gone();
      else if (isAboutAll(error, current)) throw error;
      else refused(watch, error);
    }
  }

  /** A lost connection, session or collector concerns every watch; any other fault is about what this one asks for. */
  function isAboutAll(error: unknown, { generation }: Collector): boolean {
    const lost = isFault(error, 'NotAuthenticated') || goneObject(error) !== undefined;
    return !isFault(error) || lost || generation !== client.generation;
  }

  function refused(watch: Watch, error: unknown): void {
    if (watch.filter !== undefined) void destroyFilter(watch.filter);
    if (!watches.has(watch)) return;
    watch.refusals += 1;
    if (watch.refusals === MOST_REFUSALS) {
      watches.delete(watch);
      watch.listener.failed(error);
      return;
    }
    watch.resting = true;
    const wait = BACKOFF_MS[watch.refusals - 1]!;
    clock.sleep(wait, signal).then(
      () => {
        watch.resting = false;
        if (!watches.has(watch)) return;
        joinWait(watch);
        startLoop();
      },
      () => {},
    );
  }

  function tell({ filterSet }: UpdateSet): void {
    for (const { filter, objectSet, missingSet } of filterSet ?? []) {
      const watch = [...watches].find((each) => sameRef(each.filter, filter));
      if (watch === undefined) continue;
      for (const { obj, kind, changeSet } of objectSet ?? []) {
        if (refKey(obj) !== refKey(watch.ref)) continue;
        if (kind === 'leave') watch.listener.gone();
        else watch.listener.changed(Object.fromEntries((changeSet ?? []).map(({ name, val }) => [name, val])));
      }
      if (missingSet?.some(({ obj }) => sameRef(obj, watch.ref)) === true) watch.listener.gone();
    }
  }

  async function destroyFilter(filter: ManagedObjectReference): Promise<void> {
    await call('DestroyPropertyFilter', { _this: filter }).catch(() => undefined);
  }
}

function specOf(ref: ManagedObjectReference, paths: readonly string[]): PropertyFilterSpec {
  return {
    propSet: [{ type: ref.type, pathSet: [...paths] }],
    objectSet: [{ obj: ref, skip: false }],
    reportMissingObjectsInResults: true,
  };
}
