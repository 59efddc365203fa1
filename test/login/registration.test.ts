import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  clientOf,
  isOutside,
  type LoginLab,
  newClient,
  REDIRECT_URI,
  register,
  requestIdOf,
  startLoginLab,
  walk,
} from '../support/login.ts';

let lab: LoginLab;
beforeAll(async () => {
  lab = await startLoginLab();
});
afterAll(() => lab?.stop());

async function rawRegister(body: string, contentType = 'application/json') {
  const response = await fetch(`${lab.origin}/register`, {
    method: 'POST',
    headers: { 'content-type': contentType },
    body,
  });
  const text = await response.text();
  return { status: response.status, body: JSON.parse(text) as Record<string, unknown> };
}

describe('a registration', () => {
  it('gives a public client its id, and is kept out of every cache', async () => {
    const { status, headers, body } = await register(lab, { client_name: 'My editor' });
    expect(status).toBe(201);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toMatchObject({
      client_name: 'My editor',
      redirect_uris: [REDIRECT_URI],
      token_endpoint_auth_method: 'none',
    });
    expect(body).not.toHaveProperty('client_secret');
    expect(String(body.client_id)).not.toContain('editor');
  });

  it.each([
    ['no redirect URI', { redirect_uris: undefined }],
    ['none in the list', { redirect_uris: [] }],
    ['a text for a list', { redirect_uris: REDIRECT_URI }],
    ['a number among them', { redirect_uris: [REDIRECT_URI, 7] }],
    ['http elsewhere', { redirect_uris: ['http://evil.example/cb'] }],
    ['another spelling of loopback', { redirect_uris: ['http://127.1/cb'] }],
    ['a number for loopback', { redirect_uris: ['http://2130706433/cb'] }],
    ['a name that begins like localhost', { redirect_uris: ['http://localhost.evil.example/cb'] }],
    ['a user name', { redirect_uris: ['https://good.example@evil.example/cb'] }],
    ['a fragment', { redirect_uris: ['https://good.example/cb#here'] }],
    ['script', { redirect_uris: ['javascript:alert(1)//'] }],
    ['data', { redirect_uris: ['data:text/html,hello'] }],
    ['a file', { redirect_uris: ['file:///etc/passwd'] }],
    ['a code of its own', { redirect_uris: ['https://good.example/cb?code=mine'] }],
    ['too many', { redirect_uris: Array.from({ length: 50 }, (_, n) => `https://good.example/${n}`) }],
    ['a very long one', { redirect_uris: [`https://good.example/${'a'.repeat(5_000)}`] }],
  ])('is refused with %s as invalid_redirect_uri', async (_what, metadata) => {
    const { status, body } = await register(lab, metadata);
    expect([status, body.error]).toEqual([400, 'invalid_redirect_uri']);
    expect(body.error_description).toEqual(expect.any(String));
  });

  it.each([
    ['without the grant type that there is', { grant_types: ['client_credentials'] }],
    ['without the response type that there is', { response_types: ['token'] }],
    ['with a text for the grant types', { grant_types: 'authorization_code' }],
  ])('is refused %s as invalid_client_metadata', async (_what, metadata) => {
    const { status, body } = await register(lab, metadata);
    expect([status, body.error]).toEqual([400, 'invalid_client_metadata']);
  });

  it.each([
    ['a list', '[]', 'application/json'],
    ['null', 'null', 'application/json'],
    ['no JSON', '{"redirect_uris":', 'application/json'],
    ['a form', `redirect_uris=${REDIRECT_URI}`, 'application/x-www-form-urlencoded'],
    ['more than it may be', JSON.stringify({ client_name: 'a'.repeat(100_000) }), 'application/json'],
    ['nested without end', `${'['.repeat(10_000)}${']'.repeat(10_000)}`, 'application/json'],
  ])('of %s is an error of the client, told in JSON', async (_what, text, type) => {
    const { status, body } = await rawRegister(text, type);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(body.error).toMatch(/^invalid_/);
  });

  it('keeps a name of markup, control characters and turned text harmless on the page', async () => {
    const client = await newClient(lab, {
      client_name: `<script>alert(1)</script>"><b>\u202Egpj\u0000\u0007 ${'x'.repeat(10_000)}`,
    });
    const page = await lab.browser().open(client.begin().url);
    expect(page.status).toBe(200);
    expect(page.body).not.toContain('<script');
    expect(page.body).not.toContain('<b>');
    // No control, format or private character but the ends of lines.
    expect(page.body).not.toMatch(/[^\P{C}\n]/u);
    expect(page.body.length).toBeLessThan(30_000);
  });
});

describe('a redirect URI', () => {
  it.each([
    ['another port on 127.0.0.1', 'http://127.0.0.1/cb', 'http://127.0.0.1:50123/cb'],
    ['another port on localhost', 'http://localhost:1/cb', 'http://localhost:50123/cb'],
    ['another port on [::1]', 'http://[::1]:1/cb', 'http://[::1]:50123/cb'],
    ['letter for letter', 'https://app.example/cb?tenant=1', 'https://app.example/cb?tenant=1'],
    ['the scheme of an app', 'com.example.app:/cb', 'com.example.app:/cb'],
  ])('is taken with %s', async (_what, registered, asked) => {
    const client = await newClient(lab, { redirect_uris: [registered] });
    const page = await lab.browser().open(client.begin({ redirect_uri: asked }).url);
    expect([page.status, page.forms.length]).toEqual([200, 1]);
  });

  it.each([
    ['another host', 'https://app.example/cb', 'https://evil.example/cb'],
    ['localhost for 127.0.0.1', 'http://127.0.0.1/cb', 'http://localhost/cb'],
    ['another port on the web', 'https://app.example/cb', 'https://app.example:8443/cb'],
    ['another path', 'http://127.0.0.1/cb', 'http://127.0.0.1/cb/more'],
    ['a path that is normalised to it', 'https://app.example/cb', 'https://app.example/a/../cb'],
    ['a query more', 'http://127.0.0.1/cb', 'http://127.0.0.1/cb?x=1'],
    ['https for http', 'http://127.0.0.1/cb', 'https://127.0.0.1/cb'],
    ['a host in capitals', 'https://app.example/cb', 'https://APP.example/cb'],
    ['a user name in front', 'http://127.0.0.1/cb', 'http://127.0.0.1:80@evil.example/cb'],
  ])('is refused with %s, on a page and without a redirect', async (_what, registered, asked) => {
    const client = await newClient(lab, { redirect_uris: [registered] });
    const page = await lab.browser().open(client.begin({ redirect_uri: asked }).url);
    expect([page.status, page.next, page.forms]).toEqual([400, undefined, []]);
    expect(page.body).not.toContain('evil.example');
    expect(requestIdOf(page)).toBe(page.headers['x-request-id']);
  });

  it('may not be left out, or stand twice', async () => {
    const client = await newClient(lab);
    for (const redirect_uri of [undefined, '', [client.redirectUri, 'https://evil.example/cb']]) {
      const page = await lab.browser().open(client.begin({ redirect_uri }).url);
      expect([page.status, page.next]).toEqual([400, undefined]);
    }
  });
});

describe('a client id', () => {
  it('of nobody, of another sort or damaged leads to a page and nowhere else', async () => {
    const { id } = await newClient(lab);
    const damaged = `${id.slice(0, -6)}${id.endsWith('AAAAAA') ? 'BBBBBB' : 'AAAAAA'}`;
    for (const client_id of ['nobody', damaged, 'https://evil.example/client.json', `${id}${id}`, 'x'.repeat(6_000)]) {
      const page = await lab.browser().open(clientOf(lab, client_id).begin().url);
      expect([page.status, page.next, page.forms]).toEqual([400, undefined, []]);
    }
  });

  it('is good for 90 days', async () => {
    const client = await newClient(lab);
    const before = await lab.browser().open(client.begin().url);
    lab.clock.advance(90 * 24 * 3600_000 + 1_000);
    const after = await lab.browser().open(client.begin().url);
    expect([before.status, after.status]).toEqual([200, 400]);
    expect(after.title).toContain('not registered');
  });

  it('of one client does not answer for the redirect URI of another', async () => {
    const mine = await newClient(lab, { redirect_uris: ['https://mine.example/cb'] });
    const other = await newClient(lab, { redirect_uris: ['https://other.example/cb'] });
    const page = await lab.browser().open(mine.begin({ redirect_uri: other.redirectUri }).url);
    expect([page.status, page.next === undefined || !isOutside(lab)(page.next)]).toEqual([400, true]);
  });
});

describe('a client with as much of everything as it may have', () => {
  it('can log in: nothing that the browser has to carry grows too large for it', async () => {
    const redirect_uris = [1, 2, 3, 4].map((n) => `https://app.example/${n}`.padEnd(512, 'p'));
    const client = await newClient(lab, { client_name: '界'.repeat(80), redirect_uris });
    const begun = client.begin({ state: 's'.repeat(1000) });
    const end = await walk(lab, lab.browser(), begun.url, 'reader');
    expect(end.text.slice(0, 200)).toBe('');
    expect(end.next?.searchParams.get('state')).toBe('s'.repeat(1000));
    expect((await client.redeem(end.next!, begun)).status).toBe(200);
  });
});
