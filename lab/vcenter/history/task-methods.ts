/** TaskManager and TaskHistoryCollector, and what the rest of the inventory shows of tasks. */
import type { TaskInfo } from '../../../src/vim25/generated/types.ts';
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import type { AnyObject } from '../core/managed-object.ts';
import type { MethodTable } from '../core/method.ts';
import type { World } from '../core/world.ts';
import { readView, registerView } from './collectors.ts';
import { createScrollableView } from './scrollable-view.ts';
import { labelOfMethod, TASK_DESCRIPTION } from './task-descriptions.ts';
import { taskFilter } from './task-filter.ts';

const MAX_PER_ENTITY = 20;
const NONE: readonly ManagedObjectReference[] = [];

/** Before anything is in the inventory. */
export function deriveTasks(world: World): void {
  const { objects, tasks, events, content } = world;
  objects.derive('TaskManager', 'description', () => TASK_DESCRIPTION);
  objects.derive('TaskManager', 'recentTask', () => tasks.recent().map(({ ref }) => ref));

  const byEntity = new Map<string, ManagedObjectReference[]>();
  const known = new WeakSet<AnyObject>();
  objects.derive('ManagedEntity', 'recentTask', (entity) => byEntity.get(entity.id) ?? NONE);
  const changed = (entity: ManagedObjectReference | undefined) => {
    objects.find(entity)?.touch();
    objects.find(content.taskManager)?.touch();
  };
  objects.watch((object, kind) => {
    const info = object.as('Task')?.get('info');
    if (!info) return;
    const id = info.entity?.value ?? '';
    if (kind === 'leave') {
      const left = byEntity.get(id)?.filter(({ value }) => value !== object.id) ?? [];
      if (left.length > 0) byEntity.set(id, left);
      else byEntity.delete(id);
      changed(info.entity);
    } else if (!known.has(object)) {
      known.add(object);
      byEntity.set(id, [...(byEntity.get(id) ?? []), object.ref].slice(-MAX_PER_ENTITY));
      changed(info.entity);
      if (info.state === 'queued') postTaskEvent(info);
    }
  });

  const postTaskEvent = (info: TaskInfo) =>
    events.post('TaskEvent', {
      user: (info.reason as { userName?: string }).userName ?? '',
      entity: objects.find(info.entity),
      message: `Task: ${labelOfMethod(info.descriptionId)}`,
      chainId: info.eventChainId,
      fields: { info },
    });
}

function infosOf({ objects }: World): TaskInfo[] {
  const infos: TaskInfo[] = [];
  for (const task of objects.all('Task')) {
    const info = task.get('info');
    if (info) infos.push(info);
  }
  return infos.sort((a, b) => Date.parse(a.queueTime) - Date.parse(b.queueTime) || a.eventChainId - b.eventChainId);
}

export const taskManagerMethods: MethodTable = {
  CreateCollectorForTasks: ({ world, session, request: { filter } }) => {
    const fits = taskFilter(filter, world);
    const view = createScrollableView(
      () => infosOf(world).filter(fits),
      ({ eventChainId }) => eventChainId,
    );
    return registerView(session, 'TaskHistoryCollector', { filter, view }, (collector) =>
      world.objects.watch((object) => {
        const info = object.as('Task')?.get('info');
        if (info && fits(info)) collector.touch();
      }),
    );
  },
};

export const taskCollectorMethods: MethodTable = {
  ReadNextTasks: (call) => readView<TaskInfo>(call, call.request.maxCount, 'readNext'),
  ReadPreviousTasks: (call) => readView<TaskInfo>(call, call.request.maxCount, 'readPrevious'),
};
