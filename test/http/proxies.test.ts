/** Whose word counts about where a request came from. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway } from '../support/gateway.ts';
import { callTool } from '../support/mcp.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';

describe.skipIf(!(await vcsimAvailable()))('X-Forwarded-For', () => {
  let vcsim: Vcsim;
  beforeAll(async () => {
    vcsim = await startVcsim({ vm: 1 });
  });
  afterAll(() => vcsim?.stop());

  it.each([
    ['is believed from a listed proxy', '127.0.0.1', '203.0.113.9', '203.0.113.9'],
    ['is believed from a proxy of a listed network', '127.0.0.0/8', '203.0.113.9', '203.0.113.9'],
    ['is believed only as far as listed proxies wrote it', '127.0.0.1', '203.0.113.9, 198.51.100.7', '198.51.100.7'],
    ['is followed through several listed proxies', '127.0.0.1,10.0.0.0/8', '198.51.100.7, 10.1.2.3', '198.51.100.7'],
    ['is not believed from anybody else', '10.0.0.5', '203.0.113.9', '127.0.0.1'],
    ['is not believed where no proxy is listed', '', '203.0.113.9', '127.0.0.1'],
  ])('%s', async (_what, proxies, forwarded, recorded) => {
    const gateway = await startGateway(vcsim, { MCP_TRUSTED_PROXIES: proxies });
    try {
      await callTool(gateway.url, 'whoami', {}, { headers: { 'x-forwarded-for': forwarded } });
      expect(gateway.records().at(-1)).toMatchObject({ tool: 'whoami', src_ip: recorded });
    } finally {
      await gateway.close();
    }
  });
});
