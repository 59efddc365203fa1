/**
 * Proves, without the gateway, that an audit file holds what was written: every record, in order, unchanged. Names the
 * first record that was changed, removed, reordered, added or repeated, and a tail that was cut, as far as a copy of
 * the checkpoints elsewhere can tell. The file is hostile: what of it goes into the report is checked first.
 */
import type { KeyObject } from 'node:crypto';
import { createPublicKey } from 'node:crypto';
import { basename } from 'node:path';
import type { Secret } from '../lib/secret.ts';
import { type CheckpointCopy, readCheckpointFile } from './checkpoint-file.ts';
import { AuditConfigurationError, errnoOf } from './errors.ts';
import { type AuditKeys, deriveKeys, readKeyFile } from './keys.ts';
import { scanLines } from './lines.ts';
import { type ChainProblem, createChainCheck } from './verify-chain.ts';

export interface VerifyOptions {
  /** The audit key. Absent: the key file beside the audit file, if there is one. */
  readonly key?: Secret | undefined;
  /** SPKI in PEM, or base64 of its DER: checks signatures and the chain's links, but not the records' content. */
  readonly publicKey?: string | undefined;
  /** The copy of the checkpoints kept elsewhere. */
  readonly checkpointFile?: string | undefined;
  /** The file's name when it was written, where it has another one now. */
  readonly name?: string | undefined;
}

export interface VerifyReport {
  readonly ok: boolean;
  /** One plain sentence. */
  readonly summary: string;
  readonly records: number;
  readonly firstSeq?: number;
  readonly lastSeq?: number;
  /** Checkpoints in the file whose signature is good. */
  readonly checkpoints: number;
  /** The first thing that is wrong. */
  readonly problem?: ChainProblem;
  /** What was not checked, and what is worth knowing though nothing is wrong. */
  readonly notes: readonly string[];
}

/** @throws AuditConfigurationError where a key or a file cannot be read; a bad record is never an exception */
export async function verifyAuditFile(path: string, options: VerifyOptions = {}): Promise<VerifyReport> {
  const keys = await keysFor(path, options);
  const publicKey = keys?.public ?? (options.publicKey === undefined ? undefined : readPublicKey(options.publicKey));
  const name = options.name ?? basename(path);
  const copies =
    options.checkpointFile === undefined
      ? []
      : await readable(options.checkpointFile, () => readCheckpointFile(options.checkpointFile!, name, publicKey));

  const check = createChainCheck({ keys, publicKey, copies });
  await readable(path, () => scanLines(path, check.see));
  const { problem, ...counted } = check.end();
  const notes = [...counted.notes, ...missingChecks(keys, publicKey, copies, options)];
  return {
    ...counted,
    notes,
    ok: problem === undefined,
    ...(problem === undefined ? {} : { problem }),
    summary: problem === undefined ? intact(counted, keys) : problem.detail,
  };
}

function intact(
  counted: { records: number; firstSeq?: number; lastSeq?: number },
  keys: AuditKeys | undefined,
): string {
  if (counted.records === 0) return 'The file holds no record.';
  const range = `${counted.records} records, seq ${counted.firstSeq} to ${counted.lastSeq}`;
  if (keys === undefined) return `The links are intact (${range}); the content was not checked, which needs the key.`;
  return `The chain is intact (${range}).`;
}

function missingChecks(
  keys: AuditKeys | undefined,
  publicKey: KeyObject | undefined,
  copies: readonly CheckpointCopy[],
  { checkpointFile }: VerifyOptions,
): string[] {
  const notes: string[] = [];
  if (keys === undefined) notes.push('Without the audit key the content of the records is not checked.');
  if (publicKey === undefined) notes.push('Without a key the signatures of the checkpoints are not checked.');
  if (checkpointFile === undefined) notes.push('Without a copy of the checkpoints a tail that was cut does not show.');
  else if (copies.length === 0) notes.push('The checkpoint file holds no checkpoint of this file.');
  return notes;
}

async function keysFor(path: string, { key, publicKey }: VerifyOptions): Promise<AuditKeys | undefined> {
  if (key !== undefined) return deriveKeys(key);
  if (publicKey !== undefined) return undefined;
  // The slots of one file share its key file.
  for (const beside of [`${path}.key`, `${path.replace(/-\d+(\.[^./]*)?$/, '$1')}.key`]) {
    const found = await readKeyFile(beside);
    if (found !== undefined) return deriveKeys(found);
  }
  return undefined;
}

function readPublicKey(text: string): KeyObject {
  try {
    const key = text.includes('-----BEGIN')
      ? createPublicKey(text)
      : createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' });
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch (cause) {
    throw new AuditConfigurationError('The public key cannot be read.', cause);
  }
  throw new AuditConfigurationError('The public key is not an Ed25519 key.');
}

async function readable<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw new AuditConfigurationError(`${path} cannot be read (${errnoOf(cause) ?? 'error'}).`, cause);
  }
}
