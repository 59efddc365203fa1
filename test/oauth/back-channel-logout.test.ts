/** The provider ends sessions: over the back channel, with tokens that only it can make. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backChannelLogout } from '../../src/oauth/back-channel-logout.ts';
import { alice, loginParts } from '../support/login-parts.ts';
import { post } from '../support/mcp.ts';
import {
  authorizeUrl,
  CALLBACK,
  type LoginGateway,
  logIn,
  parametersOf,
  RESOURCE,
  startLoginGateway,
  VERIFIER,
} from './gateway-with-login.ts';

let gateway: LoginGateway;
let clientId: string;
beforeAll(async () => {
  gateway = await startLoginGateway();
  clientId = await gateway.register();
});
afterAll(() => gateway?.stop());

async function tokenOf(name: string): Promise<string> {
  const { code = '' } = parametersOf(await logIn(gateway.browser(), authorizeUrl(clientId), name));
  const answer = await gateway.form('/token', {
    grant_type: 'authorization_code',
    client_id: clientId,
    code,
    redirect_uri: CALLBACK,
    code_verifier: VERIFIER,
    resource: RESOURCE,
  });
  return ((await answer.json()) as { access_token: string }).access_token;
}
const statusOf = async (token: string) =>
  (await post(gateway.url, { jsonrpc: '2.0', id: 1, method: 'tools/list' }, { token })).status;
const subOf = (name: string) => gateway.provider.people.get(name).sub;
const logoutToken = (about: { sub?: string; sid?: string }, claims?: Record<string, unknown>) =>
  gateway.provider.logoutToken({ clientId: 'mcvsphere', ...about }, claims);
const send = (logout_token: string) => gateway.form('/auth/backchannel-logout', { logout_token });

describe('a logout token of the provider', () => {
  it('ends every session of that person at once, and nobody else’s', async () => {
    const [first, second, other] = [await tokenOf('reader'), await tokenOf('reader'), await tokenOf('operator')];
    const answer = await send(await logoutToken({ sub: subOf('reader') }));
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toContain('no-store');
    expect([await statusOf(first), await statusOf(second), await statusOf(other)]).toEqual([401, 401, 200]);
    const revoked = gateway.records().filter(({ event }) => event === 'REVOKED');
    expect(revoked).toHaveLength(2);
    expect(revoked[0]).toMatchObject({ user: 'reader', reason: 'logout_at_provider' });
  });

  it('counts once: whoever kept it cannot end the next session with it', async () => {
    const token = await logoutToken({ sub: subOf('admin') });
    expect((await send(token)).status).toBe(200);
    const next = await tokenOf('admin');
    expect((await send(token)).status).toBe(400);
    expect(await statusOf(next)).toBe(200);
  });

  it.each<[string, () => Promise<string>]>([
    ['nobody in it', () => logoutToken({}, { sub: undefined, sid: undefined })],
    ['another audience', () => logoutToken({ sub: subOf('operator') }, { aud: 'another' })],
    ['another issuer', () => logoutToken({ sub: subOf('operator') }, { iss: 'https://attacker.test' })],
    ['a nonce, which makes it an ID token', () => logoutToken({ sub: subOf('operator') }, { nonce: 'x' })],
    ['no event', () => logoutToken({ sub: subOf('operator') }, { events: undefined })],
    ['no name of its own', () => logoutToken({ sub: subOf('operator') }, { jti: undefined })],
    ['a changed signature', async () => `${(await logoutToken({ sub: subOf('operator') })).slice(0, -8)}AAAAAAAA`],
    ['no token', async () => 'x'],
    ['a token of 30,000 characters', async () => 'x'.repeat(30_000)],
  ])('is refused with %s, and nobody is logged out', async (_what, make) => {
    const token = await tokenOf('operator');
    const answer = await send(await make());
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: 'invalid_request' });
    expect(await statusOf(token)).toBe(200);
  });
});

describe('a logout of one session at the provider', () => {
  const { iss, sub } = alice();
  it.each<[string, { sub?: string; sid?: string }, string[]]>([
    ['its session and those without one, with the person', { sub, sid: 's-1' }, ['named', 'nameless']],
    ['its session alone, without the person', { sid: 's-1' }, ['named']],
    ['those without one, where the named one is unknown', { sub, sid: 's-9' }, ['nameless']],
  ])('ends %s', async (_what, about, ended) => {
    const parts = await loginParts();
    const names = new Map<string, string>();
    for (const [name, who] of Object.entries({
      named: alice({ sid: 's-1' }),
      another: alice({ sid: 's-2' }),
      nameless: alice({ sid: undefined }),
      elsewhere: alice({ iss: 'https://other.example.com', sid: undefined }),
      bob: alice({ user: 'bob', sub: 'b-2', sid: undefined }),
    })) {
      names.set((await parts.login(who)).grant.id, name);
    }
    const expiresAt = parts.clock.now() / 1000 + 60;
    const verifyLogoutToken = async () => ({ iss, jti: 'j-1', expiresAt, ...about });
    const answer = backChannelLogout({ ...parts, upstream: { verifyLogoutToken } });
    const { status } = await answer({
      query: new URLSearchParams(),
      form: new URLSearchParams({ logout_token: 'x' }),
      cookies: {},
      authorized: false,
      requestId: 'r-1',
    });
    expect(status).toBe(200);
    expect(parts.entries.map(({ sid = '' }) => names.get(sid))).toEqual(ended);
    for (const [id, name] of names) expect((await parts.grants.current(id)) === undefined).toBe(ended.includes(name));
  });
});
