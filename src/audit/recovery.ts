/**
 * A process that dies between an intent and its outcome leaves a change that may or may not have been made. The next
 * start finds these intents and closes them: with the task's own result where vCenter still knows it, else `unknown`.
 */
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { parseRecord } from './chain.ts';
import type { AuditEntry, AuditRecord } from './record.ts';

/** A task that a call started and did not see end, with what tells it from another task of the same id. */
export interface OpenTask {
  readonly server: string;
  readonly id: string;
  /** The id of the object that the task works on, where the record has it. */
  readonly target: string | undefined;
  /** When the call intended its change: no task of it is older. Milliseconds since the epoch. */
  readonly intendedAt: number;
}

/** The end of that task: `unknown` where nobody will ever know it, undefined where it may be asked for again. */
export type ResolveTask = (
  task: OpenTask,
) => Promise<{ readonly state: 'success' | 'error' | 'unknown'; readonly error?: string } | undefined>;

/** An intent without an outcome. */
export interface OpenIntent {
  /** What its outcome will say about whose call it was. */
  readonly call: Omit<AuditEntry, 'event'> & { readonly intent: string };
  /** ISO 8601. */
  readonly timestamp: string;
}

/** `reason` of a TASK_STARTED whose task only prepares the change: its end says nothing about that of the call. */
export const STEP = 'A step before the change itself.';

const ATTEMPTS = 10;
const BETWEEN_ATTEMPTS_MS = 30_000;

/** Collects open intents while a file is scanned. Holds the open ones only. */
export function createIntentScan() {
  const open = new Map<string, OpenIntent>();
  return {
    see(line: Buffer): void {
      // `event` is within the first 160 bytes of every line, so that most lines are never parsed.
      const start = line.toString('latin1', 0, 160);
      if (!/"event":"TOOL_|"event":"TASK_STARTED"|"event":"PERM|"event":"INVALID/.test(start)) return;
      if (open.size === 0 && !start.includes('"event":"TOOL_INTENT"')) return;
      const record = parseRecord(line);
      if (record === undefined) return;
      if (record.event === 'TOOL_INTENT')
        open.set(record.id, { call: callOf(record, record.id), timestamp: record.timestamp });
      else if (record.intent !== undefined) see(record, record.intent);
    },
    open: (): OpenIntent[] => [...open.values()],
  };

  function see(record: AuditRecord, intent: string): void {
    const known = open.get(intent);
    if (record.event !== 'TASK_STARTED') open.delete(intent);
    else if (known !== undefined) open.set(intent, { ...known, call: callOf(record, intent) });
  }
}

/** What an outcome takes over from its intent. The arguments stay with the intent. */
function callOf(record: AuditRecord, intent: string): OpenIntent['call'] {
  const { user, groups, tool, server, target, decision, request_id, sub, iss, client_id, sid } = record;
  const vcenter_task = record.reason === STEP ? undefined : record.vcenter_task;
  return { user, groups, tool, server, target, vcenter_task, decision, intent, request_id, sub, iss, client_id, sid };
}

export function withTask({ call }: OpenIntent): boolean {
  return call.vcenter_task !== undefined && call.server !== undefined;
}

type Append = (entry: AuditEntry) => Promise<AuditRecord>;

export async function closeIntents(intents: readonly OpenIntent[], append: Append): Promise<void> {
  await Promise.all(intents.map((intent) => append(unknownOutcome(intent))));
}

interface Parts {
  readonly append: Append;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** Asks for each task's end, again and again while its server is down. What is left when stopped, stays open. */
export async function resolveIntents(
  intents: readonly OpenIntent[],
  resolveTask: ResolveTask,
  { append, clock, logger, signal }: Parts,
): Promise<void> {
  const stopped = new Promise<undefined>((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  let left = intents;
  for (let attempt = 1; left.length > 0 && !signal.aborted; attempt += 1) {
    const again: OpenIntent[] = [];
    for (const intent of left) {
      const outcome = await Promise.race([outcomeOf(intent, resolveTask, logger), stopped]);
      // What comes too late is asked again by the next start.
      if (outcome === undefined && signal.aborted) return;
      if (outcome === undefined && attempt < ATTEMPTS) again.push(intent);
      else {
        const written = await append(outcome ?? unknownOutcome(intent)).catch(() => undefined);
        if (written === undefined) again.push(intent);
      }
    }
    left = again;
    if (left.length === 0) return;
    try {
      await clock.sleep(BETWEEN_ATTEMPTS_MS, signal);
    } catch {
      return;
    }
  }
}

async function outcomeOf(
  intent: OpenIntent,
  resolveTask: ResolveTask,
  logger: Logger,
): Promise<AuditEntry | undefined> {
  const { call, timestamp } = intent;
  const task: OpenTask = {
    server: call.server ?? '',
    id: call.vcenter_task ?? '',
    target: call.target?.id,
    intendedAt: Date.parse(timestamp),
  };
  try {
    const ended = await resolveTask(task);
    if (ended === undefined) return undefined;
    if (ended.state === 'unknown') return unknownOutcome(intent);
    const common = { ...call, event: 'TOOL_OUTCOME' as const, reason: `${DIED} vCenter was asked for its task.` };
    if (ended.state === 'success') return { ...common, result: 'success' };
    return { ...common, error: ended.error ?? 'The task failed.', error_code: 'TASK_FAILED' };
  } catch (err) {
    logger.warn({ err, task: task.id }, 'the end of a task could not be asked for');
    return undefined;
  }
}

const DIED = 'The process ended before the outcome of this call was recorded.';

function unknownOutcome({ call }: OpenIntent): AuditEntry {
  return { ...call, event: 'TOOL_OUTCOME', result: 'unknown', reason: DIED };
}
