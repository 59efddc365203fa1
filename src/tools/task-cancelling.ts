/** Ending a vSphere task before its time. */
import { z } from 'zod';
import { abortError, GatewayError } from '../lib/errors.ts';
import type { InventoryObject } from '../vsphere/inventory.ts';
import {
  isOfAnother,
  isOnHost,
  type KnownTask,
  requireCancelable,
  settled,
  wasCancelled,
} from '../vsphere/task-cancel.ts';
import { objectRef, toObjectRef } from './fields.ts';
import { defineTool, type ServerContext } from './tool.ts';

/** Most tasks end within moments; one that takes longer to undo its work is told as still running. */
const PATIENCE_MS = 15_000;

export const cancelTask = defineTool({
  name: 'cancel_task',
  title: 'Cancel task',
  description:
    'Stop a running vSphere task; vSphere undoes what it can. For tasks that the gateway started on VMs, by whomever; those on hosts, or that others started, take HOST_ADMIN. list_recent_tasks tells the ids.',
  permission: 'VM_LIFECYCLE',
  effect: 'update',
  destructive: true,
  input: { task_id: z.string().min(1).max(200).describe('Task id, such as task-123.') },
  output: {
    task_id: z.string(),
    name: z.string(),
    state: z.string().describe('running: it is still being stopped; get_task tells its end.'),
    cancelled: z.boolean().describe('It has ended because of this.'),
    entity: objectRef.optional(),
  },
  target: ({ task_id }) => task_id,
  async handler({ task_id }, context) {
    const { vsphere } = context;
    const info = await vsphere.tasks.info(task_id);
    await requireAllowed(info, context);
    requireCancelable(info, task_id);
    const entity = await entityOf(info, context);
    await context.acting(entity ?? asObject(info));
    await vsphere.call('CancelTask', { _this: info.task });
    context.changed();
    await settled(vsphere.tasks, info.task, AbortSignal.any([context.signal, AbortSignal.timeout(PATIENCE_MS)]));
    if (context.signal.aborted) throw abortError(context.signal);
    const now = await vsphere.tasks.info(task_id);
    return {
      task_id,
      name: now.descriptionId,
      state: now.state,
      cancelled: wasCancelled(now),
      ...(entity && { entity: toObjectRef(entity) }),
    };
  },
});

/** Nobody ends by this what they could not have begun through the gateway. */
async function requireAllowed(info: KnownTask, { vsphere, policy, caller }: ServerContext): Promise<void> {
  const decision = policy.decide(caller, { kind: 'tool', name: 'cancel_task', level: 'HOST_ADMIN' });
  if (decision.allowed) return;
  const why = isOnHost(info)
    ? 'The task works on a host or cluster.'
    : (await isOfAnother(vsphere, info))
      ? 'The task was not started by the gateway.'
      : undefined;
  if (why !== undefined) throw new GatewayError('PERMISSION_DENIED', `${why} ${decision.message}`);
}

/** What the task works on, where that is (still) in the inventory. */
async function entityOf({ entity }: KnownTask, { vsphere }: ServerContext): Promise<InventoryObject | undefined> {
  return entity && (await vsphere.inventory.describeAll([entity])).get(entity.value);
}

function asObject({ task, descriptionId }: KnownTask): InventoryObject {
  return { ref: task, type: task.type, id: task.value, name: descriptionId, path: task.value };
}
