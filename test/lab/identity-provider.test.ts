import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import * as oidc from 'openid-client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { NOT_JSON } from '../../lab/identity-provider/endpoints.ts';
import { AUTH0_GROUPS_CLAIM, type GroupShape } from '../../lab/identity-provider/group-shapes.ts';
import { type IdentityProvider, startIdentityProvider } from '../../lab/identity-provider/identity-provider.ts';
import { manualClock } from '../support/manual-clock.ts';
import { CALLBACK, CLIENT, type RelyingParty, relyingParty } from '../support/relying-party.ts';
import { createUserAgent } from '../support/user-agent.ts';

const clock = manualClock();
const logoutTokens: string[] = [];
let provider: IdentityProvider;
let party: RelyingParty;
let listener: Server;

const until = ({ href }: URL) => href.startsWith(CALLBACK);
const groupsIn = (token: string | undefined) => decodeJwt(token ?? '').groups;

beforeAll(async () => {
  listener = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      logoutTokens.push(new URLSearchParams(body).get('logout_token') ?? '');
      response.end();
    });
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  provider = await startIdentityProvider({
    clock,
    clients: [{ ...CLIENT, backchannel_logout_uri: 'https://gateway.example/auth/backchannel-logout' }],
    resolve: { 'https://gateway.example': `http://127.0.0.1:${(listener.address() as AddressInfo).port}` },
  });
  party = await relyingParty(provider);
});
afterEach(() => {
  provider.reset();
  logoutTokens.length = 0;
});
afterAll(async () => {
  await provider.stop();
  await new Promise((resolve) => listener.close(resolve));
});

describe('a login', () => {
  it.each([
    ['reader', ['vsphere-readers']],
    ['operator', ['vsphere-operators']],
    ['admin', ['vsphere-admins']],
    ['host-admin', ['vsphere-host-admins']],
    ['super-admin', ['vsphere-super-admins']],
    ['guest', []],
  ])('gives %s their groups in ID token, userinfo and access token', async (name, groups) => {
    const tokens = await party.login(name);
    expect(tokens.claims()).toMatchObject({ preferred_username: name, email: `${name}@lab.example`, groups });
    expect(tokens.claims()?.sid).toEqual(expect.any(String));
    expect(await party.userinfo(tokens.access_token)).toMatchObject({ preferred_username: name, groups });
    expect(groupsIn(tokens.access_token)).toEqual(groups);
  });

  it('shows the page again, with the name, after a wrong password and for a name nobody has', async () => {
    const browser = createUserAgent();
    const { url } = await party.begin();
    for (const [name, password] of [
      ['reader', 'wrong'],
      ['<b>nobody"', 'lab'],
      ['', ''],
    ] as const) {
      const page = await browser.login(url, name, password, { until });
      expect(page.status).toBe(422);
      expect(page.text).toContain('The user name or the password is wrong.');
      expect(page.forms[0]?.fields.find((field) => field.name === 'username')?.value).toBe(name);
    }
  });

  it('asks only once in the same browser, and again when told to', async () => {
    const browser = createUserAgent();
    await party.login('reader', { browser });
    const before = provider.endpoints.requests('login_page');
    await party.login('reader', { browser });
    expect(provider.endpoints.requests('login_page')).toBe(before);
    expect((await party.login('admin', { browser, parameters: { prompt: 'login' } })).claims()).toMatchObject({
      preferred_username: 'admin',
    });
  });

  it('needs no page for consent, also when consent is asked for', async () => {
    const tokens = await party.login('reader', { parameters: { prompt: 'consent' } });
    expect(tokens.scope).toContain('offline_access');
  });

  it.each([
    ['without the cookie of the login', 'GET', ''],
    ['with a form that is far too large', 'POST', `username=${'x'.repeat(100_000)}`],
  ])('shows an error page %s', async (_name, method, body) => {
    const browser = createUserAgent();
    const page = await browser.follow(await browser.open((await party.begin()).url));
    const cookie =
      body === ''
        ? ''
        : browser.cookies
            .all()
            .map(({ name, value }) => `${name}=${value}`)
            .join('; ');
    const answer = await fetch(page.url, { method, headers: { cookie }, ...(body === '' ? {} : { body }) });
    expect([answer.status, (await answer.text()).includes('begin the login again')]).toEqual([400, true]);
  });

  it('loads nothing, runs no script and cannot be framed', async () => {
    const browser = createUserAgent();
    const page = await browser.follow(await browser.open((await party.begin()).url));
    expect(page.headers['content-security-policy']).toMatch(/default-src 'none';.*frame-ancestors 'none'/);
    expect(page.body).not.toMatch(/<script|src=|https?:/i);
    expect(page.title).toBe('Log in - Lab identity provider');
  });

  it('can be cancelled', async () => {
    const browser = createUserAgent();
    const { url, checks } = await party.begin();
    const form = await browser.follow(await browser.open(url));
    const page = await browser.follow(await browser.submit(form, {}, { button: 'Cancel' }), { until });
    expect(Object.fromEntries(page.next?.searchParams ?? [])).toMatchObject({
      error: 'access_denied',
      state: checks.expectedState,
      iss: provider.issuer,
    });
  });

  it('shows an error page, and sends nobody away, for a redirect URI that is not registered', async () => {
    const { url } = await party.begin({ redirect_uri: `${CALLBACK}/more` });
    const page = await createUserAgent().open(url);
    expect([page.status, page.next]).toEqual([400, undefined]);
    expect(page.text).toContain('This did not work');
  });

  it('refuses a request without PKCE and a code with another verifier', async () => {
    const browser = createUserAgent();
    const { url } = await party.begin();
    url.searchParams.delete('code_challenge');
    url.searchParams.delete('code_challenge_method');
    expect((await browser.open(url)).next?.searchParams.get('error')).toBe('invalid_request');

    const begun = await party.begin();
    const page = await browser.login(begun.url, 'reader', 'lab', { until });
    const checks = { ...begun.checks, pkceCodeVerifier: oidc.randomPKCECodeVerifier() };
    await expect(oidc.authorizationCodeGrant(party.configuration, page.next!, checks)).rejects.toMatchObject({
      error: 'invalid_grant',
    });
  });
});

describe('the shapes of groups', () => {
  const cases: readonly (readonly [string, GroupShape, Record<string, unknown>])[] = [
    ['one comma string', 'comma', { groups: 'one,two' }],
    ['Keycloak paths and roles', 'keycloak', { groups: ['/one', '/two'], realm_access: expect.anything() }],
    ['a claim that is a URL', 'auth0', { [AUTH0_GROUPS_CLAIM]: ['one', 'two'] }],
    ['Entra ID overage', 'entra_overage', { _claim_names: { groups: 'src1' } }],
    ['Entra ID hasgroups', 'entra_hasgroups', { hasgroups: true }],
    ['malformed: an object', { malformed: { one: true } }, { groups: { one: true } }],
    ['malformed: null', { malformed: null }, { groups: null }],
  ];
  it.each(cases)('%s stands in all three places', async (_name, shape, expected) => {
    provider.people.add('shaped', ['one', 'two']).shape = shape;
    const { id_token, access_token } = await party.login('shaped');
    expect(decodeJwt(id_token!)).toMatchObject(expected);
    expect(decodeJwt(access_token)).toMatchObject(expected);
    expect(await party.userinfo(access_token)).toMatchObject(expected);
  });

  it('has roles only where Keycloak has no mapper for groups', async () => {
    provider.behaviour.groups = 'keycloak_roles';
    const claims = (await party.login('admin')).claims();
    expect(claims?.realm_access).toMatchObject({ roles: expect.arrayContaining(['vsphere-admins']) });
    expect(claims).not.toHaveProperty('groups');
  });

  it('can be absent, everywhere or in one place', async () => {
    provider.behaviour.groupsIn = ['userinfo'];
    const tokens = await party.login('reader');
    expect([groupsIn(tokens.id_token), groupsIn(tokens.access_token)]).toEqual([undefined, undefined]);
    expect(await party.userinfo(tokens.access_token)).toMatchObject({ groups: ['vsphere-readers'] });
    provider.behaviour.groups = 'absent';
    expect(await party.userinfo(tokens.access_token)).not.toHaveProperty('groups');
  });

  it('stand in the answer of introspection, for an opaque token', async () => {
    provider.behaviour.accessTokens = 'opaque';
    const { access_token } = await party.login('admin');
    expect(await oidc.tokenIntrospection(party.configuration, access_token)).toMatchObject({
      active: true,
      groups: ['vsphere-admins'],
    });
  });

  it('follow a change from the next refresh on', async () => {
    provider.people.add('mover', ['one']);
    const tokens = await party.login('mover');
    provider.people.get('mover').groups = ['two'];
    expect(groupsIn((await party.refresh(tokens.refresh_token!)).id_token)).toEqual(['two']);
  });
});

describe('tokens', () => {
  it('gives an access token for a resource as a JWT for that resource', async () => {
    const { access_token } = await party.login('reader', { parameters: { resource: 'https://mcp.example.com/mcp' } });
    const keys = createRemoteJWKSet(new URL(`${provider.issuer}/jwks`));
    const { payload } = await jwtVerify(access_token, keys, {
      audience: 'https://mcp.example.com/mcp',
      issuer: provider.issuer,
      typ: 'at+jwt',
      currentDate: new Date(clock.now()),
    });
    expect(payload.groups).toEqual(['vsphere-readers']);
  });

  it('rotates refresh tokens, and a second use ends them all', async () => {
    const first = (await party.login('reader')).refresh_token!;
    const second = (await party.refresh(first)).refresh_token!;
    expect(second).not.toBe(first);
    await expect(party.refresh(first)).rejects.toMatchObject({ error: 'invalid_grant' });
    await expect(party.refresh(second)).rejects.toMatchObject({ error: 'invalid_grant' });
  });

  it('keeps the refresh token where it does not rotate', async () => {
    provider.behaviour.rotateRefreshTokens = false;
    const first = (await party.login('reader')).refresh_token!;
    expect((await party.refresh(first)).refresh_token).toBe(first);
    expect((await party.refresh(first)).id_token).toEqual(expect.any(String));
  });

  it('gives no refresh token, or only for offline_access', async () => {
    provider.behaviour.refreshTokens = 'never';
    expect((await party.login('reader')).refresh_token).toBeUndefined();
    provider.behaviour.refreshTokens = 'with_offline_access';
    expect((await party.login('reader')).refresh_token).toEqual(expect.any(String));
    const without = await party.login('reader', { parameters: { scope: 'openid profile' } });
    expect(without.refresh_token).toBeUndefined();
  });

  it('can leave out the ID token of a refresh', async () => {
    provider.behaviour.idTokenOnRefresh = false;
    const tokens = await party.login('reader');
    expect(tokens.id_token).toEqual(expect.any(String));
    expect((await party.refresh(tokens.refresh_token!)).id_token).toBeUndefined();
  });

  it('has the lifetime that it was told', async () => {
    provider.behaviour.accessTokenSeconds = 90;
    const { access_token, expires_in } = await party.login('reader');
    const { iat, exp } = decodeJwt(access_token);
    expect([expires_in, exp! - iat!]).toEqual([90, 90]);
  });

  it('refuses a wrong client secret', async () => {
    const stranger = await relyingParty(provider, oidc.ClientSecretPost('wrong'));
    await expect(stranger.login('reader')).rejects.toMatchObject({ error: 'invalid_client' });
  });

  it('takes an encoded secret by Basic, or only a raw one', async () => {
    const client_id = 'client with a space';
    provider.register({ ...CLIENT, client_id, token_endpoint_auth_method: 'client_secret_basic' });
    const encoding = await relyingParty(provider, oidc.ClientSecretBasic(CLIENT.client_secret), client_id);
    expect((await encoding.login('reader')).access_token).toEqual(expect.any(String));
    provider.behaviour.basicCredentials = 'raw';
    const refusal: unknown = await encoding.login('reader').catch((reason: unknown) => reason);
    expect(inspect(refusal, { depth: 5 })).toContain('invalid_client');
    const basic = `Basic ${btoa(`${client_id}:${CLIENT.client_secret}`)}`;
    const raw = await relyingParty(
      provider,
      (_server, _client, _body, headers) => headers.set('authorization', basic),
      client_id,
    );
    expect((await raw.login('reader')).access_token).toEqual(expect.any(String));
  });
});

describe('people who leave', () => {
  it('lets a disabled person neither log in, nor go on in a browser, nor refresh', async () => {
    provider.people.add('leaver', []);
    const browser = createUserAgent();
    const tokens = await party.login('leaver', { browser });
    provider.people.get('leaver').state = 'disabled';
    const { url } = await party.begin();
    expect((await createUserAgent().login(url, 'leaver', 'lab', { until })).text).toContain(
      'This account is disabled.',
    );
    expect((await browser.follow(await browser.open(url), { until })).next).toBeUndefined();
    await expect(party.refresh(tokens.refresh_token!)).rejects.toMatchObject({ error: 'invalid_grant' });
    await expect(party.userinfo(tokens.access_token)).rejects.toThrow();
  });

  it('goes on refreshing for a disabled person where the provider is like that', async () => {
    provider.people.add('lingerer', ['one']);
    const tokens = await party.login('lingerer');
    provider.people.get('lingerer').state = 'disabled_but_refreshing';
    const { url } = await party.begin();
    expect((await createUserAgent().login(url, 'lingerer', 'lab', { until })).text).toContain('disabled');
    const refreshed = await party.refresh(tokens.refresh_token!);
    expect(await party.userinfo(refreshed.access_token)).toMatchObject({ groups: ['one'] });
  });

  it('does not know a deleted person any more', async () => {
    provider.people.add('gone', []);
    const tokens = await party.login('gone');
    provider.people.get('gone').state = 'deleted';
    await expect(party.refresh(tokens.refresh_token!)).rejects.toMatchObject({ error: 'invalid_grant' });
    const page = await createUserAgent().login((await party.begin()).url, 'gone', 'lab', { until });
    expect(page.text).toContain('The user name or the password is wrong.');
  });
});

describe('faults', () => {
  it.each([
    ['a wrong audience', () => ({ idTokenClaims: { aud: 'another' } }), /"aud"/],
    ['a wrong issuer', () => ({ idTokenClaims: { iss: 'https://another.example' } }), /"iss"/],
    ['a wrong nonce', () => ({ idTokenClaims: { nonce: 'another' } }), /"nonce"/],
    ['no end', () => ({ idTokenClaims: { exp: undefined } }), /"exp"/],
    ['a clock that is ahead', () => ({ skewSeconds: 600 }), /iat|future|nbf|"exp"/],
    ['a clock that is behind', () => ({ skewSeconds: -7200 }), /"exp"/],
    ['a wrong iss parameter', () => ({ issParameter: 'wrong' as const }), /iss/],
  ])('%s is noticed by a client', async (name, change, message) => {
    Object.assign(provider.behaviour, change());
    const attempt = party.login('reader');
    if (name === 'a clock that is ahead') {
      const now = clock.now() / 1000;
      expect(decodeJwt((await attempt).id_token!).iat).toBeGreaterThan(now + 500);
    } else {
      const error: unknown = await attempt.catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(Error);
      expect(inspect(error, { depth: 5 })).toMatch(message);
    }
  });

  it('can sign with a key that nobody knows', async () => {
    provider.behaviour.signWith = 'unpublished';
    const { id_token } = await party.login('reader');
    const keys = createRemoteJWKSet(new URL(`${provider.issuer}/jwks`));
    await expect(jwtVerify(id_token!, keys)).rejects.toMatchObject({ code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' });
  });

  it('leaves out the iss parameter and does not advertise it', async () => {
    provider.behaviour.issParameter = 'absent';
    const silent = await relyingParty(provider);
    expect(silent.configuration.serverMetadata().authorization_response_iss_parameter_supported).toBeUndefined();
    const page = await createUserAgent().login((await silent.begin()).url, 'reader', 'lab', { until });
    expect(page.next?.searchParams.has('iss')).toBe(false);
    expect((await silent.login('reader')).id_token).toEqual(expect.any(String));
  });

  it('breaks one endpoint and mends it', async () => {
    const { refresh_token } = await party.login('reader');
    const before = provider.endpoints.requests('token');
    provider.endpoints.break('token', { status: 503 });
    await expect(party.refresh(refresh_token!)).rejects.toMatchObject({ cause: { status: 503 } });
    provider.endpoints.break('token', NOT_JSON);
    await expect(party.refresh(refresh_token!)).rejects.toMatchObject({ code: 'OAUTH_RESPONSE_IS_NOT_JSON' });
    provider.endpoints.break('token', { dropped: true });
    await expect(party.refresh(refresh_token!)).rejects.toThrow('fetch failed');
    provider.endpoints.mend('token');
    await party.refresh(refresh_token!);
    expect(provider.endpoints.requests('token') - before).toBe(4);
  });

  it('holds back an answer until it is let go', async () => {
    const { refresh_token } = await party.login('reader');
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    provider.endpoints.break('token', { after: held });
    let answered = false;
    const pending = party.refresh(refresh_token!).then(() => {
      answered = true;
    });
    await fetch(provider.issuer);
    expect(answered).toBe(false);
    release();
    await pending;
    expect(answered).toBe(true);
  });
});

describe('keys', () => {
  it('signs with new keys after a rotation; the old ones are gone, or stay', async () => {
    const kids = async () =>
      ((await (await fetch(`${provider.issuer}/jwks`)).json()) as { keys: { kid: string; d?: string }[] }).keys;
    const first = await kids();
    expect(first.every((key) => key.d === undefined)).toBe(true);
    const old = decodeProtectedHeader((await party.login('reader')).id_token!).kid;
    const { refresh_token } = await party.login('reader');

    await provider.rotateKeys({ keepOld: true });
    expect((await kids()).map(({ kid }) => kid)).toEqual(expect.arrayContaining([old]));
    const refreshed = await party.refresh(refresh_token!);
    expect(decodeProtectedHeader(refreshed.id_token!).kid).not.toBe(old);

    await provider.rotateKeys();
    expect((await kids()).map(({ kid }) => kid)).not.toEqual(expect.arrayContaining([old]));
  });

  it('signs with ES256 where it is told to', async () => {
    provider.behaviour.signingAlg = 'ES256';
    const { id_token } = await party.login('reader');
    const keys = createRemoteJWKSet(new URL(`${provider.issuer}/jwks`));
    expect((await jwtVerify(id_token!, keys)).protectedHeader.alg).toBe('ES256');
  });
});

describe('the end of sessions', () => {
  it('tells the client by a logout token, and ends tokens and browser session', async () => {
    provider.people.add('ended', []);
    const browser = createUserAgent();
    const tokens = await party.login('ended', { browser });
    expect(await provider.endSessions('ended')).toEqual([{ clientId: 'gateway', status: 200 }]);

    const { payload, protectedHeader } = await jwtVerify(
      logoutTokens[0]!,
      createRemoteJWKSet(new URL(`${provider.issuer}/jwks`)),
      { issuer: provider.issuer, audience: 'gateway', currentDate: new Date(clock.now()) },
    );
    expect(protectedHeader.typ).toBe('logout+jwt');
    expect(payload).toMatchObject({ sub: tokens.claims()?.sub, sid: tokens.claims()?.sid, jti: expect.any(String) });
    expect(payload.events).toEqual({ 'http://schemas.openid.net/event/backchannel-logout': {} });
    expect(payload).not.toHaveProperty('nonce');

    await expect(party.refresh(tokens.refresh_token!)).rejects.toMatchObject({ error: 'invalid_grant' });
    await expect(party.userinfo(tokens.access_token)).rejects.toThrow();
    expect((await browser.follow(await browser.open((await party.begin()).url), { until })).text).toContain('Log in');
  });

  it('tells the client as well when a person logs out at the provider', async () => {
    provider.people.add('walker', []);
    const browser = createUserAgent();
    const tokens = await party.login('walker', { browser });
    const page = await browser.open(`${provider.issuer}/session/end`);
    expect(page.text).toContain('Log out?');
    const end = await browser.follow(await browser.submit(page, {}, { button: 'Log out' }));
    expect(end.text).toContain('Logged out');
    expect(decodeJwt(logoutTokens[0]!)).toMatchObject({ aud: 'gateway', sid: tokens.claims()?.sid });
  });

  it('makes logout tokens with any fault', async () => {
    const token = await provider.logoutToken({ clientId: 'gateway', sub: 'x' }, { nonce: 'n', events: undefined });
    const claims = decodeJwt(token);
    expect(claims).toMatchObject({ aud: 'gateway', sub: 'x', nonce: 'n' });
    expect(claims).not.toHaveProperty('events');
  });
});

describe('its clock', () => {
  it('decides the times in tokens and when they end', async () => {
    const tokens = await party.login('reader');
    clock.advance(3_590_000);
    expect(await party.userinfo(tokens.access_token)).toHaveProperty('sub');
    clock.advance(60_000);
    await expect(party.userinfo(tokens.access_token)).rejects.toThrow();
    // The client's own clock does not move, so the time is read and not checked.
    provider.behaviour.idTokenOnRefresh = false;
    const { access_token } = await party.refresh(tokens.refresh_token!);
    const { iat } = decodeJwt(access_token);
    expect(Math.abs(iat! - clock.now() / 1000)).toBeLessThan(5);
    clock.advance(15 * 24 * 3_600_000);
    await expect(party.refresh(tokens.refresh_token!)).rejects.toMatchObject({ error: 'invalid_grant' });
  });
});
