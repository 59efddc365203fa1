import { readFileSync } from 'node:fs';

export interface Recorded {
  readonly event: string;
  readonly id: string;
  readonly [field: string]: unknown;
}

/** The whole records of an audit file; a torn last line is left out. */
export function auditRecords(file: string): Recorded[] {
  const text = readFileSync(file, 'utf8');
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Recorded);
}
