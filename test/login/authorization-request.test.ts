import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  allow,
  BASE_URL,
  type Client,
  challengeOf,
  isOutside,
  type LoginLab,
  newClient,
  type Parameters,
  RESOURCE,
  requestIdOf,
  startLoginLab,
  walk,
} from '../support/login.ts';

let lab: LoginLab;
let client: Client;
beforeAll(async () => {
  lab = await startLoginLab();
  client = await newClient(lab);
});
afterAll(() => lab?.stop());

const SOME_VERIFIER = 'v'.repeat(43);

const MISTAKES: readonly (readonly [string, Parameters, string])[] = [
  ['without a challenge', { code_challenge: undefined, code_challenge_method: undefined }, 'invalid_request'],
  ['with a challenge and no method, which would be plain', { code_challenge_method: undefined }, 'invalid_request'],
  ['with PKCE plain', { code_challenge: SOME_VERIFIER, code_challenge_method: 'plain' }, 'invalid_request'],
  ['with the method in small letters', { code_challenge_method: 's256' }, 'invalid_request'],
  ['with a challenge that is no SHA-256', { code_challenge: 'short' }, 'invalid_request'],
  ['with a challenge twice', { code_challenge: [challengeOf('a'), challengeOf('b')] }, 'invalid_request'],
  ['with a state twice', { state: ['one', 'two'] }, 'invalid_request'],
  ['with a scope twice', { scope: ['mcp', 'mcp'] }, 'invalid_request'],
  ['with an unknown parameter twice', { made_up: ['1', '2'] }, 'invalid_request'],
  ['for a token', { response_type: 'token' }, 'unsupported_response_type'],
  ['for a code and an ID token', { response_type: 'code id_token' }, 'unsupported_response_type'],
  ['without a response type', { response_type: undefined }, 'invalid_request'],
  ['with a fragment for the answer', { response_mode: 'fragment' }, 'invalid_request'],
  ['with a form for the answer', { response_mode: 'form_post' }, 'invalid_request'],
  ['with a request object', { request: 'eyJhbGciOiJub25lIn0.e30.' }, 'invalid_request'],
  ['with a request elsewhere', { request_uri: 'https://evil.example/request' }, 'invalid_request'],
  ['for another resource', { resource: 'https://other.example/mcp' }, 'invalid_target'],
  ['for the resource with a slash more', { resource: `${RESOURCE}/` }, 'invalid_target'],
  ['for the gateway without its path', { resource: BASE_URL }, 'invalid_target'],
  ['for two resources', { resource: [RESOURCE, 'https://other.example/mcp'] }, 'invalid_request'],
];

describe('a request for a code', () => {
  it.each(MISTAKES)('%s is refused to the client, by 303, with issuer and state', async (_what, changes, error) => {
    const begun = client.begin(changes);
    const page = await lab.browser().open(begun.url);
    expect(page.status).toBe(303);
    expect(page.headers['cache-control']).toBe('no-store');
    expect(`${page.next?.origin}${page.next?.pathname}`).toBe(client.redirectUri);
    const answer = Object.fromEntries(page.next?.searchParams ?? []);
    expect(answer).toMatchObject({ error, iss: BASE_URL });
    expect(answer.state).toBe(Array.isArray(changes.state) ? undefined : begun.state);
    expect(answer).not.toHaveProperty('code');
    expect(page.headers['set-cookie']).toBeUndefined();
  });

  it('that is wrong does not make the gateway send a person to a website by itself', async () => {
    const web = await newClient(lab, { redirect_uris: ['https://anybody.example/cb'] });
    const page = await lab.browser().open(web.begin({ code_challenge: undefined }).url);
    expect([page.status, page.next]).toEqual([400, undefined]);
    const back = new URL(page.links.find(({ href }) => href.startsWith('https://anybody.example/cb'))?.href ?? '');
    expect(Object.fromEntries(back.searchParams)).toMatchObject({ error: 'invalid_request', iss: BASE_URL });
  });

  it('without a resource is one for this gateway, since older clients name none', async () => {
    const browser = lab.browser();
    const begun = client.begin({ resource: undefined });
    const end = await walk(lab, browser, begun.url, 'reader');
    const { status } = await client.redeem(end.next!, begun, { resource: undefined });
    expect(status).toBe(200);
  });

  it('is on the record with the number of the answer, when it was refused', async () => {
    const page = await lab.browser().open(client.begin({ code_challenge_method: 'plain' }).url);
    const record = lab.records().find(({ request_id }) => request_id === page.headers['x-request-id']);
    expect(record).toMatchObject({ event: 'CONSENT', error_code: 'invalid_request' });
  });
});

describe('the consent page', () => {
  it('asks, names the program, its warrant and where the access goes, and cannot be framed or kept', async () => {
    const named = await newClient(lab, { client_name: 'My editor' });
    const page = await lab.browser().open(named.begin().url);
    expect(page.status).toBe(200);
    expect(page.text).toContain('My editor');
    expect(page.text).toContain('Nobody has checked that name');
    expect(page.text).toContain('with your rights');
    expect(page.text).toContain('this computer');
    expect(page.headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
    expect(page.headers['content-security-policy']).not.toContain('unsafe');
    expect(page.headers['x-frame-options']).toBe('DENY');
    expect(page.headers['cache-control']).toBe('no-store');
    expect(page.body).not.toMatch(/<script|\son\w+=|javascript:/i);
    expect(requestIdOf(page)).toBe(page.headers['x-request-id']);
  });

  it('names the website to which the access would go', async () => {
    const web = await newClient(lab, { redirect_uris: ['https://tools.example/cb'] });
    expect((await lab.browser().open(web.begin().url)).text).toContain('tools.example');
  });

  it('is shown every time, also to a person who allowed the same program a moment ago', async () => {
    const browser = lab.browser();
    expect((await walk(lab, browser, client.begin().url, 'reader')).next?.searchParams.has('code')).toBe(true);
    const again = await browser.open(client.begin().url);
    expect([again.status, again.forms.length, again.next]).toEqual([200, 1, undefined]);
  });

  it('holds a ticket of its own at each showing', async () => {
    const browser = lab.browser();
    const tickets = await Promise.all([browser.open(client.begin().url), browser.open(client.begin().url)]);
    const values = tickets.map(({ forms }) => forms[0]?.fields.find(({ name }) => name === 'ticket')?.value);
    expect(new Set(values).size).toBe(2);
  });

  it('sets cookies that only this host, its own pages and no script can use', async () => {
    const browser = lab.browser();
    const consent = await browser.open(client.begin().url);
    const [before] = consent.headers['set-cookie'] ?? [];
    expect(before).toMatch(/^__Host-/);
    expect(consent.headers['set-cookie']).toHaveLength(1);
    const going = await browser.submit(consent, {}, { button: 'allow' });
    const [transaction] = going.headers['set-cookie'] ?? [];
    for (const cookie of [before, transaction]) {
      expect(cookie).toMatch(/^__Host-[^;]+; .*Path=\/; .*HttpOnly; .*Secure; .*SameSite=Lax/);
      expect(cookie).not.toMatch(/Domain=/i);
    }
  });

  it('leads on with 200 and a refresh, not with a redirect that form-action would stop', async () => {
    const browser = lab.browser();
    const going = await browser.submit(await browser.open(client.begin().url), {}, { button: 'allow' });
    expect(going.status).toBe(200);
    expect(going.next?.origin).toBe(lab.provider.issuer);
    expect(Object.fromEntries(going.next?.searchParams ?? [])).toMatchObject({
      response_type: 'code',
      code_challenge_method: 'S256',
      redirect_uri: `${BASE_URL}/auth/callback`,
      state: expect.stringMatching(/.{20}/),
      nonce: expect.stringMatching(/.{20}/),
    });
  });

  it('tells the client when the person does not allow it, and never asks the provider', async () => {
    const browser = lab.browser();
    const begun = client.begin();
    const before = lab.provider.endpoints.requests('authorization');
    const page = await browser.submit(await browser.open(begun.url), {}, { button: 'deny' });
    expect(page.status).toBe(200);
    expect(page.title).toContain('You did not allow it');
    expect(Object.fromEntries(page.next?.searchParams ?? [])).toMatchObject({
      error: 'access_denied',
      state: begun.state,
      iss: BASE_URL,
    });
    expect(lab.provider.endpoints.requests('authorization')).toBe(before);
    expect(lab.records().find(({ request_id }) => request_id === requestIdOf(page))).toMatchObject({
      event: 'CONSENT',
      error_code: 'access_denied',
      reason: 'denied_by_person',
    });
  });
});

describe('the answer with a code', () => {
  it('comes by 303, with issuer and state, kept out of caches and referrers', async () => {
    const browser = lab.browser();
    const begun = client.begin();
    const end = await walk(lab, browser, begun.url, 'operator');
    expect(end.status).toBe(303);
    expect(isOutside(lab)(end.next!)).toBe(true);
    expect(Object.fromEntries(end.next!.searchParams)).toEqual({
      code: expect.stringMatching(/^[\w-]{43}$/),
      state: begun.state,
      iss: BASE_URL,
    });
    expect(end.headers['cache-control']).toBe('no-store');
    expect(end.headers['referrer-policy']).toBe('no-referrer');
  });

  it('keeps the query of the redirect URI', async () => {
    const other = await newClient(lab, { redirect_uris: ['http://127.0.0.1:1/cb?tenant=a%20b'] });
    const end = await walk(lab, lab.browser(), other.begin().url, 'operator');
    expect(end.next?.href).toMatch(/^http:\/\/127\.0\.0\.1:1\/cb\?tenant=a%20b&code=/);
  });

  it('never leaves by a status that repeats the form: the whole walk knows neither 307 nor 308', async () => {
    const browser = lab.browser();
    const statuses: number[] = [];
    let page = await browser.open(client.begin().url);
    statuses.push(page.status);
    page = await allow(lab, browser, page);
    page = await browser.submit(page, { username: 'reader', password: 'lab' }, { button: 'login' });
    while (page.next !== undefined && !isOutside(lab)(page.next)) {
      page = await browser.step(page);
      statuses.push(page.status);
    }
    expect(page.next?.searchParams.has('code')).toBe(true);
    expect(statuses.filter((status) => status === 307 || status === 308)).toEqual([]);
  });
});
