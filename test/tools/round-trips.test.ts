/** What a tool costs is counted on the wire, between the gateway and the simulator. */
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startToolHarness, type ToolHarness } from '../support/tool-harness.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';

/** Passes requests on and notes the vSphere method of each. */
async function startCounter(target: string): Promise<{ url: string; methods: string[]; server: Server }> {
  const { hostname, port } = new URL(target);
  const methods: string[] = [];
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const body = Buffer.concat(chunks);
      const method = /Body[^>]*>\s*<(?:\w+:)?(\w+)/.exec(body.toString())?.[1];
      if (method !== undefined) methods.push(method);
      const { method: verb = 'GET', url: path = '/', headers } = incoming;
      const onward = request({ hostname, port, method: verb, path, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      });
      onward.on('error', () => outgoing.destroy());
      onward.end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port: own } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${own}/sdk`, methods, server };
}

describe.skipIf(!(await vcsimAvailable())).each([10, 400])('with %i VMs in each pool', (vm) => {
  let vcsim: Vcsim;
  let counter: Awaited<ReturnType<typeof startCounter>>;
  let harness: ToolHarness;

  beforeAll(async () => {
    vcsim = await startVcsim({ tls: false, dc: 1, cluster: 1, host: 2, vm, autostart: false });
    counter = await startCounter(vcsim.url);
    harness = await startToolHarness([{ vcsim: { ...vcsim, url: counter.url } }]);
    await harness.run('get_vm_info', { name: '/DC0/vm/DC0_H0_VM0' });
  });

  afterAll(async () => {
    await harness?.close();
    counter?.server.closeAllConnections();
    counter?.server.close();
    await vcsim?.stop();
  });

  async function cost(name: string, args: Record<string, unknown>): Promise<string[]> {
    const before = counter.methods.length;
    await harness.run(name, args);
    return counter.methods.slice(before);
  }

  it('list_vms takes three round trips at most, and fewer the second time', async () => {
    const first = await cost('list_vms', { limit: 1000 });
    expect(first.length).toBeLessThanOrEqual(3);
    expect((await harness.run('list_vms', { limit: 1000 })).total).toBe(2 * vm);
    expect((await cost('list_vms', { limit: 1000, name: '*1' })).length).toBeLessThanOrEqual(2);
  });

  it('get_vm_info takes as many round trips by path as by id, whatever else there is', async () => {
    const { id } = await harness.run('get_vm_info', { name: '/DC0/vm/DC0_H0_VM1' });
    expect((await cost('get_vm_info', { name: id })).length).toBeLessThanOrEqual(4);
    expect((await cost('get_vm_info', { name: '/DC0/vm/DC0_H0_VM1' })).length).toBeLessThanOrEqual(5);
  });
});
