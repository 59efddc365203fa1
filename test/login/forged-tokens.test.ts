/** Tokens that are signed with the very key of the gateway, and are still not what it gives: each check for itself. */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BASE_URL, claimsOf, type LoginLab, logIn, RESOURCE, startLoginLab, toolsOf } from '../support/login.ts';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

let lab: LoginLab;
let kid: string;
let given: Record<string, unknown>;
beforeAll(async () => {
  const jwk = { ...privateKey.export({ format: 'jwk' }), alg: 'ES256' };
  lab = await startLoginLab({ env: { OAUTH_SIGNING_KEY: JSON.stringify(jwk) } });
  const jwks = (await (await fetch(`${lab.origin}/jwks`)).json()) as { keys: { kid: string }[] };
  kid = jwks.keys[0]!.kid;
  given = claimsOf((await logIn(lab, 'reader')).tokens.access_token);
});
afterAll(() => lab?.stop());

/** What the gateway gave, with some claims put in place of its own; `undefined` takes one away. */
function sign(claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}): Promise<string> {
  return new SignJWT({ ...given, jti: randomUUID(), ...claims })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid, ...header })
    .sign(privateKey);
}

describe('a token with the signature of the gateway', () => {
  it('and the claims that it gives is taken: what follows is refused for the claims alone', async () => {
    expect(await toolsOf(lab, await sign())).toContain('list_vms');
  });

  it.each<[string, Record<string, unknown>]>([
    ['without an end', { exp: undefined }],
    ['that is over', { exp: 1_000 }],
    ['from tomorrow', { iat: Math.floor(Date.now() / 1000) + 86_400 }],
    ['that is not good yet', { nbf: Math.floor(Date.now() / 1000) + 86_400 }],
    ['for another resource', { aud: 'https://other.example/mcp' }],
    ['for the resource with a slash more', { aud: `${RESOURCE}/` }],
    ['for the gateway and not its resource', { aud: BASE_URL }],
    ['for two', { aud: [RESOURCE, 'https://other.example/mcp'] }],
    ['for nobody', { aud: undefined }],
    ['of another issuer', { iss: 'https://other.example' }],
    ['of the issuer with a slash more', { iss: `${BASE_URL}/` }],
    ['of no issuer', { iss: undefined }],
    ['of no session', { sid: undefined }],
    ['of a session that never was', { sid: 'A'.repeat(24) }],
    ['of a session by a wild name', { sid: '../../grant:*' }],
    ['of the session of another person', { sub: 'somebody' }],
    ['of the session of another client', { client_id: 'another' }],
    ['of a person who is a list', { sub: ['reader'] }],
  ])('%s is refused', async (_what, claims) => {
    expect(await toolsOf(lab, await sign(claims))).toBe(401);
  });

  it.each<[string, Record<string, unknown>]>([
    ['that is a plain JWT', { typ: 'JWT' }],
    ['that is a logout token', { typ: 'logout+jwt' }],
    ['of no type', { typ: undefined }],
    ['with a key of another name', { kid: 'another' }],
    ['with a key of no name', { kid: undefined }],
  ])('%s is refused', async (_what, header) => {
    expect(await toolsOf(lab, await sign({}, header))).toBe(401);
  });

  it('gives no rights by what it says of groups', async () => {
    const tools = await toolsOf(lab, await sign({ groups: ['vsphere-super-admins'], scope: 'mcp admin' }));
    expect(tools).toContain('list_vms');
    expect(tools).not.toContain('power_on');
  });
});
