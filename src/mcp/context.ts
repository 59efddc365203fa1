/** What a handler gets to work with, made from the call it serves. */
import type { AuditLog } from '../audit/audit-log.ts';
import type { AuditTarget } from '../audit/record.ts';
import { STEP } from '../audit/recovery.ts';
import type { FilesFolder } from '../lib/files-folder.ts';
import type { Logger } from '../lib/logger.ts';
import { plainText } from '../lib/plain-text.ts';
import type { Policy } from '../policy/policy.ts';
import type { GatewayContext, ServerContext, Tool } from '../tools/tool.ts';
import { callFields } from './audit-entry.ts';
import type { Call } from './call.ts';
import type { FairShare } from './fair-share.ts';
import { hiddenBy } from './narrowing.ts';

/** The managed servers, as the tools know them: `mcp/` itself never speaks to vSphere. */
export type ManagedServersOfTools = GatewayContext['servers'];
type Vsphere = ServerContext['vsphere'];

export interface ContextOptions {
  readonly tools: readonly Tool[];
  readonly policy: Policy;
  readonly audit: AuditLog;
  readonly servers: ManagedServersOfTools;
  readonly files?: FilesFolder | undefined;
  readonly urls?: GatewayContext['urls'];
  readonly share: FairShare;
  readonly logger: Logger;
}

export function gatewayContext(
  call: Call,
  { tools, policy, servers, files, urls, logger }: ContextOptions,
): GatewayContext {
  const { user, sub, iss, groups, clientId } = call.principal;
  return {
    caller: { user, sub, iss, groups, clientId },
    policy,
    tools,
    hidden: (tool) => hiddenBy(call.narrowing, tool),
    narrowedBy: call.narrowing.map(({ asked }) => asked),
    servers,
    files,
    urls,
    logger,
    get signal() {
      return call.until?.() ?? call.signal;
    },
    requestId: call.requestId,
    progress: progressOf(call),
  };
}

export function serverContext(call: Call, vsphere: Vsphere, options: ContextOptions): ServerContext {
  const { audit, logger } = options;
  const gateway = gatewayContext(call, options);
  const name = (target: Target) => {
    call.target = targetOf(target);
  };

  return {
    ...gateway,
    vsphere,
    reading: name,
    async acting(target) {
      name(target);
      const message = `${call.principal.user}: ${call.tool.name} via mcvsphere, request ${call.requestId}`;
      call.vcenterEvent = await vsphere.logUserEvent(target.ref, plainText(message, 512));
    },
    show(picture) {
      call.show?.(picture);
    },
    changed() {
      call.changed = true;
    },
    async follow(task, { step = false, on } = {}) {
      const id = task.value;
      call.vcenterTask = id;
      call.followed = !step;
      const started = { ...callFields(call), ...(on && { target: targetOf(on) }), ...(step && { reason: STEP }) };
      await audit.append({ event: 'TASK_STARTED', ...started }).catch((err: unknown) => {
        logger.error({ err, request_id: call.requestId, task: id }, 'a started task could not be recorded');
      });
      const ended = vsphere.tasks.wait(task, { onProgress: gateway.progress });
      if (call.input?.wait === false && !step) {
        // Its end is for the record; until that listens, a failure must not count as one that nobody handles.
        ended.catch(() => {});
        call.background = ended;
        return { task: { id, state: 'running' } };
      }
      const { result } = await ended;
      call.changed = !step;
      return { task: { id, state: 'success' }, result };
    },
  };
}

type Target = Required<AuditTarget>;

function targetOf({ type, id, name, path }: Target): Target {
  return { type, id, name, path };
}

/** Progress only ever rises, as the protocol asks, and a repeated percentage is not sent again. */
function progressOf(call: Call): GatewayContext['progress'] {
  const notify = call.notifyProgress;
  if (notify === undefined) return () => {};
  let last = -1;
  return (percent, message) => {
    const progress = Math.max(0, Math.min(100, percent ?? last + 0.01));
    if (progress <= last) return;
    last = progress;
    notify(progress, plainText(message, 200));
  };
}
