import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { Secret } from '../../src/lib/secret.ts';
import { createManagedServers, type ManagedServerOptions } from '../../src/vsphere/managed-servers.ts';
import { listPlacedVms } from '../../src/vsphere/vm-list.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';
import { callOf, failure, silent } from './connect.ts';

function optionsOf(name: string, vcsim: Pick<Vcsim, 'url' | 'user' | 'password'>): ManagedServerOptions {
  return {
    name,
    kind: 'vcenter',
    url: vcsim.url,
    username: vcsim.user,
    password: new Secret(vcsim.password),
    tls: { insecure: true },
  };
}

function managed(...servers: ManagedServerOptions[]) {
  return createManagedServers({ servers, clock: systemClock, logger: silent });
}

/** A port where nobody listens. */
async function deadUrl(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `https://127.0.0.1:${port}/sdk`;
}

describe.skipIf(!(await vcsimAvailable()))('managed servers', () => {
  let vcenter: Vcsim;
  let esxi: Vcsim;

  beforeAll(async () => {
    [vcenter, esxi] = await Promise.all([
      startVcsim({ dc: 1, cluster: 1, host: 1, vm: 1 }),
      startVcsim({ esx: true, vm: 1 }),
    ]);
  });

  afterAll(async () => {
    await vcenter?.stop();
    await esxi?.stop();
  });

  it('connects on first use only, and takes the first one for the default', async () => {
    const servers = managed(optionsOf('lab', vcenter), { ...optionsOf('edge', esxi), kind: 'esxi' });
    expect(servers.list()).toEqual([
      expect.objectContaining({ name: 'lab', host: vcenter.host, user: vcenter.user, default: true, connected: false }),
      expect.objectContaining({ name: 'edge', host: esxi.host, default: false, connected: false }),
    ]);
    expect((await servers.get()).name).toBe('lab');
    expect(servers.list().map(({ connected }) => connected)).toEqual([true, false]);
    expect((await servers.get('edge')).kind).toBe('esxi');
    await servers.close();
  });

  it('shows no credentials', async () => {
    const servers = managed({ ...optionsOf('lab', vcenter), password: new Secret('hunter2') });
    await failure(servers.get());
    expect(JSON.stringify(servers.list())).not.toContain('hunter2');
    await servers.close();
  });

  it('gives all first callers one connection', async () => {
    const servers = managed(optionsOf('lab', vcenter));
    const all = await Promise.all(Array.from({ length: 10 }, () => servers.get('lab')));
    expect(new Set(all).size).toBe(1);
    await servers.close();
  });

  it.each(['nowhere', '', '__proto__', 'LAB', 'x'.repeat(10_000)])(
    'names the servers there are for %j',
    async (name) => {
      const servers = managed(optionsOf('lab', vcenter));
      const { code, message } = await failure(servers.get(name));
      expect(code).toBe('NOT_FOUND');
      expect(message).toContain('there are "lab"');
      expect(message.length).toBeLessThan(400);
      await servers.close();
    },
  );

  it('keeps a server that is down from blocking another', async () => {
    const servers = managed({ ...optionsOf('down', vcenter), url: await deadUrl() }, optionsOf('lab', vcenter));
    const down = await failure(servers.get());
    expect(down.code).toBe('UNAVAILABLE');
    expect(down.message).toContain('"down"');
    expect(await listPlacedVms(callOf(await servers.get('lab')))).not.toHaveLength(0);
    const [first] = servers.list();
    expect(first).toMatchObject({ connected: false, lastError: expect.any(String) });
    await servers.close();
  });

  it('keeps a server that accepts and never answers from blocking another', async () => {
    const mute = createServer(() => {}).listen(0, '127.0.0.1');
    await new Promise((resolve) => mute.once('listening', resolve));
    const { port } = mute.address() as AddressInfo;
    const servers = managed(
      { ...optionsOf('mute', vcenter), url: `https://127.0.0.1:${port}/sdk` },
      optionsOf('lab', vcenter),
    );
    const giveUp = new AbortController();
    const waiting = failure(servers.get('mute', giveUp.signal));
    expect((await servers.get('lab')).name).toBe('lab');
    giveUp.abort();
    expect((await waiting).code).toBe('CANCELLED');
    await servers.close();
    mute.close();
  });

  it('refuses a wrong password without trying it again at once', async () => {
    const servers = managed({ ...optionsOf('lab', vcenter), password: new Secret('wrong') });
    const first = await failure(servers.get());
    const second = await failure(servers.get());
    expect(first.code).toBe('UNAVAILABLE');
    expect(second).toEqual(first);
    expect(first.message).not.toContain('wrong');
    await servers.close();
  });

  it('comes back when the server does', async () => {
    const vcsim = await startVcsim({ dc: 1, cluster: 1, host: 1, vm: 2 });
    const servers = managed(optionsOf('lab', vcsim));
    const call = callOf(await servers.get());
    const before = await listPlacedVms(call);
    await vcsim.kill();
    expect((await failure(listPlacedVms(call))).code).toBe('UNAVAILABLE');
    expect(servers.list()[0]).toMatchObject({ connected: false, lastError: expect.any(String) });
    await vcsim.restart();
    expect(await listPlacedVms(call)).toHaveLength(before.length);
    expect(servers.list()[0]).toMatchObject({ connected: true, lastError: undefined });
    await servers.close();
    await vcsim.stop();
  });

  it('opens nothing any more once it is closed', async () => {
    const servers = managed(optionsOf('lab', vcenter));
    await servers.close();
    expect((await failure(servers.get())).code).toBe('UNAVAILABLE');
  });
});
