/** What probes see: alive, and ready only with all that a call needs. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { oauthEnv, startGateway, type TestGateway } from '../support/gateway.ts';
import { type Issuer, startIssuer } from '../support/issuer.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';

describe.skipIf(!(await vcsimAvailable()))('the health routes', () => {
  let vcsim: Vcsim;
  let issuer: Issuer;
  let gateway: TestGateway;
  const probe = async (path: string) => {
    const answer = await fetch(new URL(path, gateway.url));
    return { status: answer.status, cache: answer.headers.get('cache-control'), body: await answer.json() };
  };

  beforeAll(async () => {
    [vcsim, issuer] = await Promise.all([startVcsim({ vm: 1 }), startIssuer()]);
    issuer.answerWith(503);
    gateway = await startGateway(vcsim, oauthEnv(issuer.issuer));
  });
  afterAll(async () => {
    await gateway?.close();
    await Promise.all([issuer?.stop(), vcsim?.stop()]);
  });

  it('are alive without a token, whatever else is down', async () => {
    expect(await probe('/healthz')).toEqual({ status: 200, cache: 'no-store', body: { status: 'ok' } });
  });

  it('are not ready without the keys of the provider, say which part it is and not why, and are once they are there', async () => {
    const red = await probe('/readyz');
    expect(red).toMatchObject({
      status: 503,
      cache: 'no-store',
      body: { status: 'not ready', checks: { audit: 'ok', vsphere: 'ok', keys: 'failed' } },
    });
    expect(JSON.stringify(red.body)).not.toContain(issuer.issuer);

    issuer.answerWith(undefined);
    await expect.poll(async () => (await probe('/readyz')).status, { timeout: 20_000, interval: 250 }).toBe(200);
    expect((await probe('/readyz')).body).toEqual({
      status: 'ready',
      checks: { audit: 'ok', vsphere: 'ok', keys: 'ok' },
    });
  });
});
