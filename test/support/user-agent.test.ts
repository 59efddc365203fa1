import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createUserAgent, type UserAgent } from './user-agent.ts';

const GATEWAY = 'https://mcp.example.com';
const OTHER = 'https://evil.example';

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let server: Server;
let seen: Seen[];
let routes: Record<string, (response: ServerResponse, request: Seen) => void>;
let browser: UserAgent;

const html =
  (body: string, headers: Record<string, string> = {}) =>
  (response: ServerResponse) => {
    response.writeHead(200, { 'content-type': 'text/html', ...headers }).end(body);
  };
const redirect =
  (status: number, location: string, headers: Record<string, string> = {}) =>
  (response: ServerResponse) => {
    response.writeHead(status, { location, ...headers }).end();
  };

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const entry = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body };
      seen.push(entry);
      (routes[entry.url.split('?')[0] ?? ''] ?? html('nothing here'))(response, entry);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
beforeEach(() => {
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  seen = [];
  routes = {};
  browser = createUserAgent({ resolve: { [GATEWAY]: origin, [OTHER]: origin } });
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

describe('one step', () => {
  it('reaches a public name on loopback, under that name', async () => {
    const page = await browser.open(`${GATEWAY}/a?b=1`);
    expect([page.status, page.url.href, page.text]).toEqual([200, `${GATEWAY}/a?b=1`, 'nothing here']);
    expect(seen[0]).toMatchObject({ url: '/a?b=1', headers: { host: 'mcp.example.com', 'sec-fetch-site': 'none' } });
  });

  it('refuses a name that nobody said where to find', async () => {
    await expect(browser.open('https://example.org/')).rejects.toThrow('not on loopback');
  });

  it('does not follow by itself', async () => {
    routes['/a'] = redirect(303, '/b', { 'set-cookie': '__Host-t=1; Secure; Path=/; HttpOnly; SameSite=Lax' });
    const page = await browser.open(`${GATEWAY}/a`);
    expect(page.next?.href).toBe(`${GATEWAY}/b`);
    expect(seen).toHaveLength(1);
    await browser.step(page);
    expect(seen[1]?.headers.cookie).toBe('__Host-t=1');
  });

  it('keeps the cookies of two browsers apart', async () => {
    routes['/a'] = html('', { 'set-cookie': 'a=1; Path=/' });
    await browser.open(`${GATEWAY}/a`);
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await createUserAgent({ resolve: { [GATEWAY]: origin } }).open(`${GATEWAY}/b`);
    await browser.open(`${GATEWAY}/b`);
    expect(seen.map(({ headers }) => headers.cookie)).toEqual([undefined, undefined, 'a=1']);
  });

  it('says where a page leads nowhere', async () => {
    const page = await browser.open(`${GATEWAY}/a`);
    await expect(browser.step(page)).rejects.toThrow('leads nowhere: nothing here');
  });
});

describe('redirects', () => {
  it.each([
    [301, 'GET', ''],
    [302, 'GET', ''],
    [303, 'GET', ''],
    [307, 'POST', 'x=1'],
    [308, 'POST', 'x=1'],
  ])('%i after a form is a %s', async (status, method, body) => {
    routes['/go'] = redirect(status, '/there');
    await browser.step(await browser.post(`${GATEWAY}/go`, { x: '1' }));
    expect(seen[1]).toMatchObject({ method, url: '/there', body });
  });

  it('are followed with refreshes until a page stays', async () => {
    routes['/a'] = redirect(302, '/b');
    routes['/b'] = html('<meta http-equiv="refresh" content="0; url=/c?d=1&amp;e=2">');
    const page = await browser.follow(await browser.open(`${GATEWAY}/a`));
    expect(page.url.href).toBe(`${GATEWAY}/c?d=1&e=2`);
    expect(browser.history).toEqual([`GET ${GATEWAY}/a`, `GET ${GATEWAY}/b`, `GET ${GATEWAY}/c?d=1&e=2`]);
  });

  it('stop before an address that is not to be visited', async () => {
    routes['/a'] = redirect(303, 'http://127.0.0.1:9/callback?code=x');
    const page = await browser.follow(await browser.open(`${GATEWAY}/a`), { until: ({ port }) => port === '9' });
    expect(page.next?.searchParams.get('code')).toBe('x');
  });

  it('end where they go in circles', async () => {
    routes['/a'] = redirect(303, '/a');
    await expect(browser.follow(await browser.open(`${GATEWAY}/a`))).rejects.toThrow('too many redirects');
  });
});

describe('forms', () => {
  const FORM =
    '<form method=post action=/go><input type=hidden name=csrf value=t><input name=user>' +
    '<button name=deed value=yes>Allow</button><button name=deed value=no>Deny</button></form>';

  it('are filled in and sent with the button that was pressed', async () => {
    routes['/form'] = html(FORM);
    const page = await browser.open(`${GATEWAY}/form`);
    await browser.submit(page, { user: 'a b' }, { button: 'Deny' });
    expect(seen[1]).toMatchObject({
      method: 'POST',
      url: '/go',
      body: 'csrf=t&user=a+b&deed=no',
      headers: { origin: GATEWAY, referer: `${GATEWAY}/form`, 'sec-fetch-site': 'same-origin' },
    });
  });

  it('refuse a field and a button that are not there', async () => {
    routes['/form'] = html(FORM);
    const page = await browser.open(`${GATEWAY}/form`);
    await expect(browser.submit(page, { other: '1' })).rejects.toThrow('no field other');
    await expect(browser.submit(page, {}, { button: 'Maybe' })).rejects.toThrow('no button Maybe');
    await expect(browser.submit(page, {}, { form: 'password' })).rejects.toThrow('no such form');
  });

  it('have the origin null where the page keeps its address to itself, as browsers do', async () => {
    routes['/form'] = html(FORM, { 'referrer-policy': 'no-referrer' });
    await browser.submit(await browser.open(`${GATEWAY}/form`));
    expect(seen[1]?.headers).toMatchObject({ origin: 'null' });
    expect(seen[1]?.headers.referer).toBeUndefined();
  });

  it('from a foreign page carry its origin, and no cookie that is Lax', async () => {
    routes['/a'] = html('', { 'set-cookie': 'a=1; Path=/; Secure; SameSite=Lax' });
    await browser.open(`${GATEWAY}/a`);
    await browser.post(`${GATEWAY}/go`, { x: '1' }, `${OTHER}/page`);
    expect(seen[1]?.headers).toMatchObject({ origin: OTHER, referer: `${OTHER}/`, 'sec-fetch-site': 'cross-site' });
    expect(seen[1]?.headers.cookie).toBeUndefined();
  });

  it.each([
    ["'self'", '/go', true],
    ["'none'", '/go', false],
    ["'self'", `${OTHER}/go`, false],
    [`'self' ${OTHER}`, `${OTHER}/go`, true],
    ["'self' https:", `${OTHER}/go`, true],
  ])('under form-action %s to %s: %s', async (sources, action, allowed) => {
    const policy = { 'content-security-policy': `default-src 'none'; form-action ${sources}` };
    routes['/form'] = html(`<form method=post action="${action}"></form>`, policy);
    const page = await browser.open(`${GATEWAY}/form`);
    const sent = await browser.submit(page).then(
      () => true,
      (error: Error) => !error.message.includes('form-action'),
    );
    expect([sent, seen.length]).toEqual([allowed, allowed ? 2 : 1]);
  });

  it('do not lead elsewhere by a redirect that form-action forbids, but do by a page with a refresh', async () => {
    const policy = { 'content-security-policy': "form-action 'self'" };
    routes['/form'] = html('<form method=post action=/go></form>', policy);
    routes['/go'] = redirect(303, `${OTHER}/in`);
    const page = await browser.open(`${GATEWAY}/form`);
    await expect(browser.follow(await browser.submit(page))).rejects.toThrow('form-action');
    routes['/go'] = html(`<meta http-equiv=refresh content="0;url=${OTHER}/in">`);
    expect((await browser.follow(await browser.submit(page))).url.href).toBe(`${OTHER}/in`);
  });
});

describe('SameSite', () => {
  it('looks at the page that began a chain of redirects', async () => {
    routes['/set'] = html('', { 'set-cookie': 's=1; Path=/; Secure; SameSite=Strict' });
    routes['/in'] = redirect(302, `${GATEWAY}/end`);
    await browser.open(`${GATEWAY}/set`);
    const foreign = await browser.open(`${OTHER}/page`);
    await browser.follow(await browser.open(`${OTHER}/in`, { from: foreign }));
    expect(seen.at(-1)?.headers.cookie).toBeUndefined();
    await browser.open(`${GATEWAY}/end`);
    expect(seen.at(-1)?.headers.cookie).toBe('s=1');
  });
});
