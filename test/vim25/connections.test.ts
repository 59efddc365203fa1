import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { GatewayError } from '../../src/lib/errors.ts';
import type { VimClient } from '../../src/vim25/client.ts';
import { type BreakingProxy, startBreakingProxy } from '../support/breaking-proxy.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';
import { connectTo, namesIn, through, viewOfVms, vmOf } from './connect.ts';

const INSTANCE = { _this: { type: 'ServiceInstance', value: 'ServiceInstance' } };

describe.skipIf(!(await vcsimAvailable()))('a connection to the simulator', () => {
  let vcsim: Vcsim;
  let proxy: BreakingProxy;
  let client: VimClient;

  beforeAll(async () => {
    vcsim = await startVcsim({ tls: false, vm: 20, methodDelay: { FindByUuid: 60_000 } });
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

  const slow = () => ({ _this: client.serviceContent.searchIndex!, uuid: 'x', vmSearch: true });

  it('that breaks within the answer to a change leaves the outcome open, and the change is not repeated', async () => {
    const vm = await vmOf(client, 'DC0_H0_VM0');
    proxy.breakAnswer('<PowerOffVM_Task ', 20);
    await expect(client.call('PowerOffVM_Task', { _this: vm })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      failure: 'dropped',
      maybeExecuted: true,
    });
    expect(proxy.count('<PowerOffVM_Task ')).toBe(1);
    const [state] = await stateOf(vm);
    expect(state).toBe('poweredOff');
  });

  it.each([0, 20, 400])('that breaks %i bytes into the answer to a read is followed by another', async (bytes) => {
    proxy.breakAnswer('<CurrentTime ', bytes);
    await expect(client.call('CurrentTime', INSTANCE)).resolves.toMatch(/^\d{4}-/);
    expect(proxy.count('<CurrentTime ')).toBe(2);
  });

  it('that breaks within a login leaves the call that waits for it unsent', async () => {
    const vm = await vmOf(client, 'DC0_H0_VM1');
    await client.call('Logout', { _this: client.serviceContent.sessionManager! });
    proxy.breakAnswer('<Login ', 5);
    await expect(client.call('PowerOffVM_Task', { _this: vm })).rejects.toMatchObject({
      failure: 'dropped',
      maybeExecuted: false,
    });
    expect(await stateOf(vm)).toEqual(['poweredOn']);
  });

  it('that breaks twice is given up', async () => {
    proxy.breakAnswer('<CurrentTime ', 10);
    proxy.breakAnswer('<CurrentTime ', 10);
    await expect(client.call('CurrentTime', INSTANCE)).rejects.toMatchObject({ failure: 'dropped' });
  });

  it('that breaks in the middle of a list gives no object twice', async () => {
    const view = await viewOfVms(client);
    proxy.breakAnswer('<RetrievePropertiesEx ', 3000);
    const seen: string[] = [];
    const content = { $type: 'TraversalSpec', type: 'ContainerView', path: 'view', skip: false };
    const reading = client.retrieveProperties(
      [
        {
          propSet: [{ type: 'VirtualMachine', pathSet: ['name'] }],
          objectSet: [{ obj: view, skip: true, selectSet: [content] }],
        },
      ],
      ({ obj }) => seen.push(obj.value),
    );
    await expect(reading).rejects.toMatchObject({ failure: 'dropped' });
    expect(seen.length).toBeGreaterThan(0);
    expect(new Set(seen).size).toBe(seen.length);
  });

  it('follows a list through all its pages', async () => {
    const names = await namesIn(client, await viewOfVms(client), 7);
    expect(names.size).toBe(40);
    expect(proxy.count('<ContinueRetrievePropertiesEx ')).toBe(5);
  });

  it('is left by a call whose caller goes away', async () => {
    const controller = new AbortController();
    const call = client.call('FindByUuid', slow(), { signal: controller.signal });
    await proxy.seen('<FindByUuid ');
    controller.abort();
    await expect(call).rejects.toMatchObject({ code: 'CANCELLED', maybeExecuted: true });
    await expect(client.call('CurrentTime', INSTANCE)).resolves.toBeTypeOf('string');
  });

  it('is left by a call whose deadline passes', async () => {
    const call = client.call('FindByUuid', slow(), { signal: AbortSignal.timeout(50) });
    await expect(call).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  });

  it('gives the reason of the signal', async () => {
    const controller = new AbortController();
    const call = client.call('FindByUuid', slow(), { signal: controller.signal });
    await proxy.seen('<FindByUuid ');
    controller.abort(new GatewayError('DEADLINE_EXCEEDED', 'Ten seconds have passed.'));
    await expect(call).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED', message: 'Ten seconds have passed.' });
  });

  it('sends nothing for a caller who is gone already', async () => {
    const call = client.call('FindByUuid', slow(), { signal: AbortSignal.abort() });
    await expect(call).rejects.toMatchObject({ code: 'CANCELLED', maybeExecuted: false });
    expect(proxy.count('<FindByUuid ')).toBe(0);
  });

  it('is given up when the server takes too long', async () => {
    const impatient = await connectTo(through(vcsim, proxy.host), { timeouts: { requestMs: 300 } });
    await expect(impatient.call('FindByUuid', slow())).rejects.toMatchObject({
      failure: 'timeout',
      maybeExecuted: true,
    });
    await impatient.close();
  });

  it('takes no answer above the limit', async () => {
    const limited = await connectTo(through(vcsim, proxy.host), { limits: { maxBytes: 9_000 } });
    const view = await viewOfVms(limited);
    await expect(namesIn(limited, view)).rejects.toMatchObject({ code: 'UNAVAILABLE', failure: 'too-large' });
    await limited.close();
  });

  it('does not hold other calls up while some wait long', async () => {
    const { propertyCollector } = client.serviceContent;
    const signal = new AbortController();
    const waits = Array.from({ length: 6 }, () =>
      client
        .call(
          'WaitForUpdatesEx',
          { _this: propertyCollector, version: '', options: { maxWaitSeconds: 60 } },
          {
            longPoll: true,
            signal: signal.signal,
          },
        )
        .catch(() => undefined),
    );
    await proxy.seen('<WaitForUpdatesEx ');
    await expect(client.call('CurrentTime', INSTANCE)).resolves.toBeTypeOf('string');
    signal.abort();
    await Promise.all(waits);
  });

  it('is found again after the server was gone', async () => {
    const passing = await startVcsim({ tls: false, vm: 1 });
    const lone = await connectTo(passing);
    await passing.kill();
    await expect(lone.call('CurrentTime', INSTANCE)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(lone.call('CurrentTime', INSTANCE)).rejects.toMatchObject({
      failure: 'connect',
      maybeExecuted: false,
    });
    await passing.restart();
    await expect(lone.call('CurrentTime', INSTANCE)).resolves.toBeTypeOf('string');
    await lone.close();
    await passing.stop();
  });

  async function stateOf(vm: { type: string; value: string }): Promise<unknown[]> {
    const values: unknown[] = [];
    await client.retrieveProperties(
      [
        {
          propSet: [{ type: 'VirtualMachine', pathSet: ['runtime.powerState'] }],
          objectSet: [{ obj: vm, skip: false }],
        },
      ],
      ({ propSet }) => values.push(propSet?.[0]?.val),
    );
    return values;
  }
});

describe('a server that is none', () => {
  let server: Server;
  let answer: RequestListener;
  const target = () => ({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/sdk`,
    user: 'u',
    password: 'p',
  });

  beforeAll(async () => {
    server = createServer((request, response) => answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it('is told by a redirect, which is not followed', async () => {
    const asked: string[] = [];
    answer = (request, response) => {
      asked.push(String(request.url));
      response.writeHead(302, { location: '/elsewhere' }).end();
    };
    await expect(connectTo(target())).rejects.toMatchObject({ failure: 'refused', maybeExecuted: false });
    expect(asked).toEqual(['/sdk/vimServiceVersions.xml', '/sdk']);
  });

  it.each([200, 500])('is told by a page of HTML with HTTP %i', async (status) => {
    answer = (_, response) => response.writeHead(status).end('<!DOCTYPE html><html><body>Hello<br></body></html>');
    await expect(connectTo(target())).rejects.toMatchObject({ code: 'UNAVAILABLE', name: 'ProtocolError' });
  });

  it.each([404, 503])('is told by HTTP %i', async (status) => {
    answer = (_, response) => response.writeHead(status).end();
    await expect(connectTo(target())).rejects.toMatchObject({ failure: 'refused', maybeExecuted: false });
  });

  it('is told by an empty answer', async () => {
    answer = (_, response) => response.writeHead(200).end();
    await expect(connectTo(target())).rejects.toMatchObject({ name: 'ProtocolError' });
  });

  it('is told by a port where nothing listens', async () => {
    const unused = createServer();
    await new Promise<void>((resolve) => unused.listen(0, '127.0.0.1', resolve));
    const { port } = unused.address() as AddressInfo;
    await new Promise((resolve) => unused.close(resolve));
    await expect(connectTo({ url: `https://127.0.0.1:${port}`, user: 'u', password: 'p' })).rejects.toMatchObject({
      failure: 'connect',
      message: expect.stringContaining('nothing listens there'),
    });
  });

  it('is told by TLS that no TLS answers', async () => {
    answer = (_, response) => response.end();
    const { url, ...rest } = target();
    await expect(connectTo({ url: url.replace('http:', 'https:'), ...rest })).rejects.toMatchObject({
      failure: 'connect',
    });
  });
});
