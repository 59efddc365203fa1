import { inspect } from 'node:util';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../../src/lib/secret.ts';
import { UpstreamError } from '../../src/oauth/errors.ts';
import { createUpstream, type UpstreamLogin, type UpstreamOptions } from '../../src/oauth/upstream.ts';
import { type ManualClock, manualClock } from '../support/manual-clock.ts';
import { CLIENT_ID, type ScriptedProvider, startScriptedProvider } from '../support/scripted-provider.ts';

const SECRET = 'a secret: with % and +';
const REDIRECT = 'https://mcp.example.com/auth/callback';

let provider: ScriptedProvider;
let clock: ManualClock;
let log: string[];

beforeEach(async () => {
  clock = manualClock();
  log = [];
  provider = await startScriptedProvider(clock);
});
afterEach(() => provider.stop());

function upstreamWith(options: Partial<UpstreamOptions> = {}) {
  return createUpstream({
    issuer: provider.issuer,
    allowInsecure: true,
    clientId: CLIENT_ID,
    clientSecret: new Secret(SECRET),
    tokenAuthMethod: 'client_secret_post',
    redirectUri: REDIRECT,
    extraAuthParams: [],
    algs: ['RS256', 'ES256'],
    claims: { groups: ['groups'] },
    claimsSources: ['id_token', 'userinfo', 'access_token', 'introspection'],
    introspection: false,
    clock,
    logger: pino({ level: 'debug' }, { write: (line: string) => void log.push(line) }),
    timeoutMs: 300,
    ...options,
  });
}

interface Person {
  readonly idToken?: Record<string, unknown>;
  readonly header?: Record<string, unknown> & { alg?: string };
  readonly token?: Record<string, unknown>;
}

/** What the token endpoint answers for a person, `nonce` as in the request unless told otherwise. */
async function tokens(nonce: string | undefined, { idToken = {}, header, token = {} }: Person = {}) {
  const claims = { nonce, preferred_username: 'alice', groups: ['vsphere-readers'], ...idToken };
  return {
    access_token: 'opaque-access-token',
    token_type: 'Bearer',
    expires_in: 300,
    refresh_token: 'first-refresh-token',
    id_token: await provider.sign(claims, header),
    ...token,
  };
}

/** A whole login: the provider sends the person back at once. */
async function logIn(
  person: Person & { callback?: Record<string, string> } = {},
  options: Partial<UpstreamOptions> = {},
): Promise<UpstreamLogin> {
  const upstream = upstreamWith(options);
  const { transaction } = await upstream.begin();
  provider.answer('token', async () => ({ body: await tokens(transaction.nonce, person) }));
  return upstream.finish(back({ state: transaction.state, code: 'the-code', ...person.callback }), transaction);
}

function back(parameters: Record<string, string>): URL {
  return new URL(`http://inside:8080/auth/callback?${new URLSearchParams(parameters)}`);
}

async function failureOf(work: Promise<unknown>): Promise<UpstreamError> {
  const error = await work.then(
    (value) => Promise.reject(new Error(`no failure, but ${inspect(value)}`)),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(UpstreamError);
  return error as UpstreamError;
}

const reasonOf = async (work: Promise<unknown>) => (await failureOf(work)).reason;

const REFRESH_OF = () => ({ sub: 'alice-id', iss: provider.issuer });
const oldToken = new Secret('first-refresh-token');

describe('the way to the provider', () => {
  it('asks for a code with state, nonce and S256, each new every time', async () => {
    const upstream = upstreamWith();
    const [first, second] = await Promise.all([upstream.begin(), upstream.begin()]);
    const url = new URL(first.url);
    expect(`${url.origin}${url.pathname}`).toBe(`${provider.issuer}/authorize`);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      response_type: 'code',
      client_id: CLIENT_ID,
      redirect_uri: REDIRECT,
      scope: 'openid profile email',
      state: first.transaction.state,
      nonce: first.transaction.nonce,
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
    });
    expect(first.url).not.toContain(first.transaction.codeVerifier);
    for (const name of ['state', 'nonce', 'codeVerifier'] as const) {
      expect(first.transaction[name]).toMatch(/^[\w-]{43}$/);
      expect(first.transaction[name]).not.toBe(second.transaction[name]);
    }
    expect(provider.count('metadata')).toBe(1);
  });

  it('asks for groups and refresh where the provider has scopes for them, unless told what to ask for', async () => {
    provider.metadata.scopes_supported = ['openid', 'offline_access', 'groups', 'address'];
    const scopeOf = async (options: Partial<UpstreamOptions>) =>
      new URL((await upstreamWith(options).begin()).url).searchParams.get('scope');
    expect(await scopeOf({})).toBe('openid profile email groups offline_access');
    expect(await scopeOf({ scopes: ['openid', 'api://mcvsphere/.default'] })).toBe('openid api://mcvsphere/.default');
  });

  it('takes along what the operator adds', async () => {
    const { url } = await upstreamWith({
      extraAuthParams: [
        ['audience', 'https://api'],
        ['prompt', 'consent'],
      ],
    }).begin();
    expect(new URL(url).searchParams.get('audience')).toBe('https://api');
    expect(new URL(url).searchParams.get('prompt')).toBe('consent');
    expect(new URL(url).searchParams.has('resource')).toBe(false);
  });

  it('comes back by itself when the provider does, without asking it for every login', async () => {
    const upstream = upstreamWith();
    provider.answer('metadata', { status: 503 });
    expect(await reasonOf(upstream.begin())).toBe('unavailable');
    expect(await reasonOf(upstream.begin())).toBe('unavailable');
    expect(provider.count('metadata')).toBe(1);
    provider.answer('metadata', {
      body: {
        issuer: provider.issuer,
        authorization_endpoint: `${provider.issuer}/authorize`,
        token_endpoint: `${provider.issuer}/token`,
        jwks_uri: `${provider.issuer}/jwks`,
      },
    });
    clock.advance(5_000);
    expect((await upstream.begin()).url).toContain('/authorize?');
  });

  it('goes by what it knows while the metadata cannot be renewed', async () => {
    const upstream = upstreamWith();
    await upstream.begin();
    provider.answer('metadata', { status: 500 });
    clock.advance(3_600_000);
    expect((await upstream.begin()).url).toContain('/authorize?');
    await expect.poll(() => provider.count('metadata')).toBe(2);
    expect((await upstream.begin()).url).toContain('/authorize?');
  });
});

describe('a login', () => {
  it('is a person with groups, a session, and a token to read them again', async () => {
    const login = await logIn({ idToken: { sid: 'session-1' } });
    expect({ ...login, refreshToken: login.refreshToken?.reveal() }).toEqual({
      user: 'alice',
      sub: 'alice-id',
      iss: provider.issuer,
      sid: 'session-1',
      groups: ['vsphere-readers'],
      refreshToken: 'first-refresh-token',
      accessTokenExpiresAt: Math.floor(clock.now() / 1000) + 300,
    });
    expect(inspect(login, { depth: 5 })).not.toMatch(/refresh-token|access-token/);
    expect(Object.fromEntries(provider.requests.find(({ endpoint }) => endpoint === 'token')!.form)).toEqual({
      grant_type: 'authorization_code',
      code: 'the-code',
      redirect_uri: REDIRECT,
      code_verifier: expect.stringMatching(/^[\w-]{43}$/),
      client_id: CLIENT_ID,
      client_secret: SECRET,
    });
  });

  it('shows its secret in the header where it is told to, form-encoded as RFC 6749 asks', async () => {
    await logIn({}, { tokenAuthMethod: 'client_secret_basic' });
    const { authorization, form } = provider.requests.find(({ endpoint }) => endpoint === 'token')!;
    const [user, password] = Buffer.from(authorization!.slice('Basic '.length), 'base64').toString().split(':');
    expect([user, new URLSearchParams(`p=${password}`).get('p')]).toEqual([CLIENT_ID, SECRET]);
    expect(form.has('client_secret')).toBe(false);
  });

  it('has no secret to show as a public client', async () => {
    await logIn({}, { tokenAuthMethod: 'none' });
    expect(provider.requests.find(({ endpoint }) => endpoint === 'token')!.form.has('client_secret')).toBe(false);
  });

  it('goes on with keys that were rotated', async () => {
    const upstream = upstreamWith();
    for (const round of [1, 2]) {
      const { transaction } = await upstream.begin();
      provider.answer('token', async () => ({ body: await tokens(transaction.nonce) }));
      const login = await upstream.finish(back({ state: transaction.state, code: `code-${round}` }), transaction);
      expect(login.user).toBe('alice');
      await provider.rotateKeys();
      clock.advance(30_000);
    }
  });

  it.each([
    ['another state', { state: 'another' }],
    ['no state', { state: '' }],
    ['another issuer', { iss: 'https://attacker.example' }],
    ['a response that only a JWT may be', { response: 'x.y.z' }],
  ])('does not come of %s', async (_, callback) => {
    expect(await reasonOf(logIn({ callback }))).toBe('invalid');
    expect(provider.count('token')).toBe(0);
  });

  it('does not come of a parameter that is there twice', async () => {
    const upstream = upstreamWith();
    const { transaction } = await upstream.begin();
    const callback = back({ state: transaction.state, code: 'one' });
    callback.searchParams.append('code', 'two');
    expect(await reasonOf(upstream.finish(callback, transaction))).toBe('invalid');
    expect(provider.count('token')).toBe(0);
  });

  it('needs the iss parameter of a provider that promises it (RFC 9207)', async () => {
    provider.metadata.authorization_response_iss_parameter_supported = true;
    expect(await reasonOf(logIn())).toBe('invalid');
    expect((await logIn({ callback: { iss: provider.issuer } })).user).toBe('alice');
  });

  it.each([
    ['access_denied', 'denied'],
    ['login_required', 'denied'],
    ['temporarily_unavailable', 'unavailable'],
    ['unauthorized_client', 'client_refused'],
    ['invalid_scope', 'provider_error'],
    ['<script>alert(1)</script>', 'provider_error'],
  ])('that the provider ends with %s is %s', async (error, reason) => {
    const upstream = upstreamWith();
    const { transaction } = await upstream.begin();
    const callback = back({ state: transaction.state, error, error_description: 'no\u001b[2J\u202e way' });
    const failure = await failureOf(upstream.finish(callback, transaction));
    expect(failure.reason).toBe(reason);
    expect(failure.message).not.toMatch(/script|no way/);
    expect(String(failure.cause)).toContain('no');
    expect(String(failure.cause)).not.toMatch(/\p{Cc}|\p{Cf}/u);
  });

  it.each([
    ['with another nonce', { idToken: { nonce: 'another' } }],
    ['without a nonce', { idToken: { nonce: undefined } }],
    ['for another client', { idToken: { aud: 'another' } }],
    ['for several, authorized for another', { idToken: { aud: [CLIENT_ID, 'b'], azp: 'b' } }],
    ['of another issuer', { idToken: { iss: 'https://attacker.example' } }],
    ['without a sub', { idToken: { sub: undefined } }],
    ['with an endless sub', { idToken: { sub: 'x'.repeat(300) } }],
    ['with a sub that hides text', { idToken: { sub: 'alice\u202e' } }],
    ['without an end', { idToken: { exp: undefined } }],
    ['without a beginning', { idToken: { iat: undefined } }],
    ['that is not there', { token: { id_token: undefined } }],
    ['that is no token', { token: { id_token: 'x' } }],
    ['that is a number', { token: { id_token: 5 } }],
    ['with an unknown key', { header: { kid: 'unknown' } }],
  ] as [string, Person][])('does not come of an ID token %s', async (_, person) => {
    expect(await reasonOf(logIn(person))).toBe('invalid');
  });

  it('does not come of a signature by an algorithm or a key that is not accepted', async () => {
    expect(await reasonOf(logIn({ header: { alg: 'ES256' } }, { algs: ['RS256'] }))).toBe('invalid');
    const [header, payload] = (await provider.sign({})).split('.');
    const none = Buffer.from('{"alg":"none"}').toString('base64url');
    for (const id_token of [`${none}.${payload}.`, `${header}.${payload}.AAAA`, `${header}.${payload}.`]) {
      expect(await reasonOf(logIn({ token: { id_token } }))).toBe('invalid');
    }
  });

  it.each([
    ['ended an hour ago', { iat: -3900, exp: -3600 }],
    ['begins in five minutes', { iat: 300, exp: 600 }],
    ['counts from five minutes on', { nbf: 300 }],
  ])('says that the clocks disagree where the ID token %s', async (_, offsets) => {
    const now = Math.floor(clock.now() / 1000);
    const idToken = Object.fromEntries(Object.entries(offsets).map(([name, offset]) => [name, now + offset]));
    expect(await reasonOf(logIn({ idToken }))).toBe('clock_skew');
  });

  it('bears clocks that are half a minute apart', async () => {
    const now = Math.floor(clock.now() / 1000);
    expect((await logIn({ idToken: { iat: now + 30, nbf: now + 30 } })).user).toBe('alice');
    expect((await logIn({ idToken: { iat: now - 300, exp: now - 30 } })).user).toBe('alice');
  });

  it.each([
    [{ status: 400, body: { error: 'invalid_grant' } }, 'code_refused'],
    [{ status: 401, body: { error: 'invalid_client' } }, 'client_refused'],
    [{ status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } }, 'client_refused'],
    [{ status: 400, body: { error: 'invalid_request' } }, 'provider_error'],
    [{ status: 503, body: 'down' }, 'unavailable'],
    [{ status: 429, body: { error: 'slow_down' } }, 'unavailable'],
    [{ hangs: true }, 'unavailable'],
    [{ status: 302, headers: { location: 'http://127.0.0.1:9/' } }, 'invalid'],
    [{ body: '<html>access_token</html>' }, 'invalid'],
    [{ body: '{"access_token":', headers: { 'content-type': 'application/json' } }, 'invalid'],
    [{ body: [] }, 'invalid'],
    [{ body: { access_token: 'a', token_type: 'mac' } }, 'invalid'],
    [{ body: { access_token: 7, token_type: 'bearer' } }, 'invalid'],
    [{ body: { filler: 'x'.repeat(300_000) } }, 'unavailable'],
  ] as const)('whose code is answered with %j is %s', async (answer, reason) => {
    const upstream = upstreamWith();
    const { transaction } = await upstream.begin();
    provider.answer('token', answer);
    expect(await reasonOf(upstream.finish(back({ state: transaction.state, code: 'c' }), transaction))).toBe(reason);
  });

  it('waits no longer for keys that do not come', async () => {
    provider.answer('jwks', { status: 500 });
    expect(await reasonOf(logIn())).toBe('unavailable');
  });

  it('leaves no token, code or secret in an error or in the log', async () => {
    for (const person of [
      { idToken: { nonce: 'x' } },
      { idToken: { groups: 5 } },
      { header: { kid: 'unknown' } },
      { token: { token_type: 'mac' } },
      { token: { expires_in: 'soon' } },
    ] as Person[]) {
      const failure = await logIn(person).catch((error: unknown) => error);
      log.push(inspect(failure, { depth: 10, showHidden: true }));
    }
    const everything = log.join('\n');
    expect(everything).not.toMatch(/opaque-access|first-refresh|a secret|eyJ|the-code/);
  });
});

describe('who a person is', () => {
  it('is not asked further where the ID token says it', async () => {
    await logIn();
    expect(provider.count('userinfo')).toBe(0);
  });

  it('is said by userinfo where the ID token does not, which must speak of the same person', async () => {
    const idToken = { preferred_username: undefined, groups: undefined };
    provider.answer('userinfo', { body: { sub: 'alice-id', preferred_username: 'al', groups: ['vsphere-admins'] } });
    expect(await logIn({ idToken })).toMatchObject({ user: 'al', groups: ['vsphere-admins'] });
    expect(provider.requests.at(-1)!.authorization).toBe('Bearer opaque-access-token');
    provider.answer('userinfo', { body: { sub: 'bob-id', preferred_username: 'al', groups: ['vsphere-admins'] } });
    expect(await reasonOf(logIn({ idToken }))).toBe('invalid');
  });

  it('is taken from the first source that has the claim, also where it is malformed there', async () => {
    provider.answer('userinfo', { body: { sub: 'alice-id', preferred_username: 'al', groups: ['vsphere-admins'] } });
    expect(await logIn({}, { claimsSources: ['userinfo', 'id_token'] })).toMatchObject({ groups: ['vsphere-admins'] });
    expect(await logIn({ idToken: { groups: { a: 1 } } })).toMatchObject({
      groups: [],
      groupsProblem: 'groups_malformed',
    });
    expect(await logIn({ idToken: { groups: [] } })).toMatchObject({ groups: [] });
  });

  it.each([403, 404])('goes on without userinfo where it answers %i', async (status) => {
    provider.answer('userinfo', { status, body: {} });
    expect(await logIn({ idToken: { groups: undefined } })).toMatchObject({ groupsProblem: 'groups_absent' });
  });

  it.each([
    [{ status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } }, 'provider_error'],
    [{ status: 500 }, 'unavailable'],
    [{ hangs: true }, 'unavailable'],
    [{ body: 'alice' }, 'invalid'],
    [{ body: { groups: ['vsphere-admins'] } }, 'invalid'],
  ] as const)('is nobody where userinfo answers %j', async (answer, reason) => {
    provider.answer('userinfo', answer);
    expect(await reasonOf(logIn({ idToken: { groups: undefined } }))).toBe(reason);
  });

  it('is said by the access token only where it is a JWT of this provider about this person', async () => {
    provider.metadata.userinfo_endpoint = undefined;
    const own = { aud: 'https://api', groups: ['vsphere-admins'] };
    const groupsWith = async (access_token: string) =>
      (await logIn({ idToken: { groups: undefined }, token: { access_token } })).groups;
    expect(await groupsWith(await provider.sign(own))).toEqual(['vsphere-admins']);
    expect(await groupsWith(await provider.sign({ ...own, sub: 'bob-id' }))).toEqual([]);
    expect(await groupsWith(await provider.sign({ ...own, iss: 'https://sts.example' }))).toEqual([]);
    expect(await groupsWith(await provider.sign({ ...own, exp: 1 }))).toEqual([]);
    expect(await groupsWith(await provider.sign(own, { kid: 'unknown' }))).toEqual([]);
    expect(await groupsWith('a.b.c')).toEqual([]);
    const [header, payload] = (await provider.sign(own)).split('.');
    expect(await groupsWith(`${header}.${payload}.${'A'.repeat(342)}`)).toEqual([]);
  });

  it('is said by introspection, which is asked only where it is switched on', async () => {
    provider.metadata.userinfo_endpoint = undefined;
    provider.metadata.introspection_endpoint = `${provider.issuer}/introspection`;
    provider.answer('introspection', { body: { active: true, groups: ['vsphere-admins'] } });
    const idToken = { groups: undefined };
    expect((await logIn({ idToken })).groups).toEqual([]);
    expect(provider.count('introspection')).toBe(0);
    expect((await logIn({ idToken }, { introspection: true })).groups).toEqual(['vsphere-admins']);
    expect(provider.requests.at(-1)!.form.get('token')).toBe('opaque-access-token');
  });

  it.each([
    [{ body: { active: false } }, 'denied'],
    [{ body: { active: true, sub: 'bob-id' } }, 'invalid'],
    [{ body: {} }, 'invalid'],
    [{ status: 401, body: { error: 'invalid_client' } }, 'client_refused'],
    [{ status: 500 }, 'unavailable'],
  ] as const)('is nobody where introspection answers %j', async (answer, reason) => {
    provider.metadata.introspection_endpoint = `${provider.issuer}/introspection`;
    provider.answer('introspection', answer);
    expect(await reasonOf(logIn({}, { introspection: true }))).toBe(reason);
  });

  it('is nobody where introspection is switched on and the provider has none', async () => {
    expect(await reasonOf(logIn({}, { introspection: true }))).toBe('provider_error');
  });

  it('is nobody without the claim that must hold the name', async () => {
    provider.answer('userinfo', { body: { sub: 'alice-id' } });
    const claims = { groups: ['groups'], username: 'upn' };
    expect(await reasonOf(logIn({}, { claims }))).toBe('no_user');
    expect(await logIn({ idToken: { upn: 'alice@corp' } }, { claims })).toMatchObject({ user: 'alice@corp' });
  });
});

describe('what providers do differently', () => {
  const noUserinfo = () => {
    provider.metadata.userinfo_endpoint = undefined;
  };

  it('Authentik: the unverified address names a person, and gives no groups by the map', async () => {
    noUserinfo();
    const groupMap = { users: new Map([['a@corp.example', ['vsphere-admins']]]), groups: new Map() };
    const idToken = { preferred_username: undefined, email: 'a@corp.example', email_verified: false };
    const login = await logIn({ idToken }, { claims: { groups: ['groups'], groupMap } });
    expect(login).toMatchObject({ user: 'a@corp.example', groups: ['vsphere-readers'] });
  });

  it('Keycloak: groups are paths, roles stand deeper', async () => {
    const idToken = { groups: ['/vsphere-readers', '/a/b'] };
    expect(await logIn({ idToken }, { claims: { groups: ['groups'], stripPrefix: '/' } })).toMatchObject({
      groups: ['vsphere-readers', 'a/b'],
    });
    const roles = { groups: undefined, realm_access: { roles: ['vsphere-admins'] } };
    const claims = { groups: ['/realm_access/roles'] };
    expect(await logIn({ idToken: roles }, { claims })).toMatchObject({ groups: ['vsphere-admins'] });
  });

  it('Auth0: the claim is a URL', async () => {
    const idToken = { groups: undefined, 'https://corp.example/groups': ['vsphere-readers'] };
    const claims = { groups: ['https://corp.example/groups'] };
    expect(await logIn({ idToken }, { claims })).toMatchObject({ groups: ['vsphere-readers'] });
  });

  it('Okta: the groups are in the ID token and nowhere else', async () => {
    provider.answer('userinfo', { body: { sub: 'alice-id', preferred_username: 'alice@corp' } });
    const idToken = { preferred_username: undefined };
    expect(await logIn({ idToken })).toMatchObject({ user: 'alice@corp', groups: ['vsphere-readers'] });
  });

  it.each([
    { _claim_names: { groups: 'src1' }, _claim_sources: { src1: { endpoint: 'https://attacker.example/' } } },
    { hasgroups: true },
  ])('Entra ID: too many groups are none, with a reason of their own: %j', async (overage) => {
    noUserinfo();
    expect(await logIn({ idToken: { groups: undefined, ...overage } })).toMatchObject({
      groups: [],
      groupsProblem: 'groups_overage',
    });
  });

  it('Google: groups come of the map, by the verified address or the sub', async () => {
    noUserinfo();
    const idToken = { preferred_username: undefined, groups: undefined, email: 'a@corp.example', email_verified: true };
    const groupMap = { users: new Map([['a@corp.example', ['vsphere-operators']]]), groups: new Map() };
    expect(await logIn({ idToken }, { claims: { groups: ['groups'], groupMap } })).toMatchObject({
      user: 'a@corp.example',
      groups: ['vsphere-operators'],
    });
  });

  it('glewlwyd: the groups are one text in the access token', async () => {
    noUserinfo();
    const access_token = await provider.sign({ groups: 'vsphere-readers,vsphere-operators' });
    const claims = { groups: ['groups'], separator: ',' };
    expect(await logIn({ idToken: { groups: undefined }, token: { access_token } }, { claims })).toMatchObject({
      groups: ['vsphere-readers', 'vsphere-operators'],
    });
  });
});

describe('a refresh', () => {
  it('reads the groups again and takes the token that replaces the old one', async () => {
    provider.answer('token', async () => ({
      body: await tokens(undefined, { idToken: { groups: ['b'] }, token: { refresh_token: 'second' } }),
    }));
    const login = await upstreamWith().refresh(oldToken, REFRESH_OF());
    if (login === 'ended') throw new Error('ended');
    expect(login).toMatchObject({ user: 'alice', groups: ['b'] });
    expect(login.refreshToken!.reveal()).toBe('second');
    expect(provider.requests.find(({ endpoint }) => endpoint === 'token')!.form.get('refresh_token')).toBe(
      'first-refresh-token',
    );
  });

  it('needs no ID token, and says so where the old refresh token goes on', async () => {
    provider.answer('token', async () => ({
      body: await tokens(undefined, { token: { id_token: undefined, refresh_token: undefined } }),
    }));
    provider.answer('userinfo', { body: { sub: 'alice-id', preferred_username: 'alice', groups: ['c'] } });
    const login = await upstreamWith().refresh(oldToken, REFRESH_OF());
    expect(login).toMatchObject({ sub: 'alice-id', groups: ['c'] });
    expect(login).not.toHaveProperty('refreshToken');
  });

  it.each([
    ['4xx', { status: 400, body: { error: 'invalid_grant' } }],
    ['4xx without JSON', { status: 403, body: 'no' }],
    ['no JSON', { body: '<html>' }],
    ['a redirect', { status: 302, headers: { location: '/login' } }],
    ['JSON that is no answer', { body: { hello: 'world' } }],
  ])('that is answered with %s ends the session', async (_, answer) => {
    provider.answer('token', answer);
    expect(await upstreamWith().refresh(oldToken, REFRESH_OF())).toBe('ended');
  });

  it.each([
    ['5xx', { status: 502, body: '<html>' }],
    ['too many requests', { status: 429, body: { error: 'slow_down' } }],
    ['nothing', { hangs: true } as const],
  ])('that is answered with %s says nothing about the session', async (_, answer) => {
    provider.answer('token', answer);
    const failure = await failureOf(upstreamWith().refresh(oldToken, REFRESH_OF()));
    expect([failure.reason, failure.code]).toEqual(['unavailable', 'UNAVAILABLE']);
    expect(failure.renewedRefreshToken).toBeUndefined();
  });

  it('says nothing about the session where the provider is gone', async () => {
    const upstream = upstreamWith();
    await upstream.begin();
    await provider.stop();
    expect(await reasonOf(upstream.refresh(oldToken, REFRESH_OF()))).toBe('unavailable');
    provider = await startScriptedProvider(clock);
  });

  it('hands on the new token where the groups cannot be read after it', async () => {
    provider.answer('token', async () => ({
      body: await tokens(undefined, { token: { id_token: undefined, refresh_token: 'second' } }),
    }));
    provider.answer('userinfo', { status: 500 });
    const failure = await failureOf(upstreamWith().refresh(oldToken, REFRESH_OF()));
    expect(failure.reason).toBe('unavailable');
    expect(failure.renewedRefreshToken!.reveal()).toBe('second');
  });

  it('is over in good time, however long each answer may take', async () => {
    const body = await tokens(undefined, { token: { id_token: undefined, refresh_token: 'second' } });
    provider.answer('token', { body });
    provider.answer('userinfo', { hangs: true });
    const upstream = upstreamWith({ timeoutMs: 3_600_000, refreshDeadlineMs: 1_000 });
    const failure = await failureOf(upstream.refresh(oldToken, REFRESH_OF()));
    expect([failure.reason, failure.renewedRefreshToken?.reveal()]).toEqual(['unavailable', 'second']);
  });

  it('says nothing about the session where the clocks disagree', async () => {
    provider.answer('token', async () => ({ body: await tokens(undefined, { idToken: { exp: 1 } }) }));
    const failure = await failureOf(upstreamWith().refresh(oldToken, REFRESH_OF()));
    expect([failure.reason, failure.message]).toEqual(['unavailable', expect.stringContaining('clocks')]);
  });

  it.each([
    ['the ID token is about somebody else', { sub: 'bob-id' }],
    ['the ID token is of another issuer', { iss: 'https://attacker.example' }],
    ['the ID token is for another client', { aud: 'another' }],
  ])('ends the session where %s', async (_, idToken) => {
    provider.answer('token', async () => ({ body: await tokens(undefined, { idToken }) }));
    expect(await upstreamWith().refresh(oldToken, REFRESH_OF())).toBe('ended');
  });

  it('ends the session of a provider that is no longer configured, without showing it the token', async () => {
    expect(await upstreamWith().refresh(oldToken, { sub: 'alice-id', iss: 'https://old.example' })).toBe('ended');
    expect(provider.count('token')).toBe(0);
  });

  it.each([
    ['userinfo refuses the new token', 'userinfo', { status: 401, headers: { 'www-authenticate': 'Bearer' } }],
    ['userinfo is about somebody else', 'userinfo', { body: { sub: 'bob-id', groups: ['vsphere-admins'] } }],
    ['introspection calls the new token void', 'introspection', { body: { active: false } }],
  ] as const)('ends the session where %s', async (_, endpoint, answer) => {
    provider.metadata.introspection_endpoint = `${provider.issuer}/introspection`;
    provider.answer('token', async () => ({ body: await tokens(undefined, { token: { id_token: undefined } }) }));
    provider.answer(endpoint, answer);
    const upstream = upstreamWith({ introspection: endpoint === 'introspection' });
    expect(await upstream.refresh(oldToken, REFRESH_OF())).toBe('ended');
  });
});

describe('a logout token', () => {
  const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
  const claims = { events, jti: 'j1', sid: 'session-1' };

  it.each(['logout+jwt', 'application/logout+jwt', 'JWT', undefined])('of type %s names who left', async (typ) => {
    const token = await provider.sign(claims, typ === undefined ? {} : { typ });
    expect(await upstreamWith().verifyLogoutToken(token)).toEqual({
      iss: provider.issuer,
      sub: 'alice-id',
      sid: 'session-1',
      jti: 'j1',
      expiresAt: Math.floor(clock.now() / 1000) + 660,
    });
  });

  it.each([
    ['names the person only', { sid: undefined }, { sub: 'alice-id' }],
    ['names the session only', { sub: undefined }, { sid: 'session-1' }],
    ['has no end, as in older drafts', { exp: undefined }, { sid: 'session-1' }],
  ])('that %s counts', async (_, changes, expected) => {
    const token = await provider.sign({ ...claims, ...changes }, { typ: 'logout+jwt' });
    expect(await upstreamWith().verifyLogoutToken(token)).toMatchObject(expected);
  });

  it.each([
    ['is an ID token', { events: undefined, nonce: 'n' }],
    ['has a nonce', { nonce: 'n' }],
    ['has no event', { events: undefined }],
    ['has another event', { events: { 'http://schemas.openid.net/event/other': {} } }],
    ['has an event that is no object', { events: { 'http://schemas.openid.net/event/backchannel-logout': true } }],
    ['has a list of events', { events: Object.keys(events) }],
    ['has no jti', { jti: undefined }],
    ['has an endless jti', { jti: 'j'.repeat(300) }],
    ['names nobody', { sub: undefined, sid: undefined }],
    ['names a session that is no text', { sid: { $ne: null } }],
    ['is for another client', { aud: 'another' }],
    ['is of another issuer', { iss: 'https://attacker.example' }],
    ['has ended', { exp: 1 }],
    ['is an hour old', { iat: Math.floor(Date.now() / 1000) - 3600 }],
    ['is of tomorrow', { iat: Math.floor(Date.now() / 1000) + 86_400 }],
  ] as [string, object][])('that %s is refused', async (_, changes) => {
    const token = await provider.sign({ ...claims, ...changes }, { typ: 'logout+jwt' });
    expect(await reasonOf(upstreamWith().verifyLogoutToken(token))).toBe('invalid');
  });

  it.each(['at+jwt', 'id+jwt', 'secevent+jwt'])('of type %s is refused', async (typ) => {
    expect(await reasonOf(upstreamWith().verifyLogoutToken(await provider.sign(claims, { typ })))).toBe('invalid');
  });

  it('that nobody signed, or that is no token, is refused', async () => {
    const [header, payload] = (await provider.sign(claims)).split('.');
    const none = Buffer.from('{"alg":"none"}').toString('base64url');
    for (const token of ['', 'x', `${none}.${payload}.`, `${header}.${payload}.AAAA`, 'a'.repeat(100_000)]) {
      expect(await reasonOf(upstreamWith().verifyLogoutToken(token))).toBe('invalid');
    }
  });
});
