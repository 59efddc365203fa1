/**
 * What became of a task whose call died with an earlier process. Task ids are counters: a vCenter that was restored or
 * set up anew, and an ESXi host after each start, give them again. So a task is the one in question only where it
 * works on the object in question and is no older than the call; of any other nothing is said.
 */
import type { TaskInfo } from '../vim25/generated/types.ts';
import { ObjectNotFoundError } from './errors.ts';
import type { ManagedServers } from './managed-servers.ts';
import { failureOf } from './task-waits.ts';

interface LostTask {
  readonly server: string;
  readonly id: string;
  /** The id of the object that the task works on, where it is known. */
  readonly target: string | undefined;
  /** No task of the call is older. Milliseconds since the epoch, by this machine's clock. */
  readonly intendedAt: number;
}

interface TaskEnd {
  /** `unknown`: vSphere does not know the task (any more). */
  readonly state: 'success' | 'error' | 'unknown';
  readonly error?: string;
}

const PATIENCE_MS = 30_000;
/** How far vSphere's clock may be behind ours. */
const CLOCK_SKEW_MS = 5 * 60_000;

/** The returned function resolves to undefined while the task goes on, and rejects while its server cannot be asked. */
export function createTaskRecovery(servers: Pick<ManagedServers, 'get'>) {
  return async (task: LostTask): Promise<TaskEnd | undefined> => {
    const vsphere = await servers.get(task.server);
    const call = vsphere.forCall({ operationId: `recovery-${task.id}`, signal: AbortSignal.timeout(PATIENCE_MS) });
    const info = await call.tasks.info(task.id).catch((error: unknown) => {
      if (error instanceof ObjectNotFoundError) return undefined;
      throw error;
    });
    if (info === undefined || !isTheOne(info, task)) return { state: 'unknown' };
    if (info.state === 'success') return { state: 'success' };
    if (info.state === 'error') return { state: 'error', error: failureOf(info, task.id).message };
    return undefined;
  };
}

function isTheOne({ entity, queueTime }: TaskInfo, { target, intendedAt }: LostTask): boolean {
  if (target !== undefined && entity?.value !== target) return false;
  // Written so that a time that cannot be read is no proof.
  return Date.parse(queueTime) >= intendedAt - CLOCK_SKEW_MS;
}
