/** TaskFilterSpec: which tasks a person asks for. */
import type { TaskFilterSpec, TaskInfo } from '../../../src/vim25/generated/types.ts';
import { invalidArgument } from '../core/faults.ts';
import type { World } from '../core/world.ts';
import { instant } from './event-filter.ts';
import { placeFilter } from './places.ts';

export type TaskFilter = (info: TaskInfo) => boolean;

const TIMES = { queuedTime: 'queueTime', startedTime: 'startTime', completedTime: 'completeTime' } as const;

/** Errors: InvalidArgument, ManagedObjectNotFound. */
export function taskFilter(spec: TaskFilterSpec, { objects, content }: World): TaskFilter {
  const tests: TaskFilter[] = [];
  const { entity, time, userName, state, eventChainId, activationId, tag, alarm, scheduledTask } = spec;
  if (entity) {
    const isThere = placeFilter(entity, objects);
    tests.push(({ entity: own = content.rootFolder }) => isThere({ own, around: [content.rootFolder] }));
  }
  if (time) {
    if (!Object.hasOwn(TIMES, time.timeType)) throw invalidArgument('filter.time.timeType');
    const field = TIMES[time.timeType as keyof typeof TIMES];
    const from = instant(time.beginTime, Number.NEGATIVE_INFINITY, 'filter.time.beginTime');
    const to = instant(time.endTime, Number.POSITIVE_INFINITY, 'filter.time.endTime');
    tests.push((info) => {
      const at = Date.parse(info[field] ?? '');
      return at >= from && at <= to;
    });
  }
  if (userName) {
    const wanted = new Set(userName.userList?.map((name) => name.toLowerCase()));
    tests.push(({ reason }) => {
      const { userName: by } = reason as { userName?: string };
      return by === undefined ? userName.systemUser : wanted.has(by.toLowerCase());
    });
  }
  if (state && state.length > 0) tests.push((info) => state.includes(info.state));
  if (eventChainId && eventChainId.length > 0) tests.push((info) => eventChainId.includes(info.eventChainId));
  if (activationId && activationId.length > 0) tests.push((info) => activationId.includes(info.activationId ?? ''));
  if (tag && tag.length > 0) tests.push((info) => tag.includes(info.changeTag ?? ''));
  // No alarm and no schedule starts tasks here.
  if (alarm || scheduledTask) tests.push(() => false);
  return (info) => tests.every((test) => test(info));
}
