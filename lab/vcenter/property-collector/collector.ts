/** A property collector: its filters, its versions, and the one wait that it can have. */
import type {
  PropertyFilterSpec,
  PropertyFilterUpdate,
  UpdateSet,
  WaitOptions,
} from '../../../src/vim25/generated/types.ts';
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import { fault } from '../core/faults.ts';
import type { AnyObject } from '../core/managed-object.ts';
import type { Call } from '../core/method.ts';
import { createFilter, type Filter } from './filter.ts';
import { finderOf } from './retrieve.ts';

export interface Collector {
  addFilter(spec: PropertyFilterSpec, register: (onEnd: () => void) => ManagedObjectReference): ManagedObjectReference;
  /**
   * What changed since `version`; all there is, where it is empty. Waits for a change for `maxWaitSeconds`, and for
   * as long as it takes where that is left out. Undefined: nothing changed in that time.
   * Errors: InvalidCollectorVersion, RequestCanceled.
   */
  wait(version: string | undefined, options: WaitOptions, signal: AbortSignal): Promise<UpdateSet | undefined>;
  cancelWait(): void;
  end(): void;
}

interface Waiting {
  wake(): void;
  cancel(): void;
}

/** Several changes of one moment are told together. */
const SETTLE_MS = 5;

export function createCollector(call: Pick<Call, 'world' | 'session'>): Collector {
  const { world } = call;
  const find = finderOf(call);
  const filters = new Map<string, Filter>();
  let version = 0;
  let waiting: Waiting | undefined;

  const watch = (object: AnyObject, kind: string) => {
    if (filters.size === 0) return;
    for (const filter of filters.values()) filter.changed(kind === 'modify' ? object : undefined);
    waiting?.wake();
  };
  const unwatch = world.objects.watch(watch);

  const collect = (limit: number): UpdateSet | undefined => {
    const filterSet: PropertyFilterUpdate[] = [];
    let left = limit;
    let truncated = false;
    for (const filter of filters.values()) {
      const { updates, more } = filter.updates(left);
      left -= updates.length;
      truncated ||= more;
      if (updates.length > 0) filterSet.push({ filter: filter.ref, objectSet: updates });
    }
    if (filterSet.length === 0) return undefined;
    version++;
    return { version: String(version), filterSet, ...(truncated && { truncated }) };
  };

  const nextChange = (ms: number | undefined, signal: AbortSignal) =>
    new Promise<boolean>((resolve, reject) => {
      let settling: NodeJS.Timeout | undefined;
      const timer = ms === undefined ? undefined : setTimeout(() => end(() => resolve(false)), ms);
      const gone = () => end(() => resolve(false));
      const end = (how: () => void) => {
        clearTimeout(timer);
        clearTimeout(settling);
        signal.removeEventListener('abort', gone);
        waiting = undefined;
        how();
      };
      signal.addEventListener('abort', gone);
      waiting = {
        wake: () => {
          settling ??= setTimeout(() => end(() => resolve(true)), SETTLE_MS);
        },
        cancel: () => end(() => reject(fault('RequestCanceled', {}, 'The task was canceled by a user.'))),
      };
    });

  return {
    addFilter(spec, register) {
      const ref = register(() => filters.delete(ref.value));
      filters.set(ref.value, createFilter(ref, { spec, find, session: call.session }));
      waiting?.wake();
      return ref;
    },
    async wait(from, { maxWaitSeconds, maxObjectUpdates }, signal) {
      if (from === undefined || from === '') for (const filter of filters.values()) filter.restart();
      else if (from !== String(version)) {
        throw fault('InvalidCollectorVersion', {}, `The version ${from} is not the last one that was given.`);
      }
      waiting?.cancel();
      const deadline = maxWaitSeconds === undefined ? undefined : world.clock.monotonic() + maxWaitSeconds * 1000;
      for (;;) {
        const updates = collect(maxObjectUpdates ?? Number.POSITIVE_INFINITY);
        if (updates || signal.aborted) return updates;
        const left = deadline === undefined ? undefined : deadline - world.clock.monotonic();
        if (left !== undefined && left <= 0) return undefined;
        await nextChange(left, signal);
      }
    },
    cancelWait: () => waiting?.cancel(),
    end() {
      waiting?.cancel();
      unwatch();
    },
  };
}
