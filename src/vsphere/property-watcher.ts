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
const BACKOFF_MS = [250, 1000, 2000, 5000, 10_000] as const;

interface Watch {
  readonly ref: ManagedObjectReference;
  readonly spec: PropertyFilterSpec;
  readonly listener: WatchListener;
  /** The collector that has a filter for it, once it was made and the object read. */
  filterOf?: Collector;
  filter?: ManagedObjectReference;
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
      const watch: Watch = { ref, spec: specOf(ref, paths), listener };
      if (signal.aborted) {
        queueMicrotask(() => listener.closed());
        return () => {};
      }
      watches.add(watch);
      if (looping && collector !== undefined) {
        addFilter(watch, collector).catch(() => {
          // The session or the collector is lost: the wait that is under way cannot tell in time, so it is ended.
          collector = undefined;
          waiting?.abort();
        });
      }
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
        collector = undefined;
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
    if (watch.filterOf === current) return;
    watch.filterOf = current;
    try {
      const filter = await call('CreateFilter', { _this: current.ref, spec: watch.spec, partialUpdates: false });
      watch.filter = filter;
      const state = await call('RetrievePropertiesEx', { _this: main, specSet: [watch.spec], options: {} });
      if (!watches.has(watch)) {
        await destroyFilter(filter);
        return;
      }
      const [object] = state?.objects ?? [];
      if (object === undefined) watch.listener.gone();
      else watch.listener.changed(Object.fromEntries((object.propSet ?? []).map(({ name, val }) => [name, val])));
    } catch (error) {
      delete watch.filterOf;
      if (!sameRef(goneObject(error), watch.ref)) throw error;
      watch.listener.gone();
    }
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
