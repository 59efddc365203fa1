/**
 * The keys of the audit, all derived from one secret (HKDF, RFC 5869): one that chains the records, one for the
 * digests of secrets, and an Ed25519 pair (RFC 8032) that signs checkpoints. Who holds only the public key can check
 * signatures and cannot forge a record.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { constants } from 'node:fs';
import { link, mkdir, open, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Secret } from '../lib/secret.ts';
import { AuditConfigurationError, errnoOf } from './errors.ts';

export interface AuditKeys {
  /** Names the key without giving it away: the first 16 hex digits of the public key's SHA-256. */
  readonly keyId: string;
  readonly chain: KeyObject;
  readonly redaction: KeyObject;
  readonly signing: KeyObject;
  readonly public: KeyObject;
}

const SHORTEST_KEY = 32;
/** Thirty-two times the same letter is long and no secret. */
const FEWEST_CHARACTERS = 8;
const LONGEST_KEY_FILE = 4096;

/** DER of an Ed25519 private key up to its 32 bytes (RFC 8410 §7). */
const ED25519_PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** @throws AuditConfigurationError where the key is too short to be a secret */
export function deriveKeys(key: Secret): AuditKeys {
  const secret = key.reveal().trim();
  if (secret.length < SHORTEST_KEY || new Set(secret).size < FEWEST_CHARACTERS) {
    throw new AuditConfigurationError(`AUDIT_KEY must be at least ${SHORTEST_KEY} random characters.`);
  }
  const derive = (purpose: string) =>
    Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), `mcvsphere audit v1 ${purpose}`, 32));
  const signing = createPrivateKey({
    key: Buffer.concat([ED25519_PKCS8, derive('sign')]),
    format: 'der',
    type: 'pkcs8',
  });
  const publicKey = createPublicKey(signing);
  return {
    keyId: keyIdOf(publicKey),
    chain: createSecretKey(derive('chain')),
    redaction: createSecretKey(derive('redact')),
    signing,
    public: publicKey,
  };
}

function keyIdOf(publicKey: KeyObject): string {
  const der = publicKey.export({ format: 'der', type: 'spki' });
  return createHash('sha256').update(der).digest('hex').slice(0, 16);
}

/** The key that lies in `path`, made there (mode 0600) where there is none yet. Several processes may ask at once. */
export async function loadOrCreateKeyFile(path: string): Promise<{ key: Secret; created: boolean }> {
  const found = await readKeyFile(path);
  if (found !== undefined) return { key: found, created: false };
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  // Written whole under another name and then linked: nobody ever reads half a key, and only one process wins.
  const draft = `${path}.${process.pid}-${randomBytes(6).toString('hex')}`;
  const handle = await open(draft, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, 0o600);
  try {
    await handle.writeFile(`${randomBytes(32).toString('base64url')}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  let created = true;
  try {
    await link(draft, path);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    created = false;
  } finally {
    await unlink(draft);
  }
  await syncDirectory(dirname(path));
  const key = await readKeyFile(path);
  if (key === undefined) throw new AuditConfigurationError('The audit key file vanished while it was being made.');
  return { key, created };
}

/** @returns undefined where there is no such file */
export async function readKeyFile(path: string): Promise<Secret | undefined> {
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    handle = await open(path, constants.O_RDONLY);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw new AuditConfigurationError('The audit key file cannot be read.', error);
  }
  try {
    const { size, mode } = await handle.stat();
    if (size > LONGEST_KEY_FILE) throw new AuditConfigurationError('The audit key file is too big to hold a key.');
    if ((mode & 0o077) !== 0) {
      throw new AuditConfigurationError('The audit key file must be readable by its owner only (chmod 600).');
    }
    return new Secret((await handle.readFile('utf8')).trim());
  } finally {
    await handle.close();
  }
}

/** A file's name is durable only once its folder is (fsync(2)). */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
