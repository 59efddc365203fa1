/**
 * What a tool is. One definition holds everything about it; MCP annotations, JSON Schemas, the tool × level
 * table, the reference pages and the contract tests are derived from the definition.
 */
import { z } from 'zod';
import type { Logger } from '../lib/logger.ts';
import type { PermissionLevel } from '../policy/levels.ts';
import type { Policy } from '../policy/policy.ts';
import type { InventoryObject } from '../vsphere/inventory.ts';
import type { ManagedServers } from '../vsphere/managed-servers.ts';
import type { VsphereCall } from '../vsphere/vsphere.ts';

/** Who calls, as far as a tool may know. */
export interface Caller {
  readonly user: string;
  readonly sub: string;
  readonly iss: string;
  readonly groups: readonly string[];
  readonly clientId?: string | undefined;
}

/** What every handler gets. */
export interface GatewayContext {
  readonly caller: Caller;
  readonly policy: Policy;
  /** Every tool of the gateway, for tools that speak of tools. */
  readonly tools: readonly Tool[];
  readonly servers: ManagedServers;
  /** Aborted at the deadline; a reading call also when its caller has gone. */
  readonly signal: AbortSignal;
  /** The call's id in the audit record and in vCenter's logs (`operationID`). */
  readonly requestId: string;
  readonly logger: Logger;
  /** Tells the caller how far the call has come. `percent` is 0 to 100. */
  progress(percent: number | undefined, message: string): void;
}

/** What the handler of a tool on one managed server gets. */
export interface ServerContext extends GatewayContext {
  readonly vsphere: VsphereCall;
  /** Names the object a reading call is about. */
  reading(target: InventoryObject): void;
  /** Names the object that is about to be changed, and leaves the user event on it inside vCenter. Await it before the change. */
  acting(target: InventoryObject): Promise<void>;
  /**
   * Follows a vSphere task that the handler has started: to its end with progress, or, where the caller said
   * `wait: false`, in the background for the audit only. A `step` on the way to the change is always awaited.
   * Where vSphere's task is `on` another object than the one that is acted on, a later start finds it by that.
   */
  follow(
    task: InventoryObject['ref'],
    options?: { readonly step?: boolean; readonly on?: InventoryObject },
  ): Promise<FollowedTask>;
  /** Says that vSphere has accepted a change that runs without a task; `follow` says so by itself. */
  changed(): void;
}

export interface FollowedTask {
  readonly task: { readonly id: string; readonly state: 'success' | 'running' };
  /** What the task returned: the new VM's reference, say. Absent while it runs. */
  readonly result?: unknown;
}

/** A reading tool may ask for any level; one that changes anything never makes do with `READ_ONLY`. */
type Permission =
  | { readonly effect: 'read'; readonly permission: PermissionLevel }
  | { readonly effect: 'create' | 'update' | 'delete'; readonly permission: Exclude<PermissionLevel, 'READ_ONLY'> };

interface Common<I extends z.ZodRawShape, O extends z.ZodRawShape> {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly title: string;
  /** For a model that must choose among a hundred tools: what it does, when another is better, what it needs. */
  readonly description: string;
  /** Overrides the hint that follows from `effect`: a power cut destroys, though it only updates. */
  readonly destructive?: boolean;
  /** Calling it twice does no more than calling it once. Reading tools always are. */
  readonly idempotent?: boolean;
  readonly input: I;
  readonly output: O;
  /** What the audit calls the object before it is resolved: the name as the caller gave it. */
  readonly target?: (input: z.output<z.ZodObject<I>>) => string | undefined;
  readonly deadlineSeconds?: number;
}

type Result<O extends z.ZodRawShape> = z.input<z.ZodObject<O>>;

export type ToolDefinition<I extends z.ZodRawShape, O extends z.ZodRawShape> = Common<I, O> &
  Permission & {
    /** Starts a vSphere task: adds the argument `wait` and the result `task`. */
    readonly task?: boolean;
    readonly handler: (input: z.output<z.ZodObject<I>>, context: ServerContext) => Promise<Result<O>>;
  };

export type GatewayToolDefinition<I extends z.ZodRawShape, O extends z.ZodRawShape> = Common<I, O> &
  Permission & {
    readonly handler: (input: z.output<z.ZodObject<I>>, context: GatewayContext) => Promise<Result<O>>;
  };

/** A tool as the gateway holds it: its definition with the arguments every tool shares, types erased. */
export type Tool = Omit<Common<z.ZodRawShape, z.ZodRawShape>, 'target' | 'input' | 'output'> &
  Permission & {
    readonly input: z.ZodObject;
    readonly output: z.ZodObject;
    readonly task: boolean;
    readonly target: (input: Record<string, unknown>) => string | undefined;
    readonly deadlineSeconds: number;
  } & (
    | {
        readonly scope: 'server';
        readonly handler: (input: Record<string, unknown>, context: ServerContext) => Promise<Record<string, unknown>>;
      }
    | {
        readonly scope: 'gateway';
        readonly handler: (input: Record<string, unknown>, context: GatewayContext) => Promise<Record<string, unknown>>;
      }
  );

const READ_DEADLINE_SECONDS = 60;
const CHANGE_DEADLINE_SECONDS = 30 * 60;

const host = z.string().min(1).max(255).optional().describe('Server (list_servers).');

const wait = z.boolean().default(true).describe('false: answer with the task id at once.');

const followedTask = z.object({
  id: z.string(),
  state: z.enum(['success', 'running']),
});

/** A tool on one managed server; the argument `host` chooses which. */
export function defineTool<I extends z.ZodRawShape, O extends z.ZodRawShape>(definition: ToolDefinition<I, O>): Tool {
  const task = definition.task === true;
  return erase({
    ...definition,
    task,
    input: z.strictObject({ ...definition.input, ...(task ? { wait } : {}), host }),
    output: z.object({ ...definition.output, ...(task ? { task: followedTask.optional() } : {}) }),
    scope: 'server',
  });
}

/** A tool about the gateway itself, or about all managed servers. */
export function defineGatewayTool<I extends z.ZodRawShape, O extends z.ZodRawShape>(
  definition: GatewayToolDefinition<I, O>,
): Tool {
  return erase({
    ...definition,
    task: false,
    input: z.strictObject(definition.input),
    output: z.object(definition.output),
    scope: 'gateway',
  });
}

/** The one place where a definition loses its types: the pipeline parses the input with the schema that gave them. */
function erase<T extends { effect: string; target?: unknown; deadlineSeconds?: number | undefined }>(tool: T): Tool {
  return {
    ...tool,
    target: tool.target ?? (() => undefined),
    deadlineSeconds: tool.deadlineSeconds ?? (tool.effect === 'read' ? READ_DEADLINE_SECONDS : CHANGE_DEADLINE_SECONDS),
  } as unknown as Tool;
}
