import { appendFileSync, copyFileSync, existsSync, readFileSync, renameSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type OpenTask, type ResolveTask, STEP } from '../../src/audit/recovery.ts';
import { verifyAuditFile } from '../../src/audit/verify.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Secret } from '../../src/lib/secret.ts';
import { auditRecords } from '../support/audit-file.ts';
import { KEY, openLog, outcome, temporaryFolder } from './fixture.ts';

let file: string;
let crashed: string;
let remove: () => Promise<void>;
const intents: Record<string, string> = {};

/** A file as a crash leaves it: one call closed, one open, one open with its task started. */
beforeEach(async () => {
  const place = await temporaryFolder();
  ({ file, remove } = place);
  crashed = `${place.folder}/crashed.jsonl`;
  const log = await openLog(file);
  const intent = async (tool: string) => {
    const record = await log.append({
      event: 'TOOL_INTENT',
      user: 'alice@example.com',
      tool,
      args: { event: 'TOOL_OUTCOME', intent: 'not an intent' },
      server: 'vc1',
      target: { name: 'web-1' },
      request_id: `request of ${tool}`,
    });
    intents[tool] = record.id;
    return record.id;
  };
  await log.append(outcome('power_on', { intent: await intent('power_on') }));
  await intent('power_off');
  await log.append({
    event: 'TASK_STARTED',
    tool: 'clone_vm',
    intent: await intent('clone_vm'),
    server: 'vc1',
    vcenter_task: 'task-77',
    target: { type: 'VirtualMachine', id: 'vm-42', name: 'web-1', path: '/DC0/vm/web-1' },
  });
  copyFileSync(file, crashed);
  await log.close();
});
afterEach(() => remove());

const outcomes = (tool: string) =>
  auditRecords(crashed).filter((record) => record.event === 'TOOL_OUTCOME' && record.tool === tool);

describe('a start after a crash', () => {
  it('closes what was left open as unknown, in the name of who called, and nothing else', async () => {
    const log = await openLog(crashed);
    expect(outcomes('power_on')).toHaveLength(1);
    expect(outcomes('power_off')).toEqual([
      expect.objectContaining({
        result: 'unknown',
        intent: intents.power_off,
        user: 'alice@example.com',
        server: 'vc1',
        target: { name: 'web-1' },
        request_id: 'request of power_off',
        reason: 'The process ended before the outcome of this call was recorded.',
      }),
    ]);
    expect(outcomes('clone_vm')).toMatchObject([
      { result: 'unknown', vcenter_task: 'task-77', target: { id: 'vm-42' } },
    ]);
    await log.close();
    expect(await verifyAuditFile(crashed, { key: KEY })).toMatchObject({ ok: true });
  });

  it('closes it once, however often it starts', async () => {
    for (let i = 0; i < 3; i += 1) await (await openLog(crashed)).close();
    expect(outcomes('power_off')).toHaveLength(1);
    expect(outcomes('clone_vm')).toHaveLength(1);
  });

  it.each<[string, Awaited<ReturnType<ResolveTask>>, object]>([
    ['success', { state: 'success' }, { result: 'success' }],
    ['end, where nobody can know it,', { state: 'unknown' }, { result: 'unknown' }],
    ['failure', { state: 'error', error: 'No space.' }, { error: 'No space.', error_code: 'TASK_FAILED' }],
  ])('asks for the task and records its %s', async (_name, ended, recorded) => {
    const asked: OpenTask[] = [];
    const log = await openLog(crashed, {
      async resolveTask(task) {
        asked.push(task);
        return ended;
      },
    });
    await expect.poll(() => outcomes('clone_vm')).toMatchObject([{ intent: intents.clone_vm, ...recorded }]);
    const { timestamp } = auditRecords(crashed).find(({ id }) => id === intents.clone_vm)!;
    const intendedAt = Date.parse(String(timestamp));
    expect(asked).toEqual([{ server: 'vc1', id: 'task-77', target: 'vm-42', intendedAt }]);
    await log.close();
  });

  it('does not take the end of a step for that of the change', async () => {
    const later = `${crashed}.later.jsonl`;
    const before = await openLog(later);
    const call = { tool: 'delete_vm', server: 'vc1', target: { id: 'vm-42', name: 'web-1' } };
    const { id: intent } = await before.append({ event: 'TOOL_INTENT', ...call });
    await before.append({ event: 'TASK_STARTED', ...call, intent, vcenter_task: 'task-1', reason: STEP });
    copyFileSync(later, crashed);
    await before.close();
    const log = await openLog(crashed, { resolveTask: async () => ({ state: 'success' }) });
    expect(outcomes('delete_vm')).toMatchObject([{ intent, result: 'unknown', target: { id: 'vm-42' } }]);
    await log.close();
  });

  it('does not wait for vCenter, and leaves the question to the next start where it is stopped before', async () => {
    const log = await openLog(crashed, { resolveTask: () => Promise.reject(new Error('vCenter is down')) });
    await log.append(outcome('list_vms'));
    await log.close();
    expect(outcomes('clone_vm')).toEqual([]);
    const next = await openLog(crashed, { resolveTask: async () => ({ state: 'success' }) });
    await expect.poll(() => outcomes('clone_vm')).toMatchObject([{ result: 'success' }]);
    await next.close();
  });

  it('stops even while vCenter does not answer', async () => {
    const log = await openLog(crashed, { resolveTask: () => new Promise(() => {}) });
    await log.close();
    expect(auditRecords(crashed).at(-2)).toMatchObject({ event: 'STOP' });
  });

  it('gives up on a task in the end', async () => {
    let asked = 0;
    const clock = {
      ...systemClock,
      sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(ms / 30_000, signal),
    };
    const log = await openLog(crashed, {
      clock,
      async resolveTask() {
        asked += 1;
        return undefined;
      },
    });
    await expect.poll(() => outcomes('clone_vm')).toMatchObject([{ result: 'unknown', vcenter_task: 'task-77' }]);
    expect(asked).toBe(10);
    await log.close();
  });

  it('finds open intents in a file that it sets aside', async () => {
    appendFileSync(crashed, 'garbage\n');
    await (await openLog(crashed)).close();
    expect(outcomes('power_off')).toMatchObject([{ result: 'unknown' }]);
  });
});

describe('a start beside slots that nobody holds', () => {
  const second = () => crashed.replace('.jsonl', '-2.jsonl');
  const outcomesIn = (path: string) => auditRecords(path).filter(({ event }) => event === 'TOOL_OUTCOME');
  const closed = async () => {
    await expect.poll(() => outcomesIn(second()).length).toBe(3);
    await expect.poll(() => existsSync(`${second()}.lock`)).toBe(false);
  };
  const lines = (path: string) => readFileSync(path, 'utf8');
  beforeEach(() => renameSync(crashed, second()));

  it('closes what was left open there, in the chain of that file, and gives the slot up', async () => {
    const log = await openLog(crashed, { resolveTask: async () => ({ state: 'success' }) });
    await closed();
    expect(outcomesIn(second()).map(({ tool, result }) => [tool, result])).toEqual([
      ['power_on', 'success'],
      ['power_off', 'unknown'],
      ['clone_vm', 'success'],
    ]);
    expect(log.file).toBe(crashed);
    expect(outcomesIn(crashed)).toEqual([]);
    await log.close();
    for (const path of [crashed, second()])
      expect(await verifyAuditFile(path, { key: KEY })).toMatchObject({ ok: true });
  });

  it('closes it once, and leaves a file with nothing open as it is', async () => {
    const log = await openLog(crashed);
    await closed();
    await log.close();
    const before = lines(second());
    await (await openLog(crashed)).close();
    expect(lines(second())).toBe(before);
  });

  it('leaves the open calls of a process that lives to that process', async () => {
    const first = await openLog(crashed);
    await closed();
    const other = await openLog(crashed);
    expect(other.file).toBe(second());
    await other.append({ event: 'TOOL_INTENT', tool: 'power_on' });
    await first.close();
    await (await openLog(crashed)).close();
    expect(outcomesIn(second())).toHaveLength(3);
    await other.close();
  });

  it('leaves a file of another key alone', async () => {
    const before = lines(second());
    const key = new Secret('another key, which is long enough to be one');
    await (await openLog(crashed, { key })).close();
    expect(lines(second())).toBe(before);
  });

  it('stops in good time while vCenter does not answer, and leaves the rest to the next start', async () => {
    const log = await openLog(crashed, { resolveTask: () => new Promise(() => {}) });
    await expect.poll(() => outcomesIn(second()).length).toBe(2);
    await log.close();
    expect(existsSync(`${second()}.lock`)).toBe(false);
    const next = await openLog(crashed);
    await closed();
    await next.close();
    expect(await verifyAuditFile(second(), { key: KEY })).toMatchObject({ ok: true });
  });
});
