/** Waits for tasks to end, told by property updates. */

import { abortError, GatewayError } from '../lib/errors.ts';
import { faultFromLocalized } from '../vim25/faults.ts';
import type { TaskInfo } from '../vim25/generated/types.ts';
import { ObjectNotFoundError, TaskFailedError, TaskGoneError, UnwatchedTaskError } from './errors.ts';
import { goneObject } from './faults.ts';
import { quoted } from './names.ts';
import type { PropertyWatcher } from './property-watcher.ts';
import type { Reader } from './reader.ts';
import type { ManagedObjectReference } from './references.ts';
import type { Tasks, TaskWaitOptions } from './tasks.ts';

export function createTasks(reader: Reader, watcher: PropertyWatcher): Tasks {
  return {
    wait: (task, options) => waitFor(watcher, task, { signal: reader.signal, ...options }),

    async info(taskId) {
      const unknown = (cause?: unknown) =>
        new ObjectNotFoundError(`vSphere knows no task ${quoted(taskId)} (any more).`, { cause });
      if (!/^[\w.:-]{1,200}$/.test(taskId)) throw unknown();
      const [task] = await reader.read('Task', [{ type: 'Task', value: taskId }], ['info']).catch((error: unknown) => {
        if (goneObject(error) !== undefined) throw unknown(error);
        throw error;
      });
      if (task?.props.info === undefined) throw unknown();
      return task.props.info;
    },
  };
}

function waitFor(
  watcher: PropertyWatcher,
  task: ManagedObjectReference,
  { signal, onProgress }: TaskWaitOptions,
): Promise<TaskInfo> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(abortError(signal));
      return;
    }
    const done = () => {
      stop();
      signal?.removeEventListener('abort', aborted);
    };
    const aborted = () => {
      done();
      reject(abortError(signal!));
    };
    /** What the caller does with it must not disturb the waits of others. */
    const report = (info: TaskInfo) => {
      try {
        onProgress?.(info.progress, describe(info));
      } catch (error) {
        done();
        reject(error);
      }
    };
    const stop = watcher.watch(task, ['info'], {
      changed(props) {
        const info = props.info as TaskInfo | undefined;
        if (info === undefined) return;
        if (info.state === 'success') {
          done();
          resolve(info);
        } else if (info.state === 'error') {
          done();
          reject(failureOf(info, task.value));
        } else {
          report(info);
        }
      },
      gone() {
        done();
        reject(new TaskGoneError(task.value));
      },
      failed(error) {
        done();
        reject(new UnwatchedTaskError(task.value, error));
      },
      closed() {
        done();
        reject(new GatewayError('UNAVAILABLE', 'The gateway is shutting down; the task goes on in vSphere.'));
      },
    });
    signal?.addEventListener('abort', aborted, { once: true });
  });
}

/** Why a task that ended with an error did. */
export function failureOf({ error }: TaskInfo, taskId: string): TaskFailedError {
  const fault = faultFromLocalized(error ?? { fault: {}, localizedMessage: '' });
  return new TaskFailedError(taskId, fault.faultType, fault.message, fault);
}

/** What a task is doing: `VirtualMachine.powerOn`, or vSphere's own sentence about its present step. */
function describe(info: TaskInfo): string {
  return info.description?.message ?? info.descriptionId;
}
