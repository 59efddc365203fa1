/** One tool call on its way through the pipeline. Stages fill it in; each field names the stage that does. */
import type { AuditTarget } from '../audit/record.ts';
import type { Principal } from '../identity/principal.ts';
import type { Decision } from '../policy/policy.ts';
import type { Picture, Tool } from '../tools/tool.ts';
import type { Narrowing } from './narrowing.ts';

/** A call as the MCP server hands it in. */
export interface CallRequest {
  readonly tool: Tool;
  /** The alias that it was called by. */
  readonly calledAs?: string | undefined;
  readonly args: Readonly<Record<string, unknown>>;
  readonly principal: Principal;
  /** What of the tools is offered where the call came in. */
  readonly narrowing: Narrowing;
  readonly requestId: string;
  readonly sourceAddress?: string | undefined;
  /** Aborted when the caller cancels or goes away. */
  readonly signal: AbortSignal;
  /** Absent where the caller did not ask for progress. */
  readonly notifyProgress?: ((progress: number, message: string) => void) | undefined;
  /** Takes the pictures that go with the result. */
  readonly show?: ((picture: Picture) => void) | undefined;
}

export interface Call extends CallRequest {
  readonly startedAt: number;
  /** Set by `authorize`. */
  decision?: Extract<Decision, { allowed: true }>;
  /** Set by `validateInput`. */
  input?: Record<string, unknown>;
  /** Set by `auditIntent`. */
  intentId?: string;
  /** Set by `deadline`: the signal that the handler and all it calls must honour. */
  until?: () => AbortSignal;
  /** Set by the handler through its context: what it acted on, where, and by which task. */
  server?: string;
  target?: AuditTarget;
  vcenterTask?: string;
  vcenterEvent?: string;
  /** A task of the change itself is, or was, under way. */
  followed?: boolean;
  /** vSphere has made the change: what fails from here on only concerns the answer. */
  changed?: boolean;
  /** Set where the caller did not wait: the task that goes on after the answer. */
  background?: Promise<unknown>;
}

export type Output = Record<string, unknown>;

export type Stage = (call: Call, next: () => Promise<Output>) => Promise<Output>;
