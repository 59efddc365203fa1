/** Clients that take their time: what they keep open, and for how long. */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHttpApp, type HttpApp } from '../../src/http/app.ts';
import { createLogger } from '../../src/lib/logger.ts';
import { post } from '../support/mcp.ts';
import { principalOf } from '../support/tool-harness.ts';

const BETWEEN_PIECES_MS = 20;

describe('a client that never comes to an end', () => {
  let app: HttpApp;
  let url: string;
  let reached = 0;

  beforeAll(async () => {
    app = await createHttpApp({
      host: '127.0.0.1',
      allowedHosts: [],
      allowedOrigins: [],
      trustedProxies: [],
      authentication: { everybodyIs: principalOf(['vsphere-readers']) },
      endpoint: {
        async fetch() {
          reached += 1;
          return Response.json({ answered: true });
        },
        close: async () => {},
      },
      readiness: {},
      refusals: { note: async () => {} },
      logger: createLogger('silent'),
      patience: { headersMs: 300, requestMs: 600, checkMs: 50 },
    });
    url = await app.listen({ host: '127.0.0.1', port: 0 });
  });
  afterAll(() => app?.close(async () => {}));

  it('with its headers is sent away, and the request reaches nobody', async () => {
    const before = reached;
    const answer = await drip(url, `POST /mcp HTTP/1.1\r\nHost: ${new URL(url).host}\r\n`, 'X-More: 1\r\n');
    expect(answer).toMatch(/^HTTP\/1.1 408 /);
    expect(reached).toBe(before);
  });

  it('with its body is sent away, and the request reaches nobody', async () => {
    const before = reached;
    const head = [
      'POST /mcp HTTP/1.1',
      `Host: ${new URL(url).host}`,
      'Content-Type: application/json',
      'Content-Length: 100000',
    ];
    expect(await drip(url, `${head.join('\r\n')}\r\n\r\n{"a":"`, 'x')).toMatch(/^HTTP\/1.1 408 /);
    expect(reached).toBe(before);
  });

  it('keeps nobody else from an answer, however many there are of it', async () => {
    const slow = Array.from({ length: 200 }, () => drip(url, 'POST /mcp HTTP/1.1\r\n', 'X-More: 1\r\n'));
    expect((await post(url, {})).status).toBe(200);
    for (const answer of await Promise.all(slow)) expect(answer).toMatch(/^HTTP\/1.1 408 /);
  });
});

/** Sends `start` and then `piece` after piece until the other side closes; resolves to what it answered. */
function drip(url: string, start: string, piece: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    let answer = '';
    let dripping: NodeJS.Timeout | undefined;
    const socket = connect(Number(port), hostname, () => {
      socket.write(start);
      dripping = setInterval(() => socket.write(piece), BETWEEN_PIECES_MS);
    });
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      answer += chunk;
    });
    // Closed while we were still writing, which is the point.
    socket.on('error', () => {});
    socket.once('close', () => {
      clearInterval(dripping);
      resolve(answer);
    });
  });
}
