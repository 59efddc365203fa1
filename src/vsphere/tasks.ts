/** vSphere tasks: waiting for one to end without asking again and again, and looking one up. */
import type { TaskInfo } from '../vim25/generated/types.ts';
import type { ManagedObjectReference } from './references.ts';

export interface TaskWaitOptions {
  /** Called on each change; `percent` is 0 to 100, absent where vSphere does not say. */
  readonly onProgress?: (percent: number | undefined, description: string) => void;
  /** Ends the waiting, never the task. Default: the call's own signal. */
  readonly signal?: AbortSignal;
}

export interface Tasks {
  /**
   * Resolves with the task's last state when it has succeeded.
   *
   * Errors: TASK_FAILED (`TaskFailedError`, with the typed fault), NOT_FOUND (`TaskGoneError`: vSphere no longer
   * knows the task, its outcome is unknown), VSPHERE_FAULT (`UnwatchedTaskError`: vSphere tells nothing of it), CANCELLED or DEADLINE_EXCEEDED (the task goes on).
   */
  wait(task: ManagedObjectReference, options?: TaskWaitOptions): Promise<TaskInfo>;
  /** A task by its id (`task-123`); NOT_FOUND when vSphere does not know it (any more). */
  info(taskId: string): Promise<TaskInfo>;
}
