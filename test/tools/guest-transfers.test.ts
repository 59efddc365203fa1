/** Files of guests come from ESXi hosts: each is held to its certificate, and gets nothing but what it needs. */
import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { GUEST_PASSWORD } from '../../lab/vcenter/guest/systems/linux.ts';
import { type Certificate, createCertificate, thumbprintOf } from '../../lab/vcenter/http/certificate.ts';
import { startVCenter, type VCenter } from '../../lab/vcenter/vcenter.ts';
import { startToolHarness, type ToolHarness } from '../support/tool-harness.ts';

let vcenter: VCenter;
let harness: ToolHarness;
let certificate: Certificate;
let esxi: Server;
let answer: RequestListener;
let asked: { readonly method?: string | undefined; readonly url?: string | undefined; readonly headers: object }[];
let login: object;

beforeAll(async () => {
  vcenter = await startVCenter();
  harness = await startToolHarness([{ vcsim: vcenter }]);
  certificate = await createCertificate();
  esxi = createServer(certificate, (request, response) => {
    asked.push(request);
    answer(request, response);
  });
  await new Promise<void>((resolve) => esxi.listen(0, '127.0.0.1', resolve));
  const vm = (await harness.aside.inventory.find('VirtualMachine', 'web-01')).ref;
  login = { name: vm.value, username: 'root', password: GUEST_PASSWORD, guest_path: '/etc/hosts' };
});
beforeEach(() => {
  asked = [];
  answer = (_, response) => response.end('from the host');
  vcenter.world.web.guestFileOrigin = `https://localhost:${(esxi.address() as AddressInfo).port}`;
  knowHostBy(thumbprintOf(certificate, 'sha1'));
});
afterEach(() => {
  delete vcenter.world.web.guestFileOrigin;
});
afterAll(async () => {
  esxi.closeAllConnections();
  esxi.close();
  await harness?.close();
  await vcenter?.stop();
});

function knowHostBy(sslThumbprint: string): void {
  for (const host of vcenter.world.objects.all('HostSystem')) {
    const summary = host.get('summary');
    host.set({ summary: { ...summary, config: { ...summary.config, sslThumbprint } } });
  }
}

const read = () => harness.run('read_guest_file', login as Record<string, unknown>);

describe('a transfer with an ESXi host', () => {
  it('goes through where the host has the certificate that vSphere knows, without session or password', async () => {
    expect(await read()).toMatchObject({ content: 'from the host', size: 13 });
    const [request] = asked;
    expect(request?.headers).not.toHaveProperty('cookie');
    expect(request?.headers).not.toHaveProperty('authorization');
    expect(JSON.stringify(request?.headers) + request?.url).not.toContain(GUEST_PASSWORD);
  });

  it('sends nothing to a host that has another certificate', async () => {
    knowHostBy(thumbprintOf(await createCertificate(), 'sha1'));
    await expect(read()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/certificate that vSphere knows of this ESXi host/),
    });
    expect(asked).toEqual([]);
  });

  it('follows no redirect', async () => {
    answer = (_, response) => response.writeHead(302, { location: `${vcenter.url}` }).end();
    await expect(read()).rejects.toMatchObject({ code: 'UNAVAILABLE', message: expect.stringMatching(/302/) });
    expect(asked).toHaveLength(1);
  });

  it('ends where the host sends without end', async () => {
    answer = (request, response) => {
      const chunk = Buffer.alloc(64 * 1024, 'a');
      const send = () => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', send);
      request.on('close', () => response.destroy());
      send();
    };
    await expect(read()).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringMatching(/at most 1048576/),
    });
  });

  it.each(['http://localhost:1', 'file:///etc', 'https://'])('asks nobody at %s', async (origin) => {
    vcenter.world.web.guestFileOrigin = origin;
    await expect(read()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(asked).toEqual([]);
  });

  it('says that the gateway has to reach the host, where it cannot', async () => {
    vcenter.world.web.guestFileOrigin = 'https://localhost:1';
    await expect(read()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/localhost:1.*the gateway has to reach it/),
    });
  });

  it('says what it could not do where the host is refusing', async () => {
    answer = (_, response) => response.writeHead(500).end('<html>internals of a host</html>');
    await expect(read()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.not.stringMatching(/internals/),
    });
  });
});
