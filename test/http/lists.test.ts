/** The lists as they are on the wire of protocol 2026-07-28: how long they may be kept, by whom, and in what order. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AUDIENCE, oauthEnv, startGateway, type TestGateway } from '../support/gateway.ts';
import { type Issuer, startIssuer } from '../support/issuer.ts';
import { post } from '../support/mcp.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';

const PROTOCOL = '2026-07-28';
const LISTS = [
  ['tools/list', 'tools'],
  ['resources/list', 'resources'],
  ['resources/templates/list', 'resourceTemplates'],
] as const;

describe.skipIf(!(await vcsimAvailable()))('a list', () => {
  let vcsim: Vcsim;
  let issuer: Issuer;
  let gateways: TestGateway[];

  beforeAll(async () => {
    [vcsim, issuer] = await Promise.all([startVcsim({ vm: 1 }), startIssuer()]);
    const start = () => startGateway(vcsim, oauthEnv(issuer.issuer));
    gateways = await Promise.all([start(), start()]);
  });
  afterAll(async () => {
    await Promise.all(gateways?.map((gateway) => gateway.close()) ?? []);
    await Promise.all([issuer?.stop(), vcsim?.stop()]);
  });

  async function list(method: string, groups: readonly string[], gateway = gateways[0]!) {
    const token = await issuer.mint({ sub: 'alice', groups, audience: AUDIENCE });
    const envelope = {
      'io.modelcontextprotocol/protocolVersion': PROTOCOL,
      'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {},
    };
    const answer = await post(
      gateway.url,
      { jsonrpc: '2.0', id: 1, method, params: { _meta: envelope } },
      { token, headers: { 'mcp-protocol-version': PROTOCOL, 'mcp-method': method } },
    );
    expect(answer.status, answer.text).toBe(200);
    return answer.messages.find(({ id }) => id === 1)!.result!;
  }

  it.each(LISTS)('%s may be kept for a minute, by this person alone', async (method) => {
    for (const groups of [['vsphere-readers'], ['vsphere-super-admins'], []]) {
      expect(await list(method, groups)).toMatchObject({ ttlMs: 60_000, cacheScope: 'private' });
    }
  });

  it.each(LISTS)('%s has the same order each time, on each replica, for each level', async (method, items) => {
    const groups = ['vsphere-super-admins'];
    const names = (result: Record<string, unknown>) => (result[items] as { name: string }[]).map(({ name }) => name);
    const all = names(await list(method, groups));
    expect(all.length).toBeGreaterThan(0);
    expect(new Set(all).size).toBe(all.length);
    expect(JSON.stringify(await list(method, groups, gateways[1]))).toBe(JSON.stringify(await list(method, groups)));

    const fewer = names(await list(method, ['vsphere-operators']));
    expect(fewer).toEqual(all.filter((name) => fewer.includes(name)));
  });
});
