import type { AuditLog } from '../audit/audit-log.ts';
import { GatewayError } from '../lib/errors.ts';
import { callFields } from './audit-entry.ts';
import type { Call, Stage } from './call.ts';

/**
 * Writes what is about to be changed, durably, before vCenter is asked. A change whose intent cannot be
 * written does not happen. Reading leaves no intent: it has its outcome.
 */
export function auditIntent({ audit }: { readonly audit: AuditLog }): Stage {
  return async (call, next) => {
    if (call.tool.effect !== 'read') {
      const name = call.tool.target(call.input ?? {});
      if (name !== undefined) call.target = { name };
      call.intentId = await intend(audit, call);
    }
    return next();
  };
}

async function intend(audit: AuditLog, call: Call): Promise<string> {
  try {
    const record = await audit.append({ event: 'TOOL_INTENT', ...callFields(call) });
    return record.id;
  } catch (cause) {
    throw new GatewayError(
      'AUDIT_UNAVAILABLE',
      'Nothing was changed: the audit record cannot be written, and no change is made without one.',
      { cause },
    );
  }
}
