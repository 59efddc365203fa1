/** What of a request that failed inside the gateway stands on the record: nothing of the error, and its number. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHttpApp, type HttpApp } from '../../src/http/app.ts';
import { TokenError } from '../../src/identity/errors.ts';
import { createLogger } from '../../src/lib/logger.ts';
import type { Refusal } from '../../src/oauth/refusals.ts';
import { post } from '../support/mcp.ts';

describe('a request to /mcp', () => {
  const noted: Refusal[] = [];
  let app: HttpApp;
  let url: string;

  beforeAll(async () => {
    app = await createHttpApp({
      host: '127.0.0.1',
      allowedHosts: [],
      allowedOrigins: [],
      trustedProxies: [],
      authentication: {
        verifier: {
          async verify(token) {
            if (token === 'broken') throw new Error('secret details');
            throw new TokenError('session_unavailable', { about: { sub: 'a-1', sid: 'session', clientId: 'client' } });
          },
          ready: async () => true,
        },
        baseUrl: new URL('https://mcp.example.com'),
        authorizationServers: [],
        limits: { perAddress: 0, perPerson: 2 },
      },
      endpoint: { fetch: async () => Response.json({}), close: async () => {} },
      readiness: {},
      refusals: {
        async note(refusal) {
          noted.push(refusal);
        },
      },
      logger: createLogger('silent'),
    });
    url = await app.listen({ host: '127.0.0.1', port: 0 });
  });
  afterAll(() => app?.close(async () => {}));

  it('that fails in a way that nobody foresaw is noted under the number that its sender reads', async () => {
    const answer = await post(url, {}, { token: 'broken' });
    const request_id = answer.headers.get('x-request-id');
    expect(answer.status).toBe(500);
    expect(answer.text).toContain(request_id);
    expect(noted.pop()).toEqual({ endpoint: '/mcp', reason: 'gateway_failed', request_id, src_ip: '127.0.0.1' });
  });

  it('whose session cannot be looked up is noted with the session, and does not count as a stranger’s', async () => {
    for (let i = 0; i < 5; i += 1) {
      const answer = await post(url, {}, { token: 'good' });
      expect(answer.status).toBe(503);
      expect(noted.pop()).toEqual({
        endpoint: '/mcp',
        reason: 'session_unavailable',
        sub: 'a-1',
        sid: 'session',
        client_id: 'client',
        request_id: answer.headers.get('x-request-id'),
        src_ip: '127.0.0.1',
      });
    }
  });
});
