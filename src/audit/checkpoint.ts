/** Signed statements about the chain, for whoever holds only the public key, and for a copy kept elsewhere. */
import { type KeyObject, sign, verify } from 'node:crypto';
import { basename } from 'node:path';
import type { ChainHead } from './chain.ts';
import type { AuditKeys } from './keys.ts';
import type { Checkpoint } from './record.ts';

interface Scope {
  readonly path: string;
  readonly firstSeq: number;
  /** The first record of a file that goes on where another ended. */
  readonly opensFile: boolean;
}

export function signCheckpoint(head: ChainHead, { path, firstSeq, opensFile }: Scope, keys: AuditKeys): Checkpoint {
  const statement = {
    file: basename(path),
    first_seq: firstSeq,
    last_seq: head.seq,
    head: head.hash,
    key_id: keys.keyId,
    ...(opensFile ? { opens_file: true as const } : {}),
  };
  return { ...statement, signature: sign(null, message(statement), keys.signing).toString('base64url') };
}

export function hasValidSignature(checkpoint: Checkpoint, publicKey: KeyObject): boolean {
  if (typeof checkpoint.signature !== 'string') return false;
  return verify(null, message(checkpoint), publicKey, Buffer.from(checkpoint.signature, 'base64url'));
}

/** JSON of a list: no two statements are the same bytes. The first item keeps the key to this one use. */
function message(checkpoint: Omit<Checkpoint, 'signature'>): Buffer {
  const { file, first_seq, last_seq, head, key_id, opens_file } = checkpoint;
  const statement = ['mcvsphere audit checkpoint v1', file, first_seq, last_seq, head, key_id, opens_file === true];
  return Buffer.from(JSON.stringify(statement));
}
