/** An entry becomes the inside of its line, once, when it is handed in: later changes to its arguments do not count. */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../lib/clock.ts';
import { canonicalJson } from './canonical.ts';
import type { AuditKeys } from './keys.ts';
import { type AuditEntry, ENTRY_FIELDS } from './record.ts';
import { recordable } from './redact.ts';

export interface Encoded {
  /** The fields as they stand in the record. */
  readonly fields: AuditEntry & { readonly id: string; readonly timestamp: string };
  /** Their JSON without the braces. */
  readonly json: string;
}

export function encodeEntry(entry: AuditEntry, keys: AuditKeys, clock: Clock): Encoded {
  const fields: Record<string, unknown> = {
    id: randomUUID(),
    timestamp: new Date(clock.now()).toISOString(),
  };
  for (const name of ENTRY_FIELDS) {
    const value = entry[name];
    if (value === undefined) continue;
    fields[name] = typeof value === 'number' ? value : recordable(value, keys.redaction);
  }
  return { fields: fields as unknown as Encoded['fields'], json: canonicalJson(fields).slice(1, -1) };
}
