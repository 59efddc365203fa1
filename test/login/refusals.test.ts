/** Who is turned away finds their request on the record; who is turned away ten thousand times does not fill it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  claimsOf,
  type LoggedIn,
  type LoginLab,
  logIn,
  newClient,
  startLoginLab,
  UPSTREAM_CLIENT,
} from '../support/login.ts';
import { post } from '../support/mcp.ts';

let lab: LoginLab;
beforeAll(async () => {
  lab = await startLoginLab({ env: { MCP_TRUSTED_PROXIES: '127.0.0.1', MCP_RATE_LIMIT: '100000' } });
});
afterAll(() => lab?.stop());

const ask = (path: string, init: RequestInit = {}) => fetch(`${lab.origin}${path}`, { redirect: 'manual', ...init });
const list = { jsonrpc: '2.0', id: 1, method: 'tools/list' };
const numberOf = ({ headers }: { headers: Headers }) => headers.get('x-request-id');
const recordsOf = (id: string | null) => lab.records().filter(({ request_id }) => request_id === id);
const refusals = () => lab.records().filter(({ error_code, event }) => event === 'REFUSED' || error_code !== undefined);

async function flood(requests: number, addressOf: (i: number) => string) {
  const paths: readonly [string, RequestInit][] = [
    ['/authorize?client_id=nobody', {}],
    ['/authorize', { method: 'POST' }],
    ['/auth/callback?state=x&code=y', {}],
    ['/token', { method: 'POST' }],
    ['/register', { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } }],
    ['/register', { method: 'POST', body: '{', headers: { 'content-type': 'application/json' } }],
    ['/revoke', { method: 'POST' }],
    ['/auth/backchannel-logout', { method: 'POST', body: new URLSearchParams({ logout_token: 'x' }) }],
    ['/mcp', { method: 'POST', headers: { authorization: 'Bearer a.b.c' } }],
    ['/mcp', { method: 'POST', headers: { authorization: 'Basic eDp5' } }],
  ];
  const numbers: string[] = [];
  let next = 0;
  const worker = async () => {
    for (let i = next++; i < requests; i = next++) {
      const [path, init] = paths[i % paths.length]!;
      const answer = await ask(path, { ...init, headers: { ...init.headers, 'x-forwarded-for': addressOf(i) } });
      expect(answer.status, path).toBeGreaterThanOrEqual(400);
      expect(answer.status, path).toBeLessThan(503);
      numbers.push(numberOf(answer)!);
      await answer.arrayBuffer();
    }
  };
  await Promise.all(Array.from({ length: 20 }, worker));
  return numbers;
}

describe('a token that /mcp refuses', () => {
  let login: LoggedIn;
  beforeAll(async () => {
    login = await logIn(lab, 'reader');
  });
  const call = (token: string) => post(lab.mcp, list, { token });

  it('of a session that has ended stands once on the record, under the number of the answer, with its session', async () => {
    const { client, tokens } = await logIn(lab, 'operator');
    await client.revoke(tokens.access_token);
    const answer = await call(tokens.access_token);
    expect(answer.status).toBe(401);
    expect(recordsOf(numberOf(answer))).toEqual([
      expect.objectContaining({
        event: 'REFUSED',
        endpoint: '/mcp',
        reason: 'session_ended',
        sid: claimsOf(tokens.access_token).sid,
        sub: claimsOf(tokens.access_token).sub,
        src_ip: '127.0.0.1',
      }),
    ]);
    expect(JSON.parse(answer.text)).toMatchObject({ request_id: numberOf(answer) });
  });

  it('past its end stands there too, and with a changed signature names nobody', async () => {
    const { access_token: token } = login.tokens;
    const forged = await call(`${token.slice(0, -20)}${'A'.repeat(20)}`);
    expect(recordsOf(numberOf(forged))).toEqual([expect.objectContaining({ event: 'REFUSED', reason: 'signature' })]);
    for (const name of ['sub', 'sid', 'user', 'client_id'])
      expect(recordsOf(numberOf(forged))[0]).not.toHaveProperty(name);
    lab.clock.advance(3_601_000);
    const late = await call(token);
    expect(recordsOf(numberOf(late))).toEqual([
      expect.objectContaining({ event: 'REFUSED', reason: 'expired', sid: claimsOf(token).sid }),
    ]);
  });

  it('is recorded, and a request without one is not: so every login begins', async () => {
    const before = lab.records().length;
    const answer = await post(lab.mcp, list);
    expect(answer.status).toBe(401);
    expect(lab.records().length).toBe(before);
    expect(recordsOf(numberOf(await call('x')))).toEqual([expect.objectContaining({ reason: 'malformed' })]);
  });
});

describe('an address that is told to wait', () => {
  it('is let in with a good token, and with one that was good only until it was refused', async () => {
    const MOST = 20;
    const strict = await startLoginLab({ env: { MCP_RATE_LIMIT: String(MOST) } });
    try {
      const [ended, good] = [await logIn(strict, 'reader'), await logIn(strict, 'operator')];
      const statusOf = async (token: string) => (await post(strict.mcp, list, { token })).status;
      for (const { tokens } of [ended, good]) expect(await statusOf(tokens.access_token)).toBe(200);
      await ended.client.revoke(ended.tokens.access_token);
      for (let i = 0; i < MOST; i += 1) expect(await statusOf('a.b.c')).toBe(401);
      expect(await statusOf('a.b.c')).toBe(429);
      expect(await statusOf(ended.tokens.access_token)).toBe(401);
      expect(await statusOf(ended.tokens.access_token)).toBe(429);
      expect(await statusOf(good.tokens.access_token)).toBe(200);
    } finally {
      await strict.stop();
    }
  });
});

describe('an endpoint of the login', () => {
  it.each<[string, () => Promise<RequestInit>, string]>([
    ['/register', async () => ({ body: '{}', headers: { 'content-type': 'application/json' } }), ''],
    ['/register', async () => ({ body: '{', headers: { 'content-type': 'application/json' } }), 'unreadable_request'],
    ['/revoke', async () => ({ body: new URLSearchParams({ token: 'x' }) }), 'missing_parameter'],
    [
      '/revoke',
      async () => ({ body: new URLSearchParams({ token: 'x', client_secret: 'y' }) }),
      'client_authentication',
    ],
    [
      '/auth/backchannel-logout',
      async () => ({ body: new URLSearchParams({ logout_token: 'x' }) }),
      'logout_token_invalid',
    ],
    [
      '/auth/backchannel-logout',
      async () => {
        const about = { clientId: UPSTREAM_CLIENT, sub: 'somebody' };
        const logout_token = await lab.provider.logoutToken(about, { nonce: 'x' });
        return { body: new URLSearchParams({ logout_token }) };
      },
      'logout_token_invalid',
    ],
  ])('%s has what it refuses on the record, once', async (path, init, reason) => {
    const answer = await ask(path, { method: 'POST', ...(await init()) });
    expect(answer.status).toBe(reason === 'client_authentication' ? 401 : 400);
    expect(recordsOf(numberOf(answer))).toEqual([
      expect.objectContaining({
        event: 'REFUSED',
        endpoint: path,
        reason: reason === '' ? expect.any(String) : reason,
        error_code: expect.any(String),
      }),
    ]);
  });

  it('has a code that was brought by another client under the session that it belongs to', async () => {
    const { tokens, client } = await logIn(lab, 'reader');
    const other = await newClient(lab);
    const answer = await client.refresh(tokens.refresh_token, { client_id: other.id });
    expect(recordsOf(numberOf(answer))).toEqual([
      expect.objectContaining({
        event: 'TOKEN_REFRESH',
        reason: 'client_mismatch',
        sid: claimsOf(tokens.access_token).sid,
      }),
    ]);
  });
});

describe('thousands of bad requests', () => {
  it('from one address are few records, which count them all, and each is in the log', async () => {
    lab.clock.advance(60_000);
    const before = refusals().length;
    const numbers = await flood(3_000, () => '203.0.113.7');
    expect(refusals().length - before).toBeLessThan(100);
    await lab.restart();
    const written = refusals().slice(before);
    expect(written.length).toBeLessThan(120);
    expect(written.reduce((sum, { count }) => sum + Number(count ?? 1), 0)).toBe(3_000);
    expect(written.filter(({ count }) => count !== undefined)).toContainEqual(
      expect.objectContaining({ event: 'REFUSED', endpoint: '/token', src_ip: '203.0.113.7' }),
    );
    const log = lab.log();
    expect(numbers.filter((number) => !log.includes(number))).toEqual([]);
  });

  it('from as many addresses are few records all the same, and those who are known keep their own', async () => {
    const { client, tokens } = await logIn(lab, 'operator');
    await client.revoke(tokens.access_token);
    const before = refusals().length;
    await flood(3_000, (i) => `203.0.${i >> 8}.${i & 255}`);
    const answer = await post(lab.mcp, list, { token: tokens.access_token });
    expect(recordsOf(numberOf(answer))).toHaveLength(1);
    await lab.restart();
    const written = refusals().slice(before);
    expect(written.length).toBeLessThan(400);
    expect(written.reduce((sum, { count }) => sum + Number(count ?? 1), 0)).toBe(3_001);
  });

  it('that begin a login and never finish it are few records as well, and are counted', async () => {
    lab.clock.advance(60_000);
    const consents = () => lab.records().filter(({ event }) => event === 'CONSENT');
    const before = consents().length;
    const { url } = (await newClient(lab)).begin();
    const { pathname, search } = new URL(url);
    const MANY = 600;
    let next = 0;
    const worker = async () => {
      for (let i = next++; i < MANY; i = next++) {
        const headers = { 'x-forwarded-for': `203.1.${i >> 8}.${i & 255}` };
        const page = await ask(`${pathname}${search}`, { headers });
        const [, ticket = ''] = /name="ticket" value="([^"]+)"/.exec(await page.text()) ?? [];
        const cookie = page.headers.getSetCookie().map((one) => one.split(';')[0]);
        const answer = await ask(pathname, {
          method: 'POST',
          headers: { ...headers, cookie: cookie.join('; ') },
          body: new URLSearchParams({ ticket, decision: 'allow' }),
        });
        expect(answer.status).toBe(200);
        expect(await answer.text()).toContain('Now log in');
      }
    };
    await Promise.all(Array.from({ length: 10 }, worker));
    expect(consents().length - before).toBeLessThanOrEqual(300);
    await logIn(lab, 'reader');
    await lab.restart();
    const written = consents().slice(before);
    expect(written.length).toBeLessThan(400);
    expect(written.reduce((sum, { count }) => sum + Number(count ?? 1), 0)).toBe(MANY + 1);
  });
});
