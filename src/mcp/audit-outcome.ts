/**
 * Puts the end of every call on the record, durably, before its caller is answered: what was denied, what was
 * invalid, what succeeded or failed, and what nobody can know.
 */
import type { AuditLog } from '../audit/audit-log.ts';
import type { AuditEntry } from '../audit/record.ts';
import type { Clock } from '../lib/clock.ts';
import { GatewayError } from '../lib/errors.ts';
import type { Logger } from '../lib/logger.ts';
import { callFields } from './audit-entry.ts';
import type { Call, Output, Stage } from './call.ts';
import {
  AuditIncompleteError,
  InvalidRequestError,
  NotOfferedError,
  PermissionDeniedError,
  UnreadResultError,
} from './errors.ts';

interface Options {
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Takes in work that goes on after the caller was answered. */
  readonly track: (work: Promise<unknown>) => void;
}

export function auditOutcome({ audit, clock, logger, track }: Options): Stage {
  const write = (call: Call, ending: Ending) =>
    audit.append({ ...callFields(call), ...ending, duration_ms: Math.round(clock.monotonic() - call.startedAt) });

  return async (call, next) => {
    let output: Output;
    try {
      output = await next();
    } catch (error) {
      // A task that was left running has the only outcome, whatever became of the answer to its caller.
      if (call.background !== undefined) track(recordLater(call, call.background));
      else await recordFailure(call, error);
      throw call.changed === true ? new UnreadResultError(messageOf(error), error) : error;
    }
    if (call.background !== undefined) {
      track(recordLater(call, call.background));
      return output;
    }
    await write(call, { event: 'TOOL_OUTCOME', result: 'success' }).catch((cause: unknown) => {
      if (call.intentId !== undefined) throw new AuditIncompleteError('The change was made.', cause);
      throw new GatewayError('AUDIT_UNAVAILABLE', 'The audit record cannot be written, so nothing is shown.', {
        cause,
      });
    });
    return output;
  };

  async function recordFailure(call: Call, error: unknown): Promise<void> {
    await write(call, endingOf(call, error)).catch((cause: unknown) => {
      logger.error({ err: cause, request_id: call.requestId }, 'the outcome of a call could not be recorded');
      if (call.intentId === undefined) return;
      const made = call.changed === true ? 'The change was made.' : `The call failed: ${messageOf(error)}`;
      throw new AuditIncompleteError(made, cause);
    });
  }

  /** The caller did not wait: its task's end is recorded when it comes, and decides alone. That the handler ended well says nothing of it. */
  async function recordLater(call: Call, task: Promise<unknown>): Promise<void> {
    const ending = await task.then(
      (): Ending => ({ event: 'TOOL_OUTCOME', result: 'success' }),
      (error: unknown) => endingOf({ ...call, changed: false }, error),
    );
    await write(call, ending).catch((err: unknown) => {
      logger.error({ err, request_id: call.requestId }, 'the outcome of a background task could not be recorded');
    });
  }
}

type Ending = Pick<AuditEntry, 'event'> & Partial<AuditEntry>;

function endingOf(call: Call, error: unknown): Ending {
  if (error instanceof PermissionDeniedError) {
    return { event: 'PERMISSION_DENIED', required_permission: error.required, reason: error.reason };
  }
  if (error instanceof NotOfferedError) {
    return { event: 'PERMISSION_DENIED', reason: 'not_offered', error: error.message, error_code: error.code };
  }
  if (error instanceof InvalidRequestError) {
    return { event: 'INVALID_REQUEST', error: error.message, error_code: error.code };
  }
  if (call.changed === true) return { event: 'TOOL_OUTCOME', result: 'success', reason: messageOf(error) };
  const code = error instanceof GatewayError ? error.code : 'INTERNAL';
  const failure = { event: 'TOOL_OUTCOME' as const, error: messageOf(error), error_code: code };
  const unknown = call.intentId !== undefined && leavesTheOutcomeOpen(call, error);
  return unknown ? { ...failure, result: 'unknown' } : failure;
}

/** A change that was asked for and not answered: the connection broke, or the deadline passed with its task under way. */
function leavesTheOutcomeOpen(call: Call, error: unknown): boolean {
  if (!(error instanceof GatewayError)) return call.followed === true;
  if (error.maybeExecuted) return true;
  return call.followed === true && error.code !== 'TASK_FAILED';
}

function messageOf(error: unknown): string {
  return error instanceof GatewayError ? error.message : 'internal error';
}
