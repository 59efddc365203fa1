/** Outputs and errors as the protocol carries them. The one place where an error becomes what a caller sees. */
import type { CallToolResult } from '@modelcontextprotocol/server';
import { GatewayError } from '../lib/errors.ts';
import type { Logger } from '../lib/logger.ts';
import type { Picture } from '../tools/tool.ts';
import type { Output } from './call.ts';

/** Text and structured content say the same: clients show their model only one of the two. Pictures are in neither. */
export function toolResult(output: Output, pictures: readonly Picture[] = []): CallToolResult {
  const images = pictures.map(({ mimeType, bytes }) => ({
    type: 'image' as const,
    mimeType,
    data: Buffer.from(bytes).toString('base64'),
  }));
  return { content: [{ type: 'text', text: JSON.stringify(output) }, ...images], structuredContent: output };
}

/** A code, a sentence that is safe to show, and the id under which the audit and the log know the rest. */
export function toolError(error: unknown, requestId: string, logger: Logger): CallToolResult {
  const { code, message } = shown(error, requestId, logger);
  return {
    content: [{ type: 'text', text: `${code}: ${message} (request ${requestId})` }],
    isError: true,
    _meta: { 'mcvsphere/error': { code, request_id: requestId } },
  };
}

export function shown(error: unknown, requestId: string, logger: Logger): { code: string; message: string } {
  if (error instanceof GatewayError) {
    if (error.cause !== undefined) logger.info({ err: error, request_id: requestId }, 'a call failed');
    return { code: error.code, message: error.message };
  }
  logger.error({ err: error, request_id: requestId }, 'a call failed for a reason nobody foresaw');
  return { code: 'INTERNAL', message: 'The gateway failed. Tell your operator the request id.' };
}
