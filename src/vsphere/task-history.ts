/** The tasks that a server still knows, newest first. */
import type { TaskInfo } from '../vim25/generated/types.ts';
import { decodeName } from './names.ts';
import type { Reader } from './reader.ts';
import { failureOf } from './task-waits.ts';
import { namesOf } from './virtual-machine.ts';

export interface TaskEntry {
  /** The id that get_task and cancel_task take. */
  readonly id: string;
  /** `VirtualMachine.powerOn` */
  readonly name: string;
  /** `queued`, `running`, `success` or `error`. */
  readonly state: string;
  /** 0 to 100 while it runs, where vSphere says. */
  readonly progress: number | undefined;
  /** ISO 8601, this and what follows. */
  readonly queuedTime: string;
  readonly startTime: string | undefined;
  readonly completeTime: string | undefined;
  readonly entity: string | undefined;
  readonly entityId: string | undefined;
  readonly entityType: string | undefined;
  /** Why it failed, in words for callers. */
  readonly error: string | undefined;
  readonly user: string | undefined;
  readonly cancelable: boolean;
}

/**
 * The tasks of the last minutes, as TaskManager keeps them: on vCenter about 200, on a host fewer. Two or three
 * round trips.
 *
 * @param entityName only tasks on objects of exactly this name
 */
export async function listRecentTasks(
  reader: Reader,
  { maxCount, entityName }: { readonly maxCount: number; readonly entityName?: string | undefined },
): Promise<TaskEntry[]> {
  const { taskManager } = reader.content;
  if (taskManager === undefined) return [];
  const { props } = await reader.readOne('TaskManager', taskManager, ['recentTask']);
  const tasks = await reader.read('Task', props.recentTask ?? [], ['info']);
  const infos = tasks.flatMap(({ props: { info } }) => info ?? []);
  const names = await namesOf(
    reader,
    infos.flatMap((info) => (info.entity !== undefined && lacksName(info) ? info.entity : [])),
  );
  return infos
    .map((info) => toTaskEntry(info, names))
    .filter(({ entity }) => entityName === undefined || entity === entityName)
    .sort((a, b) => Date.parse(b.queuedTime) - Date.parse(a.queuedTime) || (a.id < b.id ? 1 : -1))
    .slice(0, maxCount);
}

/** Some servers leave the name out or put the id in its place. */
function lacksName({ entity, entityName }: TaskInfo): boolean {
  return entityName === undefined || entityName === entity?.value;
}

/** @param names of objects, by id, for tasks that name theirs by its id only */
export function toTaskEntry(info: TaskInfo, names: ReadonlyMap<string, string> = new Map()): TaskEntry {
  const reason = info.reason as { userName?: string } | undefined;
  return {
    id: info.task?.value ?? info.key,
    name: info.descriptionId || (info.name ?? ''),
    state: info.state,
    progress: info.progress,
    queuedTime: info.queueTime,
    startTime: info.startTime,
    completeTime: info.completeTime,
    entity: names.get(info.entity?.value ?? '') ?? (info.entityName && decodeName(info.entityName)),
    entityId: info.entity?.value,
    entityType: info.entity?.type,
    error: info.state === 'error' ? failureOf(info, info.key).message : undefined,
    user: reason?.userName,
    cancelable: info.cancelable === true,
  };
}
