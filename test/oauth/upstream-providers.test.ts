/** The whole login at a real OpenID provider, in the shapes that providers give it. */
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AUTH0_GROUPS_CLAIM } from '../../lab/identity-provider/group-shapes.ts';
import { type IdentityProvider, startIdentityProvider } from '../../lab/identity-provider/identity-provider.ts';
import { PASSWORD } from '../../lab/identity-provider/people.ts';
import { Secret } from '../../src/lib/secret.ts';
import { createUpstream, type Upstream, type UpstreamLogin, type UpstreamOptions } from '../../src/oauth/upstream.ts';
import { type ManualClock, manualClock } from '../support/manual-clock.ts';
import { createUserAgent } from '../support/user-agent.ts';

const REDIRECT = 'https://mcp.example.com/auth/callback';
const CLIENT = { client_id: 'mcvsphere', client_secret: 'a secret: with % and +', redirect_uris: [REDIRECT] };
const BASIC = { ...CLIENT, client_id: 'basic', token_endpoint_auth_method: 'client_secret_basic' } as const;

let clock: ManualClock;
let provider: IdentityProvider;

beforeAll(async () => {
  clock = manualClock();
  provider = await startIdentityProvider({ clients: [CLIENT, BASIC], clock });
});
afterAll(() => provider.stop());
beforeEach(() => {
  provider.reset();
  provider.people.get('reader').groups = ['vsphere-readers'];
});

function upstreamWith(options: Partial<UpstreamOptions> = {}) {
  return createUpstream({
    issuer: provider.issuer,
    allowInsecure: true,
    clientId: CLIENT.client_id,
    clientSecret: new Secret(CLIENT.client_secret),
    tokenAuthMethod: 'client_secret_post',
    redirectUri: REDIRECT,
    extraAuthParams: [],
    algs: ['RS256', 'ES256'],
    claims: { groups: ['groups'] },
    claimsSources: ['id_token', 'userinfo', 'access_token', 'introspection'],
    introspection: false,
    clock,
    logger: pino({ level: 'silent' }),
    ...options,
  });
}

/** A person logs in with a browser; the gateway finishes with the address that they come back to. */
async function logIn(options: Partial<UpstreamOptions> = {}, person = 'reader'): Promise<UpstreamLogin> {
  return logInAt(upstreamWith(options), person);
}

async function logInAt(upstream: Upstream, person = 'reader'): Promise<UpstreamLogin> {
  const { url, transaction } = await upstream.begin();
  const browser = createUserAgent({ now: () => clock.now() });
  const page = await browser.login(url, person, PASSWORD, { until: ({ href }) => href.startsWith(REDIRECT) });
  return upstream.finish(page.next!, transaction);
}

async function refreshed(login: UpstreamLogin, options: Partial<UpstreamOptions> = {}) {
  return upstreamWith(options).refresh(login.refreshToken!, login);
}

describe('a person who logs in', () => {
  it('is known by name, subject and groups, and can be read again', async () => {
    const login = await logIn();
    const { sub } = provider.people.get('reader');
    expect(login).toMatchObject({ user: 'reader', sub, iss: provider.issuer, groups: ['vsphere-readers'] });
    provider.people.get('reader').groups = ['vsphere-admins'];
    const second = await refreshed(login);
    expect(second).toMatchObject({ user: 'reader', sub, groups: ['vsphere-admins'] });
    // It was rotated, and the old one is void with all that came of it.
    expect(await refreshed(login)).toBe('ended');
    expect(await refreshed(second as UpstreamLogin)).toBe('ended');
  });

  it('and has no group has none', async () => {
    expect(await logIn({}, 'guest')).toMatchObject({ user: 'guest', groups: [] });
  });

  it('can cancel', async () => {
    const upstream = upstreamWith();
    const { url, transaction } = await upstream.begin();
    const browser = createUserAgent();
    const page = await browser.follow(await browser.open(url));
    const form = page.forms.findIndex(({ buttons }) => buttons.some(({ value }) => value === 'cancel'));
    const until = ({ href }: URL) => href.startsWith(REDIRECT);
    const back = await browser.follow(await browser.submit(page, {}, { form, button: 'cancel' }), { until });
    await expect(upstream.finish(back.next!, transaction)).rejects.toMatchObject({ reason: 'denied' });
  });

  it('cannot come back twice with one code', async () => {
    const upstream = upstreamWith();
    const { url, transaction } = await upstream.begin();
    const until = ({ href }: URL) => href.startsWith(REDIRECT);
    const page = await createUserAgent().login(url, 'reader', PASSWORD, { until });
    await upstream.finish(page.next!, transaction);
    await expect(upstream.finish(page.next!, transaction)).rejects.toMatchObject({ reason: 'code_refused' });
  });

  it('cannot come back with the code of another login', async () => {
    const upstream = upstreamWith();
    const [mine, other] = await Promise.all([upstream.begin(), upstream.begin()]);
    const until = ({ href }: URL) => href.startsWith(REDIRECT);
    const page = await createUserAgent().login(other.url, 'reader', PASSWORD, { until });
    const callback = new URL(page.next!);
    callback.searchParams.set('state', mine.transaction.state);
    await expect(upstream.finish(callback, mine.transaction)).rejects.toMatchObject({ reason: 'code_refused' });
  });

  it('is not let in by a provider that gives the wrong iss parameter', async () => {
    provider.behaviour.issParameter = 'wrong';
    await expect(logIn()).rejects.toMatchObject({ reason: 'invalid' });
  });

  it.each([3600, -7200])('is told of clocks that are %i seconds apart', async (skewSeconds) => {
    provider.behaviour.skewSeconds = skewSeconds;
    await expect(logIn()).rejects.toMatchObject({ reason: 'clock_skew' });
  });

  it.each([
    ['a key that is not published', { signWith: 'unpublished' }],
    ['another audience', { idTokenClaims: { aud: 'another' } }],
  ] as const)('is not let in by an ID token with %s', async (_, behaviour) => {
    Object.assign(provider.behaviour, behaviour);
    await expect(logIn()).rejects.toMatchObject({ reason: 'invalid' });
  });

  it('is let in by whichever algorithm the operator accepts', async () => {
    provider.behaviour.signingAlg = 'ES256';
    expect(await logIn()).toMatchObject({ user: 'reader' });
    await expect(logIn({ algs: ['RS256'] })).rejects.toMatchObject({ reason: 'invalid' });
  });

  it('is not let in by a gateway with a wrong secret, and that is said', async () => {
    await expect(logIn({ clientSecret: new Secret('wrong') })).rejects.toMatchObject({ reason: 'client_refused' });
  });
});

describe('providers', () => {
  it('Authentik, Dex: a refresh needs offline_access, which is asked for where it is on offer', async () => {
    provider.behaviour.refreshTokens = 'with_offline_access';
    expect(await logIn({ scopes: ['openid', 'profile'] })).not.toHaveProperty('refreshToken');
    const scope = new URL((await upstreamWith().begin()).url).searchParams.get('scope');
    expect(scope).toContain('offline_access');
  });

  it('Keycloak: groups as paths, or roles', async () => {
    provider.behaviour.groups = 'keycloak';
    expect(await logIn({ claims: { groups: ['groups'], stripPrefix: '/' } })).toMatchObject({
      groups: ['vsphere-readers'],
    });
    provider.behaviour.groups = 'keycloak_roles';
    expect((await logIn({ claims: { groups: ['/realm_access/roles'] } })).groups).toContain('vsphere-readers');
    expect(await logIn()).toMatchObject({ groups: [], groupsProblem: 'groups_absent' });
  });

  it('Auth0: a claim that is a URL', async () => {
    provider.behaviour.groups = 'auth0';
    expect(await logIn({ claims: { groups: [AUTH0_GROUPS_CLAIM] } })).toMatchObject({ groups: ['vsphere-readers'] });
  });

  it('Okta: groups in the ID token only', async () => {
    provider.behaviour.groupsIn = ['id_token'];
    provider.behaviour.accessTokens = 'opaque';
    const login = await logIn();
    expect(login).toMatchObject({ groups: ['vsphere-readers'] });
    expect(await refreshed(login)).toMatchObject({ groups: ['vsphere-readers'] });
  });

  it.each(['entra_overage', 'entra_hasgroups'] as const)('Entra ID: too many groups (%s)', async (shape) => {
    provider.behaviour.groups = shape;
    expect(await logIn()).toMatchObject({ groups: [], groupsProblem: 'groups_overage' });
  });

  it('Google: no groups, and those of the map', async () => {
    provider.behaviour.groups = 'absent';
    const groupMap = { users: new Map([['reader', ['vsphere-operators']]]), groups: new Map() };
    expect(await logIn({ claims: { groups: ['groups'], groupMap } })).toMatchObject({ groups: ['vsphere-operators'] });
  });

  it('glewlwyd: a comma-separated text in the access token, no ID token on refresh, a secret taken as it stands', async () => {
    Object.assign(provider.behaviour, {
      groups: 'comma',
      groupsIn: ['access_token'],
      idTokenOnRefresh: false,
      basicCredentials: 'raw',
    });
    provider.people.get('reader').groups = ['vsphere-readers', 'vsphere-operators'];
    const claims = { groups: ['groups'], separator: ',' };
    const login = await logIn({ claims });
    expect(login).toMatchObject({ groups: ['vsphere-readers', 'vsphere-operators'] });
    expect(await refreshed(login, { claims })).toMatchObject({ groups: ['vsphere-readers', 'vsphere-operators'] });
    const basic = { clientId: BASIC.client_id, tokenAuthMethod: 'client_secret_basic' } as const;
    await expect(logIn({ claims, ...basic })).rejects.toMatchObject({ reason: 'client_refused' });
  });

  it('with an opaque access token that says the groups when it is asked about', async () => {
    Object.assign(provider.behaviour, { groupsIn: ['introspection'], accessTokens: 'opaque' });
    expect(await logIn({ introspection: true })).toMatchObject({ groups: ['vsphere-readers'] });
    expect(await logIn()).toMatchObject({ groups: [], groupsProblem: 'groups_absent' });
  });

  it.each([
    ['userinfo', 'id_token'],
    ['id_token', 'userinfo'],
  ] as const)('that speak with two tongues are believed in the order of the operator: %s', async (first, second) => {
    provider.behaviour.groupsIn = [first];
    provider.behaviour[first === 'userinfo' ? 'idTokenClaims' : 'userinfoClaims'] = { groups: ['vsphere-admins'] };
    expect(await logIn({ claimsSources: [first, second] })).toMatchObject({ groups: ['vsphere-readers'] });
    expect(await logIn({ claimsSources: [second, first] })).toMatchObject({ groups: ['vsphere-admins'] });
  });

  it.each([[{ a: 1 }], [7], [['vsphere-readers', 5]]])('with groups that are %j give none', async (malformed) => {
    provider.behaviour.groups = { malformed };
    expect(await logIn()).toMatchObject({ groups: [], groupsProblem: 'groups_malformed' });
  });
});

describe('a refresh', () => {
  it('ends with a person who was disabled or deleted, unless the provider goes on', async () => {
    for (const state of ['disabled', 'deleted'] as const) {
      const login = await logIn();
      provider.people.get('reader').state = state;
      expect(await refreshed(login)).toBe('ended');
      provider.people.get('reader').state = 'active';
    }
    const login = await logIn();
    provider.people.get('reader').state = 'disabled_but_refreshing';
    expect(await refreshed(login)).toMatchObject({ user: 'reader' });
  });

  it('tells a provider that is down from one that says no', async () => {
    const login = await logIn();
    provider.endpoints.break('token', { status: 503 });
    await expect(refreshed(login)).rejects.toMatchObject({ reason: 'unavailable' });
    provider.endpoints.break('token', { dropped: true });
    await expect(refreshed(login)).rejects.toMatchObject({ reason: 'unavailable' });
    provider.endpoints.mend();
    const again = await refreshed(login);
    expect(again).toMatchObject({ groups: ['vsphere-readers'] });
    provider.endpoints.break('token', { status: 200, body: '<!DOCTYPE html>', contentType: 'text/html' });
    expect(await refreshed(again as UpstreamLogin)).toBe('ended');
  });

  it('goes on after new keys', async () => {
    const upstream = upstreamWith();
    const login = await logInAt(upstream);
    await provider.rotateKeys();
    clock.advance(30_000);
    expect(await upstream.refresh(login.refreshToken!, login)).toMatchObject({ user: 'reader' });
  });
});

describe('a logout at the provider', () => {
  it('is told by a token that names person and session', async () => {
    const { sub } = provider.people.get('reader');
    const token = await provider.logoutToken({ clientId: CLIENT.client_id, sub, sid: 's1' });
    expect(await upstreamWith().verifyLogoutToken(token)).toMatchObject({ iss: provider.issuer, sub, sid: 's1' });
    const other = await provider.logoutToken({ clientId: BASIC.client_id, sub });
    await expect(upstreamWith().verifyLogoutToken(other)).rejects.toMatchObject({ reason: 'invalid' });
  });
});
