/** What a person sees: plain pages in which nothing from outside is more than text. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authorizeUrl, BASE_URL, CALLBACK, type LoginGateway, startLoginGateway } from './gateway-with-login.ts';

let gateway: LoginGateway;
beforeAll(async () => {
  gateway = await startLoginGateway();
});
afterAll(() => gateway?.stop());

const consentFor = async (client_name: unknown, redirect_uri = CALLBACK) => {
  const id = await gateway.register({ client_name, redirect_uris: [redirect_uri] });
  return gateway.browser().open(authorizeUrl(id, { redirect_uri }));
};

describe('the consent page', () => {
  it('says who asks, for what, in whose name, how long, and where the access goes', async () => {
    const { text, title } = await consentFor('Claude Code');
    expect(title).toContain('Claude Code');
    expect(text).toContain('Nobody has checked that name');
    expect(text).toContain('with your rights and in your name');
    expect(text).toContain('delete');
    expect(text).toContain('12 hours');
    expect(text).toContain(`at ${new URL(CALLBACK).host} (this computer)`);
    expect(text).toContain(new URL(gateway.provider.issuer).host);
  });

  it.each([
    ['http://127.0.0.1:33418/callback', '127.0.0.1:33418'],
    ['http://localhost:8765/cb?x=1', 'localhost:8765'],
    ['http://[::1]:41999/', '[::1]:41999'],
    ['http://127.0.0.1/callback', '127.0.0.1'],
  ])('names the host and the port of %s, where a program listens', async (redirect_uri, place) => {
    expect((await consentFor('Claude Code', redirect_uri)).text).toContain(`at ${place} (this computer)`);
  });

  it('names the port that was asked for, and not that of the registration', async () => {
    const id = await gateway.register({ client_name: 'x', redirect_uris: ['http://127.0.0.1:1000/cb'] });
    const asked = authorizeUrl(id, { redirect_uri: 'http://127.0.0.1:2000/cb' });
    expect((await gateway.browser().open(asked)).text).toContain('at 127.0.0.1:2000 (this computer)');
  });

  it('warns of what each kind of address means', async () => {
    expect((await consentFor('x')).text).toContain('any of them can take that name');
    const web = await consentFor('x', 'https://client.example.com/cb');
    expect(web.text).toContain('client.example.com');
    expect(web.text).toContain('website');
    expect((await consentFor('x', 'cursor://anysphere.cursor-mcp/oauth/callback')).text).toContain('cursor:');
  });

  it.each<[string, unknown]>([
    ['markup', '</strong></p><script>alert(1)</script><form action=https://attacker.test><b>'],
    ['an attribute', '" onmouseover="alert(1)" x="'],
    ['a refresh', '<meta http-equiv="refresh" content="0;url=https://attacker.test">'],
    ['a style', '</style><style>body{display:none}'],
    ['bidirectional marks', '\u202eedoC edualC\u202c\u2066'],
    ['control characters', 'a\u0000\u0008\u001b[2Jb\r\n\r\nHTTP/1.1 200'],
    ['10,000 characters', 'x'.repeat(10_000)],
    ['an entity', '&lt;script&gt;&#60;'],
    ['half a character', 'a\ud800b'],
    ['an object', { toString: 'x' }],
  ])('shows a name with %s as text', async (_what, name) => {
    const page = await consentFor(name);
    expect(page.status).toBe(200);
    expect(page.body).not.toMatch(/<script|onmouseover="|<meta http-equiv/i);
    expect(page.body.match(/<form /g)).toHaveLength(1);
    expect(page.body.match(/<style>/g)).toHaveLength(1);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(page.body).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202a-\u202e\u2066-\u2069\ufffd]/);
    expect(page.body.length).toBeLessThan(12_000);
  });

  it('keeps hostile text of the client out, also where it comes back to the client', async () => {
    const state = '"><script>alert(1)</script>\u202e';
    const id = await gateway.register();
    const browser = gateway.browser();
    const page = await browser.open(authorizeUrl(id, { state }));
    expect(page.body).not.toContain('<script');
    const refused = await browser.submit(page, {}, { button: 'deny' });
    expect(refused.body).not.toContain('<script');
    expect(refused.next?.searchParams.get('state')).toBe(state);
  });

  it('has a ticket of its own every time, good only with the cookie of the same browser', async () => {
    const id = await gateway.register();
    const browser = gateway.browser();
    const tickets = [];
    for (let i = 0; i < 2; i += 1) {
      const page = await browser.open(authorizeUrl(id));
      tickets.push(page.forms[0]!.fields.find(({ name }) => name === 'ticket')!.value);
    }
    expect(new Set(tickets).size).toBe(2);
    const bare = await gateway.form('/authorize', { ticket: tickets[0]!, decision: 'allow' });
    expect(bare.status).toBe(403);
    expect(bare.headers.get('set-cookie')).toBeNull();
  });

  it.each<[string, Record<string, string>, number]>([
    ['no ticket', { decision: 'allow' }, 400],
    ['no decision', { ticket: 'x' }, 400],
    ['a ticket that is none', { ticket: 'x', decision: 'allow' }, 400],
    ['a large ticket', { ticket: 'x'.repeat(20_000), decision: 'allow' }, 400],
    ['an endless ticket', { ticket: 'x'.repeat(100_000), decision: 'allow' }, 413],
  ])('does not take an answer with %s', async (_what, form, status) => {
    const answer = await gateway.form('/authorize', form);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.headers.get('set-cookie')).toBeNull();
    expect(await answer.text()).toContain(status === 413 ? 'not allowed' : answer.headers.get('x-request-id'));
  });

  it('takes every answer that is not "allow" for a no', async () => {
    const id = await gateway.register();
    const browser = gateway.browser();
    const page = await browser.open(authorizeUrl(id));
    const ticket = page.forms[0]!.fields.find(({ name }) => name === 'ticket')!.value;
    const answer = await browser.post(`${BASE_URL}/authorize`, { ticket, decision: 'Allow ' }, page);
    expect(answer.next?.searchParams.get('error')).toBe('access_denied');
  });
});

describe('every page', () => {
  const pages: [string, () => Promise<Response>][] = [
    ['consent', async () => gateway.fetch(authorizeUrl(await gateway.register()).slice(BASE_URL.length))],
    ['unknown client', () => gateway.fetch(authorizeUrl('x').slice(BASE_URL.length))],
    ['expired consent', () => gateway.form('/authorize', { ticket: 'x', decision: 'allow' })],
    ['lost cookie', () => gateway.fetch('/auth/callback?state=x&code=y')],
    ['a callback with nothing', () => gateway.fetch('/auth/callback')],
    ['a callback with two states', () => gateway.fetch('/auth/callback?state=x&state=y')],
    [
      'a form that is none',
      () => gateway.fetch('/authorize', { method: 'POST', body: '{}', headers: { 'content-type': 'text/xml' } }),
    ],
  ];

  it.each(pages)('(%s) may run nothing, be framed by nobody and be kept by nobody', async (_what, open) => {
    const answer = await open();
    const body = await answer.text();
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(answer.headers.get('cache-control')).toContain('no-store');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('x-frame-options')).toBe('DENY');
    const policy = answer.headers.get('content-security-policy')!;
    for (const part of ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"]) {
      expect(policy).toContain(part);
    }
    expect(policy).not.toMatch(/script-src|unsafe|\*/);
    const css = /<style>([\s\S]*)<\/style>/.exec(body)![1]!;
    expect(policy).toContain(`'sha256-${createHash('sha256').update(css).digest('base64')}'`);
    expect(body).not.toMatch(/<script|javascript:| on\w+=|src=|style="/);
    expect(body).toContain('<html lang="en">');
    expect(body).toContain('name="viewport"');
    expect(body.match(/<h1>/g)).toHaveLength(1);
  });

  it.each(pages.slice(1, -1))('(%s) shows the number under which it is on the record', async (_what, open) => {
    const answer = await open();
    const id = answer.headers.get('x-request-id')!;
    expect(await answer.text()).toContain(id);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(gateway.records().some(({ request_id }) => request_id === id)).toBe(true);
  });
});
