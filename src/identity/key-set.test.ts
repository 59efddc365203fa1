import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { manualClock } from '../../test/support/manual-clock.ts';
import { createLogger } from '../lib/logger.ts';
import { createKeySet } from './key-set.ts';

let jwk: JWK;
let server: Server | undefined;
let requests = 0;

beforeAll(async () => {
  jwk = {
    ...(await exportJWK((await generateKeyPair('ES256', { extractable: true })).publicKey)),
    kid: 'k',
    alg: 'ES256',
  };
});
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
});

/** A key set whose provider answers with `answer`, which may change. */
async function keySet(answer: { now: RequestListener }) {
  requests = 0;
  server = createServer((request, response) => {
    requests += 1;
    answer.now(request, response);
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  const jwksUri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
  const clock = manualClock();
  const keys = createKeySet({ jwksUri, clock, logger: createLogger('silent') });
  const key = (kid = 'k') => keys.key({ alg: 'ES256', kid }, { payload: '', signature: '' });
  return { keys, clock, key };
}

const json =
  (body: unknown, status = 200): RequestListener =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
const good: RequestListener = (request, response) => json({ keys: [jwk] })(request, response);

describe('the key set', () => {
  it('is read once for all who wait for it', async () => {
    const { key } = await keySet({ now: good });
    await Promise.all(Array.from({ length: 50 }, () => key()));
    expect(requests).toBe(1);
  });

  it.each<[string, RequestListener]>([
    ['an error', json({}, 500)],
    ['a redirect', (_request, response) => response.writeHead(302, { location: '/jwks' }).end()],
    ['text', (_request, response) => response.end('<html>')],
    ['nothing', (_request, response) => response.writeHead(204).end()],
    ['an answer without keys', json({})],
    ['null', json(null)],
    ['a list', json([])],
    ['keys that are no list', json({ keys: 'k' })],
    ['no key at all', json({ keys: [] })],
    ['secret keys only', json({ keys: [{ kty: 'oct', k: 'AAAA', kid: 'k', alg: 'HS256' }] })],
    ['things that are no keys', json({ keys: [null, 1, 'k'] })],
    ['too many keys', json({ keys: Array.from({ length: 101 }, () => ({ kty: 'EC' })) })],
    ['a large answer', (...exchange) => json({ keys: [jwk], padding: 'x'.repeat(300_000) })(...exchange)],
    ['a broken connection', (_request, response) => response.destroy()],
  ])('is not to be had from %s, and asks once until it has rested', async (_what, answer) => {
    const { keys, clock, key } = await keySet({ now: answer });
    for (let i = 0; i < 5; i += 1) await expect(key()).rejects.toMatchObject({ reason: 'keys_unavailable' });
    expect(await keys.ready()).toBe(false);
    expect(requests).toBe(1);
    clock.advance(5_000);
    await expect(key()).rejects.toMatchObject({ reason: 'keys_unavailable' });
    expect(requests).toBe(2);
  });

  it('stops reading an answer that does not end', async () => {
    const endless: RequestListener = (_request, response) => {
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      };
      response.on('drain', more);
      more();
    };
    const { key } = await keySet({ now: endless });
    await expect(key()).rejects.toMatchObject({ reason: 'keys_unavailable' });
  });

  it('is renewed after ten minutes, while nobody waits', async () => {
    const { keys, clock, key } = await keySet({ now: good });
    await key();
    clock.advance(10 * 60_000);
    await key();
    await expect.poll(() => keys.generation()).toBe(2);
  });

  it('serves an hour without its provider, and no longer', async () => {
    const answer = { now: good };
    const { keys, clock, key } = await keySet(answer);
    await key();
    answer.now = json({}, 503);
    clock.advance(59 * 60_000);
    await expect(key()).resolves.toBeDefined();
    clock.advance(60_000);
    await expect(key()).rejects.toMatchObject({ reason: 'keys_unavailable' });
    expect(await keys.ready()).toBe(false);
    answer.now = good;
    clock.advance(5_000);
    await expect(key()).resolves.toBeDefined();
  });
});
