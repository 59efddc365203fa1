/** Two gateways on one Redis: a login begun on one ends on the other, limits are one, and an outage lets nobody in. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RedisServer, redisAvailable, startRedis } from '../support/redis.ts';
import {
  authorizeUrl,
  BASE_URL,
  CALLBACK,
  type LoginGateway,
  logIn,
  parametersOf,
  startLoginGateway,
  untilClient,
  VERIFIER,
} from './gateway-with-login.ts';

describe.skipIf(!(await redisAvailable()))('two gateways on one Redis', () => {
  let redis: RedisServer;
  let one: LoginGateway;
  let two: LoginGateway;
  beforeAll(async () => {
    redis = await startRedis();
    const env = {
      OAUTH_STORE_URL: redis.url,
      OAUTH_SIGNING_KEY: randomBytes(32).toString('hex'),
      OAUTH_RATE_LIMIT: '20',
      MCP_REPLICAS: '2',
      MCP_TRUSTED_PROXIES: '127.0.0.1',
    };
    one = await startLoginGateway(env);
    two = await startLoginGateway({ ...env, OAUTH_ISSUER_URL: one.provider.issuer });
  });
  afterAll(async () => {
    await one?.stop();
    await two?.stop();
    await redis?.stop();
  });

  it('end a login on one that was begun on the other', async () => {
    const id = await one.register();
    const browser = one.browser();
    const shown = await browser.open(authorizeUrl(id));
    browser.resolve(BASE_URL, two.origin);
    const allowed = await browser.submit(shown, {}, { button: 'allow' });
    browser.resolve(BASE_URL, one.origin);
    const login = await browser.follow(allowed, untilClient);
    const end = await browser.submit(login, { username: 'reader', password: 'lab' }, { form: 'password' });
    expect(parametersOf(await browser.follow(end, untilClient))).toHaveProperty('code');
  });

  it('share the limits', async () => {
    const headers = { 'x-forwarded-for': '198.51.100.77' };
    const answers = [];
    for (let i = 0; i < 21; i += 1) {
      answers.push((await (i % 2 === 0 ? one : two).fetch('/token', { method: 'POST', headers })).status);
    }
    expect(answers).toEqual([...Array(20).fill(400), 429]);
  });

  it('let nobody in while it is gone, say so to people and to clients, and go on by themselves once it is back', async () => {
    const id = await one.register();
    const browser = one.browser();
    const shown = await browser.open(authorizeUrl(id));
    await redis.stop();
    const refused = await browser.submit(shown, {}, { button: 'allow' });
    expect(refused.status).toBe(503);
    expect(refused.next).toBeUndefined();
    expect(refused.text).toContain('cannot log anybody in');
    const number = refused.headers['x-request-id'];
    expect(refused.text).toContain(number);
    expect(one.records().filter(({ request_id, event }) => request_id === number && event === 'REFUSED')).toEqual([
      expect.objectContaining({ endpoint: '/authorize', reason: 'gateway_unavailable' }),
    ]);
    expect(String(refused.headers['set-cookie'])).not.toContain('login');
    const code = { grant_type: 'authorization_code', client_id: id, code: 'x'.repeat(43), redirect_uri: CALLBACK };
    const answer = await one.form('/token', { ...code, code_verifier: VERIFIER });
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).not.toBeNull();
    expect(await answer.json()).toMatchObject({ error: 'temporarily_unavailable' });

    await redis.start();
    const sessions = async (gateway: LoginGateway) =>
      ((await (await gateway.fetch('/readyz')).json()) as { checks: { sessions: string } }).checks.sessions;
    for (const gateway of [one, two]) await expect.poll(() => sessions(gateway), { timeout: 15_000 }).toBe('ok');
    expect((await browser.submit(shown, {}, { button: 'allow' })).status).toBe(200);
    expect(parametersOf(await logIn(two.browser(), authorizeUrl(id)))).toHaveProperty('code');
  });
});
