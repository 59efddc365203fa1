/** What a protected resource must refuse, and how it says so: oauth's list, over a real socket. */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AUDIENCE, BASE_URL, oauthEnv, startGateway, type TestGateway } from '../support/gateway.ts';
import { type Issuer, startIssuer } from '../support/issuer.ts';
import { callTool, listed, post } from '../support/mcp.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';

const LIST = { jsonrpc: '2.0', id: 1, method: 'tools/list' };
const METADATA = `${BASE_URL}/.well-known/oauth-protected-resource/mcp`;

describe.skipIf(!(await vcsimAvailable()))('the protected resource', () => {
  let vcsim: Vcsim;
  let issuer: Issuer;
  let other: Issuer;
  let gateway: TestGateway;
  const origin = () => new URL(gateway.url).origin;

  beforeAll(async () => {
    [vcsim, issuer, other] = await Promise.all([startVcsim({}), startIssuer(), startIssuer()]);
    gateway = await startGateway(vcsim, oauthEnv(issuer.issuer));
  });
  afterAll(async () => {
    await gateway?.close();
    await Promise.all([issuer?.stop(), other?.stop(), vcsim?.stop()]);
  });
  const mint = (more: Record<string, unknown> = {}) =>
    issuer.mint({ sub: 'alice', groups: ['vsphere-readers'], audience: AUDIENCE, ...more });

  it('describes itself at the path-specific place and at the root, by the URL that clients use', async () => {
    for (const path of ['/.well-known/oauth-protected-resource/mcp', '/.well-known/oauth-protected-resource']) {
      const answer = await fetch(`${origin()}${path}`);
      expect(answer.status).toBe(200);
      expect(await answer.json()).toMatchObject({ resource: AUDIENCE, authorization_servers: [issuer.issuer] });
    }
  });

  it('leads a caller without token to the metadata, and calls nothing an error', async () => {
    const answer = await post(gateway.url, LIST);
    expect(answer.status).toBe(401);
    const challenge = answer.headers.get('www-authenticate')!;
    expect(challenge).toContain(`resource_metadata="${METADATA}"`);
    expect(challenge).not.toContain('error');
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it('lets a token of the provider in, with the groups it carries', async () => {
    const token = await mint();
    expect(await listed(gateway.url, 'tools/list', { token })).toContain('list_vms');
    expect(await listed(gateway.url, 'tools/list', { token })).not.toContain('power_off');
    const who = await callTool(gateway.url, 'whoami', {}, { token });
    expect(who.content).toMatchObject({ user: 'alice', groups: [{ group: 'vsphere-readers', level: 'READ_ONLY' }] });
  });

  it.each([
    ['no token at all', async () => 'x'],
    ['another audience', () => mint({ audience: 'https://other.example.com' })],
    ['another issuer', () => other.mint({ sub: 'alice', groups: ['vsphere-readers'], audience: AUDIENCE })],
    ['a token that has expired', () => mint({ expiresIn: -3600 })],
  ])('refuses %s as invalid_token, without saying why', async (_what, make) => {
    const answer = await post(gateway.url, LIST, { token: await make() });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"');
    expect(answer.headers.get('www-authenticate')).toContain(METADATA);
    expect(answer.text).not.toMatch(/audience|issuer|expired|signature/i);
  });

  it('refuses a token in the URL, even a good one', async () => {
    const token = await mint();
    expect((await post(`${gateway.url}?access_token=${token}`, LIST)).status).toBe(400);
    expect((await post(`${gateway.url}?access_token=${token}`, LIST, { token })).status).toBe(400);
  });

  it('refuses two Authorization headers and two Host headers', async () => {
    const token = await mint();
    const host = new URL(gateway.url).host;
    const body = JSON.stringify(LIST);
    const lines = (extra: string[]) =>
      [
        'POST /mcp HTTP/1.1',
        `Host: ${host}`,
        'Content-Type: application/json',
        'Accept: application/json, text/event-stream',
        `Content-Length: ${body.length}`,
        `Authorization: Bearer ${token}`,
        'Connection: close',
        ...extra,
        '',
        body,
      ].join('\r\n');
    expect(await raw(host, lines([]))).toMatch(/^HTTP\/1.1 200/);
    expect(await raw(host, lines([`Authorization: Bearer ${token}`]))).toMatch(/^HTTP\/1.1 400/);
    expect(await raw(host, lines([`Host: ${host}`]))).toMatch(/^HTTP\/1.1 400/);
  });

  it('refuses pages of a foreign origin, also with a good token', async () => {
    const answer = await post(gateway.url, LIST, { token: await mint(), headers: { origin: 'https://attacker.test' } });
    expect(answer.status).toBe(403);
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('refuses a Host it does not go by', async () => {
    const host = new URL(gateway.url).host;
    const asked = (name: string) => raw(host, `GET /mcp HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`);
    expect(await asked('attacker.test')).toMatch(/^HTTP\/1.1 403/);
    for (const disguise of ['attacker.test@127.0.0.1', '127.0.0.1/attacker', '0x7f.1', '2130706433', '']) {
      expect(await asked(disguise), disguise).toMatch(/^HTTP\/1.1 400/);
    }
  });

  it('refuses headers that disagree with the body', async () => {
    const envelope = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {},
    };
    const call = {
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'power_off', arguments: {}, _meta: envelope },
    };
    const answer = await post(gateway.url, call, {
      token: await mint(),
      headers: { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'list_vms' },
    });
    expect(answer.status).toBe(400);
    expect(answer.messages[0]?.error?.code).toBe(-32020);
  });

  it('asks the provider for its keys once, whatever keys two hundred tokens name', async () => {
    await post(gateway.url, LIST, { token: await mint() });
    const before = issuer.jwksRequests();
    const parts = (await mint()).split('.');
    const attempts = Array.from({ length: 200 }, (_, i) => {
      const header = Buffer.from(JSON.stringify({ alg: 'RS256', typ: 'at+jwt', kid: `bogus-${i}` })).toString(
        'base64url',
      );
      return post(gateway.url, LIST, { token: `${header}.${parts[1]}.${parts[2]}` });
    });
    for (const { status } of await Promise.all(attempts)) expect(status).toBe(401);
    expect(issuer.jwksRequests() - before).toBeLessThanOrEqual(1);
  });

  it('knows the keys after a rotation without a restart', async () => {
    const old = await mint();
    await issuer.rotateKeys();
    expect((await post(gateway.url, LIST, { token: old })).status).toBe(200);
  });
});

/** Sends bytes as they are and gives the head of the answer. */
function raw(host: string, text: string): Promise<string> {
  const { hostname, port } = new URL(`http://${host}`);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(text));
    let answer = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      answer += chunk;
      if (answer.includes('\r\n\r\n')) socket.destroy();
    });
    socket.once('close', () => resolve(answer)).once('error', reject);
  });
}
