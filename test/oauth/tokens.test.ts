import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { SCOPE } from '../../src/oauth/tokens.ts';
import { alice, CLIENT, loginParts, outcomes, RESOURCE } from '../support/login-parts.ts';

describe('a code', () => {
  it('gives an access token and a refresh token, once', async () => {
    const { session, verifier, clock } = await loginParts();
    const { set, grant } = await session();
    expect(set).toMatchObject({ token_type: 'Bearer', expires_in: 3600, scope: SCOPE });
    expect(decodeProtectedHeader(set.access_token)).toMatchObject({ alg: 'ES256', typ: 'at+jwt' });
    const claims = decodeJwt(set.access_token);
    expect(claims).toMatchObject({ aud: RESOURCE, sub: 'a-1', sid: grant.id, client_id: CLIENT.id });
    expect(Object.keys(claims)).not.toContain('groups');
    expect(claims.exp).toBe(Math.floor(clock.now() / 1000) + 3600);
    expect(await verifier.verify(set.access_token)).toMatchObject({
      user: 'alice',
      iss: 'https://login.example.com',
      groups: ['vsphere-readers'],
      sid: grant.id,
    });
  });

  it('is redeemed by one of fifty at once, and the others end the grant', async () => {
    const { login, tokens, verifier, entries, grants } = await loginParts();
    const { code, request, grant } = await login();
    const { won, reasons } = await outcomes(Array.from({ length: 50 }, () => tokens.redeemCode(code, request)));
    expect(won).toHaveLength(1);
    expect(reasons).toEqual(Array(49).fill('code_reused'));
    await expect(verifier.verify(won[0]!.access_token)).rejects.toMatchObject({ reason: 'session_ended' });
    expect(await grants.current(grant.id)).toBeUndefined();
    expect(entries.map(({ event }) => event)).toEqual(['REVOKED', 'TOKEN_REUSE']);
  });

  it('that comes again an hour later still ends the grant', async () => {
    const { session, tokens, clock, verifier, entries } = await loginParts();
    const { code, request, set } = await session();
    clock.advance(3_500_000);
    await expect(tokens.redeemCode(code, request)).rejects.toMatchObject({ error: 'invalid_grant' });
    await expect(verifier.verify(set.access_token)).rejects.toMatchObject({ reason: 'session_ended' });
    expect(entries.at(-1)).toMatchObject({ event: 'TOKEN_REUSE', user: 'alice', client_id: CLIENT.id });
  });

  it('is good for sixty seconds', async () => {
    const { login, tokens, clock } = await loginParts();
    const { code, request } = await login();
    clock.advance(60_000);
    await expect(tokens.redeemCode(code, request)).rejects.toMatchObject({ reason: 'unknown_code' });
  });

  it.each([
    ['another client', { clientId: 'client-2' }, 'invalid_grant'],
    ['another redirect URI', { redirectUri: 'http://127.0.0.1/callback/' }, 'invalid_grant'],
    ['another verifier', { codeVerifier: 'x'.repeat(43) }, 'invalid_grant'],
    ['a verifier that is too short', { codeVerifier: 'x' }, 'invalid_grant'],
    ['another resource', { resource: 'https://other.example.com/mcp' }, 'invalid_target'],
  ])('is used up by %s', async (_, wrong, error) => {
    const { login, tokens } = await loginParts();
    const { code, request } = await login();
    await expect(tokens.redeemCode(code, { ...request, ...wrong })).rejects.toMatchObject({ error });
    await expect(tokens.redeemCode(code, request)).rejects.toMatchObject({ error: 'invalid_grant' });
  });

  it.each(['', 'x', 'x'.repeat(43), '../grant', 'ä'.repeat(43), 'x'.repeat(100_000)])('is not %.20j', async (code) => {
    const { tokens, login } = await loginParts();
    const { request } = await login();
    await expect(tokens.redeemCode(code, request)).rejects.toMatchObject({ reason: 'unknown_code' });
  });
});

describe('a refresh token', () => {
  it('gives one successor to all who come at once, and later reuse ends the family', async () => {
    const { session, tokens, clock, verifier, entries } = await loginParts();
    const { set } = await session();
    const first = set.refresh_token!;
    const { won } = await outcomes(Array.from({ length: 20 }, () => tokens.refresh(first, { clientId: CLIENT.id })));
    expect(won).toHaveLength(20);
    const successors = new Set(won.map(({ refresh_token }) => refresh_token));
    expect(successors.size).toBe(1);
    const [second] = [...successors] as [string];
    expect(second).not.toBe(first);

    clock.advance(9_999);
    expect((await tokens.refresh(first, { clientId: CLIENT.id })).refresh_token).toBe(second);
    clock.advance(1);
    await expect(tokens.refresh(first, { clientId: CLIENT.id })).rejects.toMatchObject({
      error: 'invalid_grant',
      reason: 'refresh_token_reused',
    });
    await expect(tokens.refresh(second, { clientId: CLIENT.id })).rejects.toMatchObject({ error: 'invalid_grant' });
    for (const { access_token } of won) {
      await expect(verifier.verify(access_token)).rejects.toMatchObject({ reason: 'session_ended' });
    }
    expect(entries.slice(-2)).toMatchObject([
      { event: 'REVOKED', reason: 'refresh_token_reused' },
      { event: 'TOKEN_REUSE', user: 'alice' },
    ]);
  });

  it('stands by a slow client while a fast one is ahead already', async () => {
    const { session, tokens, clock } = await loginParts();
    const first = (await session()).set.refresh_token!;
    const second = (await tokens.refresh(first, { clientId: CLIENT.id })).refresh_token!;
    clock.advance(3_000);
    const third = (await tokens.refresh(second, { clientId: CLIENT.id })).refresh_token!;
    clock.advance(3_000);
    expect((await tokens.refresh(first, { clientId: CLIENT.id })).refresh_token).toBe(second);
    expect((await tokens.refresh(second, { clientId: CLIENT.id })).refresh_token).toBe(third);
    expect((await tokens.refresh(third, { clientId: CLIENT.id })).refresh_token).not.toBe(third);
  });

  it('is not rotated where that cannot be recorded', async () => {
    const { session, tokens, recorder } = await loginParts();
    const first = (await session()).set.refresh_token!;
    recorder.failing = true;
    await expect(tokens.refresh(first, { clientId: CLIENT.id })).rejects.toThrow('the audit file is full');
    recorder.failing = false;
    await expect(tokens.refresh(first, { clientId: CLIENT.id })).resolves.toHaveProperty('refresh_token');
  });

  it.each([
    ['another client', { clientId: 'client-2' }, 'invalid_grant'],
    ['another resource', { clientId: CLIENT.id, resource: 'https://other.example.com/' }, 'invalid_target'],
    ['more scope', { clientId: CLIENT.id, scope: `${SCOPE} admin` }, 'invalid_scope'],
  ])('is refused for %s and stays good', async (_, request, error) => {
    const { session, tokens } = await loginParts();
    const token = (await session()).set.refresh_token!;
    await expect(tokens.refresh(token, request)).rejects.toMatchObject({ error });
    await expect(tokens.refresh(token, { clientId: CLIENT.id, scope: SCOPE })).resolves.toBeDefined();
  });

  it('of a session that ended says so once on the record, and is then unknown', async () => {
    const { session, tokens, grants, entries } = await loginParts();
    const { set, grant } = await session();
    await grants.end(grant.id, 'operator');
    const refresh = () => tokens.refresh(set.refresh_token!, { clientId: CLIENT.id, origin: { requestId: 'r-1' } });
    await expect(refresh()).rejects.toMatchObject({ reason: 'session_ended' });
    await expect(refresh()).rejects.toMatchObject({ reason: 'unknown_refresh_token' });
    expect(entries.at(-1)).toMatchObject({ event: 'TOKEN_REFRESH', error_code: 'invalid_grant', request_id: 'r-1' });
  });

  it('is not given where the provider gave none, and the session ends with the upstream token', async () => {
    const { session, clock, verifier } = await loginParts();
    const { refreshToken: _, ...without } = alice();
    const { set } = await session({ ...without, accessTokenExpiresAt: Math.floor(clock.now() / 1000) + 600 });
    expect(set).not.toHaveProperty('refresh_token');
    expect(set.expires_in).toBe(600);
    clock.advance(590_000);
    await expect(verifier.verify(set.access_token)).resolves.toBeDefined();
    clock.advance(10_000);
    await expect(verifier.verify(set.access_token)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
  });

  it.each(['', 'x', '!'.repeat(64), 'A'.repeat(64), 'x'.repeat(100_000)])('is not %.20j', async (token) => {
    const { tokens } = await loginParts();
    await expect(tokens.refresh(token, { clientId: CLIENT.id })).rejects.toMatchObject({ error: 'invalid_grant' });
  });
});

describe('revocation', () => {
  it.each(['access_token', 'refresh_token'] as const)('by the %s ends the grant', async (kind) => {
    const { session, tokens, verifier, entries } = await loginParts();
    const { set } = await session();
    await verifier.verify(set.access_token);
    await tokens.revoke(set[kind]!, CLIENT.id);
    await expect(verifier.verify(set.access_token)).rejects.toMatchObject({ reason: 'session_ended' });
    await expect(tokens.refresh(set.refresh_token!, { clientId: CLIENT.id })).rejects.toMatchObject({
      error: 'invalid_grant',
    });
    expect(entries[0]).toMatchObject({ event: 'REVOKED', user: 'alice', reason: 'client' });
  });

  it('takes the token before, and not one that only names the family', async () => {
    const { session, tokens, verifier } = await loginParts();
    const { set } = await session();
    await tokens.refresh(set.refresh_token!, { clientId: CLIENT.id });
    const forged = Buffer.concat([Buffer.from(set.refresh_token!, 'base64url').subarray(0, 16), Buffer.alloc(32)]);
    await tokens.revoke(forged.toString('base64url'), CLIENT.id);
    await expect(verifier.verify(set.access_token)).resolves.toBeDefined();
    await tokens.revoke(set.refresh_token!, CLIENT.id);
    await expect(verifier.verify(set.access_token)).rejects.toMatchObject({ reason: 'session_ended' });
  });

  it('does nothing, silently, for another client and for what is no token', async () => {
    const { session, tokens, verifier } = await loginParts();
    const { set } = await session();
    await tokens.revoke(set.access_token, 'client-2');
    await tokens.revoke(set.refresh_token!, 'client-2');
    for (const nothing of ['', 'x', 'a.b.c', 'A'.repeat(64)]) await tokens.revoke(nothing, CLIENT.id);
    await expect(verifier.verify(set.access_token)).resolves.toBeDefined();
  });
});

describe("the gateway's own token", () => {
  const claims = { iss: 'https://mcp.example.com', aud: RESOURCE, sub: 'a-1', client_id: CLIENT.id };

  it.each([
    ['audience', { aud: 'https://mcp.example.com' }, {}],
    ['audience', { aud: `${RESOURCE}/` }, {}],
    ['malformed', { aud: [RESOURCE, 'https://other.example.com'] }, {}],
    ['issuer', { iss: 'https://mcp.example.com/' }, {}],
    ['missing_claim', { exp: undefined }, {}],
    ['missing_claim', { sid: undefined }, {}],
    ['expired', { exp: 1 }, {}],
    ['not_yet_valid', { iat: 9_999_999_999, exp: 99_999_999_999 }, {}],
    ['wrong_type', {}, { typ: 'JWT' }],
    ['unknown_key', {}, { kid: 'nobody' }],
    ['malformed', { sub: 'b-2' }, {}],
    ['malformed', { client_id: 'client-2' }, {}],
    ['session_ended', { sid: 'x'.repeat(24) }, {}],
    ['session_ended', { sid: 'grant:../code' }, {}],
  ])('is refused for its %s: %j %j', async (reason, payload, header) => {
    const { keys, clock, session, verifier } = await loginParts();
    const { grant } = await session();
    const { kid, key } = keys.signing.current;
    const now = Math.floor(clock.now() / 1000);
    const good = { ...claims, sid: grant.id, iat: now, exp: now + 60 };
    const sign = (body: object, head: object) =>
      new SignJWT({ ...good, ...body }).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid, ...head }).sign(key);
    await expect(verifier.verify(await sign({}, {}))).resolves.toMatchObject({ user: 'alice' });
    await expect(verifier.verify(await sign(payload, header))).rejects.toMatchObject({ reason });
  });

  it('is refused without a signature, with another and with the public key as a secret', async () => {
    const { session, verifier, keys } = await loginParts();
    const { set } = await session();
    const [head, body, signature] = set.access_token.split('.') as [string, string, string];
    const none = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url');
    await expect(verifier.verify(`${none}.${body}.`)).rejects.toMatchObject({ reason: 'algorithm' });
    const other = signature.startsWith('A') ? `B${signature.slice(1)}` : `A${signature.slice(1)}`;
    await expect(verifier.verify(`${head}.${body}.${other}`)).rejects.toMatchObject({ reason: 'signature' });
    const secret = keys.verification.find(keys.verification.kids[0]!)!.export({ format: 'der', type: 'spki' });
    const forged = await new SignJWT(decodeJwt(set.access_token))
      .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid: keys.verification.kids[0]! })
      .sign(secret);
    await expect(verifier.verify(forged)).rejects.toMatchObject({ reason: 'algorithm' });
    for (const junk of ['', 'x', 'a.b', '..', 'x'.repeat(1_000_000)]) {
      await expect(verifier.verify(junk)).rejects.toMatchObject({ reason: 'malformed' });
    }
  });

  it('ends on the second, also where it was verified before', async () => {
    const { session, verifier, clock } = await loginParts();
    const { set } = await session();
    await verifier.verify(set.access_token);
    const end = decodeJwt(set.access_token).exp! * 1000;
    clock.advance(end - clock.now() - 1);
    await expect(verifier.verify(set.access_token)).resolves.toBeDefined();
    clock.advance(1);
    await expect(verifier.verify(set.access_token)).rejects.toMatchObject({ reason: 'expired' });
  });
});
