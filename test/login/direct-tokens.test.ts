/** Tokens of the company's provider for scripts and services, beside the login. */
import { createHmac, createPublicKey, type JsonWebKey } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  BASE_URL,
  claimsOf,
  type LoginLab,
  logIn,
  RESOURCE,
  startLoginLab,
  toolsOf,
  UPSTREAM_CLIENT,
} from '../support/login.ts';

const AUDIENCE = 'api://mcvsphere';

let lab: LoginLab;
beforeAll(async () => {
  lab = await startLoginLab({ env: { OAUTH_AUDIENCE: AUDIENCE } });
});
afterAll(() => lab?.stop());

function sign(claims: Record<string, unknown> = {}, header: Record<string, unknown> = { typ: 'at+jwt' }) {
  const now = Math.floor(lab.clock.now() / 1000);
  const own = { iss: lab.provider.issuer, aud: AUDIENCE, sub: 'a-service', iat: now, exp: now + 300 };
  return lab.provider.sign({ ...own, groups: ['vsphere-readers'], ...claims }, { alg: 'RS256', header });
}

async function read<T>(url: string): Promise<T> {
  return (await (await fetch(url)).json()) as T;
}

describe('a token of the provider', () => {
  it('for this gateway is taken beside those of the login', async () => {
    expect(await toolsOf(lab, await sign())).toContain('list_vms');
    expect(await toolsOf(lab, (await logIn(lab, 'reader')).tokens.access_token)).toContain('list_vms');
  });

  it.each<[string, Record<string, unknown>]>([
    ['for the login at the provider, as an ID token is', { aud: UPSTREAM_CLIENT }],
    ['for what the tokens of the login are for', { aud: RESOURCE }],
    ['without an end', { exp: undefined }],
    ['that has expired', { exp: 1_000 }],
    ['in the name of this gateway', { iss: BASE_URL }],
    ['in the name of this gateway, for its resource', { iss: BASE_URL, aud: RESOURCE }],
    ['of another provider', { iss: 'https://other.example' }],
  ])('%s is refused', async (_what, claims) => {
    expect(await toolsOf(lab, await sign(claims))).toBe(401);
  });

  it('is signed by the provider, and not by nobody or with what everybody knows', async () => {
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const [header = '', payload = '', signature = ''] = (await sign()).split('.');
    const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid?: string };
    const { jwks_uri } = await read<{ jwks_uri: string }>(`${lab.provider.issuer}/.well-known/openid-configuration`);
    const { keys } = await read<{ keys: JsonWebKey[] }>(jwks_uri);
    const hs256 = `${encode({ alg: 'HS256', typ: 'at+jwt', kid })}.${payload}`;
    const withKnown = keys.flatMap((key) => {
      const pem = createPublicKey({ key, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
      return [JSON.stringify(key), pem].map((known) => createHmac('sha256', known).update(hs256).digest('base64url'));
    });
    const forged = [
      ...['none', 'NONE'].map((alg) => `${encode({ alg, typ: 'at+jwt' })}.${payload}.`),
      `${header}.${payload}.`,
      `${header}.${encode({ ...claimsOf(`.${payload}.`), groups: ['vsphere-super-admins'] })}.${signature}`,
      ...withKnown.map((known) => `${hs256}.${known}`),
    ];
    expect(forged.length).toBeGreaterThan(5);
    for (const token of forged) expect(await toolsOf(lab, token)).toBe(401);
    expect(await toolsOf(lab, `${header}.${payload}.${signature}`)).toContain('list_vms');
  });

  it('cannot name a session of somebody else', async () => {
    const { tokens } = await logIn(lab, 'super-admin');
    const { sid, sub, client_id } = claimsOf(tokens.access_token);
    expect(await toolsOf(lab, await sign({ sid, sub, client_id, iss: BASE_URL, aud: RESOURCE }))).toBe(401);
    const tools = await toolsOf(lab, await sign({ sid, sub, client_id }));
    expect(tools).toContain('list_vms');
    expect(tools).not.toContain('power_on');
  });

  it('with a key that nobody knows costs the provider one look, however many there are', async () => {
    await toolsOf(lab, await sign());
    const before = lab.provider.endpoints.requests('jwks');
    const bogus = await Promise.all(Array.from({ length: 200 }, (_, n) => sign({}, { typ: 'at+jwt', kid: `k${n}` })));
    const answers = await Promise.all(bogus.map((token) => toolsOf(lab, token)));
    expect(new Set(answers)).toEqual(new Set([401]));
    expect(lab.provider.endpoints.requests('jwks') - before).toBeLessThanOrEqual(1);
  });
});

describe('what the provider gives the gateway at a login', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it.each<[string, Record<string, string>]>([
    ['beside tokens of the provider for scripts', { OAUTH_AUDIENCE: AUDIENCE }],
    ['where there is the login alone', {}],
  ])('opens nothing at /mcp itself, neither its ID token nor its access token, %s', async (_where, env) => {
    // Before the gateway starts: what it is given is heard on the way.
    const heard: Promise<string>[] = [];
    const send = globalThis.fetch;
    vi.spyOn(globalThis, 'fetch').mockImplementation(async (...request) => {
      const answer = await send(...request);
      if (answer.url === `${own?.provider.issuer}/token`) heard.push(answer.clone().text());
      return answer;
    });
    let own: LoginLab | undefined;
    try {
      own = await startLoginLab({ env });
      const { tokens } = await logIn(own, 'super-admin');
      const answers = await Promise.all(heard);
      expect(answers).toHaveLength(1);
      const { id_token, access_token } = JSON.parse(answers[0]!) as Record<'id_token' | 'access_token', string>;
      const sub = own.provider.people.get('super-admin').sub;
      expect(claimsOf(id_token)).toMatchObject({ iss: own.provider.issuer, aud: UPSTREAM_CLIENT, sub });
      expect(claimsOf(access_token)).toMatchObject({ iss: own.provider.issuer, sub });
      // It is good where it is meant to be.
      const userinfo = await send(`${own.provider.issuer}/me`, {
        headers: { authorization: `Bearer ${access_token}` },
      });
      expect([userinfo.status, await userinfo.json()]).toEqual([200, expect.objectContaining({ sub })]);
      expect(await toolsOf(own, tokens.access_token)).toContain('list_vms');
      for (const token of [id_token, access_token]) expect(await toolsOf(own, token)).toBe(401);
    } finally {
      await own?.stop();
    }
  });
});
