/** The authorization endpoint and the way back from the provider, over HTTP, with a browser's rules. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { listed, post } from '../support/mcp.ts';
import {
  authorizeUrl,
  BASE_URL,
  CALLBACK,
  type LoginGateway,
  logIn,
  parametersOf,
  RESOURCE,
  startLoginGateway,
  untilClient,
  VERIFIER,
} from './gateway-with-login.ts';

let gateway: LoginGateway;
let clientId: string;
beforeAll(async () => {
  gateway = await startLoginGateway();
  clientId = await gateway.register();
});
afterEach(() => gateway.provider.reset());
afterAll(() => gateway?.stop());

const redeem = (code: string, more: Record<string, string> = {}) =>
  gateway.form('/token', {
    grant_type: 'authorization_code',
    client_id: clientId,
    code,
    redirect_uri: CALLBACK,
    code_verifier: VERIFIER,
    resource: RESOURCE,
    ...more,
  });
const lastRecord = (event: string) => gateway.records().findLast((record) => record.event === event);

describe('a login', () => {
  it('leads a client from consent over the provider to tokens with the rights of the person', async () => {
    const end = await logIn(gateway.browser(), authorizeUrl(clientId));
    expect(end.status).toBe(303);
    expect(end.headers['cache-control']).toContain('no-store');
    const { code, ...others } = parametersOf(end);
    expect(others).toEqual({ state: 'the state of the client', iss: BASE_URL });

    const answer = await redeem(code!);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toContain('no-store');
    const tokens = (await answer.json()) as Record<string, string>;
    expect(tokens).toMatchObject({ token_type: 'Bearer' });
    const tools = await listed(gateway.url, 'tools/list', { token: tokens.access_token! });
    expect(tools).toContain('list_vms');
    expect(tools).not.toContain('power_off');
  });

  it('is on the record, consent and login, with the client and without a token', async () => {
    const { code } = parametersOf(await logIn(gateway.browser(), authorizeUrl(clientId), 'operator'));
    const login = lastRecord('LOGIN')!;
    expect(login).toMatchObject({ user: 'operator', iss: gateway.provider.issuer, result: 'success' });
    expect(lastRecord('CONSENT')).toMatchObject({ client_id: login.client_id, result: 'success' });
    expect(JSON.stringify(gateway.records())).not.toContain(code);
  });

  it('does nothing at the provider and gives no login cookie before the person has answered', async () => {
    const browser = gateway.browser();
    const page = await browser.open(authorizeUrl(clientId));
    expect(page.status).toBe(200);
    expect(String(page.headers['set-cookie'])).not.toContain('login');
    expect(browser.history).toHaveLength(1);
  });

  it('answers the form with a page that goes on by itself, and no redirect that form-action would stop', async () => {
    const browser = gateway.browser();
    const allowed = await browser.submit(await browser.open(authorizeUrl(clientId)), {}, { button: 'allow' });
    expect(allowed.status).toBe(200);
    expect(allowed.headers.location).toBeUndefined();
    expect(allowed.next?.origin).toBe(gateway.provider.issuer);
    expect(String(allowed.headers['set-cookie'])).toMatch(
      /^__Host-mcvsphere-login-[\w-]{16}=.*; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
  });

  it('that the person does not allow ends at the client as access_denied, with state and iss', async () => {
    const browser = gateway.browser();
    const refused = await browser.submit(await browser.open(authorizeUrl(clientId)), {}, { button: 'deny' });
    expect(refused.status).toBe(200);
    expect(parametersOf(refused)).toMatchObject({
      error: 'access_denied',
      state: 'the state of the client',
      iss: BASE_URL,
    });
    expect(lastRecord('CONSENT')).toMatchObject({ error_code: 'access_denied', reason: 'denied_by_person' });
  });

  it('asks again every time, also a person whom the provider lets through without a word', async () => {
    const browser = gateway.browser();
    await logIn(browser, authorizeUrl(clientId));
    const again = await browser.open(authorizeUrl(clientId));
    expect(again.status).toBe(200);
    expect(again.next).toBeUndefined();
    expect(again.forms[0]?.buttons.map(({ value }) => value)).toEqual(['allow', 'deny']);
  });

  it('works in two tabs of one browser, in any order', async () => {
    const browser = gateway.browser();
    const [first, second] = [await browser.open(authorizeUrl(clientId)), await browser.open(authorizeUrl(clientId))];
    const waiting = await browser.submit(second, {}, { button: 'allow' });
    const begun = await browser.submit(first, {}, { button: 'allow' });
    const login = await browser.follow(begun, untilClient);
    const done = await browser.submit(login, { username: 'reader', password: 'lab' }, { form: 'password' });
    expect(parametersOf(await browser.follow(done, untilClient))).toHaveProperty('code');
    expect(parametersOf(await browser.follow(waiting, untilClient))).toHaveProperty('code');
  });

  it('fits into a cookie with the longest of everything, and many begun at once do not lock a browser out', async () => {
    const redirect_uri = `https://client.example.com/${'x'.repeat(480)}`;
    const id = await gateway.register({ client_name: '名'.repeat(80), redirect_uris: [redirect_uri] });
    const browser = gateway.browser();
    for (let i = 0; i < 12; i += 1) {
      const url = authorizeUrl(id, { redirect_uri, state: '"'.repeat(500) });
      const allowed = await browser.submit(await browser.open(url), {}, { button: 'allow' });
      expect(allowed.status).toBe(200);
      for (const cookie of [allowed.headers['set-cookie'] ?? []].flat()) expect(cookie.length).toBeLessThan(4_096);
    }
    expect(parametersOf(await logIn(browser, authorizeUrl(clientId)))).toHaveProperty('code');
  });

  it('counts once: the way back and a reload end on a page that says so, and give no second code', async () => {
    const browser = gateway.browser();
    const end = await logIn(browser, authorizeUrl(clientId));
    const again = await browser.open(end.url);
    expect(again.status).toBe(400);
    expect(again.text).toContain('already over');
    expect(again.next).toBeUndefined();
  });
});

describe('a request that is not good', () => {
  it.each<[string, Record<string, string | undefined>, string]>([
    ['no challenge', { code_challenge: undefined }, 'invalid_request'],
    ['a plain challenge', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['no method, which would mean plain', { code_challenge_method: undefined }, 'invalid_request'],
    ['a challenge that is no hash', { code_challenge: 'abc' }, 'invalid_request'],
    ['another response type', { response_type: 'token' }, 'unsupported_response_type'],
    ['no response type', { response_type: undefined }, 'invalid_request'],
    ['a fragment as response', { response_mode: 'fragment' }, 'invalid_request'],
    ['another resource', { resource: 'https://other.example.com/mcp' }, 'invalid_target'],
    ['the resource with a slash', { resource: `${RESOURCE}/` }, 'invalid_target'],
    ['a state without end', { state: 'x'.repeat(1_025) }, 'invalid_request'],
    ['a request object', { request: 'eyJ' }, 'invalid_request'],
  ])('with %s goes back to the client, with state and iss', async (_what, more, error) => {
    const page = await gateway.browser().open(authorizeUrl(clientId, more));
    expect(page.status).toBe(303);
    expect(page.headers['cache-control']).toContain('no-store');
    expect(parametersOf(page)).toMatchObject({ error, state: more.state ?? 'the state of the client', iss: BASE_URL });
    expect(page.next?.href.startsWith(CALLBACK)).toBe(true);
  });

  it.each([
    ['resource', RESOURCE],
    ['scope', 'x'],
    ['state', 'another'],
    ['anything', '1'],
  ])('with %s twice goes back to the client', async (name, value) => {
    const page = await gateway.browser().open(`${authorizeUrl(clientId)}&${name}=${value}&${name}=${value}`);
    expect(parametersOf(page)).toMatchObject({ error: 'invalid_request', iss: BASE_URL });
  });

  it.each<[string, Record<string, string | undefined>]>([
    ['no client', { client_id: undefined }],
    ['a client that nobody registered', { client_id: 'made-up' }],
    ['a client id of 10,000 characters', { client_id: 'x'.repeat(10_000) }],
    ['a metadata document while they are off', { client_id: 'https://claude.ai/oauth/claude-code-client-metadata' }],
    ['no redirect URI', { redirect_uri: undefined }],
    ['an address that is not registered', { redirect_uri: 'https://attacker.test/callback' }],
    ['another path', { redirect_uri: `${CALLBACK}/x` }],
    ['another spelling of the host', { redirect_uri: CALLBACK.replace('127.0.0.1', 'localhost') }],
    ['a script', { redirect_uri: 'javascript:alert(1)' }],
  ])('with %s leads nowhere: a page says so, under a number that is on the record', async (_what, more) => {
    const page = await gateway.browser().open(authorizeUrl(clientId, more));
    expect(page.status).toBe(400);
    expect(page.next).toBeUndefined();
    expect(page.body).not.toContain('attacker.test');
    const { request_id } = lastRecord('CONSENT')!;
    expect(page.text).toContain(request_id);
    expect(page.headers['x-request-id']).toBe(request_id);
  });

  it('with client or redirect URI twice leads nowhere', async () => {
    for (const more of [`&client_id=${clientId}`, `&redirect_uri=${encodeURIComponent(CALLBACK)}`]) {
      const page = await gateway.browser().open(`${authorizeUrl(clientId)}${more}`);
      expect([page.status, page.next]).toEqual([400, undefined]);
    }
  });

  it('is not sent on by itself to a website that anybody could have registered', async () => {
    const web = 'https://attacker.test/cb';
    const id = await gateway.register({ redirect_uris: [web] });
    const page = await gateway.browser().open(authorizeUrl(id, { redirect_uri: web, response_type: 'token' }));
    expect([page.status, page.next]).toEqual([400, undefined]);
    expect(page.body).toContain('error=unsupported_response_type');
  });
});

describe('the address of a client', () => {
  it('may have any port on loopback, and the code comes to the port that asked', async () => {
    const redirect_uri = CALLBACK.replace('53682', '60001');
    const browser = gateway.browser();
    const page = await browser.open(authorizeUrl(clientId, { redirect_uri }));
    const refused = await browser.submit(page, {}, { button: 'deny' });
    expect(refused.next?.port).toBe('60001');
  });
});

describe('two browsers', () => {
  it('cannot share a login: the attacker allows, and the victim who finishes gives nothing away', async () => {
    const attacker = gateway.browser();
    const victim = gateway.browser();
    const allowed = await attacker.submit(await attacker.open(authorizeUrl(clientId)), {}, { button: 'allow' });
    const before = gateway.records().filter(({ event }) => event === 'LOGIN').length;
    const login = await victim.follow(await victim.open(allowed.next!), untilClient);
    const end = await victim.follow(
      await victim.submit(login, { username: 'admin', password: 'lab' }, { form: 'password' }),
      untilClient,
    );
    expect(end.status).toBe(403);
    expect(end.next).toBeUndefined();
    expect(end.text).toContain('not started in this browser');
    const records = gateway
      .records()
      .filter(({ event }) => event === 'LOGIN')
      .slice(before);
    expect(records).toMatchObject([{ error_code: 'access_denied', reason: 'login_elsewhere' }]);
    expect(records[0]).not.toHaveProperty('user');
  });

  it('and the one whose link was misused can still finish it', async () => {
    const [mine, other] = [gateway.browser(), gateway.browser()];
    const allowed = await mine.submit(await mine.open(authorizeUrl(clientId)), {}, { button: 'allow' });
    const login = await mine.follow(allowed, untilClient);
    const form = await mine.submit(login, { username: 'reader', password: 'lab' }, { form: 'password' });
    const back = await mine.follow(form, { until: ({ pathname }) => pathname === '/auth/callback' });
    expect((await other.open(back.next!)).status).toBe(403);
    expect(parametersOf(await mine.follow(back, untilClient))).toHaveProperty('code');
  });

  it('cannot share a consent: a form that was shown to another is not an answer', async () => {
    const [attacker, victim] = [gateway.browser(), gateway.browser()];
    const shown = await attacker.open(authorizeUrl(clientId));
    await victim.open(authorizeUrl(clientId));
    const { value: ticket } = shown.forms[0]!.fields.find(({ name }) => name === 'ticket')!;
    const own = await victim.post(`${BASE_URL}/authorize`, { ticket, decision: 'allow' }, `${BASE_URL}/authorize`);
    expect([own.status, own.next, own.headers['set-cookie']]).toEqual([403, undefined, undefined]);
    const foreign = await victim.post(`${BASE_URL}/authorize`, { ticket, decision: 'allow' }, 'https://attacker.test/');
    expect([foreign.status, foreign.next]).toEqual([403, undefined]);
  });
});

describe('a person', () => {
  const behave = (change: object) => Object.assign(gateway.provider.behaviour, change);
  const failing = async (name: string) => logIn(gateway.browser(), authorizeUrl(clientId), name);

  it('without a group is told so, by name, with the groups that would do, and the client hears of it', async () => {
    const page = await failing('guest');
    expect(page.status).toBe(403);
    expect(page.text).toContain('guest');
    expect(page.text).toContain('vsphere-readers');
    expect(page.body).toContain('error=access_denied');
    expect(lastRecord('LOGIN')).toMatchObject({
      user: 'guest',
      error_code: 'access_denied',
      request_id: page.headers['x-request-id'],
    });
  });

  it('with too many groups for the provider is told what to tell their administrators', async () => {
    gateway.provider.behaviour.groups = 'entra_overage';
    const page = await failing('reader');
    expect(page.status).toBe(403);
    expect(page.text).toContain('too many groups');
    expect(lastRecord('LOGIN')).toMatchObject({ reason: 'groups_overage' });
  });

  it.each<[string, () => void, number, string, string]>([
    ['whose provider has another time', () => behave({ skewSeconds: 7_200 }), 502, 'Two clocks', 'clock_skew'],
    ['whose login was made for another', () => behave({ idTokenClaims: { aud: 'x' } }), 502, 'genuine', 'invalid'],
    ['whose login is not signed by the provider', () => behave({ signWith: 'unpublished' }), 502, 'genuine', 'invalid'],
    ['whose groups cannot be read', () => behave({ groups: { malformed: 7 } }), 403, 'form', 'groups_malformed'],
    ['of whom the provider says no group', () => behave({ groups: 'absent' }), 403, 'named no group', 'groups_absent'],
  ])('%s is told so, and the client hears that it came to nothing', async (_what, change, status, text, reason) => {
    change();
    const page = await failing('reader');
    expect(page.status).toBe(status);
    expect(page.text).toContain(text);
    expect(page.next).toBeUndefined();
    expect(page.body).toMatch(/error=(server_error|access_denied)/);
    expect(lastRecord('LOGIN')).toMatchObject({ reason, request_id: page.headers['x-request-id'] });
  });

  it('who cancels at the provider is told so, and the client hears of it', async () => {
    const browser = gateway.browser();
    const allowed = await browser.submit(await browser.open(authorizeUrl(clientId)), {}, { button: 'allow' });
    const state = allowed.next!.searchParams.get('state')!;
    const answer = new URLSearchParams({ error: 'access_denied', error_description: '<b>no</b>', state });
    answer.set('iss', gateway.provider.issuer);
    const page = await browser.open(`${BASE_URL}/auth/callback?${answer}`);
    expect(page.status).toBe(403);
    expect(page.text).toContain('did not let you in');
    expect(page.body).not.toContain('<b>no');
    expect(page.body).toContain('error=access_denied');
    expect(lastRecord('LOGIN')).toMatchObject({ error_code: 'access_denied', reason: 'denied' });
  });

  it('finds a page while the provider is down, with when to try again', async () => {
    const fresh = await startLoginGateway();
    try {
      const id = await fresh.register();
      const browser = fresh.browser();
      fresh.provider.endpoints.break('discovery', { status: 500 });
      const url = authorizeUrl(id);
      const page = await browser.submit(await browser.open(url), {}, { button: 'allow' });
      expect(page.status).toBe(503);
      expect(page.text).toContain('cannot be reached');
      expect(page.headers['retry-after']).toBeDefined();
    } finally {
      await fresh.stop();
    }
  });
});

describe('tokens', () => {
  it('are refused at once after revocation, and the answer for an unknown one is the same', async () => {
    const { code } = parametersOf(await logIn(gateway.browser(), authorizeUrl(clientId)));
    const { access_token: token, refresh_token } = (await (await redeem(code!)).json()) as Record<string, string>;
    const call = () => post(gateway.url, { jsonrpc: '2.0', id: 1, method: 'tools/list' }, { token });
    expect((await call()).status).toBe(200);
    const answers = [
      await gateway.form('/revoke', { token: refresh_token!, client_id: clientId }),
      await gateway.form('/revoke', { token: 'unknown', client_id: clientId }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect((await call()).status).toBe(401);
  });

  it.each<[string, Record<string, string>, string]>([
    ['another verifier', { code_verifier: 'b'.repeat(43) }, 'invalid_grant'],
    ['a verifier that is none', { code_verifier: 'short' }, 'invalid_grant'],
    ['another redirect URI', { redirect_uri: `${CALLBACK}x` }, 'invalid_grant'],
    ['another client', { client_id: 'other' }, 'invalid_grant'],
    ['another resource', { resource: 'https://other.example.com' }, 'invalid_target'],
    ['another grant', { grant_type: 'password' }, 'unsupported_grant_type'],
    ['a secret', { client_secret: 'x' }, 'invalid_client'],
  ])('are not given for %s', async (_what, more, error) => {
    const { code } = parametersOf(await logIn(gateway.browser(), authorizeUrl(clientId)));
    const answer = await redeem(code!, more);
    expect(answer.status).toBe(error === 'invalid_client' ? 401 : 400);
    expect(answer.headers.get('cache-control')).toContain('no-store');
    expect(await answer.json()).toMatchObject({ error });
  });

  it('are not given where a parameter stands twice, in JSON, or for nothing', async () => {
    const twice: [string, string][] = [
      ['grant_type', 'refresh_token'],
      ['grant_type', 'refresh_token'],
    ];
    const json = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"grant_type":"x"}' };
    for (const answer of [
      await gateway.form('/token', twice),
      await gateway.form('/token', {}),
      await gateway.fetch('/token', json),
      await gateway.fetch('/token', { method: 'POST' }),
      await gateway.fetch('/token', { ...json, body: '{' }),
      await gateway.fetch('/token', { ...json, headers: { 'content-type': 'text/xml' } }),
    ]) {
      expect(answer.status).toBe(400);
      expect(await answer.json()).toMatchObject({ error: 'invalid_request' });
    }
  });
});

describe('a gateway under development, without TLS', () => {
  it('gives cookies that a browser keeps there, and logs people in all the same', async () => {
    const base = 'http://mcp.localhost';
    const plain = await startLoginGateway({ OAUTH_BASE_URL: base });
    try {
      const id = await plain.register();
      const url = authorizeUrl(id, { resource: `${base}/mcp` }).replace(BASE_URL, base);
      const browser = plain.browser();
      const shown = await browser.open(url);
      expect(String(shown.headers['set-cookie'])).toMatch(/^mcvsphere-browser=/);
      expect(String(shown.headers['set-cookie'])).not.toContain('Secure');
      expect(parametersOf(await logIn(browser, url))).toMatchObject({ code: expect.any(String), iss: base });
    } finally {
      await plain.stop();
    }
  });
});
