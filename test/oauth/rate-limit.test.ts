/** How much one caller may ask for. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
beforeAll(async () => {
  gateway = await startLoginGateway({ OAUTH_RATE_LIMIT: '6', MCP_RATE_LIMIT: '4', MCP_TRUSTED_PROXIES: '127.0.0.1' });
});
afterAll(() => gateway?.stop());

const from = (address: string) => ({ 'x-forwarded-for': address });

describe('an address', () => {
  it.each([
    ['/token', 'POST', 400],
    ['/register', 'POST', 400],
    ['/revoke', 'POST', 400],
    ['/authorize', 'GET', 400],
    ['/auth/callback', 'GET', 502],
  ])('that asks %s too often is told when to come back, and others are served', async (path, method, status) => {
    const ask = (address: string) => gateway.fetch(path, { method, headers: from(address) });
    for (let i = 0; i < 6; i += 1) expect((await ask('198.51.100.1')).status).toBe(status);
    const refused = await ask('198.51.100.1');
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused.headers.get('cache-control')).toContain('no-store');
    const body = await refused.text();
    expect(body).toContain(method === 'GET' ? 'Too many tries' : 'temporarily_unavailable');
    const id = refused.headers.get('x-request-id');
    if (method === 'GET') expect(body).toContain(id);
    expect(gateway.records().filter(({ request_id }) => request_id === id)).toEqual([
      expect.objectContaining({ event: 'REFUSED', endpoint: path, reason: 'too_many_requests' }),
    ]);
    expect((await ask('198.51.100.2')).status).toBe(status);
  });

  it('that reports many logouts at once is heard far longer, and stopped in the end', async () => {
    const statusOf = async () =>
      (await gateway.fetch('/auth/backchannel-logout', { method: 'POST', headers: from('198.51.100.9') })).status;
    const statuses: number[] = [];
    for (let i = 0; i < 301; i += 1) statuses.push(await statusOf());
    expect(new Set(statuses.slice(0, 300))).toEqual(new Set([400]));
    expect(statuses[300]).toBe(429);
  });

  it('that a proxy tells with its port counts without it', async () => {
    const ask = (address: string) => gateway.fetch('/token', { method: 'POST', headers: from(address) });
    for (let i = 0; i < 6; i += 1) expect((await ask(`198.51.100.20:${50_000 + i}`)).status).toBe(400);
    expect((await ask('198.51.100.20:50099')).status).toBe(429);
  });

  it('of IPv6 counts with its whole network', async () => {
    const ask = (address: string) => gateway.fetch('/token', { method: 'POST', headers: from(address) });
    for (let i = 0; i < 6; i += 1) await ask(`2001:db8:1:1::${i + 1}`);
    expect((await ask('2001:db8:1:1::99')).status).toBe(429);
    expect((await ask('2001:db8:1:2::1')).status).toBe(400);
  });
});

describe('a person', () => {
  const tokenOf = async (name: string) => {
    const clientId = await gateway.register();
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
  };

  it('has one limit at /mcp whatever token and address they come with, and leaves others alone', async () => {
    const [first, second, other] = [await tokenOf('reader'), await tokenOf('reader'), await tokenOf('operator')];
    const call = (token: string, address: string) =>
      post(gateway.url, { jsonrpc: '2.0', id: 1, method: 'tools/list' }, { token, headers: from(address) });
    const answers = [
      await call(first, '198.51.100.3'),
      await call(second, '198.51.100.4'),
      await call(first, '198.51.100.5'),
      await call(second, '198.51.100.6'),
      await call(first, '198.51.100.7'),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 429]);
    expect(Number(answers[4]!.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await call(other, '198.51.100.3')).status).toBe(200);
  });
});
