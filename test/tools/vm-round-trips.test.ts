/** What a tool costs is counted on the wire, between the gateway and the simulator. */
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startToolHarness, type ToolHarness } from '../support/tool-harness.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';

interface Counter {
  readonly url: string;
  readonly methods: string[];
  readonly bodies: string[];
  readonly server: Server;
}

/** Passes requests on and notes the vSphere method of each. */
async function startCounter(target: string): Promise<Counter> {
  const { hostname, port } = new URL(target);
  const methods: string[] = [];
  const bodies: string[] = [];
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const body = Buffer.concat(chunks);
      const method = /Body[^>]*>\s*<(?:\w+:)?(\w+)/.exec(body.toString())?.[1];
      if (method !== undefined) methods.push(method);
      bodies.push(body.toString());
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
  return { url: `http://127.0.0.1:${own}/sdk`, methods, bodies, server };
}

describe.skipIf(!(await vcsimAvailable())).each([10, 400])('with %i VMs in each pool', (vm) => {
  let vcsim: Vcsim;
  let counter: Counter;
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

  // The simulator ignores an empty annotation and has no RenameSnapshot: what counts is what vSphere was asked.
  it('asks vSphere to clear a text where its caller gives an empty one', async () => {
    await harness.run('reconfigure_vm', { name: 'DC0_H0_VM0', annotation: '' });
    expect(counter.bodies.some((body) => /<annotation><\/annotation>|<annotation\/>/.test(body))).toBe(true);
    await harness.run('create_snapshot', { name: 'DC0_H0_VM0', snapshot_name: 'base' });
    const rename = { name: 'DC0_H0_VM0', snapshot_name: 'base', new_description: '' };
    await harness.run('rename_snapshot', rename).catch(() => undefined);
    const asked = counter.bodies.find((body) => body.includes('<RenameSnapshot'));
    expect(asked).toMatch(/<description><\/description>|<description\/>/);
    expect(asked).not.toContain('<name>');
  });
});
