/** What happened and what is happening: tasks and events. */
import { z } from 'zod';
import { type EventEntry, listEvents } from '../vsphere/events.ts';
import type { ManagedObjectReference } from '../vsphere/references.ts';
import { listRecentTasks as readRecentTasks, type TaskEntry, toTaskEntry } from '../vsphere/task-history.ts';
import { cursor, limit, objectRef, toObjectRef } from './fields.ts';
import { frameIn, type HistoryFrame, historyPage } from './history-page.ts';
import { pageFields } from './page.ts';
import { defineTool, type ServerContext } from './tool.ts';

const text = z.string().optional();

const task = {
  key: z.string().describe('Task id for get_task'),
  name: z.string(),
  state: z.string().describe('queued, running, success or error'),
  progress: z.number().optional().describe('percent'),
  queued_time: z.string(),
  start_time: text,
  complete_time: text,
  entity: text,
  entity_id: text,
  entity_type: text,
  user: text,
  cancelable: z.boolean(),
  error: text,
};

export const getTask = defineTool({
  name: 'get_task',
  title: 'Get task',
  description:
    'How one vSphere task is going or how it ended: state, progress, error, and the object it made. For a task that another tool left running with wait: false. Old tasks are forgotten; list_recent_tasks tells the recent ones.',
  permission: 'READ_ONLY',
  effect: 'read',
  input: { task_id: z.string().min(1).max(200).describe('Task id, such as task-123.') },
  output: { ...task, result: objectRef.optional() },
  target: ({ task_id }) => task_id,
  async handler({ task_id }, { vsphere, reading }) {
    const info = await vsphere.tasks.info(task_id);
    const [entity, result] = await Promise.all([located(vsphere, info.entity), located(vsphere, info.result)]);
    if (entity !== undefined) reading(entity);
    const names = new Map(entity === undefined ? [] : [[entity.id, entity.name]]);
    return { ...toTask(toTaskEntry(info, names)), ...(result === undefined ? {} : { result: toObjectRef(result) }) };
  },
});

/** vCenter keeps about 200 recent tasks; none of them is left unread. */
const MOST_TASKS = 1000;

export const listRecentTasks = defineTool({
  name: 'list_recent_tasks',
  aliases: ['get_recent_tasks'],
  title: 'List recent tasks',
  description:
    'The vSphere tasks of the last minutes on one server, by anybody, newest first, with state and error. get_task follows one; list_recent_events looks further back.',
  permission: 'READ_ONLY',
  effect: 'read',
  input: {
    max_count: z.int().min(1).max(200).default(20),
    entity_name: z.string().min(1).max(2048).optional().describe('Only tasks on this object: name, path or id.'),
    limit,
    cursor,
  },
  output: { tasks: z.array(z.object(task)), ...pageFields, total: z.int().describe('Before max_count.') },
  async handler({ max_count: maxCount, entity_name, ...paging }, { vsphere }) {
    const all = await readRecentTasks(vsphere, { maxCount: MOST_TASKS });
    const wanted = entity_name === undefined ? all : await onEntity(vsphere, all, entity_name);
    const { items, found, ...rest } = historyPage('tasks', wanted, momentOfTask, { maxCount, ...paging });
    return { tasks: items.map(toTask), ...rest, total: found };
  },
});

export const listRecentEvents = defineTool({
  name: 'list_recent_events',
  aliases: ['get_recent_events'],
  title: 'List recent events',
  description:
    'What happened on one server in the last hours, newest first: power changes, logins, migrations, errors, with user and object. Narrow by event class. Running work is in list_recent_tasks, raised alarms in get_alarms.',
  permission: 'READ_ONLY',
  effect: 'read',
  input: {
    max_count: z.int().min(1).max(1000).default(50),
    event_types: z
      .array(z.string().regex(/^[\w.:-]{1,200}$/))
      .max(50)
      .optional()
      .describe('Classes such as VmPoweredOnEvent, or ids of extended events.'),
    hours_back: z
      .number()
      .positive()
      .max(24 * 366)
      .default(24),
    limit,
    cursor,
  },
  output: {
    events: z.array(
      z.object({
        key: z.int(),
        type: z.string(),
        created_time: z.string(),
        message: z.string(),
        user: text,
        vm: text,
        host: text,
      }),
    ),
    ...pageFields,
    more: z.boolean().describe('max_count was reached.'),
  },
  async handler({ max_count: maxCount, event_types: types, hours_back, ...paging }, { vsphere }) {
    const frame = frameIn('events', paging.cursor);
    const since = frame?.since ?? Math.max(0, Math.trunc((await serverTime(vsphere)) - hours_back * 3_600_000));
    const read = await listEvents(vsphere, {
      maxCount,
      types,
      since: new Date(since).toISOString(),
      ...(frame === undefined ? {} : { until: endOf(frame) }),
    });
    const { items, found, ...rest } = historyPage('events', read, momentOfEvent, { maxCount, since, ...paging });
    return { events: items.map(toEvent), ...rest, more: found === maxCount };
  },
});

/** The server's own clock: events carry its time, and a gateway's may differ. */
async function serverTime(vsphere: ServerContext['vsphere']): Promise<number> {
  const now = await vsphere.call('CurrentTime', { _this: { type: 'ServiceInstance', value: 'ServiceInstance' } });
  return Date.parse(now);
}

/** Servers count in microseconds: the newest event of the frame is within its millisecond. */
function endOf({ newest }: HistoryFrame): string {
  return new Date(newest.time + 1).toISOString();
}

function momentOfEvent({ createdTime, key }: EventEntry) {
  return { time: Date.parse(createdTime), number: key, id: String(key) };
}

/** Their ids end in a count. */
function momentOfTask({ queuedTime, id }: TaskEntry) {
  return { time: Date.parse(queuedTime), number: Number(/\d{1,15}$/.exec(id)?.[0] ?? 0), id };
}

async function onEntity(vsphere: ServerContext['vsphere'], tasks: readonly TaskEntry[], wanted: string) {
  const named = tasks.filter(({ entity, entityId }) => entity === wanted || entityId === wanted);
  if (named.length > 0 || !wanted.includes('/')) return named;
  const refs = new Map(
    tasks.flatMap(({ entityType: type, entityId: value }) =>
      type === undefined || value === undefined ? [] : [[value, { type, value }]],
    ),
  );
  const paths = await vsphere.inventory.paths([...refs.values()]);
  return tasks.filter(({ entityId }) => entityId !== undefined && paths.get(entityId) === wanted);
}

/** Where a task's object is, when it is one of the inventory and still there. */
async function located(vsphere: ServerContext['vsphere'], value: unknown) {
  const { type, value: id } = (value ?? {}) as Partial<ManagedObjectReference>;
  if (typeof type !== 'string' || typeof id !== 'string' || !INVENTORY_TYPES.has(type)) return undefined;
  return (await vsphere.inventory.describeAll([{ type, value: id }])).get(id);
}

const INVENTORY_TYPES: ReadonlySet<string> = new Set([
  'VirtualMachine',
  'VirtualApp',
  'HostSystem',
  'Datastore',
  'Network',
  'DistributedVirtualPortgroup',
  'Folder',
  'ResourcePool',
  'ComputeResource',
  'ClusterComputeResource',
  'Datacenter',
]);

function toTask(entry: TaskEntry) {
  return {
    key: entry.id,
    name: entry.name,
    state: entry.state,
    progress: entry.progress,
    queued_time: entry.queuedTime,
    start_time: entry.startTime,
    complete_time: entry.completeTime,
    entity: entry.entity,
    entity_id: entry.entityId,
    entity_type: entry.entityType,
    user: entry.user,
    cancelable: entry.cancelable,
    error: entry.error,
  };
}

function toEvent({ createdTime, ...event }: EventEntry) {
  return { ...event, created_time: createdTime };
}
