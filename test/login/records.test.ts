/** What a login and all that follows leaves on the record, and what it must leave nowhere. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  allow,
  BASE_URL,
  claimsOf,
  clientOf,
  type LoggedIn,
  type LoginLab,
  logIn,
  loginRecords,
  newClient,
  postForm,
  requestIdOf,
  startLoginLab,
  UPSTREAM_CLIENT,
  walk,
  walkToCallback,
} from '../support/login.ts';
import { callTool } from '../support/mcp.ts';
import { type RecordingProxy, startRecordingProxy } from '../support/recording-proxy.ts';
import type { Page, UserAgent } from '../support/user-agent.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';

describe.skipIf(!(await vcsimAvailable()))('the record of a login', () => {
  let lab: LoginLab;
  let vcsim: Vcsim;
  let proxy: RecordingProxy;
  const browsers: UserAgent[] = [];

  beforeAll(async () => {
    vcsim = await startVcsim({ tls: false });
    proxy = await startRecordingProxy(vcsim.host);
    lab = await startLoginLab({ vcenter: { ...vcsim, url: `http://${proxy.host}/sdk` } });
  });
  afterAll(async () => {
    await lab?.stop();
    await proxy?.stop();
    await vcsim?.stop();
  });

  function newBrowser(): UserAgent {
    const browser = lab.browser();
    browsers.push(browser);
    return browser;
  }

  const since = (count: number) => loginRecords(lab).slice(count);
  const count = () => loginRecords(lab).length;
  const of = (sid: unknown) => loginRecords(lab).filter((record) => record.sid === sid);
  const sidOf = ({ tokens }: LoggedIn) => String(claimsOf(tokens.access_token).sid);

  it('has the consent and the login, with who, by which program, from where and as which session', async () => {
    const before = count();
    const login = await logIn(lab, 'operator', { browser: newBrowser() });
    const { sub } = lab.provider.people.get('operator');
    const common = { src_ip: '127.0.0.1', client_id: expect.stringMatching(/^registered-/), result: 'success' };
    expect(since(before)).toEqual([
      expect.objectContaining({ ...common, event: 'CONSENT', request_id: expect.any(String) }),
      expect.objectContaining({
        ...common,
        event: 'LOGIN',
        request_id: expect.any(String),
        user: 'operator',
        sub,
        iss: lab.provider.issuer,
        sid: sidOf(login),
      }),
    ]);
    const [consent, entry] = since(before);
    expect(consent?.client_id).toBe(entry?.client_id);
  });

  it('joins a call to the login that it came from', async () => {
    const login = await logIn(lab, 'operator', { browser: newBrowser() });
    const answer = await callTool(lab.mcp, 'power_off', { name: 'DC0_H0_VM0' }, { token: login.tokens.access_token });
    expect(answer.isError).toBe(false);
    const [entry] = of(sidOf(login));
    const calls = lab.records().filter(({ tool, sid }) => tool === 'power_off' && sid === sidOf(login));
    expect(calls.map(({ event }) => event)).toEqual(expect.arrayContaining(['TOOL_INTENT', 'TOOL_OUTCOME']));
    for (const call of calls) {
      expect(call).toMatchObject({ user: 'operator', sub: entry?.sub, iss: entry?.iss, client_id: entry?.client_id });
    }
  });

  it('has each refresh, and the reuse that ends the session, under the numbers of their answers', async () => {
    const login = await logIn(lab, 'reader', { browser: newBrowser() });
    const refreshed = await login.client.refresh(login.tokens.refresh_token);
    const parallel = await login.client.refresh(login.tokens.refresh_token);
    lab.clock.advance(11_000);
    const reused = await login.client.refresh(login.tokens.refresh_token);
    const number = ({ headers }: { headers: Headers }) => headers.get('x-request-id');
    expect(of(sidOf(login)).map(({ event, request_id, result }) => [event, request_id, result])).toEqual([
      ['LOGIN', expect.any(String), 'success'],
      ['TOKEN_REFRESH', number(refreshed), 'success'],
      ['TOKEN_REFRESH', number(parallel), 'success'],
      ['REVOKED', number(reused), 'success'],
      ['TOKEN_REUSE', number(reused), undefined],
    ]);
  });

  it('has a refresh that came too late, as a failure', async () => {
    const login = await logIn(lab, 'reader', { browser: newBrowser() });
    await login.client.revoke(login.tokens.access_token);
    const late = await login.client.refresh(login.tokens.refresh_token);
    expect(of(sidOf(login)).at(-1)).toMatchObject({
      event: 'TOKEN_REFRESH',
      error_code: 'invalid_grant',
      reason: 'session_ended',
      request_id: late.headers.get('x-request-id'),
    });
  });

  it('has what the token endpoint refused, under the number of the answer', async () => {
    const { client, tokens } = await logIn(lab, 'reader', { browser: newBrowser() });
    const begun = client.begin();
    const { next } = await walk(lab, newBrowser(), begun.url, 'reader');
    const { url } = client.begin();
    const late = await walk(lab, newBrowser(), url, 'reader');
    const refused = [
      [await client.refresh(tokens.refresh_token, { client_id: 'x' }), 'TOKEN_REFRESH', 'client_mismatch'],
      [await client.refresh('word'), 'TOKEN_REFRESH', 'unknown_refresh_token'],
      [await client.redeem(next!, begun, { code_verifier: 'x'.repeat(43) }), 'LOGIN', 'pkce_mismatch'],
    ] as const;
    lab.clock.advance(61_000);
    const all = [...refused, [await client.redeem(late.next!, begun), 'LOGIN', 'unknown_code'] as const];
    for (const [{ headers, body }, event, reason] of all) {
      const found = loginRecords(lab).filter(({ request_id }) => request_id === headers.get('x-request-id'));
      expect(found).toContainEqual(
        expect.objectContaining({ event, reason, error_code: body.error, src_ip: '127.0.0.1' }),
      );
    }
  });

  it('has every end of a session, and its reason', async () => {
    const revoked = await logIn(lab, 'reader', { browser: newBrowser() });
    await revoked.client.revoke(revoked.tokens.refresh_token);
    const out = await logIn(lab, 'admin', { browser: newBrowser() });
    await lab.provider.endSessions('admin');
    const gone = await logIn(lab, 'host-admin', { browser: newBrowser() });
    lab.provider.people.get('host-admin').state = 'deleted';
    lab.clock.advance(5 * 60_000);
    await gone.client.refresh(gone.tokens.refresh_token);
    const reasons = [revoked, out, gone].map((login) => {
      const end = of(sidOf(login)).find(({ event }) => event === 'REVOKED');
      return [end?.user, end?.reason];
    });
    expect(reasons).toEqual([
      ['reader', 'client'],
      ['admin', expect.stringMatching(/logout/)],
      ['host-admin', 'upstream_ended'],
    ]);
  });

  it('has the failures: who was refused, where that is known, and why', async () => {
    const client = await newClient(lab);
    const pages: [Page, Record<string, unknown>][] = [];
    const denied = newBrowser();
    const asked = await denied.open(client.begin().url);
    pages.push([await denied.submit(asked, {}, { button: 'deny' }), { event: 'CONSENT', reason: 'denied_by_person' }]);
    pages.push([
      await walk(lab, newBrowser(), client.begin().url, 'guest'),
      { event: 'LOGIN', user: 'guest', sub: lab.provider.people.get('guest').sub, error_code: 'access_denied' },
    ]);
    pages.push([
      await newBrowser().open(clientOf(lab, 'nobody').begin().url),
      { event: 'CONSENT', reason: 'unknown_client' },
    ]);
    const cancelled = newBrowser();
    const login = await allow(lab, cancelled, await cancelled.open(client.begin().url));
    pages.push([
      await cancelled.follow(await cancelled.submit(login, {}, { button: 'cancel' })),
      { event: 'LOGIN', reason: 'denied' },
    ]);
    for (const [page, record] of pages) {
      const found = loginRecords(lab).filter(({ request_id }) => request_id === requestIdOf(page));
      expect(found).toEqual([expect.objectContaining({ ...record, src_ip: '127.0.0.1' })]);
    }
  });

  it('keeps what a stranger wrote short and plain', async () => {
    const nasty = `evil\u0000\u202E\n{"event":"LOGIN","user":"admin"}${'x'.repeat(3_000)}`;
    const browser = newBrowser();
    await browser.open(clientOf(lab, nasty).begin().url);
    await browser.open(`${BASE_URL}/auth/callback?state=${encodeURIComponent(nasty)}&code=x`);
    await postForm(lab, '/revoke', { client_id: nasty, token: nasty });
    for (const record of loginRecords(lab)) {
      expect(JSON.stringify(record)).not.toContain('xxxxxxxxxx');
      expect(JSON.stringify(record)).not.toContain('\\"event\\"');
    }
  });

  it('holds no token, code, cookie or secret, nor does the log, and none reaches vCenter', async () => {
    // A login whose code is taken, a failed exchange, and a refused token, on top of what came before.
    const browser = newBrowser();
    const client = await newClient(lab);
    const begun = client.begin();
    const callback = await walkToCallback(browser, begun.url, 'reader');
    lab.seen.add(callback.next?.searchParams.get('code') ?? '');
    lab.provider.endpoints.break('token', { status: 500, body: 'no' });
    await browser.step(callback);
    lab.provider.endpoints.break('token', { status: 400, body: '{"error":"invalid_grant"}' });
    const again = await walkToCallback(browser, client.begin().url, 'reader');
    lab.seen.add(again.next?.searchParams.get('code') ?? '');
    await browser.step(again);
    lab.provider.endpoints.mend();
    await callTool(lab.mcp, 'list_vms', {}, { token: 'eyJhbGciOiJub25lIn0.e30.' }).catch(() => undefined);
    const logout = await lab.provider.logoutToken({ clientId: UPSTREAM_CLIENT, sub: 'nobody' }, { nonce: 'n' });
    lab.seen.add(logout);
    await postForm(lab, '/auth/backchannel-logout', { logout_token: logout });
    for (const jar of browsers) for (const { value } of jar.cookies.all()) lab.seen.add(value);
    lab.seen.delete('');

    const places: readonly (readonly [string, string])[] = [
      ['records', JSON.stringify(lab.records())],
      ['log', lab.log()],
      ['vCenter', proxy.requests().join('\n')],
    ];
    expect(lab.seen.size).toBeGreaterThan(40);
    for (const [place, text] of places) {
      expect(text.length, place).toBeGreaterThan(1_000);
      for (const secret of lab.seen) expect(text.includes(secret), `${secret.slice(0, 12)}… in ${place}`).toBe(false);
      // Those of the provider, which no test has held: JWTs, and what has the length of its opaque tokens.
      expect(text.match(/eyJ[\w-]{8,}/g), place).toBeNull();
      expect(text.match(/(?<![\w-])(?=[\w-]*[A-Z])(?=[\w-]*\d)[\w-]{43}(?![\w-])/g), place).toBeNull();
    }
  });
});
