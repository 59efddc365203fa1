/** What the record says when a change and the answer about it part ways. vSphere's end is the only stand-in here. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { auditRecords } from '../../test/support/audit-file.ts';
import { type AuditLog, openAuditLog } from '../audit/audit-log.ts';
import { STEP } from '../audit/recovery.ts';
import { systemClock } from '../lib/clock.ts';
import { GatewayError } from '../lib/errors.ts';
import { createLogger } from '../lib/logger.ts';
import { Secret } from '../lib/secret.ts';
import { DEFAULT_GROUPS } from '../policy/groups.ts';
import { createPolicy } from '../policy/policy.ts';
import { defineTool, type ServerContext } from '../tools/tool.ts';
import { createFairShare } from './fair-share.ts';
import { createPipeline } from './pipeline.ts';

type Handler = (input: { name: string }, context: ServerContext) => Promise<{ done: string }>;

const TASK = { type: 'Task', value: 'task-1' };
const logger = createLogger('silent');
let folder: string;
let audit: AuditLog;
const unhandled: unknown[] = [];
const note = (reason: unknown) => unhandled.push(reason);

beforeEach(async () => {
  process.on('unhandledRejection', note);
  folder = await mkdtemp(join(tmpdir(), 'mcvsphere-pipeline-'));
  const key = new Secret('a test key that is long enough for an audit chain');
  audit = await openAuditLog({ file: join(folder, 'audit.jsonl'), key, clock: systemClock, logger, version: 'test' });
});
afterEach(async () => {
  process.off('unhandledRejection', note);
  expect(unhandled.splice(0)).toEqual([]);
  await audit.close();
  await rm(folder, { recursive: true, force: true });
});

/** Runs one change whose tasks end as `ended` says. */
async function change(handler: Handler, ended: () => Promise<unknown>, args: Record<string, unknown> = {}) {
  const tool = defineTool({
    name: 'change_it',
    title: 'Change it',
    description: 'Changes it.',
    permission: 'POWER_OPS',
    effect: 'update',
    task: true,
    input: { name: z.string() },
    output: { done: z.string() },
    handler,
  });
  const vsphere = { tasks: { wait: ended }, logUserEvent: async () => 'logged' };
  const server = { name: 'vc', forCall: () => vsphere };
  const pipeline = createPipeline({
    tools: [tool],
    share: createFairShare(),
    policy: createPolicy({ groupLevels: DEFAULT_GROUPS }),
    audit,
    servers: { list: () => [server], get: async () => server, close: async () => {} } as never,
    clock: systemClock,
    logger,
  });
  const principal = { user: 'alice', sub: 'alice', iss: 'test', groups: ['vsphere-operators'] };
  const signal = new AbortController().signal;
  const answer = await pipeline
    .run({ tool, args: { name: 'vm', ...args }, principal, narrowing: [], requestId: 'r1', signal })
    .catch((error: unknown) => error);
  await pipeline.idle();
  const outcomes = auditRecords(audit.file).filter(({ event }) => event === 'TOOL_OUTCOME');
  return { answer, outcomes };
}

const fault = () => Promise.reject(new GatewayError('TASK_FAILED', 'the task failed'));
const success = async () => ({});

describe('a change whose answer fails', () => {
  it('left running: has the end of its task as its only outcome, and a failure of both kills nobody', async () => {
    const handler: Handler = async (_input, context) => {
      await context.follow(TASK);
      throw new GatewayError('UNAVAILABLE', 'the read-back failed');
    };
    const failed = await change(handler, fault, { wait: false });
    expect(failed.answer).toMatchObject({ code: 'UNAVAILABLE' });
    expect(failed.outcomes).toMatchObject([{ error_code: 'TASK_FAILED', vcenter_task: 'task-1' }]);
  });

  it.each([
    ['failed', new GatewayError('TASK_FAILED', 'the task failed'), { error_code: 'TASK_FAILED' }],
    [
      'went out of sight',
      new GatewayError('UNAVAILABLE', 'no answer'),
      { result: 'unknown', error_code: 'UNAVAILABLE' },
    ],
  ])('left running, answered, and then %s: is recorded as that', async (_name, error, outcome) => {
    const handler: Handler = async (_input, context) => {
      await context.follow(TASK);
      return { done: 'started' };
    };
    const { answer, outcomes } = await change(handler, () => Promise.reject(error), { wait: false });
    expect(answer).toMatchObject({ done: 'started' });
    expect(outcomes).toEqual([expect.objectContaining(outcome)]);
    expect(outcomes[0]?.result).not.toBe('success');
  });

  it('after its task has succeeded: is recorded as made, and its caller is told so', async () => {
    const { answer, outcomes } = await change(async (_input, context) => {
      await context.follow(TASK);
      throw new GatewayError('UNAVAILABLE', 'the read-back failed');
    }, success);
    expect(answer).toMatchObject({ code: 'RESULT_UNREAD', message: expect.stringContaining('The change was made') });
    expect(outcomes).toMatchObject([{ result: 'success', reason: 'the read-back failed' }]);
  });

  it('after vSphere has accepted it without a task: the same', async () => {
    const { answer, outcomes } = await change(async (_input, context) => {
      context.changed();
      throw new GatewayError('NOT_FOUND', 'the VM is gone');
    }, success);
    expect(answer).toMatchObject({ code: 'RESULT_UNREAD' });
    expect(outcomes).toMatchObject([{ result: 'success', reason: 'the VM is gone' }]);
  });

  it('with an answer that its schema does not allow: the same', async () => {
    const { answer, outcomes } = await change(async () => ({ wrong: true }) as never, success);
    expect(answer).toMatchObject({ code: 'RESULT_UNREAD' });
    expect(outcomes).toMatchObject([{ result: 'success' }]);
  });

  it('after a step on the way: is a failure, and the step is on the record', async () => {
    const { answer, outcomes } = await change(
      async (_input, context) => {
        await context.follow(TASK, { step: true });
        throw new GatewayError('VSPHERE_FAULT', 'the deletion was refused');
      },
      success,
      { wait: false },
    );
    expect(answer).toMatchObject({ code: 'VSPHERE_FAULT' });
    expect(outcomes).toMatchObject([{ error_code: 'VSPHERE_FAULT' }]);
    expect(auditRecords(audit.file)).toContainEqual(
      expect.objectContaining({ event: 'TASK_STARTED', vcenter_task: 'task-1', reason: STEP }),
    );
  });

  it('with its task gone from sight: nobody knows', async () => {
    const { outcomes } = await change(
      async (_input, context) => {
        await context.follow(TASK);
        return { done: 'yes' };
      },
      () => Promise.reject(new GatewayError('DEADLINE_EXCEEDED', 'too late')),
    );
    expect(outcomes).toMatchObject([{ result: 'unknown', error_code: 'DEADLINE_EXCEEDED' }]);
  });
});
