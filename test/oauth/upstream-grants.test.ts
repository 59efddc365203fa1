/** Grants that live by a real provider, which takes each refresh token once. */
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type IdentityProvider, startIdentityProvider } from '../../lab/identity-provider/identity-provider.ts';
import { PASSWORD } from '../../lab/identity-provider/people.ts';
import { Secret } from '../../src/lib/secret.ts';
import { createUpstream, type Upstream } from '../../src/oauth/upstream.ts';
import { loginParts } from '../support/login-parts.ts';
import { type ManualClock, manualClock } from '../support/manual-clock.ts';
import { createUserAgent } from '../support/user-agent.ts';

const REDIRECT = 'https://mcp.example.com/auth/callback';
const CLIENT = { client_id: 'mcvsphere', client_secret: 'a secret', redirect_uris: [REDIRECT] };
const MINUTE = 60_000;

let clock: ManualClock;
let provider: IdentityProvider;
let upstream: Upstream;

beforeEach(async () => {
  clock = manualClock();
  provider = await startIdentityProvider({ clients: [CLIENT], clock });
  upstream = createUpstream({
    issuer: provider.issuer,
    allowInsecure: true,
    clientId: CLIENT.client_id,
    clientSecret: new Secret(CLIENT.client_secret),
    tokenAuthMethod: 'client_secret_post',
    redirectUri: REDIRECT,
    extraAuthParams: [],
    algs: ['RS256'],
    claims: { groups: ['groups'] },
    claimsSources: ['id_token', 'userinfo'],
    introspection: false,
    clock,
    logger: pino({ level: 'silent' }),
  });
});
afterEach(() => provider.stop());

async function sessionOfReader() {
  const parts = await loginParts({ clock, refresh: upstream.refresh });
  const { url, transaction } = await upstream.begin();
  const browser = createUserAgent({ now: () => clock.now() });
  const page = await browser.login(url, 'reader', PASSWORD, { until: ({ href }) => href.startsWith(REDIRECT) });
  const login = await upstream.finish(page.next!, transaction);
  return { ...parts, grant: await parts.grants.create(login, { id: 'c', name: 'Client' }) };
}

it('follow the groups of a person for as long as the session may be', async () => {
  const { grants, grant } = await sessionOfReader();
  for (const groups of [['vsphere-admins'], [], ['vsphere-operators']]) {
    provider.people.get('reader').groups = groups;
    clock.advance(5 * MINUTE);
    expect((await grants.current(grant.id))?.groups).toEqual(groups);
  }
  expect(provider.endpoints.requests('token')).toBe(4);
});

it('survive that the provider gives a new token and then cannot say who it is for', async () => {
  Object.assign(provider.behaviour, { groupsIn: ['userinfo'], idTokenOnRefresh: false });
  const { grants, grant } = await sessionOfReader();
  provider.endpoints.break('userinfo', { status: 503 });
  clock.advance(5 * MINUTE);
  expect((await grants.current(grant.id))?.groups).toEqual(['vsphere-readers']);
  expect(provider.endpoints.requests('token')).toBe(2);

  provider.endpoints.mend();
  provider.people.get('reader').groups = ['vsphere-admins'];
  clock.advance(MINUTE);
  expect((await grants.current(grant.id))?.groups).toEqual(['vsphere-admins']);
});

it('end with the person', async () => {
  const { grants, grant } = await sessionOfReader();
  provider.people.get('reader').state = 'deleted';
  clock.advance(5 * MINUTE);
  expect(await grants.current(grant.id)).toBeUndefined();
});
