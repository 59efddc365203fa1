/** The copy of the checkpoints that was kept elsewhere, as a witness of what the audit file must hold. */
import type { KeyObject } from 'node:crypto';
import { parseRecord } from './chain.ts';
import { hasValidSignature } from './checkpoint.ts';
import { scanLines } from './lines.ts';
import type { Checkpoint } from './record.ts';

/** What one checkpoint says: record `seq` of this file has this hash. */
export interface CheckpointCopy {
  readonly seq: number;
  readonly hash: string;
}

/**
 * The checkpoints of the audit file called `name`. With a public key only what it signed is a witness; a line that is
 * torn is none.
 */
export async function readCheckpointFile(
  path: string,
  name: string,
  publicKey: KeyObject | undefined,
): Promise<CheckpointCopy[]> {
  const copies: CheckpointCopy[] = [];
  await scanLines(path, ({ bytes }) => {
    const record = parseRecord(bytes);
    const checkpoint = record?.checkpoint;
    if (record === undefined || !isCheckpoint(checkpoint) || checkpoint.file !== name) return;
    if (publicKey !== undefined && !hasValidSignature(checkpoint, publicKey)) return;
    copies.push({ seq: checkpoint.last_seq, hash: checkpoint.head });
  });
  return copies;
}

export function isCheckpoint(value: unknown): value is Checkpoint {
  if (typeof value !== 'object' || value === null) return false;
  const { file, first_seq, last_seq, head, key_id, signature } = value as Partial<Checkpoint>;
  return (
    [file, head, key_id, signature].every((item) => typeof item === 'string') &&
    Number.isSafeInteger(first_seq) &&
    Number.isSafeInteger(last_seq)
  );
}
