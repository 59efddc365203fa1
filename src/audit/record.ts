/**
 * What stands on the record. `AuditEntry` is what a caller says; `AuditRecord` is what was written: the entry,
 * redacted, with its place in the chain. The names of the fields are part of the format: they never change their
 * meaning within one version `v`.
 */

export const RECORD_VERSION = 1;

type AuditEvent =
  /** A change is about to be asked for. Durable before vCenter hears of it. */
  | 'TOOL_INTENT'
  /** A change has started a vSphere task: its id and the resolved target, which recovery needs. */
  | 'TASK_STARTED'
  /** The end of a call. Closes the intent it names. */
  | 'TOOL_OUTCOME'
  | 'PERMISSION_DENIED'
  | 'INVALID_REQUEST'
  | 'RESOURCE_READ'
  | 'LOGIN'
  | 'CONSENT'
  | 'TOKEN_REFRESH'
  | 'TOKEN_REUSE'
  | 'REVOKED'
  /** Somebody was turned away, at an endpoint of the login or at the door of MCP; with `count`, so many. */
  | 'REFUSED'
  | 'START'
  | 'STOP'
  | 'CHECKPOINT';

/** The object a call acted on: only its name as the caller gave it, until it is resolved. */
export interface AuditTarget {
  readonly type?: string;
  /** The managed object id, such as `vm-42`. */
  readonly id?: string;
  readonly name: string;
  readonly path?: string;
}

/** A signed statement about the chain so far. A copy elsewhere is what shows that a tail was cut. */
export interface Checkpoint {
  /** Name of the file, without its folder. */
  readonly file: string;
  readonly first_seq: number;
  /** The last record before this checkpoint's own, and its hash. */
  readonly last_seq: number;
  readonly head: string;
  readonly key_id: string;
  /** The first record of a file that goes on where another file ended. */
  readonly opens_file?: true;
  /** Ed25519 over the other fields, base64url. */
  readonly signature: string;
}

export interface AuditEntry {
  readonly event: AuditEvent;
  readonly user?: string;
  readonly groups?: readonly string[];
  readonly tool?: string;
  /** Arguments as they came; a `Secret` anywhere inside becomes its length and a keyed digest. */
  readonly args?: Readonly<Record<string, unknown>>;
  readonly duration_ms?: number;
  readonly result?: 'success' | 'unknown';
  readonly error?: string;
  readonly error_code?: string;
  readonly required_permission?: string;
  readonly reason?: string;
  /** The path that refused. */
  readonly endpoint?: string;
  /** How many refusals this record stands for, where it is more than its own `request_id`: the first of them. */
  readonly count?: number;
  /** URI of the resource that was read. */
  readonly resource?: string;
  /** The managed server. */
  readonly server?: string;
  readonly target?: AuditTarget;
  /** Id of the vSphere task that carries the change out. */
  readonly vcenter_task?: string;
  /** What became of the user event inside vCenter: `logged`, `refused`, … */
  readonly vcenter_event?: string;
  readonly decision?: { readonly level: string; readonly group: string };
  /** `id` of the intent that this record belongs to. */
  readonly intent?: string;
  readonly request_id?: string;
  readonly sub?: string;
  readonly iss?: string;
  readonly client_id?: string;
  readonly sid?: string;
  readonly src_ip?: string;
  /** Of a START: the gateway's version, and the key that the records after it are made with. */
  readonly version?: string;
  readonly key_id?: string;
  /** Of a START: the Ed25519 key for its checkpoints, SPKI, base64. */
  readonly public_key?: string;
  readonly checkpoint?: Checkpoint;
}

export interface AuditRecord extends AuditEntry {
  readonly v: typeof RECORD_VERSION;
  /** Counts up by one in a chain, from 1. */
  readonly seq: number;
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly timestamp: string;
  /** Hash of the record before, or 64 zeros. */
  readonly prev: string;
  /** HMAC-SHA256 over `prev` and this line without its hash, hex. */
  readonly hash: string;
}

/** The order of an entry's fields in its line. What is not in it does not enter the record. */
export const ENTRY_FIELDS = [
  'event',
  'user',
  'groups',
  'tool',
  'args',
  'duration_ms',
  'result',
  'error',
  'error_code',
  'required_permission',
  'reason',
  'endpoint',
  'count',
  'resource',
  'server',
  'target',
  'vcenter_task',
  'vcenter_event',
  'decision',
  'intent',
  'request_id',
  'sub',
  'iss',
  'client_id',
  'sid',
  'src_ip',
  'version',
  'key_id',
  'public_key',
  'checkpoint',
] as const satisfies readonly (keyof AuditEntry)[];
