import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../lib/secret.ts';
import { AuditConfigurationError } from './errors.ts';
import { deriveKeys, loadOrCreateKeyFile } from './keys.ts';

const secret = (text: string) => new Secret(text);

describe('deriveKeys', () => {
  it('makes the same keys of the same secret, and other keys of another', () => {
    const [one, same, other] = ['a', 'a', 'b'].map((end) =>
      deriveKeys(secret(`0123456789abcdef0123456789abcdef${end}`)),
    );
    expect(same!.keyId).toBe(one!.keyId);
    expect(same!.chain.equals(one!.chain)).toBe(true);
    expect(other!.keyId).not.toBe(one!.keyId);
    expect(one!.chain.equals(one!.redaction)).toBe(false);
  });

  it.each([
    ['empty', ''],
    ['short', 'only 31 characters long, no more'.slice(0, 31)],
    ['without entropy', 'ab'.repeat(100)],
  ])('refuses a key that is %s', (_name, text) => {
    expect(() => deriveKeys(secret(text))).toThrow(AuditConfigurationError);
  });
});

describe('loadOrCreateKeyFile', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'audit-keys-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('makes a key file that its owner alone can read, and finds it again', async () => {
    const path = join(folder, 'a', 'audit.jsonl.key');
    const first = await loadOrCreateKeyFile(path);
    const second = await loadOrCreateKeyFile(path);
    expect([first.created, second.created]).toEqual([true, false]);
    expect(second.key.reveal()).toBe(first.key.reveal());
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await readFile(path, 'utf8')).trim()).toHaveLength(43);
  });

  it('gives one key to all who ask at once, and leaves no draft', async () => {
    const path = join(folder, 'audit.jsonl.key');
    const all = await Promise.all(Array.from({ length: 20 }, () => loadOrCreateKeyFile(path)));
    expect(new Set(all.map(({ key }) => key.reveal())).size).toBe(1);
    expect(all.filter(({ created }) => created)).toHaveLength(1);
    expect(await readdir(folder)).toEqual(['audit.jsonl.key']);
  });

  it.each([
    ['that others may read', 'x'.repeat(40), 0o644],
    ['that is too big to be one', 'x'.repeat(10_000), 0o600],
  ])('refuses a key file %s', async (_name, content, mode) => {
    const path = join(folder, 'audit.jsonl.key');
    await writeFile(path, content);
    await chmod(path, mode);
    await expect(loadOrCreateKeyFile(path)).rejects.toThrow(AuditConfigurationError);
  });
});
