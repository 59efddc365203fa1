/** Ending a task before its time: whose it is, whether vSphere lets it be ended, and whether it then was. */
import type { TaskInfo } from '../vim25/generated/types.ts';
import { InvalidStateError, TaskFailedError, TaskGoneError } from './errors.ts';
import { faultTypeOf } from './faults.ts';
import { quoted } from './names.ts';
import type { Reader } from './reader.ts';
import type { Tasks } from './tasks.ts';

/** A task as vSphere tells of it. */
export type KnownTask = TaskInfo;

const HOSTS: ReadonlySet<string> = new Set(['HostSystem', 'ComputeResource', 'ClusterComputeResource']);

/** Errors: INVALID_STATE where there is nothing (more) to cancel. */
export function requireCancelable(info: KnownTask, id: string): void {
  if (info.state === 'success' || info.state === 'error') {
    throw new InvalidStateError(
      `The task ${quoted(id)} has ended already (${info.state}): there is nothing to cancel.`,
    );
  }
  if (info.cancelled) throw new InvalidStateError(`The task ${quoted(id)} is being cancelled already.`);
  if (!info.cancelable) {
    throw new InvalidStateError(`vSphere does not let the task ${quoted(id)} be cancelled: wait for its end.`);
  }
}

/** Whether a task works on a host or cluster, and so is the business of those who manage hosts. */
export function isOnHost({ entity }: KnownTask): boolean {
  return entity !== undefined && HOSTS.has(entity.type);
}

/** Whether another than the gateway's own account has started the task: a person, a schedule, vCenter itself. */
export async function isOfAnother(reader: Reader, { reason }: KnownTask): Promise<boolean> {
  const starter = (reason as { userName?: string } | undefined)?.userName;
  const { sessionManager } = reader.content;
  if (starter === undefined || sessionManager === undefined) return true;
  const { props } = await reader.readOne('SessionManager', sessionManager, ['currentSession']);
  return starter.toLowerCase() !== props.currentSession?.userName.toLowerCase();
}

/** Whether a task that has ended did so because it was cancelled. */
export function wasCancelled({ state, cancelled, error }: KnownTask): boolean {
  return state === 'error' && (cancelled || faultTypeOf(error) === 'RequestCanceled');
}

/**
 * Resolves when the task has ended, however it did, or when the signal says that it has been waited for long enough.
 */
export async function settled(tasks: Tasks, task: KnownTask['task'], signal: AbortSignal): Promise<void> {
  await tasks.wait(task, { signal }).catch((error: unknown) => {
    if (signal.aborted || error instanceof TaskFailedError || error instanceof TaskGoneError) return;
    throw error;
  });
}
