import { generateKeyPairSync } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { calculateJwkThumbprint } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../lib/secret.ts';
import { deriveOAuthKeys, loadOAuthKeys } from './keys.ts';

const FIRST = '4e7c1f0b6a2d98355e0f1c7b8a9d2e3f4e7c1f0b6a2d98355e0f1c7b8a9d2e3f';
const SECOND = 'c0ffee00112233445566778899aabbccddeeff00c0ffee00112233445566778899';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcvsphere-keys-'));
});
afterAll(() => rm(folder, { recursive: true }));

function pair(namedCurve = 'P-256') {
  return generateKeyPairSync('ec', { namedCurve }).privateKey;
}

describe('the signing key', () => {
  it('is the same wherever the same text is given, and shows only its public half', async () => {
    const one = deriveOAuthKeys(new Secret(FIRST)).publicJwks();
    expect(deriveOAuthKeys(new Secret(` ${FIRST}\n`)).publicJwks()).toEqual(one);
    const [jwk] = one.keys;
    expect(Object.keys(jwk!).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
    expect(jwk!.kid).toBe(await calculateJwkThumbprint({ ...jwk! }));
  });

  it('signs with the first of several and accepts them all', () => {
    const old = deriveOAuthKeys(new Secret(FIRST));
    const rotated = deriveOAuthKeys(new Secret(`${SECOND}\n${FIRST}`));
    expect(rotated.signing.current.kid).not.toBe(old.signing.current.kid);
    expect(rotated.verification.find(old.signing.current.kid)).toBeDefined();
    expect(rotated.sealing.kids).toContain(old.sealing.current.kid);
    expect(rotated.store.kids).toContain(old.store.current.kid);
    expect(rotated.publicJwks().keys).toHaveLength(2);
  });

  it('is taken as PEM, as PEM on one line, as JWK and as JWK Set alike', () => {
    const key = pair();
    const pem = key.export({ format: 'pem', type: 'pkcs8' }) as string;
    const sec1 = key.export({ format: 'pem', type: 'sec1' }) as string;
    const jwk = key.export({ format: 'jwk' });
    const texts = [pem, sec1, pem.replaceAll('\n', '\\n'), JSON.stringify(jwk), JSON.stringify({ keys: [jwk] })];
    const kids = texts.map((text) => deriveOAuthKeys(new Secret(text)).signing.current.kid);
    expect(new Set(kids).size).toBe(1);
    const other = pair().export({ format: 'pem', type: 'pkcs8' });
    expect(deriveOAuthKeys(new Secret(`${other}${pem}`)).signing.kids).toEqual([expect.any(String), kids[0]]);
  });

  it.each([
    ['nothing', ''],
    ['a short text', 'hunter2'],
    ['a long text that is no secret', 'a'.repeat(64)],
    ['a short one behind a good one', `${FIRST} hunter2`],
    ['half a JWK', '{"kty":"EC"'],
    ['a public JWK', JSON.stringify({ kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' })],
    ['another curve', pair('P-384').export({ format: 'pem', type: 'pkcs8' }) as string],
    ['a broken PEM', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----'],
    ['no whole PEM', '-----BEGIN PRIVATE KEY-----\nAAAA'],
    ['a PEM with a random text behind it', `${pair().export({ format: 'pem', type: 'pkcs8' })}${FIRST}`],
    ['a PEM with a random text in front of it', `${FIRST}\n${pair().export({ format: 'pem', type: 'pkcs8' })}`],
    ['too many', Array.from({ length: 9 }, (_, i) => `${FIRST}${i}`).join(' ')],
    ['JSON that is no key', '{"keys":[null,1,"x"]}'],
  ])('is not %s, and the refusal does not repeat it', (_, text) => {
    const derive = () => deriveOAuthKeys(new Secret(text));
    expect(derive).toThrow(/^OAUTH_SIGNING_KEY /);
    const told = (() => {
      try {
        return derive();
      } catch (error) {
        return error as Error;
      }
    })();
    expect(told).not.toHaveProperty('cause', expect.anything());
    if (text.includes('hunter2')) expect(String(told)).not.toContain('hunter2');
  });
});

describe('the key that the gateway makes for itself', () => {
  it('is made once, also by several at once, and is for its owner only', async () => {
    const stateDir = join(folder, 'made');
    const all = await Promise.all(Array.from({ length: 5 }, () => loadOAuthKeys(undefined, stateDir)));
    expect(new Set(all.map(({ signing }) => signing.current.kid)).size).toBe(1);
    expect((await stat(join(stateDir, 'oauth.key'))).mode & 0o777).toBe(0o600);
    expect((await loadOAuthKeys(undefined, stateDir)).signing.current.kid).toBe(all[0]!.signing.current.kid);
  });

  it('is refused where others can read it', async () => {
    const stateDir = join(folder, 'open');
    await loadOAuthKeys(undefined, stateDir);
    await chmod(join(stateDir, 'oauth.key'), 0o644);
    const text = (await readFile(join(stateDir, 'oauth.key'), 'utf8')).trim();
    const refusal = await loadOAuthKeys(undefined, stateDir).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'CONFIGURATION', message: expect.stringContaining('chmod 600') });
    expect(String(refusal)).not.toContain(text);
  });

  it('is not used where the operator gives one', async () => {
    const keys = await loadOAuthKeys(new Secret(FIRST), join(folder, 'never-made'));
    expect(keys.signing.current.kid).toBe(deriveOAuthKeys(new Secret(FIRST)).signing.current.kid);
    await expect(stat(join(folder, 'never-made'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
