/**
 * A process that dies between an intent and its outcome leaves a change that may or may not have been made. The next
 * start finds these intents and closes them: with the task's own result where vCenter still knows it, else `unknown`.
 */
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { parseRecord } from './chain.ts';
import type { AuditEntry, AuditRecord } from './record.ts';

/** The end of a vSphere task; undefined where it has not ended or vCenter no longer knows it. */
export type ResolveTask = (
  server: string,
  taskId: string,
) => Promise<{ readonly state: 'success' | 'error'; readonly error?: string } | undefined>;

/** An intent without an outcome: what its outcome will say about whose call it was. */
export type OpenIntent = Omit<AuditEntry, 'event'> & { readonly intent: string };

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
      if (record.event === 'TOOL_INTENT') open.set(record.id, identityOf(record, record.id));
      else if (record.intent !== undefined) see(record, record.intent);
    },
    open: (): OpenIntent[] => [...open.values()],
  };

  function see(record: AuditRecord, intent: string): void {
    if (record.event !== 'TASK_STARTED') open.delete(intent);
    else if (open.has(intent)) open.set(intent, identityOf(record, intent));
  }
}

/** What an outcome takes over from its intent. The arguments stay with the intent. */
function identityOf(record: AuditRecord, intent: string): OpenIntent {
  const { user, groups, tool, server, target, vcenter_task, decision, request_id, sub, iss, client_id, sid } = record;
  return { user, groups, tool, server, target, vcenter_task, decision, intent, request_id, sub, iss, client_id, sid };
}

export function withTask(intent: OpenIntent): boolean {
  return intent.vcenter_task !== undefined && intent.server !== undefined;
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
  try {
    const ended = await resolveTask(intent.server ?? '', intent.vcenter_task ?? '');
    if (ended === undefined) return undefined;
    const common = { ...intent, event: 'TOOL_OUTCOME' as const, reason: `${DIED} vCenter was asked for its task.` };
    if (ended.state === 'success') return { ...common, result: 'success' };
    return { ...common, error: ended.error ?? 'The task failed.', error_code: 'TASK_FAILED' };
  } catch (err) {
    logger.warn({ err, task: intent.vcenter_task }, 'the end of a task could not be asked for');
    return undefined;
  }
}

const DIED = 'The process ended before the outcome of this call was recorded.';

function unknownOutcome(intent: OpenIntent): AuditEntry {
  return { ...intent, event: 'TOOL_OUTCOME', result: 'unknown', reason: DIED };
}
