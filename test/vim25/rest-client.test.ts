/** The REST API of a vCenter that means no good, and of one that speaks only the older form. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/lib/logger.ts';
import { Secret } from '../../src/lib/secret.ts';
import { createRestClient, type RestClient } from '../../src/vim25/rest-client.ts';
import { createTransport, type Transport } from '../../src/vim25/transport.ts';
import { standingClock } from './connect.ts';

const TAGS = { method: 'GET', resource: 'cis/tagging/tag' } as const;
const BASIC = `Basic ${Buffer.from('svc@vsphere.local:pä:ss').toString('base64')}`;

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

interface Asked {
  readonly line: string;
  readonly headers: IncomingMessage['headers'];
}

const json = (response: ServerResponse, value: unknown, status = 200) =>
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));

describe('the REST API', () => {
  const clock = standingClock();
  let server: Server;
  let transport: Transport;
  let client: RestClient;
  let asked: Asked[];
  let answers: Record<string, Answer>;
  let sessions: number;

  beforeEach(async () => {
    asked = [];
    sessions = 0;
    answers = {
      'POST /api/session': (_, response) => json(response, `token-${++sessions}`, 201),
      'DELETE /api/session': (_, response) => response.writeHead(204).end(),
      'GET /api/cis/tagging/tag': (_, response) => json(response, ['a']),
    };
    server = createServer((request, response) => {
      const line = `${request.method} ${request.url}`;
      asked.push({ line, headers: request.headers });
      const answer = answers[line];
      if (answer === undefined) response.writeHead(404).end();
      else answer(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/sdk`);
    transport = createTransport({ url, tls: { insecure: true }, userAgent: 'mcvsphere-test' });
    client = createRestClient({
      transport,
      username: 'svc@vsphere.local',
      password: new Secret('pä:ss'),
      clock,
      logger: createLogger('silent'),
    });
  });

  afterEach(async () => {
    await transport.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const lines = () => asked.map(({ line }) => line);
  const failureOf = async (work: Promise<unknown>) => {
    const error = await work.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    const { code, message } = error as { code: string; message: string };
    expect(`${message}`).not.toContain('pä:ss');
    expect(message).not.toMatch(/\p{Cc}/u);
    return { code, message };
  };

  it('makes one session for all calls that wait, and gives the password to its endpoint only', async () => {
    await Promise.all([client.call(TAGS), client.call(TAGS), client.call(TAGS)]);
    expect(lines()).toEqual(['POST /api/session', ...Array(3).fill('GET /api/cis/tagging/tag')]);
    const [login, ...calls] = asked;
    expect(login!.headers.authorization).toBe(BASIC);
    for (const { headers } of calls) {
      expect(headers).toMatchObject({ 'vmware-api-session-id': 'token-1' });
      expect(headers.authorization).toBeUndefined();
      expect(headers.cookie).toBeUndefined();
    }
  });

  it('ends its session with the connection, and none where none was made', async () => {
    await client.end();
    expect(lines()).toEqual([]);
    await expect(client.call(TAGS)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('ends the session that it made, once', async () => {
    await client.call(TAGS);
    await Promise.all([client.end(), client.end()]);
    const [ended, other] = asked.filter(({ line }) => line.startsWith('DELETE'));
    expect(ended).toMatchObject({ line: 'DELETE /api/session', headers: { 'vmware-api-session-id': 'token-1' } });
    expect(other).toBeUndefined();
  });

  it.each([400, 404, 405, 415])(
    'speaks the older form to a server that answers /api/session with %i',
    async (status) => {
      answers['POST /api/session'] = (_, response) => response.writeHead(status).end();
      const path = '/rest/com/vmware/cis';
      answers[`POST ${path}/session`] = (_, response) => json(response, { value: 'old' });
      answers[`POST ${path}/tagging/tag/id:urn%3Ax%3Ftest?~action=list`] = (_, response) =>
        json(response, { value: [1] });
      const call = { method: 'POST', resource: 'cis/tagging/tag', id: 'urn:x?test', action: 'list', body: {} } as const;
      expect(await client.call(call)).toEqual([1]);
      await client.end();
      expect(lines()).toEqual([
        'POST /api/session',
        `POST ${path}/session`,
        `POST ${path}/tagging/tag/id:urn%3Ax%3Ftest?~action=list`,
        `DELETE ${path}/session`,
      ]);
    },
  );

  it('says so where there is neither', async () => {
    delete answers['POST /api/session'];
    expect(await failureOf(client.call(TAGS))).toMatchObject({ code: 'UNAVAILABLE' });
    expect(lines()).toEqual(['POST /api/session', 'POST /rest/com/vmware/cis/session']);
  });

  it('renews a session that the server no longer knows, once for all calls', async () => {
    await client.call(TAGS);
    answers['GET /api/cis/tagging/tag'] = ({ headers }, response) =>
      headers['vmware-api-session-id'] === 'token-1' ? response.writeHead(401).end() : json(response, ['b']);
    expect(await Promise.all([client.call(TAGS), client.call(TAGS)])).toEqual([['b'], ['b']]);
    expect(sessions).toBe(2);
  });

  it('gives up after one renewal where every session is refused', async () => {
    answers['GET /api/cis/tagging/tag'] = (_, response) => response.writeHead(401).end();
    expect(await failureOf(client.call(TAGS))).toMatchObject({ code: 'VSPHERE_FAULT' });
    expect(sessions).toBe(2);
    expect(asked).toHaveLength(4);
  });

  it('leaves a server alone for 30 seconds that refused the account', async () => {
    answers['POST /api/session'] = (_, response) => response.writeHead(401).end();
    await failureOf(client.call(TAGS));
    expect(await failureOf(client.call(TAGS))).toMatchObject({ code: 'VSPHERE_FAULT' });
    expect(lines()).toEqual(['POST /api/session']);
    clock.pass(30_001);
    await failureOf(client.call(TAGS));
    expect(asked).toHaveLength(2);
  });

  it.each([401, 403, 429, 503])('tries no other form after HTTP %i, which is an answer', async (status) => {
    answers['POST /api/session'] = (_, response) => response.writeHead(status).end();
    await failureOf(client.call(TAGS));
    expect(lines()).toEqual(['POST /api/session']);
  });

  it.each([
    ['one with a line feed', 'token\r\nx-evil: 1'],
    ['one with a space', 'a b'],
    ['an empty one', ''],
    ['none', null],
    ['a number', 5],
    ['an object', { value: 'x' }],
    ['a huge one', 'x'.repeat(5000)],
    ['one that is no ASCII', 'tök\u202een'],
  ])('sends no session id that is none: %s', async (_what, token) => {
    answers['POST /api/session'] = (_, response) => json(response, token);
    expect(await failureOf(client.call(TAGS))).toMatchObject({ code: 'UNAVAILABLE' });
    expect(lines()).toEqual(['POST /api/session']);
  });

  it.each(['POST /api/session', 'GET /api/cis/tagging/tag'])('follows no redirect of %s', async (line) => {
    answers[line] = (_, response) => response.writeHead(307, { location: '/elsewhere' }).end();
    expect((await failureOf(client.call(TAGS))).message).toContain('redirect');
    expect(lines()).not.toContain(line.replace(/ .*/, ' /elsewhere'));
    expect(lines().at(-1)).toBe(line);
  });

  it('reads no answer without end', async () => {
    let sent = 0;
    answers['GET /api/cis/tagging/tag'] = (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const chunk = Buffer.alloc(1024 * 1024, '[');
      const more = () => {
        while (!response.destroyed && sent < 200) {
          sent += 1;
          if (!response.write(chunk)) {
            response.once('drain', more);
            return;
          }
        }
      };
      more();
    };
    expect((await failureOf(client.call(TAGS))).message).toContain('larger than');
    expect(sent).toBeLessThan(200);
  });

  it.each([
    ['no JSON', '<html>'],
    ['half a list', '["a",'],
    ['a list without a bottom', '['.repeat(1_000_000)],
  ])('is told of %s', async (_what, text) => {
    answers['GET /api/cis/tagging/tag'] = (_, response) => response.writeHead(200).end(text);
    expect(await failureOf(client.call(TAGS))).toMatchObject({ code: 'UNAVAILABLE' });
  });

  it.each([
    [400, 'VSPHERE_FAULT'],
    [403, 'VSPHERE_FAULT'],
    [404, 'VSPHERE_FAULT'],
    [500, 'UNAVAILABLE'],
    [503, 'UNAVAILABLE'],
  ])('shows nothing of what HTTP %i says of itself', async (status, code) => {
    answers['GET /api/cis/tagging/tag'] = (_, response) => json(response, { messages: ['\u001b[2Jsecret'] }, status);
    const failure = await failureOf(client.call(TAGS));
    expect(failure).toMatchObject({ code });
    expect(failure.message).not.toContain('secret');
  });

  it('lets a caller go whose signal aborts, while the session is made for the others', async () => {
    let open: (() => void) | undefined;
    answers['POST /api/session'] = (_, response) => {
      open = () => json(response, 'late');
    };
    const gone = new AbortController();
    const left = client.call({ ...TAGS, signal: gone.signal });
    const stays = client.call(TAGS);
    while (open === undefined) await new Promise((resolve) => setImmediate(resolve));
    gone.abort();
    await expect(left).rejects.toMatchObject({ code: 'CANCELLED' });
    open();
    expect(await stays).toEqual(['a']);
  });
});
