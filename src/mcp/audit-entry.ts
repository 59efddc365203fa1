/** What a call puts on the record. The one place where a call becomes an audit entry. */
import type { AuditEntry } from '../audit/record.ts';
import type { Principal } from '../identity/principal.ts';
import { Secret } from '../lib/secret.ts';
import { secretFields } from '../tools/secret-field.ts';
import type { Tool } from '../tools/tool.ts';
import type { Call } from './call.ts';

export function principalFields(principal: Principal, requestId: string, sourceAddress?: string) {
  return {
    user: principal.user,
    groups: recordableGroups(principal.groups),
    sub: principal.sub,
    iss: principal.iss,
    ...(principal.clientId === undefined ? {} : { client_id: principal.clientId }),
    ...(principal.sid === undefined ? {} : { sid: principal.sid }),
    ...(sourceAddress === undefined ? {} : { src_ip: sourceAddress }),
    request_id: requestId,
  };
}

const MOST_GROUPS = 50;

/** A person may be in thousands of groups; repeating them with every call would be a way to fill the disk. */
function recordableGroups(groups: readonly string[]): readonly string[] {
  if (groups.length <= MOST_GROUPS) return groups;
  return [...groups.slice(0, MOST_GROUPS), `(${groups.length - MOST_GROUPS} more)`];
}

/** What every record about a call has in common. */
export function callFields(call: Call): Omit<AuditEntry, 'event'> {
  return {
    ...principalFields(call.principal, call.requestId, call.sourceAddress),
    tool: call.tool.name,
    ...(call.calledAs === undefined ? {} : { called_as: call.calledAs }),
    args: recordableArguments(call.tool, call.args),
    ...(call.server === undefined ? {} : { server: call.server }),
    ...(call.target === undefined ? {} : { target: call.target }),
    ...(call.vcenterTask === undefined ? {} : { vcenter_task: call.vcenterTask }),
    ...(call.vcenterEvent === undefined ? {} : { vcenter_event: call.vcenterEvent }),
    ...(call.decision === undefined ? {} : { decision: { level: call.decision.level, group: call.decision.group } }),
    ...(call.intentId === undefined ? {} : { intent: call.intentId }),
  };
}

const secretsOf = new WeakMap<Tool, ReadonlySet<string>>();

/**
 * The arguments as they may be recorded, also before they were validated: a secret becomes a `Secret`, and
 * the value of an argument the tool does not know is left out, since a misspelled `password` is one too.
 */
function recordableArguments(tool: Tool, args: Readonly<Record<string, unknown>>): Record<string, unknown> {
  let secrets = secretsOf.get(tool);
  if (secrets === undefined) {
    secrets = secretFields(tool.input.shape);
    secretsOf.set(tool, secrets);
  }
  const recorded = Object.entries(args).map(([name, value]) => {
    if (!Object.hasOwn(tool.input.shape, name)) return [name, { unrecognised: true }];
    if (!secrets.has(name)) return [name, typeof value === 'string' ? withoutUrlSecrets(value) : value];
    return [name, new Secret(typeof value === 'string' ? value : JSON.stringify(value ?? null))];
  });
  return Object.fromEntries(recorded) as Record<string, unknown>;
}

/**
 * A URL without what opens it to whoever reads it: a user's password, and the signature that is mostly in its query.
 * Also where it is no valid URL, since it is recorded before it was looked at.
 */
export function withoutUrlSecrets(text: string): string {
  const [, scheme, authority, path, rest] =
    /^\s*([a-z][a-z\d+.-]*:[/\\]{2})([^/\\?#]*)([^?#]*)(.*)$/is.exec(text) ?? [];
  if (scheme === undefined || authority === undefined) return text;
  return `${scheme}${authority.replace(/^.*@/s, '…@')}${path}${rest ? `${rest[0]}…` : ''}`;
}
