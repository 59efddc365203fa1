/** `mcvsphere doctor` on what goes wrong outside: permissions, a provider's keys, a clock. */
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startClockShiftingProxy } from '../support/clock-shifting-proxy.ts';
import { AUDIT_KEY, oauthEnv, vcenterEnv } from '../support/gateway.ts';
import { HELD_BY_PERMISSIONS, runCommand } from '../support/gateway-process.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';

interface Provider {
  readonly issuer: string;
  stop(): Promise<void>;
}

interface Faults {
  /** Status of the key set. */
  readonly keys?: number;
  /** How far its clock is ahead, in seconds. */
  readonly ahead?: number;
}

/** Metadata and keys of an OpenID provider, and a clock of its own. */
async function startProvider({ keys = 200, ahead = 0 }: Faults): Promise<Provider> {
  const { publicKey } = await generateKeyPair('RS256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k', alg: 'RS256', use: 'sig' };
  const server: Server = createServer((request, response) => {
    const issuer = `http://${request.headers.host}`;
    const isKeys = request.url === '/jwks';
    response.writeHead(isKeys ? keys : 200, {
      'content-type': 'application/json',
      date: new Date(Date.now() + ahead * 1000).toUTCString(),
    });
    response.end(
      JSON.stringify(
        isKeys
          ? { keys: [jwk] }
          : {
              issuer,
              jwks_uri: `${issuer}/jwks`,
              authorization_endpoint: `${issuer}/auth`,
              token_endpoint: `${issuer}/token`,
              response_types_supported: ['code'],
              subject_types_supported: ['public'],
              id_token_signing_alg_values_supported: ['RS256'],
            },
      ),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    issuer: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

describe.skipIf(!(await vcsimAvailable()))('doctor', () => {
  let vcsim: Vcsim;
  let folder: string;
  beforeAll(async () => {
    vcsim = await startVcsim({ vm: 1 });
  });
  afterAll(() => vcsim?.stop());
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mcvsphere-doctor-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const doctor = (env: Record<string, string> = {}) =>
    runCommand(
      ['doctor'],
      { ...vcenterEnv(vcsim), AUDIT_FILE: join(folder, 'audit.jsonl'), AUDIT_KEY, ...env },
      HELD_BY_PERMISSIONS,
    );
  const withProvider = async (faults: Faults) => {
    const provider = await startProvider(faults);
    try {
      return await doctor(oauthEnv(provider.issuer));
    } finally {
      await provider.stop();
    }
  };

  it.each([
    ['file that may only be read', async (file: string) => writeFile(file, '', { mode: 0o400 }), /audit\.jsonl/],
    ['folder that cannot be written', async (file: string) => chmod(join(file, '..'), 0o500), /audit/],
  ])('tells an audit %s', async (_what, arrange, place) => {
    const file = join(folder, 'audit', 'audit.jsonl');
    await mkdir(join(folder, 'audit'));
    await arrange(file);
    const { code, stdout } = await doctor({ AUDIT_FILE: file });
    expect(code).toBe(1);
    const line = stdout.split('\n').find((text) => text.includes('audit file:'))!;
    expect(line).toMatch(/^FAIL .*cannot be written: no change is made without a record/);
    expect(line).toMatch(place);
    expect(stdout).toMatch(/^ok +.*: login/m);
  });

  it('tells keys that cannot be loaded apart from a provider that cannot be found', async () => {
    const { code, stdout } = await withProvider({ keys: 500 });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^ok +identity provider: /m);
    expect(stdout).toMatch(/^FAIL +keys: .*cannot be loaded.*JWKS/m);
    expect(stdout).toMatch(/^ok +audit file: /m);
  });

  it.each([
    ['ahead', 7_200, /^FAIL +clock of the provider: 7[12]\d\d s ahead of this machine: set both clocks by NTP/m],
    ['behind', -7_200, /^FAIL +clock of the provider: 7[12]\d\d s behind this machine: set both clocks by NTP/m],
  ])('tells a clock that is %s', async (_what, ahead, line) => {
    const { code, stdout } = await withProvider({ ahead });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^ok +keys: loaded/m);
    expect(stdout).toMatch(line);
  });

  /** A simulator without TLS, whose clock is this machine's but for the proxy. */
  const withVcenterClock = async (ahead: number) => {
    const plain = await startVcsim({ vm: 1, tls: false });
    const proxy = await startClockShiftingProxy(plain.host, ahead);
    try {
      return await doctor({ VCENTER_HOST: `http://${proxy.host}/sdk` });
    } finally {
      await proxy.stop();
      await plain.stop();
    }
  };

  it.each([
    ['ahead', 300, /^FAIL +(\S+): clock: (29\d|30\d) s ahead of this machine: set both clocks by NTP/m],
    ['behind', -300, /^FAIL +(\S+): clock: (29\d|30\d) s behind this machine: set both clocks by NTP/m],
  ])('tells a clock of vCenter that is %s, by how much, and what to do', async (_what, ahead, line) => {
    const { code, stdout } = await withVcenterClock(ahead);
    expect(code).toBe(1);
    expect(stdout).toMatch(line);
    expect(stdout).toMatch(/^ok +\S+: login/m);
    expect(stdout.match(/^FAIL/gm)).toHaveLength(1);
  });

  it('lets a clock of vCenter pass that is off by less than what tokens bear', async () => {
    const { code, stdout } = await withVcenterClock(20);
    expect(stdout).toMatch(/^ok +\S+: clock: (1\d|2\d) s ahead of this machine/m);
    expect(code, stdout).toBe(0);
  });
});
