/** Where a server may send the gateway for a file: a hostile one names the gateway's own machine. */
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Certificate, createCertificate, thumbprintOf } from '../../lab/vcenter/http/certificate.ts';
import { createFileTransfer } from '../../src/vim25/file-transfer.ts';

let service: Server;
let certificate: Certificate;
let requests: number;

beforeAll(async () => {
  certificate = await createCertificate();
  service = createServer(certificate, (_, response) => {
    requests++;
    response.end('local');
  });
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
});
beforeEach(() => {
  requests = 0;
});
afterAll(() => {
  service.closeAllConnections();
  service.close();
});

async function fetchFrom(host: string, server: string): Promise<string> {
  const transfer = createFileTransfer({
    url: new URL(server),
    tls: { insecure: false },
    userAgent: 'test',
    session: undefined as never,
  });
  const { port } = service.address() as AddressInfo;
  const place = { url: `https://${host}:${port}/file`, thumbprint: thumbprintOf(certificate, 'sha256') };
  try {
    return await transfer.at(place, { method: 'GET' }, ({ body }) => body.text());
  } finally {
    await transfer.close();
  }
}

describe('a place that a server names', () => {
  it.each(['127.0.0.1', 'localhost', '0.0.0.0', '2130706433', '[::ffff:127.0.0.1]'])(
    'is not %s, unless the server itself is on this machine',
    async (host) => {
      await expect(fetchFrom(host, 'https://vcenter.example.com')).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        message: expect.stringMatching(/own machine or link: nothing was sent/),
        maybeExecuted: false,
      });
      expect(requests).toBe(0);

      expect(await fetchFrom(host, 'https://127.0.0.1:9')).toBe('local');
      expect(requests).toBe(1);
    },
  );
});
