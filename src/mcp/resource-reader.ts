/** A resource read, from URI to JSON: authorized and put on the record like a tool call. */
import type { AuditLog } from '../audit/audit-log.ts';
import type { Clock } from '../lib/clock.ts';
import { GatewayError } from '../lib/errors.ts';
import { plainText } from '../lib/plain-text.ts';
import type { Policy } from '../policy/policy.ts';
import type { Resource, ResourceTemplate } from '../resources/resource.ts';
import type { Tool } from '../tools/tool.ts';
import { principalFields } from './audit-entry.ts';
import { resourceAction } from './catalog.ts';
import type { ManagedServersOfTools } from './context.ts';
import { denial } from './denial.ts';
import { NotOfferedError, PermissionDeniedError } from './errors.ts';
import type { Exchange } from './exchange.ts';
import type { FairShare } from './fair-share.ts';
import { hiddenBy } from './narrowing.ts';

const DEADLINE_MS = 60_000;

interface ReaderOptions {
  readonly tools: readonly Tool[];
  readonly resources: readonly Resource[];
  readonly templates: readonly ResourceTemplate[];
  readonly policy: Policy;
  readonly audit: AuditLog;
  readonly servers: ManagedServersOfTools;
  readonly share: FairShare;
  readonly clock: Clock;
}

export interface ResourceRequest {
  readonly uri: string;
  readonly exchange: Exchange;
  readonly requestId: string;
  readonly signal: AbortSignal;
}

/** @returns the resource as JSON text, or undefined where no resource has this URI */
export type ReadResource = (request: ResourceRequest) => Promise<string | undefined>;

type Found = { readonly resource: Resource } | { readonly template: ResourceTemplate; readonly value: string };

export function createResourceReader(options: ReaderOptions): ReadResource {
  const byUri = new Map(options.resources.map((resource) => [resource.uri, resource]));

  function find(uri: string): Found | undefined {
    const resource = byUri.get(uri);
    if (resource !== undefined) return { resource };
    for (const template of options.templates) {
      const prefix = template.uriTemplate.slice(0, template.uriTemplate.indexOf('{'));
      if (uri.startsWith(prefix) && uri.length > prefix.length) {
        return { template, value: uri.slice(prefix.length) };
      }
    }
    return undefined;
  }

  return async (request) => {
    const { audit, clock } = options;
    const startedAt = clock.monotonic();
    const { principal, sourceAddress } = request.exchange;
    const common = {
      ...principalFields(principal, request.requestId, sourceAddress),
      resource: plainText(request.uri, 2048),
    };
    const found = find(request.uri);
    if (found === undefined) {
      await audit.append({ event: 'INVALID_REQUEST', ...common, error: 'no such resource', error_code: 'NOT_FOUND' });
      return undefined;
    }
    const { allowed, text, error } = await settle(found, request, options);
    await audit.append({
      event: isDenial(error) ? 'PERMISSION_DENIED' : 'RESOURCE_READ',
      ...common,
      ...(allowed === undefined ? {} : { decision: allowed }),
      ...ending(error),
      duration_ms: Math.round(clock.monotonic() - startedAt),
    });
    if (error !== undefined) throw error;
    return text;
  };
}

interface Settled {
  readonly allowed?: { readonly level: string; readonly group: string };
  readonly text?: string;
  readonly error?: unknown;
}

async function settle(found: Found, request: ResourceRequest, options: ReaderOptions): Promise<Settled> {
  const { principal } = request.exchange;
  const wanted = 'resource' in found ? found.resource : found.template;
  const decision = options.policy.decide(principal, resourceAction(wanted));
  if (!decision.allowed) return { error: denial(principal, decision) };
  const mirrored = options.tools.find(({ name }) => name === wanted.mirrors);
  const hidden = mirrored && hiddenBy(request.exchange.narrowing, mirrored);
  if (hidden !== undefined) return { error: new NotOfferedError(hidden) };
  const allowed = { level: decision.level, group: decision.group };
  try {
    const signal = AbortSignal.any([request.signal, AbortSignal.timeout(DEADLINE_MS)]);
    const content = await options.share.run(principal, signal, async () => {
      const server = await options.servers.get();
      const vsphere = server.forCall({ operationId: request.requestId, signal });
      if ('resource' in found) return found.resource.read(vsphere);
      return found.template.read(vsphere, decoded(found.value));
    });
    return { allowed, text: JSON.stringify(content) };
  } catch (error) {
    return { allowed, error };
  }
}

function isDenial(error: unknown): boolean {
  return error instanceof PermissionDeniedError || error instanceof NotOfferedError;
}

function ending(error: unknown) {
  if (error === undefined) return { result: 'success' as const };
  if (error instanceof PermissionDeniedError) return { required_permission: error.required, reason: error.reason };
  if (error instanceof NotOfferedError) {
    return { reason: 'not_offered', error: error.message, error_code: error.code };
  }
  if (error instanceof GatewayError) return { error: error.message, error_code: error.code };
  return { error: 'internal error', error_code: 'INTERNAL' };
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch (cause) {
    throw new GatewayError('INVALID_INPUT', 'The resource URI has a broken percent-encoding.', { cause });
  }
}
