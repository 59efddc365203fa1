import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../../src/lib/secret.ts';
import type { VimClient } from '../../src/vim25/client.ts';
import type { SoapFault } from '../../src/vim25/faults.ts';
import { type BreakingProxy, startBreakingProxy } from '../support/breaking-proxy.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';
import { connectTo, namesIn, standingClock, through, viewOfVms, vmOf } from './connect.ts';

const LOGIN = '<Login ';
const INSTANCE = { _this: { type: 'ServiceInstance', value: 'ServiceInstance' } };

describe.skipIf(!(await vcsimAvailable()))('a session', () => {
  let vcsim: Vcsim;
  let proxy: BreakingProxy;
  let client: VimClient;

  beforeAll(async () => {
    vcsim = await startVcsim({ tls: false, vm: 2, username: 'svc', password: 'right & <proper>' });
  });
  afterAll(() => vcsim.stop());
  beforeEach(async () => {
    proxy = await startBreakingProxy(vcsim.host);
    client = await connectTo(through(vcsim, proxy.host));
  });
  afterEach(async () => {
    await client.close();
    await proxy.close();
  });

  /** Ends the client's session behind its back. */
  async function terminate(): Promise<void> {
    const other = await connectTo(vcsim);
    const sessionManager = other.serviceContent.sessionManager!;
    const ids: string[] = [];
    await other.retrieveProperties(
      [
        {
          propSet: [{ type: 'SessionManager', pathSet: ['sessionList', 'currentSession'] }],
          objectSet: [{ obj: sessionManager, skip: false }],
        },
      ],
      ({ propSet }) => {
        const values = new Map(propSet?.map(({ name, val }) => [name, val]));
        const { key: own } = values.get('currentSession') as { key: string };
        for (const { key } of values.get('sessionList') as { key: string }[]) if (key !== own) ids.push(key);
      },
    );
    await other.call('TerminateSession', { _this: sessionManager, sessionId: ids });
    await other.close();
  }

  it('is refused with a wrong password, and the server is not asked again for 30 seconds', async () => {
    const clock = standingClock();
    await expect(connectTo(through(vcsim, proxy.host), { password: new Secret('wrong') })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      faultType: 'InvalidLogin',
    });
    await client.close();
    client = await connectTo(through(vcsim, proxy.host), { clock });
    await vcsim.stop();
    const { port } = new URL(`http://${vcsim.host}`);
    const changed = await startVcsim({ tls: false, vm: 2, username: 'svc', password: 'changed', port: Number(port) });
    try {
      const before = proxy.count(LOGIN);
      const refused = { faultType: 'InvalidLogin' };
      await expect(client.call('CurrentTime', INSTANCE)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      await expect(client.call('CurrentTime', INSTANCE)).rejects.toMatchObject(refused);
      await expect(client.call('CurrentTime', INSTANCE)).rejects.toMatchObject(refused);
      expect(proxy.count(LOGIN)).toBe(before + 1);
      clock.pass(30_001);
      await expect(client.call('CurrentTime', INSTANCE)).rejects.toMatchObject(refused);
      expect(proxy.count(LOGIN)).toBe(before + 2);
    } finally {
      await changed.stop();
      await vcsim.restart();
    }
  });

  it('is made anew when it has expired under a call', async () => {
    await terminate();
    await expect(client.call('CurrentTime', INSTANCE)).resolves.toMatch(/^\d{4}-\d\d-\d\dT/);
    expect(client.generation).toBe(2);
  });

  it('lets a change through that found it expired, once', async () => {
    const vm = await vmOf(client, 'DC0_H0_VM0');
    await terminate();
    await expect(client.call('PowerOffVM_Task', { _this: vm })).resolves.toMatchObject({ type: 'Task' });
    expect(proxy.count('<PowerOffVM_Task ')).toBe(2);
  });

  it('is made once for all calls that find it expired', async () => {
    await terminate();
    const before = proxy.count(LOGIN);
    await Promise.all(Array.from({ length: 20 }, () => client.call('CurrentTime', INSTANCE)));
    expect(proxy.count(LOGIN)).toBe(before + 1);
    expect(client.generation).toBe(2);
  });

  it('shows by its generation that views are gone with it', async () => {
    const view = await viewOfVms(client);
    await terminate();
    const failure: SoapFault = await namesIn(client, view).then(
      () => expect.fail('the view should be gone'),
      (error) => error,
    );
    expect(failure).toMatchObject({ code: 'NOT_FOUND', faultType: 'ManagedObjectNotFound', detail: { obj: view } });
    expect(client.generation).toBe(2);
    await expect(namesIn(client, await viewOfVms(client))).resolves.toHaveProperty('size', 4);
  });

  it('stays when only a view was destroyed', async () => {
    const view = await viewOfVms(client);
    await client.call('DestroyView', { _this: view });
    await expect(namesIn(client, view)).rejects.toMatchObject({ faultType: 'ManagedObjectNotFound' });
    expect(client.generation).toBe(1);
  });

  it('is recognised as lost where properties are merely missing for it', async () => {
    const vm = await vmOf(client, 'DC0_H0_VM1');
    const read = () =>
      client.call('RetrievePropertiesEx', {
        _this: client.serviceContent.propertyCollector,
        specSet: [{ propSet: [{ type: 'VirtualMachine', pathSet: ['name'] }], objectSet: [{ obj: vm, skip: false }] }],
        options: {},
      });
    await terminate();
    expect((await read())?.objects[0]?.propSet?.[0]?.val).toBe('DC0_H0_VM1');
    expect(client.generation).toBe(2);
  });

  it('is kept alive while nobody calls', async () => {
    const kept = await connectTo(through(vcsim, proxy.host), { keepAliveMs: 20 });
    await proxy.seen('<CurrentTime ');
    await kept.close();
  });

  it('is logged out at the end, after which calls are refused', async () => {
    await client.close();
    expect(proxy.count('<Logout ')).toBe(1);
    await expect(client.call('CurrentTime', INSTANCE)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('carries an operation id in every request', async () => {
    await client.call('CurrentTime', INSTANCE, { operationId: 'call-4711 & <more>' });
    expect(proxy.sent()).toContain('<operationID>call-4711 &amp; &lt;more&gt;</operationID>');
    expect(proxy.count('<operationID>')).toBe(proxy.count('<soapenv:Body>'));
  });

  it('never shows its password', async () => {
    const failure = await connectTo(vcsim, { password: new Secret('hunter2-wrong') }).catch((error: unknown) => error);
    expect(JSON.stringify(failure) + String(failure) + (failure as Error).stack).not.toContain('hunter2');
  });
});

describe.skipIf(!(await vcsimAvailable()))('a standalone ESXi host', () => {
  it('is spoken to in the same way', async () => {
    const vcsim = await startVcsim({ esx: true });
    const client = await connectTo(vcsim);
    try {
      expect(client.about.apiType).toBe('HostAgent');
      await expect(namesIn(client, await viewOfVms(client), 1)).resolves.toHaveProperty('size', 2);
    } finally {
      await client.close();
      await vcsim.stop();
    }
  });
});
