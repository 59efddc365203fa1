import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  askForTools,
  BASE_URL,
  type Begun,
  type Client,
  claimsOf,
  type LoginLab,
  logIn,
  loginRecords,
  newClient,
  type Parameters,
  postForm,
  RESOURCE,
  startLoginLab,
  toolsOf,
  UPSTREAM_CLIENT,
  walk,
} from '../support/login.ts';
import { post } from '../support/mcp.ts';

let lab: LoginLab;
let client: Client;
beforeAll(async () => {
  lab = await startLoginLab();
  client = await newClient(lab);
});
afterAll(() => lab?.stop());

/** The client has its code, and nothing was done with it yet. */
async function withCode(user = 'reader'): Promise<{ begun: Begun; redirect: URL }> {
  const begun = client.begin();
  const { next } = await walk(lab, lab.browser(), begun.url, user);
  return { begun, redirect: next! };
}

describe('a code', () => {
  it('gives tokens that no cache keeps', async () => {
    const { begun, redirect } = await withCode();
    const { status, headers, body } = await client.redeem(redirect, begun);
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 3600, refresh_token: expect.any(String) });
    expect(claimsOf(String(body.access_token))).toMatchObject({
      iss: BASE_URL,
      aud: RESOURCE,
      sub: lab.provider.people.get('reader').sub,
      sid: expect.any(String),
    });
    expect(claimsOf(String(body.access_token))).not.toHaveProperty('groups');
    expect(await toolsOf(lab, String(body.access_token))).toContain('list_vms');
  });

  it('opens nothing at /mcp itself, and neither do the refresh token and the id of the client', async () => {
    const { begun, redirect } = await withCode();
    const code = redirect.searchParams.get('code')!;
    expect(await toolsOf(lab, code)).toBe(401);
    const { body } = await client.redeem(redirect, begun);
    for (const token of [code, String(body.refresh_token), client.id]) expect(await toolsOf(lab, token)).toBe(401);
    expect(await toolsOf(lab, String(body.access_token))).toContain('list_vms');
  });

  it('redeemed by 50 at once gives tokens once, and those are taken back', async () => {
    const { begun, redirect } = await withCode();
    const answers = await Promise.all(Array.from({ length: 50 }, () => client.redeem(redirect, begun)));
    const good = answers.filter(({ status }) => status === 200);
    expect(good).toHaveLength(1);
    for (const { status, body } of answers) {
      if (status !== 200) expect([status, body.error]).toEqual([400, 'invalid_grant']);
    }
    expect(await toolsOf(lab, String(good[0]?.body.access_token))).toBe(401);
    const again = await client.refresh(String(good[0]?.body.refresh_token));
    expect([again.status, again.body.error]).toEqual([400, 'invalid_grant']);
  });

  it('that is brought again later ends the session that it gave', async () => {
    const { begun, redirect } = await withCode();
    const first = await client.redeem(redirect, begun);
    lab.clock.advance(30 * 60_000);
    const second = await client.redeem(redirect, begun);
    expect([first.status, second.status, second.body.error]).toEqual([200, 400, 'invalid_grant']);
    expect(await toolsOf(lab, String(first.body.access_token))).toBe(401);
    const sid = claimsOf(String(first.body.access_token)).sid;
    const events = loginRecords(lab).filter((record) => record.sid === sid && record.reason === 'code_reused');
    expect(events.map(({ event }) => event)).toEqual(['REVOKED', 'TOKEN_REUSE']);
  });

  it('is worth nothing after a minute', async () => {
    const { begun, redirect } = await withCode();
    lab.clock.advance(61_000);
    const { status, body } = await client.redeem(redirect, begun);
    expect([status, body.error]).toEqual([400, 'invalid_grant']);
  });

  it.each<[string, Parameters, number, string]>([
    ['another verifier', { code_verifier: 'x'.repeat(43) }, 400, 'invalid_grant'],
    ['the challenge for a verifier', { code_verifier: undefined }, 400, 'invalid_request'],
    ['a verifier that none may be', { code_verifier: 'short' }, 400, 'invalid_grant'],
    ['another redirect URI', { redirect_uri: 'http://127.0.0.1:41998/callback' }, 400, 'invalid_grant'],
    ['another client', { client_id: 'somebody else' }, 400, 'invalid_grant'],
    ['another resource', { resource: 'https://other.example/mcp' }, 400, 'invalid_target'],
    ['no client', { client_id: undefined }, 400, 'invalid_request'],
    ['the code twice', { code: ['a', 'b'] }, 400, 'invalid_request'],
    ['the grant type twice', { grant_type: ['authorization_code', 'authorization_code'] }, 400, 'invalid_request'],
    ['an unknown parameter twice', { made_up: ['1', '2'] }, 400, 'invalid_request'],
    ['a grant type that is not served', { grant_type: 'password' }, 400, 'unsupported_grant_type'],
    ['a client secret', { client_secret: 'guess' }, 401, 'invalid_client'],
    ['a code of 100 KB', { code: 'c'.repeat(100_000) }, 413, 'invalid_request'],
    ['a NUL in the code', { code: 'c\u0000' }, 400, 'invalid_grant'],
  ])('is refused with %s', async (_what, changes, status, error) => {
    const { begun, redirect } = await withCode();
    const answer = await client.redeem(redirect, begun, changes);
    expect([answer.status, answer.body.error]).toEqual([status, error]);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.body).not.toHaveProperty('access_token');
  });

  it('that met a wrong verifier is used up: the right one comes too late', async () => {
    const { begun, redirect } = await withCode();
    await client.redeem(redirect, begun, { code_verifier: 'x'.repeat(43) });
    expect((await client.redeem(redirect, begun)).status).toBe(400);
  });
});

describe('a refresh token', () => {
  it('is replaced at each use, and the tokens of both sides of it work', async () => {
    const { tokens, client: own } = await logIn(lab, 'reader');
    const { status, headers, body } = await own.refresh(tokens.refresh_token);
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body.refresh_token).not.toBe(tokens.refresh_token);
    expect(await toolsOf(lab, String(body.access_token))).toContain('list_vms');
    expect(await toolsOf(lab, tokens.access_token)).toContain('list_vms');
  });

  it('used by many at once has one successor', async () => {
    const { tokens, client: own } = await logIn(lab, 'reader');
    const answers = await Promise.all(Array.from({ length: 20 }, () => own.refresh(tokens.refresh_token)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(new Set(answers.map(({ body }) => body.refresh_token)).size).toBe(1);
  });

  it('used again after 10 seconds ends the whole family, at once, with a record that says so', async () => {
    const { tokens, client: own } = await logIn(lab, 'reader');
    const next = await own.refresh(tokens.refresh_token);
    lab.clock.advance(10_001);
    const reused = await own.refresh(tokens.refresh_token);
    expect([reused.status, reused.body.error]).toEqual([400, 'invalid_grant']);
    expect((await own.refresh(String(next.body.refresh_token))).status).toBe(400);
    expect(await toolsOf(lab, String(next.body.access_token))).toBe(401);
    const { sid } = claimsOf(tokens.access_token);
    expect(loginRecords(lab).find((record) => record.event === 'TOKEN_REUSE' && record.sid === sid)).toMatchObject({
      user: 'reader',
      request_id: reused.headers.get('x-request-id'),
    });
  });

  it.each<[string, Parameters, number, string]>([
    ['by another client', { client_id: 'somebody else' }, 400, 'invalid_grant'],
    ['for another resource', { resource: 'https://other.example/mcp' }, 400, 'invalid_target'],
    ['for more than there is', { scope: 'mcp admin' }, 400, 'invalid_scope'],
    ['twice in one request', { refresh_token: ['a', 'b'] }, 400, 'invalid_request'],
    ['as a word', { refresh_token: 'word' }, 400, 'invalid_grant'],
  ])('is refused %s, and stays good for its owner', async (_what, changes, status, error) => {
    const { tokens, client: own } = await logIn(lab, 'reader');
    const answer = await own.refresh(tokens.refresh_token, changes);
    expect([answer.status, answer.body.error]).toEqual([status, error]);
    expect((await own.refresh(tokens.refresh_token)).status).toBe(200);
  });
});

describe('revocation', () => {
  it('answers 200 for tokens that never were, of any size and sort', async () => {
    for (const token of ['word', 'eyJhbGciOiJub25lIn0.e30.', 'x'.repeat(10_000), '\u0000']) {
      expect((await client.revoke(token)).status).toBe(200);
    }
  });

  it.each(['access_token', 'refresh_token'] as const)('of the %s is felt by the next call', async (kind) => {
    const { tokens, client: own } = await logIn(lab, 'operator');
    expect(await toolsOf(lab, tokens.access_token)).toContain('list_vms');
    const answer = await own.revoke(tokens[kind]);
    expect(answer.status).toBe(200);
    expect(await toolsOf(lab, tokens.access_token)).toBe(401);
    expect((await own.refresh(tokens.refresh_token)).body.error).toBe('invalid_grant');
    const { sid } = claimsOf(tokens.access_token);
    expect(loginRecords(lab).find((record) => record.event === 'REVOKED' && record.sid === sid)).toMatchObject({
      user: 'operator',
      reason: 'client',
      request_id: answer.headers.get('x-request-id'),
    });
  });

  it('by another client does nothing, and says no word about it', async () => {
    const { tokens } = await logIn(lab, 'reader');
    expect((await client.revoke(tokens.access_token)).status).toBe(200);
    expect((await client.revoke(tokens.refresh_token)).status).toBe(200);
    expect(await toolsOf(lab, tokens.access_token)).toContain('list_vms');
  });

  it('ends one login of a person, and leaves the others', async () => {
    const [first, second] = [await logIn(lab, 'reader'), await logIn(lab, 'reader')];
    await first.client.revoke(first.tokens.refresh_token);
    expect(await toolsOf(lab, first.tokens.access_token)).toBe(401);
    expect(await toolsOf(lab, second.tokens.access_token)).toContain('list_vms');
  });

  it('refuses what is no request for it', async () => {
    const nothing = await postForm(lab, '/revoke', { client_id: client.id });
    expect([nothing.status, nothing.body.error]).toEqual([400, 'invalid_request']);
    const twice = await postForm(lab, '/revoke', { client_id: client.id, token: ['a', 'b'] });
    expect([twice.status, twice.body.error]).toEqual([400, 'invalid_request']);
  });
});

describe('what opens /mcp', () => {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

  it('is an access token of this gateway, and no other token that is about', async () => {
    const { tokens, client: own } = await logIn(lab, 'reader');
    const claims = claimsOf(tokens.access_token);
    const [header = '', payload = '', signature = ''] = tokens.access_token.split('.');
    const jwks = (await (await fetch(`${lab.origin}/jwks`)).json()) as { keys: Record<string, unknown>[] };
    const publicKey = JSON.stringify(jwks.keys[0]);
    const hs256 = `${encode({ alg: 'HS256', typ: 'at+jwt', kid: jwks.keys[0]?.kid })}.${payload}`;
    const { sub } = lab.provider.people.get('reader');
    const { issuer } = lab.provider;
    const rs256 = { alg: 'RS256' as const, header: { typ: 'at+jwt' } };
    const refused: Record<string, string> = {
      refresh: tokens.refresh_token,
      client: own.id,
      unsigned: `${encode({ alg: 'none', typ: 'at+jwt' })}.${payload}.`,
      'signed with the public key': `${hs256}.${createHmac('sha256', publicKey).update(hs256).digest('base64url')}`,
      'another person': `${header}.${encode({ ...claims, sub: 'somebody' })}.${signature}`,
      'without its signature': `${header}.${payload}.`,
      'the ID token of the provider': await lab.provider.sign(
        { iss: issuer, aud: UPSTREAM_CLIENT, sub, exp: 4e9 },
        rs256,
      ),
      'an access token of the provider': await lab.provider.sign(
        { iss: issuer, aud: RESOURCE, sub, exp: 4e9, iat: 1 },
        rs256,
      ),
      'the provider in our name': await lab.provider.sign(claims, rs256),
    };
    for (const [what, token] of Object.entries(refused)) expect([what, await toolsOf(lab, token)]).toEqual([what, 401]);
    expect(await toolsOf(lab, tokens.access_token)).toContain('list_vms');
  });

  it('is over when the token is, and the challenge says where to go', async () => {
    const { tokens } = await logIn(lab, 'reader');
    lab.clock.advance(3_600_000);
    const answer = await askForTools(lab, tokens.access_token);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toMatch(
      /error="invalid_token".*resource_metadata=|resource_metadata=.*error="invalid_token"/,
    );
  });

  it('is never in a URL', async () => {
    const { tokens } = await logIn(lab, 'reader');
    const url = `${lab.mcp}?access_token=${tokens.access_token}`;
    expect((await post(url, { jsonrpc: '2.0', id: 1, method: 'tools/list' })).status).toBe(400);
    expect(lab.log()).not.toContain(tokens.access_token);
  });
});
