/**
 * The path of a tool call, outermost stage first. Everything that happens to a call between the protocol and
 * vSphere stands in this list, in this order.
 */
import type { AuditLog } from '../audit/audit-log.ts';
import type { Clock } from '../lib/clock.ts';
import type { FilesFolder } from '../lib/files-folder.ts';
import type { Logger } from '../lib/logger.ts';
import type { Policy } from '../policy/policy.ts';
import type { Tool } from '../tools/tool.ts';
import { auditIntent } from './audit-intent.ts';
import { auditOutcome } from './audit-outcome.ts';
import { authorize } from './authorize.ts';
import type { Call, CallRequest, Output, Stage } from './call.ts';
import type { ContextOptions, ManagedServersOfTools } from './context.ts';
import { deadline } from './deadline.ts';
import type { FairShare } from './fair-share.ts';
import { handle } from './handle.ts';
import { refuseHidden } from './refuse-hidden.ts';
import { validateInput } from './validate-input.ts';
import { validateOutput } from './validate-output.ts';

export interface PipelineOptions {
  readonly tools: readonly Tool[];
  readonly policy: Policy;
  readonly audit: AuditLog;
  readonly servers: ManagedServersOfTools;
  readonly files?: FilesFolder | undefined;
  readonly urls?: ContextOptions['urls'];
  readonly share: FairShare;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface Pipeline {
  /** Runs a call to its end. Rejects with the error that the caller shall see, after it is on the record. */
  run(request: CallRequest): Promise<Output>;
  /** Resolves when no call is under way, nor a task that one left running. */
  idle(): Promise<void>;
}

export function createPipeline(options: PipelineOptions): Pipeline {
  const underWay = new Set<Promise<unknown>>();
  const track = (work: Promise<unknown>) => {
    underWay.add(work);
    const done = () => underWay.delete(work);
    work.then(done, done);
  };

  const stages: readonly Stage[] = [
    auditOutcome({ ...options, track }),
    authorize(options),
    refuseHidden,
    validateInput,
    auditIntent(options),
    deadline,
    validateOutput(options),
    handle(options),
  ];
  const run = stages.reduceRight<(call: Call) => Promise<Output>>(
    (next, stage) => async (call) => stage(call, () => next(call)),
    () => Promise.reject(new Error('the last stage asked for a next one')),
  );

  return {
    run(request) {
      const running = run({ ...request, startedAt: options.clock.monotonic() });
      track(running);
      return running;
    },
    async idle() {
      while (underWay.size > 0) await Promise.allSettled(underWay);
    },
  };
}
