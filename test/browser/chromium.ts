/** A real browser, which reaches loopback alone and takes the gateway's public name to a gateway here. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { type Browser, chromium } from 'playwright-core';

const PROGRAM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);

export const chromiumAvailable = PROGRAM !== undefined;

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface Chromium {
  readonly browser: Browser;
  stop(): Promise<void>;
}

/**
 * @param publicOrigin https; its certificate here is nobody's, so a context needs `ignoreHTTPSErrors`
 * @param origin where it really is, by plain HTTP
 */
export async function startChromium(publicOrigin: string, origin: string): Promise<Chromium> {
  const front = await startFront(new URL(origin));
  const { hostname } = new URL(publicOrigin);
  const rules = [`MAP ${hostname}:443 127.0.0.1:${front.port}`, 'MAP * ~NOTFOUND', 'EXCLUDE 127.0.0.1'].join(', ');
  const browser = await chromium.launch({
    ...(PROGRAM === undefined ? {} : { executablePath: PROGRAM }),
    args: [...FLAGS, `--host-resolver-rules=${rules}`],
  });
  return {
    browser,
    async stop() {
      await browser.close();
      front.stop();
    },
  };
}

/** What a reverse proxy does in front of the gateway: TLS, and not a byte more. */
async function startFront(origin: URL): Promise<{ port: number; stop(): void }> {
  const server = createServer(selfSigned(), (outside) => {
    const inside = connect(Number(origin.port), origin.hostname);
    outside.pipe(inside).pipe(outside);
    for (const [one, other] of [
      [outside, inside],
      [inside, outside],
    ] as const) {
      one.on('error', () => other.destroy()).on('close', () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, stop: () => void server.close() };
}

function selfSigned(): { key: Buffer; cert: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), 'mcvsphere-front-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  execFileSync(
    'openssl',
    // biome-ignore format: one option a line says no more
    ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
     '-subj', '/CN=front', '-keyout', key, '-out', cert],
    { stdio: 'ignore' },
  );
  const made = { key: readFileSync(key), cert: readFileSync(cert) };
  rmSync(folder, { recursive: true });
  return made;
}
