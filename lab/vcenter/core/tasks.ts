/** Tasks: a queue, progress, cancelling, failing, and one change at a time on an object. */
import type { Clock } from '../../../src/lib/clock.ts';
import type { TaskInfo } from '../../../src/vim25/generated/types.ts';
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import { inChain } from './chain.ts';
import { fault, localized, VimFault } from './faults.ts';
import type { AnyObject, ManagedObject } from './managed-object.ts';
import type { Call } from './method.ts';
import type { ObjectStore } from './object-store.ts';

export interface TaskPlan {
  /** `VirtualMachine.powerOn`: what clients look a task's description up by. */
  readonly descriptionId: string;
  /** `PowerOnVM_Task` */
  readonly name: string;
  readonly entity: AnyObject;
  /** Default true. */
  readonly cancelable?: boolean;
  /** What no other task may change meanwhile. Default: the entity. */
  readonly locks?: readonly AnyObject[];
  /** Does it; what it returns is the task's result. Throws a `VimFault` to fail. */
  readonly run: (task: RunningTask) => unknown;
  /** Told that the task has failed, also where it was never begun. */
  readonly failed?: (error: VimFault) => void;
}

export interface RunningTask {
  readonly ref: ManagedObjectReference;
  /** Aborted when somebody cancels the task. */
  readonly signal: AbortSignal;
  /** Reports a percentage, after the time that a step takes. Errors: RequestCanceled where the task was cancelled. */
  progress(percent: number): Promise<void>;
  /** Keeps other tasks from changing the object, which was made by this one, until it ends. */
  lock(object: AnyObject): void;
}

export interface Tasks {
  /** Errors: TaskInProgress where another task holds one of the objects. */
  start(call: Pick<Call, 'session' | 'operationId'>, plan: TaskPlan): ManagedObjectReference;
  /** For changes that are no tasks. Errors: TaskInProgress where a task holds the object. */
  requireFree(object: AnyObject): void;
  /** Errors: NotSupported for what cannot be cancelled, InvalidState for what has ended. */
  cancel(task: ManagedObject<'Task'>): void;
  /** The next task (of that name, where one is given) fails by this. */
  failNext(error: VimFault, name?: string): void;
  /** No task fails any more because it was told to. */
  failNone(): void;
  /** Milliseconds that a step of a task takes; 0: as fast as it can. */
  stepMs: number;
  /** A task that ended before the lab began. */
  remember(info: Omit<TaskInfo, 'key' | 'task' | 'eventChainId'>): ManagedObject<'Task'>;
  /** Newest last. */
  recent(): readonly ManagedObject<'Task'>[];
  /** Resolves when nothing runs. */
  idle(): Promise<void>;
}

const MAX_RUNNING = 64;
const MAX_KEPT = 500;
const ITS_STEPS = [10, 35, 60, 85] as const;

interface Job {
  readonly task: ManagedObject<'Task'>;
  readonly plan: TaskPlan;
  readonly cancelling: AbortController;
}

export function createTasks({ clock, objects }: { clock: Clock; objects: ObjectStore }): Tasks {
  const jobs = new Map<string, Job>();
  const queue: Job[] = [];
  const locks = new Map<AnyObject, ManagedObjectReference>();
  const kept: ManagedObject<'Task'>[] = [];
  const toFail: { error: VimFault; name: string | undefined }[] = [];
  const waiting: (() => void)[] = [];
  let running = 0;
  let lastChain = 1000;

  const now = () => new Date(clock.now()).toISOString();
  const update = (task: ManagedObject<'Task'>, changes: Partial<TaskInfo>) =>
    task.set({ info: { ...task.get('info'), ...changes } });

  const failure = (name: string): VimFault | undefined => {
    const index = toFail.findIndex((each) => each.name === undefined || each.name === name);
    return index === -1 ? undefined : toFail.splice(index, 1)[0]!.error;
  };

  const perform = async (job: Job): Promise<void> => {
    const { task, plan } = job;
    const injected = failure(plan.name);
    update(task, { state: 'running', startTime: now(), progress: 0 });
    const progress = async (percent: number) => {
      if (tasks.stepMs > 0) await clock.sleep(tasks.stepMs);
      if (job.cancelling.signal.aborted) throw fault('RequestCanceled', {}, 'The task was canceled by a user.');
      if (task.get('info').state === 'running') update(task, { progress: Math.round(percent) });
    };
    try {
      if (tasks.stepMs > 0) for (const percent of ITS_STEPS) await progress(percent);
      if (job.cancelling.signal.aborted) await progress(0);
      if (injected) throw injected;
      const result = await plan.run({
        ref: task.ref,
        progress,
        signal: job.cancelling.signal,
        lock: (object) => locks.set(object, task.ref),
      });
      update(task, { state: 'success', completeTime: now(), progress: undefined, result, cancelable: false });
    } catch (thrown) {
      const error = asFault(thrown);
      plan.failed?.(error);
      update(task, {
        state: 'error',
        completeTime: now(),
        progress: undefined,
        cancelable: false,
        cancelled: job.cancelling.signal.aborted,
        error: localized(error),
      });
    }
  };

  const finish = (job: Job) => {
    jobs.delete(job.task.id);
    for (const [object, holder] of locks) if (holder.value === job.task.id) locks.delete(object);
    kept.push(job.task);
    if (kept.length > MAX_KEPT) objects.remove(kept.shift()!);
    running--;
    advance();
    if (running === 0) for (const resolve of waiting.splice(0)) resolve();
  };

  const advance = () => {
    while (running < MAX_RUNNING && queue.length > 0) {
      const job = queue.shift()!;
      running++;
      // On the next turn: the answer with the task's id goes out first, and clients see it queued.
      setImmediate(() =>
        inChain(job.task.get('info').eventChainId, () => void perform(job).finally(() => finish(job))),
      );
    }
  };

  const tasks: Tasks = {
    stepMs: 0,
    start({ session, operationId }, plan) {
      const held = plan.locks ?? [plan.entity];
      for (const object of held) tasks.requireFree(object);
      const { entity, cancelable = true, name, descriptionId } = plan;
      const task = objects.add('Task', {});
      const info: TaskInfo = {
        key: task.id,
        task: task.ref,
        name,
        descriptionId,
        entity: entity.ref,
        entityName: String(entity.read('name') ?? ''),
        state: 'queued',
        cancelled: false,
        cancelable,
        reason: { $type: 'TaskReasonUser', userName: session.account?.name ?? '' } as TaskInfo['reason'],
        queueTime: now(),
        eventChainId: ++lastChain,
        ...(operationId !== undefined && { activationId: operationId }),
      };
      task.set({ info });
      const job = { task, plan, cancelling: new AbortController() };
      jobs.set(task.id, job);
      for (const object of held) locks.set(object, task.ref);
      queue.push(job);
      advance();
      return task.ref;
    },
    requireFree(object) {
      const task = locks.get(object);
      if (!task) return;
      throw fault('TaskInProgress', { task }, `The operation is not allowed in the current state: ${task.value} runs`);
    },
    cancel(task) {
      const job = jobs.get(task.id);
      if (!job) throw fault('InvalidState', {}, 'The task has ended already.');
      if (job.plan.cancelable === false) throw fault('NotSupported', {}, 'The task cannot be canceled.');
      job.cancelling.abort();
    },
    failNext(error, name) {
      toFail.push({ error, name });
    },
    failNone() {
      toFail.length = 0;
    },
    remember(info) {
      const task = objects.add('Task', {});
      task.set({ info: { ...info, key: task.id, task: task.ref, eventChainId: ++lastChain } });
      kept.push(task);
      return task;
    },
    recent: () => [...kept, ...[...jobs.values()].map(({ task }) => task)].slice(-200),
    idle: () =>
      running === 0 && queue.length === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve)),
  };
  return tasks;
}

function asFault(error: unknown): VimFault {
  if (error instanceof VimFault) return error;
  // A defect of the lab: never silent, and never taken for a fault of vSphere's.
  process.stderr.write(`lab: a task failed: ${error instanceof Error ? error.stack : String(error)}\n`);
  return fault('SystemError', { reason: String(error) }, `A general system error occurred: ${String(error)}`);
}
