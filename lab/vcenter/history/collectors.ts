/** HistoryCollector: what the collectors of events and of tasks have in common. They live in their session. */
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import { fault, invalidArgument, objectNotFound } from '../core/faults.ts';
import type { AnyObject } from '../core/managed-object.ts';
import type { Call, MethodTable } from '../core/method.ts';
import type { ObjectStore } from '../core/object-store.ts';
import type { Session } from '../core/sessions.ts';
import type { ScrollableView } from './scrollable-view.ts';

type CollectorType = 'EventHistoryCollector' | 'TaskHistoryCollector';

/** What a session may have of each kind: `maxCollector`. */
const MAX_COLLECTORS = 32;
/** Items of a page, and of one reading. */
const MAX_PAGE = 1000;

const views = new WeakMap<AnyObject, ScrollableView<unknown>>();
const counts = new WeakMap<Session, Map<CollectorType, number>>();

export function deriveCollectors(objects: ObjectStore): void {
  objects.derive('EventManager', 'maxCollector', () => MAX_COLLECTORS);
  objects.derive('TaskManager', 'maxCollector', () => MAX_COLLECTORS);
  for (const type of ['EventHistoryCollector', 'TaskHistoryCollector'] as const) {
    objects.derive(type, 'latestPage', (collector) => views.get(collector)?.latestPage() as never);
  }
}

/**
 * A new collector of the session.
 *
 * @param follow tells the collector of what is new; returns the end of it
 * Errors: InvalidState where the session has as many as it may have.
 */
export function registerView<T>(
  session: Session,
  type: CollectorType,
  { filter, view }: { readonly filter: { readonly $type?: string }; readonly view: ScrollableView<T> },
  follow: (collector: AnyObject) => () => void,
): ManagedObjectReference {
  const own = counts.get(session) ?? new Map<CollectorType, number>();
  const count = own.get(type) ?? 0;
  if (count >= MAX_COLLECTORS) throw fault('InvalidState', {}, 'The session has as many collectors as it may have.');
  counts.set(session, own.set(type, count + 1));
  const $type = type === 'EventHistoryCollector' ? 'EventFilterSpec' : 'TaskFilterSpec';
  let unfollow = () => {};
  const collector = session.objects.add(type, { filter: { ...filter, $type } }, () => {
    own.set(type, (own.get(type) ?? 1) - 1);
    unfollow();
  });
  views.set(collector, view);
  unfollow = follow(collector);
  return collector.ref;
}

function viewOf(collector: AnyObject): ScrollableView<unknown> {
  const view = views.get(collector);
  if (!view) throw objectNotFound(collector.ref);
  return view;
}

/** Errors: InvalidArgument for a count that no page has. */
export function readView<T>({ self }: Call, count: number, how: 'readNext' | 'readPrevious'): readonly T[] {
  if (count <= 0 || count > MAX_PAGE) throw invalidArgument('maxCount');
  return viewOf(self)[how](count) as readonly T[];
}

export const historyCollectorMethods: MethodTable = {
  RewindCollector: ({ self }) => viewOf(self).rewind(),
  ResetCollector: ({ self }) => viewOf(self).reset(),
  SetCollectorPageSize: ({ self, request: { maxCount } }) => {
    if (maxCount <= 0 || maxCount > MAX_PAGE) throw invalidArgument('maxCount');
    viewOf(self).pageSize = maxCount;
    self.touch();
  },
  DestroyCollector: ({ session, self }) => session.objects.remove(self.id),
};
