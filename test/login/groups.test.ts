/** Groups change at the provider, and sessions end there: what a client feels that does nothing by itself. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Behaviour } from '../../lab/identity-provider/behaviour.ts';
import { NOT_JSON } from '../../lab/identity-provider/endpoints.ts';
import {
  askForTools,
  claimsOf,
  type LoggedIn,
  type LoginLab,
  logIn,
  loginRecords,
  postForm,
  startLoginLab,
  toolsOf,
  UPSTREAM_CLIENT,
} from '../support/login.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let lab: LoginLab;
let person: LoggedIn;
beforeAll(async () => {
  lab = await startLoginLab();
});
beforeEach(async () => {
  person = await logIn(lab, 'operator');
});
afterEach(() => {
  lab.provider.reset();
  lab.provider.people.get('operator').groups = ['vsphere-operators'];
});
afterAll(() => lab?.stop());

const tools = () => toolsOf(lab, person.tokens.access_token);
const sidOf = ({ tokens }: LoggedIn) => claimsOf(tokens.access_token).sid;
const recordsOf = (login: LoggedIn) => loginRecords(lab).filter(({ sid }) => sid === sidOf(login));

describe('a change of groups', () => {
  it('is felt within five minutes, up and down, while the client does nothing but call', async () => {
    expect(await tools()).toContain('power_on');
    lab.provider.people.get('operator').groups = ['vsphere-readers'];
    lab.clock.advance(5 * MINUTE);
    expect(await tools()).toContain('list_vms');
    expect(await tools()).not.toContain('power_on');
    lab.provider.people.get('operator').groups = ['vsphere-admins'];
    lab.clock.advance(5 * MINUTE);
    expect(await tools()).toContain('delete_vm');
    expect(recordsOf(person).filter(({ reason }) => reason === 'groups_changed')).toHaveLength(2);
  });

  it('that leaves none takes every tool away', async () => {
    lab.provider.people.get('operator').groups = [];
    lab.clock.advance(5 * MINUTE);
    const left = await tools();
    expect(typeof left === 'number' ? [] : left).toEqual([]);
  });

  it('is asked for once, however many calls wait for it', async () => {
    lab.clock.advance(5 * MINUTE);
    const before = lab.provider.endpoints.requests('token');
    const answers = await Promise.all(Array.from({ length: 60 }, tools));
    expect(lab.provider.endpoints.requests('token')).toBe(before + 1);
    for (const answer of answers) expect(answer).toContain('power_on');
  });

  it('is not asked for before it is time', async () => {
    const before = lab.provider.endpoints.requests('token');
    lab.clock.advance(5 * MINUTE - 5_000);
    await tools();
    expect(lab.provider.endpoints.requests('token')).toBe(before);
  });
});

describe('a provider that is down', () => {
  it('leaves the groups as they were for a quarter of an hour; then nobody is let in until it is back', async () => {
    for (const fault of [{ status: 500 }, { status: 503 }, { dropped: true as const }]) {
      person = await logIn(lab, 'operator');
      lab.provider.endpoints.break('token', fault);
      lab.clock.advance(14 * MINUTE);
      expect(await tools()).toContain('power_on');
      lab.clock.advance(MINUTE);
      const refused = await askForTools(lab, person.tokens.access_token);
      expect(refused.status).toBe(503);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(refused.headers.get('www-authenticate')).toBeNull();
      lab.provider.endpoints.mend();
      lab.clock.advance(MINUTE);
      expect(await tools()).toContain('power_on');
    }
  });

  it('that comes back with a no ends the session', async () => {
    lab.provider.endpoints.break('token', { status: 500 });
    lab.clock.advance(6 * MINUTE);
    expect(await tools()).toContain('power_on');
    lab.provider.endpoints.mend();
    lab.provider.people.get('operator').state = 'deleted';
    lab.clock.advance(MINUTE);
    expect(await tools()).toBe(401);
  });
});

describe('a person who is no longer there', () => {
  it('because they were deleted is out when the groups are read again, and cannot refresh', async () => {
    lab.provider.people.get('operator').state = 'deleted';
    lab.clock.advance(5 * MINUTE);
    expect(await tools()).toBe(401);
    expect((await person.client.refresh(person.tokens.refresh_token)).body.error).toBe('invalid_grant');
    expect(recordsOf(person)).toContainEqual(
      expect.objectContaining({ event: 'REVOKED', user: 'operator', reason: 'upstream_ended' }),
    );
  });

  it('is out at the refresh of the client, when that comes first', async () => {
    lab.provider.people.get('operator').state = 'deleted';
    lab.clock.advance(5 * MINUTE);
    const { status, body } = await person.client.refresh(person.tokens.refresh_token);
    expect([status, body.error]).toEqual([400, 'invalid_grant']);
    expect(await tools()).toBe(401);
  });

  it('because they are disabled is out too', async () => {
    lab.provider.people.get('operator').state = 'disabled';
    lab.clock.advance(5 * MINUTE);
    expect(await tools()).toBe(401);
  });

  it('but whom the provider goes on refreshing is out at the end of the session, whatever the client does', async () => {
    lab.provider.people.get('operator').state = 'disabled_but_refreshing';
    let { access_token, refresh_token } = person.tokens;
    for (let hour = 1; hour < 12; hour += 1) {
      lab.clock.advance(HOUR - MINUTE);
      const { status, body } = await person.client.refresh(refresh_token);
      expect([hour, status]).toEqual([hour, 200]);
      ({ access_token, refresh_token } = body as { access_token: string; refresh_token: string });
      expect(await toolsOf(lab, access_token)).toContain('power_on');
    }
    lab.clock.advance(72 * MINUTE);
    const last = await person.client.refresh(refresh_token);
    expect([last.status, last.body.error]).toEqual([400, 'invalid_grant']);
    expect(await toolsOf(lab, access_token)).toBe(401);
  });

  it('has no token that outlives the session', async () => {
    lab.clock.advance(11 * HOUR + 30 * MINUTE);
    const { body } = await person.client.refresh(person.tokens.refresh_token);
    expect(Number(body.expires_in)).toBeLessThanOrEqual(30 * 60);
    expect(await toolsOf(lab, String(body.access_token))).toContain('power_on');
    lab.clock.advance(31 * MINUTE);
    expect(await toolsOf(lab, String(body.access_token))).toBe(401);
  });
});

describe('an answer to the refresh that is none', () => {
  it.each([
    ['a page of a proxy', NOT_JSON],
    ['a refusal', { status: 400, body: '{"error":"invalid_grant"}', contentType: 'application/json' }],
    ['401', { status: 401 }],
    ['403', { status: 403, body: 'forbidden' }],
  ])('ends the session: %s', async (_what, fault) => {
    lab.provider.endpoints.break('token', fault);
    lab.clock.advance(5 * MINUTE);
    expect(await tools()).toBe(401);
    lab.provider.endpoints.mend();
    expect(await tools()).toBe(401);
    expect(recordsOf(person)).toContainEqual(expect.objectContaining({ event: 'REVOKED', user: 'operator' }));
  });

  it('ends the session: the ID token of another person', async () => {
    lab.provider.behaviour.idTokenClaims = { sub: lab.provider.people.get('super-admin').sub };
    lab.clock.advance(5 * MINUTE);
    expect(await tools()).toBe(401);
  });

  it('takes the groups away: ones that cannot be read', async () => {
    lab.provider.behaviour.groups = { malformed: { everything: true } };
    lab.clock.advance(5 * MINUTE);
    const left = await tools();
    expect(typeof left === 'number' ? [] : left).toEqual([]);
  });

  it.each<[string, Partial<Behaviour>]>([
    ['groups_malformed', { groups: { malformed: { everything: true } } }],
    ['groups_absent', { groupsIn: [] }],
    ['group_names_refused', { groups: { malformed: ['vsphere-operators', 'bad\u0000name'] } }],
  ])('is on the record as %s, and its end as a change', async (reason, behaviour) => {
    const reasons = () => recordsOf(person).flatMap(({ event, reason }) => (event === 'TOKEN_REFRESH' ? [reason] : []));
    Object.assign(lab.provider.behaviour, behaviour);
    lab.clock.advance(5 * MINUTE);
    await tools();
    expect(reasons()).toEqual([reason]);
    lab.provider.reset();
    lab.clock.advance(5 * MINUTE);
    expect(await tools()).toContain('power_on');
    expect(reasons()).toEqual([reason, 'groups_changed']);
  });
});

describe('a provider that gives no refresh token', () => {
  it('gives a session as long as its own access token, and no refresh token to the client', async () => {
    lab.provider.behaviour.refreshTokens = 'never';
    lab.provider.behaviour.accessTokenSeconds = 600;
    const short = await logIn(lab, 'reader');
    expect(short.tokens.expires_in).toBeLessThanOrEqual(600);
    expect(short.tokens).not.toHaveProperty('refresh_token');
    lab.clock.advance(9 * MINUTE);
    expect(await toolsOf(lab, short.tokens.access_token)).toContain('list_vms');
    lab.clock.advance(MINUTE + 1_000);
    expect(await toolsOf(lab, short.tokens.access_token)).toBe(401);
  });
});

describe('back-channel logout', () => {
  const logOut = (logout_token: string) => postForm(lab, '/auth/backchannel-logout', { logout_token });
  const subject = () => ({ clientId: UPSTREAM_CLIENT, sub: lab.provider.people.get('operator').sub });

  it('when the provider ends the sessions of a person is felt by the next call, and by nobody else', async () => {
    const other = await logIn(lab, 'reader');
    const deliveries = await lab.provider.endSessions('operator');
    expect(deliveries.length).toBeGreaterThan(0);
    expect(new Set(deliveries.map(({ status }) => status))).toEqual(new Set([200]));
    expect(await tools()).toBe(401);
    expect((await person.client.refresh(person.tokens.refresh_token)).body.error).toBe('invalid_grant');
    expect(await toolsOf(lab, other.tokens.access_token)).toContain('list_vms');
    expect(recordsOf(person)).toContainEqual(expect.objectContaining({ event: 'REVOKED', user: 'operator' }));
  });

  it('of the person ends all that they have', async () => {
    const second = await logIn(lab, 'operator');
    expect((await logOut(await lab.provider.logoutToken(subject()))).status).toBe(200);
    expect(await tools()).toBe(401);
    expect(await toolsOf(lab, second.tokens.access_token)).toBe(401);
  });

  it.each<[string, Record<string, unknown>]>([
    ['for another client', { aud: 'another' }],
    ['of another provider', { iss: 'https://other.example' }],
    ['without an event', { events: undefined }],
    ['with another event', { events: { 'http://schemas.openid.net/event/other': {} } }],
    ['with a nonce', { nonce: 'n' }],
    ['that has expired', { iat: 1_000_000, exp: 1_000_100 }],
    ['about nobody', { sub: undefined, sid: undefined }],
    ['without a number of its own', { jti: undefined }],
  ])('is refused %s, and nobody is logged out', async (_what, claims) => {
    const answer = await logOut(await lab.provider.logoutToken(subject(), claims));
    expect([answer.status, answer.body.error]).toEqual([400, 'invalid_request']);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(await tools()).toContain('power_on');
  });

  it('is refused when it comes again, as an ID token, unsigned or as a word', async () => {
    const token = await lab.provider.logoutToken(subject());
    expect((await logOut(token)).status).toBe(200);
    person = await logIn(lab, 'operator');
    const [, payload] = token.split('.');
    const unsigned = `${Buffer.from('{"alg":"none","typ":"logout+jwt"}').toString('base64url')}.${payload}.`;
    const now = Math.floor(lab.clock.now() / 1000);
    const idToken = await lab.provider.sign(
      { iss: lab.provider.issuer, aud: UPSTREAM_CLIENT, sub: subject().sub, iat: now, exp: now + 60 },
      { alg: 'RS256' },
    );
    for (const other of [token, idToken, unsigned, 'word', 'x'.repeat(20_000)]) {
      expect((await logOut(other)).status).toBe(400);
    }
    expect(await tools()).toContain('power_on');
  });
});
