import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';
import { connectTo } from './connect.ts';

const files = mkdtempSync(join(tmpdir(), 'mcvsphere-tls-'));
afterAll(() => rmSync(files, { recursive: true }));

/** A certificate of its own for `names`, as PEM files. */
function selfSigned(name: string, names: string): { readonly cert: string; readonly key: string } {
  const cert = join(files, `${name}.pem`);
  const key = join(files, `${name}.key`);
  execFileSync(
    'openssl',
    // biome-ignore format: one option a line says no more
    ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', `/CN=${name}`,
     '-addext', `subjectAltName=${names}`, '-keyout', key, '-out', cert],
    { stdio: 'ignore' },
  );
  return { cert, key };
}

function opensslFingerprint(cert: string, digest: 'sha1' | 'sha256'): string {
  const text = execFileSync('openssl', ['x509', '-in', cert, '-noout', '-fingerprint', `-${digest}`], {
    encoding: 'utf8',
  });
  return text.trim().split('=')[1]!;
}

describe.skipIf(!(await vcsimAvailable()))('trust in a server', () => {
  const own = selfSigned('loopback', 'IP:127.0.0.1');
  const foreign = selfSigned('elsewhere', 'DNS:vcenter.example.com');
  let vcsim: Vcsim;
  let elsewhere: Vcsim;

  beforeAll(async () => {
    vcsim = await startVcsim({ vm: 0, tlsCert: own.cert, tlsKey: own.key });
    elsewhere = await startVcsim({ vm: 0, tlsCert: foreign.cert, tlsKey: foreign.key });
  });
  afterAll(() => Promise.all([vcsim.stop(), elsewhere.stop()]));

  const trusted = async (tls: Parameters<typeof connectTo>[1] & object, server = vcsim) => {
    const client = await connectTo(server, tls);
    await client.close();
    return true;
  };

  it('is not given to a self-signed certificate, with what to do and its thumbprint', async () => {
    const failure = await connectTo(vcsim, { tls: { insecure: false } }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'UNAVAILABLE', failure: 'tls', maybeExecuted: false });
    const { message } = failure as Error;
    expect(message).toContain('VCENTER_CA_FILE');
    expect(message).toContain(
      `VCENTER_THUMBPRINT to the SHA-256 thumbprint, which is now ${opensslFingerprint(own.cert, 'sha256')}`,
    );
  });

  it('is given by an own authority', async () => {
    const ca = readFileSync(own.cert, 'utf8');
    await expect(trusted({ tls: { insecure: false, ca } })).resolves.toBe(true);
  });

  it('is not given by an own authority to a certificate of another name', async () => {
    const ca = readFileSync(foreign.cert, 'utf8');
    await expect(trusted({ tls: { insecure: false, ca } }, elsewhere)).rejects.toMatchObject({
      failure: 'tls',
      message: expect.stringContaining('for another name'),
    });
  });

  it('is not given by an authority that signed something else', async () => {
    const ca = readFileSync(foreign.cert, 'utf8');
    await expect(trusted({ tls: { insecure: false, ca } })).rejects.toMatchObject({ failure: 'tls' });
  });

  it.each(['sha1', 'sha256'] as const)(
    'is given by a %s thumbprint, with colons or without, in any case',
    async (digest) => {
      const thumbprint = opensslFingerprint(own.cert, digest);
      await expect(trusted({ tls: { insecure: false, thumbprint } })).resolves.toBe(true);
      const bare = thumbprint.replaceAll(':', '').toLowerCase();
      await expect(trusted({ tls: { insecure: false, thumbprint: bare } })).resolves.toBe(true);
    },
  );

  it('is not given by the thumbprint of another certificate, not even with the insecure switch', async () => {
    const thumbprint = opensslFingerprint(foreign.cert, 'sha256');
    for (const insecure of [false, true]) {
      await expect(trusted({ tls: { insecure, thumbprint } })).rejects.toMatchObject({
        failure: 'tls',
        message: expect.stringContaining('does not present the pinned certificate'),
      });
    }
  });

  it('compares the thumbprint on each of many connections', async () => {
    const client = await connectTo(vcsim, {
      tls: { insecure: false, thumbprint: opensslFingerprint(own.cert, 'sha256') },
    });
    const { rootFolder, propertyCollector } = client.serviceContent;
    const read = () =>
      client.call('RetrievePropertiesEx', {
        _this: propertyCollector,
        specSet: [{ propSet: [{ type: 'Folder', pathSet: ['name'] }], objectSet: [{ obj: rootFolder, skip: false }] }],
        options: {},
      });
    const answers = await Promise.all(Array.from({ length: 12 }, read));
    expect(answers.map((answer) => answer?.objects[0]?.propSet?.[0]?.val)).toEqual(Array(12).fill('Datacenters'));
    await client.close();
  });

  it('needs a thumbprint that is one', async () => {
    await expect(trusted({ tls: { insecure: false, thumbprint: 'AB:CD' } })).rejects.toMatchObject({
      code: 'CONFIGURATION',
    });
  });

  it('is not given to a server without TLS, unless by the insecure switch', async () => {
    const url = vcsim.url.replace('https:', 'http:');
    await expect(connectTo(vcsim, { url, tls: { insecure: false } })).rejects.toMatchObject({ code: 'CONFIGURATION' });
    await expect(connectTo(vcsim, { url, tls: { insecure: true } })).rejects.toMatchObject({ failure: 'refused' });
  });

  it('is not asked for by the insecure switch', async () => {
    await expect(trusted({ tls: { insecure: true } })).resolves.toBe(true);
  });
});
