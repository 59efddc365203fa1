/** How much one person and one address may ask of /mcp, and what is on the record of those who are turned away. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AUDIENCE, oauthEnv, startGateway, type TestGateway } from '../support/gateway.ts';
import { type Issuer, startIssuer } from '../support/issuer.ts';
import { post } from '../support/mcp.ts';

const MOST = 6;
const NOWHERE = { url: 'http://127.0.0.1:1/sdk', user: 'nobody', password: 'nothing' };

let issuer: Issuer;
let gateway: TestGateway;
beforeAll(async () => {
  issuer = await startIssuer();
  gateway = await startGateway(NOWHERE, {
    ...oauthEnv(issuer.issuer),
    MCP_RATE_LIMIT: String(MOST),
    MCP_TRUSTED_PROXIES: '127.0.0.1',
  });
});
afterAll(async () => {
  await gateway?.close();
  await issuer?.stop();
});

const list = (id = 1) => ({ jsonrpc: '2.0', id, method: 'tools/list' });
const tokenOf = (sub: string) => issuer.mint({ sub, groups: ['vsphere-readers'], audience: AUDIENCE });
const send = (body: unknown, token: string | undefined, address = '198.51.100.1') =>
  post(gateway.url, body, { token, headers: { 'x-forwarded-for': address, 'mcp-protocol-version': '2025-03-26' } });
const recordsOf = ({ headers }: { headers: Headers }) =>
  gateway.records().filter(({ request_id }) => request_id === headers.get('x-request-id'));

describe('a person', () => {
  it('pays for each message of a batch', async () => {
    const token = await tokenOf('ann');
    expect((await send([list(1), list(2), list(3), list(4)], token)).status).toBe(200);
    const refused = await send([list(1), list(2), list(3)], token);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused.headers.get('cache-control')).toContain('no-store');
    expect(recordsOf(refused)).toEqual([
      expect.objectContaining({ event: 'REFUSED', endpoint: '/mcp', reason: 'too_many_requests', sub: 'ann' }),
    ]);
    expect((await send(list(), token)).status).toBe(429);
    expect((await send(list(), await tokenOf('bob'))).status).toBe(200);
  });

  it('sends no batch of more than fifty, whoever they are', async () => {
    const batch = Array.from({ length: 51 }, (_, i) => list(i));
    expect((await send(batch, await tokenOf('cid'))).status).toBe(413);
    const open = await startGateway(NOWHERE);
    const answer = (messages: unknown[]) =>
      post(open.url, messages, { headers: { 'mcp-protocol-version': '2025-03-26' } });
    expect((await answer(batch)).status).toBe(413);
    expect((await answer(batch.slice(1))).messages).toHaveLength(50);
    await open.close();
  });
});

describe('an address', () => {
  it.each([
    ['tokens that are refused', 'a.b.c'],
    ['no token', undefined],
  ])('with %s is told to wait, before a token is looked at', async (_what, bad) => {
    const address = bad === undefined ? '198.51.100.10' : '198.51.100.11';
    for (let i = 0; i < MOST; i += 1) expect((await send(list(), bad, address)).status).toBe(401);
    const refused = await send(list(), bad, address);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(recordsOf(refused)).toEqual([
      expect.objectContaining({ event: 'REFUSED', reason: 'too_many_requests', src_ip: address }),
    ]);
    // Nobody looks at it: it is a good one.
    expect((await send(list(), await tokenOf(`late ${address}`), address)).status).toBe(429);
    expect((await send(list(), await tokenOf('elsewhere'), '198.51.100.12')).status).toBe(200);
  });

  it('that an attacker shares goes on serving those who were let in before', async () => {
    const address = '198.51.100.13';
    const token = await tokenOf('dan');
    expect((await send(list(), token, address)).status).toBe(200);
    for (let i = 0; i < MOST; i += 1) await send(list(), `a.b.${i}`, address);
    expect((await send(list(), 'a.b.c', address)).status).toBe(429);
    expect((await send(list(), token, address)).status).toBe(200);
  });

  it.each([
    ['whose proxy tells its port, too, counts without it', (i: number) => `198.51.100.30:${50_000 + i}`],
    ['that is none counts with all that are none', (i: number) => `made-up-${i}`],
  ])('%s', async (_what, address) => {
    for (let i = 0; i < MOST; i += 1) expect((await send(list(), 'a.b.c', address(i))).status).toBe(401);
    expect((await send(list(), 'a.b.c', address(MOST))).status).toBe(429);
  });

  it('of IPv6 counts with its whole network', async () => {
    for (let i = 0; i < MOST; i += 1) await send(list(), 'a.b.c', `2001:db8:1:1::${i + 1}`);
    expect((await send(list(), 'a.b.c', '2001:db8:1:1::99')).status).toBe(429);
    expect((await send(list(), 'a.b.c', '2001:db8:1:2::1')).status).toBe(401);
  });

  it('is not counted for good requests, however many people share it', async () => {
    for (let i = 0; i < MOST * 3; i += 1) {
      expect((await send(list(), await tokenOf(`person ${i}`), '198.51.100.14')).status).toBe(200);
    }
  });
});

describe('a token of the provider that is refused', () => {
  const about = { event: 'REFUSED', endpoint: '/mcp', sub: 'eve' };
  it.each<[string, () => Promise<string>, Record<string, unknown>]>([
    [
      'for another audience',
      () => issuer.mint({ sub: 'eve', audience: 'https://other' }),
      { ...about, reason: 'audience' },
    ],
    [
      'past its end',
      () => issuer.mint({ sub: 'eve', audience: AUDIENCE, expiresIn: -600 }),
      { ...about, reason: 'expired' },
    ],
  ])('%s stands on the record once, with whom it speaks of', async (_what, make, record) => {
    const answer = await send(list(), await make(), '198.51.100.20');
    expect(answer.status).toBe(401);
    expect(recordsOf(answer)).toEqual([
      expect.objectContaining({ ...record, iss: issuer.issuer, user: 'eve', src_ip: '198.51.100.20' }),
    ]);
  });

  it.each<[string, () => Promise<string>, string]>([
    ['with a changed signature', async () => `${(await tokenOf('eve')).slice(0, -16)}${'A'.repeat(16)}`, 'signature'],
    ['without one', async () => `${(await tokenOf('eve')).split('.').slice(0, 2).join('.')}.`, ''],
    [
      'of another issuer',
      () => issuer.mint({ sub: 'eve', audience: AUDIENCE, claims: { iss: 'https://other' } }),
      'issuer',
    ],
  ])('%s stands there without a name', async (_what, make, reason) => {
    const answer = await send(list(), await make(), '198.51.100.21');
    const [record, ...more] = recordsOf(answer);
    expect(record).toMatchObject({ event: 'REFUSED', reason: reason === '' ? expect.any(String) : reason });
    expect(more).toEqual([]);
    for (const name of ['user', 'sub', 'iss', 'sid']) expect(record).not.toHaveProperty(name);
  });
});
