/**
 * The MCP server that one exchange talks to: the SDK's low-level server with prebuilt lists. It holds no state
 * of its own, so any replica answers any request.
 */
import {
  type CallToolResult,
  ProtocolError,
  ProtocolErrorCode,
  ResourceNotFoundError,
  Server,
  type ServerContext,
  type ServerOptions,
} from '@modelcontextprotocol/server';
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/server/validators/ajv';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Logger } from '../lib/logger.ts';
import { plainText } from '../lib/plain-text.ts';
import type { Policy } from '../policy/policy.ts';
import type { Picture } from '../tools/tool.ts';
import { principalFields } from './audit-entry.ts';
import type { Catalog } from './catalog.ts';
import { type Exchange, fromAuthInfo } from './exchange.ts';
import type { Pipeline } from './pipeline.ts';
import type { ReadResource } from './resource-reader.ts';
import { shown, toolError, toolResult } from './results.ts';

export interface GatewayServerOptions {
  readonly version: string;
  readonly catalog: Catalog;
  readonly pipeline: Pipeline;
  readonly readResource: ReadResource;
  readonly policy: Policy;
  readonly audit: AuditLog;
  readonly logger: Logger;
}

const INSTRUCTIONS = [
  'Works on VMware vSphere with the rights of the person who is logged in.',
  'Only tools that this person may use are listed; whoami says why another is not.',
  'An object in a result has name, path and id, a task id and state (get_task follows it).',
  'VMs, hosts, datastores, networks, folders and pools may be named by name, inventory path or id.',
  'An ambiguous name is an error that lists the paths: ask which one is meant, never guess.',
].join(' ');

/** A client may keep a list this long: a change of groups shows late in the list, never in what a call may do. */
const LIST_TTL_MS = 60_000;

const privately = { ttlMs: LIST_TTL_MS, cacheScope: 'private' } as const;

const SERVER_OPTIONS: ServerOptions = {
  capabilities: { tools: {}, resources: {} },
  instructions: INSTRUCTIONS,
  jsonSchemaValidator: new AjvJsonSchemaValidator(),
  cacheHints: {
    'tools/list': privately,
    'resources/list': privately,
    'resources/templates/list': privately,
  },
};

/** @param exchangeOf how a request finds its exchange: from HTTP's authentication, or the one of the connection */
export function createGatewayServer(options: GatewayServerOptions, own?: Exchange): Server {
  const { version, catalog, pipeline, readResource, logger } = options;
  const server = new Server({ name: 'mcvsphere', title: 'mcvsphere', version }, SERVER_OPTIONS);
  const exchangeOf = (context: ServerContext) => own ?? fromAuthInfo(context.http?.authInfo);

  server.setRequestHandler('tools/list', async (_request, context) => {
    const exchange = exchangeOf(context);
    await recordEmptyList('tools/list', exchange, options);
    return catalog.tools(exchange);
  });
  server.setRequestHandler('resources/list', async (_request, context) => {
    const exchange = exchangeOf(context);
    await recordEmptyList('resources/list', exchange, options);
    return catalog.resources(exchange);
  });
  server.setRequestHandler('resources/templates/list', async (_request, context) => {
    return catalog.resourceTemplates(exchangeOf(context));
  });

  server.setRequestHandler('tools/call', async ({ params }, context): Promise<CallToolResult> => {
    const exchange = exchangeOf(context);
    const requestId = exchange.nextRequestId();
    const tool = catalog.tool(params.name);
    if (tool === undefined) return unknownTool(params.name, requestId, exchange, options);
    const pictures: Picture[] = [];
    try {
      const output = await pipeline.run({
        tool,
        args: params.arguments ?? {},
        calledAs: params.name === tool.name ? undefined : params.name,
        principal: exchange.principal,
        narrowing: exchange.narrowing,
        requestId,
        sourceAddress: exchange.sourceAddress,
        signal: context.mcpReq.signal,
        notifyProgress: progressNotifier(context, logger),
        show: (picture) => pictures.push(picture),
      });
      return toolResult(output, pictures);
    } catch (error) {
      return toolError(error, requestId, logger);
    }
  });

  server.setRequestHandler('resources/read', async ({ params }, context) => {
    const exchange = exchangeOf(context);
    const requestId = exchange.nextRequestId();
    let text: string | undefined;
    try {
      text = await readResource({ uri: params.uri, exchange, requestId, signal: context.mcpReq.signal });
    } catch (error) {
      throw readError(error, params.uri, requestId, logger);
    }
    if (text === undefined) throw new ResourceNotFoundError(params.uri);
    return { contents: [{ uri: params.uri, mimeType: 'application/json', text }] };
  });

  server.onerror = (error) => logger.debug({ err: error }, 'the protocol layer reported an error');
  return server;
}

/** A read has no result that could be an error, so the protocol's errors say it; `data` has the gateway's own code. */
function readError(error: unknown, uri: string, requestId: string, logger: Logger): ProtocolError {
  const { code, message } = shown(error, requestId, logger);
  if (code === 'NOT_FOUND') return new ResourceNotFoundError(uri);
  const { InvalidParams, InternalError } = ProtocolErrorCode;
  const text = `${code}: ${message} (request ${requestId})`;
  return new ProtocolError(code === 'INVALID_INPUT' ? InvalidParams : InternalError, text, {
    code,
    request_id: requestId,
  });
}

function progressNotifier(context: ServerContext, logger: Logger) {
  const progressToken = context.mcpReq._meta?.progressToken;
  if (progressToken === undefined) return undefined;
  return (progress: number, message: string) => {
    context.mcpReq
      .notify({ method: 'notifications/progress', params: { progressToken, progress, total: 100, message } })
      .catch((err: unknown) => logger.debug({ err }, 'a progress notification found nobody'));
  };
}

/** A person whose groups grant nothing sees nothing, and that is a decision too. */
async function recordEmptyList(method: string, exchange: Exchange, { policy, audit }: GatewayServerOptions) {
  const { principal } = exchange;
  if (policy.highestLevel(principal.groups) !== undefined) return;
  await audit.append({
    event: 'PERMISSION_DENIED',
    ...principalFields(principal, exchange.nextRequestId(), exchange.sourceAddress),
    tool: method,
    required_permission: 'READ_ONLY',
    reason: principal.groupsProblem ?? (principal.groups.length === 0 ? 'no_groups' : 'no_recognised_group'),
  });
}

async function unknownTool(
  name: string,
  requestId: string,
  exchange: Exchange,
  options: GatewayServerOptions,
): Promise<never> {
  const shownName = plainText(name, 128);
  await options.audit.append({
    event: 'INVALID_REQUEST',
    ...principalFields(exchange.principal, requestId, exchange.sourceAddress),
    tool: shownName,
    error: 'no such tool',
    error_code: 'NOT_FOUND',
  });
  throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown tool: ${shownName}`);
}
