import type { Logger } from '../lib/logger.ts';
import type { Stage } from './call.ts';
import { InvalidOutputError } from './errors.ts';

/** Holds the handler to its tool's output schema, which clients rely on. */
export function validateOutput({ logger }: { readonly logger: Logger }): Stage {
  return async (call, next) => {
    const parsed = call.tool.output.safeParse(await next());
    if (parsed.success) return parsed.data;
    logger.error({ tool: call.tool.name, request_id: call.requestId, issues: parsed.error.issues }, 'malformed output');
    throw new InvalidOutputError(parsed.error);
  };
}
