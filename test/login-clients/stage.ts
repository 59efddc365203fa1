/** The whole gateway with its login on, at an address that programs on this machine reach by its public name. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type IdentityProvider, startIdentityProvider } from '../../lab/identity-provider/identity-provider.ts';
import { startApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config/config.ts';
import { readLocalFile } from '../../src/config/files.ts';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import { createLogger } from '../../src/lib/logger.ts';
import { auditRecords, type Recorded } from '../support/audit-file.ts';
import { AUDIT_KEY, vcenterEnv } from '../support/gateway.ts';
import type { Vcsim } from '../support/vcsim.ts';

export interface Stage {
  readonly baseUrl: string;
  /** What a person types into a client. */
  readonly mcp: string;
  readonly provider: IdentityProvider;
  readonly folder: string;
  /** The gateway's environment, for commands beside it. */
  readonly env: Record<string, string>;
  records(): Recorded[];
  /** Lets time pass at the gateway and at the provider. */
  advance(ms: number): void;
  close(): Promise<void>;
}

const CLIENT_SECRET = 'the secret of the gateway at the provider';

/** A provider that knows a gateway at `baseUrl`, and what that gateway's environment says about it. */
export async function startProviderFor(baseUrl: string, clock?: { now(): number }) {
  const provider = await startIdentityProvider({
    ...(clock === undefined ? {} : { clock }),
    clients: [
      {
        client_id: 'mcvsphere',
        client_secret: CLIENT_SECRET,
        redirect_uris: [`${baseUrl}/auth/callback`],
        backchannel_logout_uri: `${baseUrl}/auth/backchannel-logout`,
      },
    ],
  });
  const env = {
    OAUTH_ENABLED: 'true',
    OAUTH_ISSUER_URL: provider.issuer,
    OAUTH_BASE_URL: baseUrl,
    OAUTH_ALLOW_INSECURE: 'true',
    OAUTH_CLIENT_ID: 'mcvsphere',
    OAUTH_CLIENT_SECRET: CLIENT_SECRET,
    // All that happens here comes from one address.
    OAUTH_RATE_LIMIT: '0',
    AUDIT_KEY,
  };
  return { provider, env };
}

/** @param more variables of the gateway's environment */
export async function startStage(
  vcsim: Pick<Vcsim, 'url' | 'user' | 'password'>,
  more: Record<string, string> = {},
): Promise<Stage> {
  let ahead = 0;
  const clock: Clock = {
    now: () => systemClock.now() + ahead,
    monotonic: () => systemClock.monotonic() + ahead,
    sleep: systemClock.sleep,
  };
  const folder = await mkdtemp(join(tmpdir(), 'mcvsphere-stage-'));
  const port = await freePort();
  const baseUrl = `http://127.0.0.1:${port}`;
  const { provider, env: login } = await startProviderFor(baseUrl, clock);
  const env = {
    ...vcenterEnv(vcsim),
    ...login,
    MCP_TRANSPORT: 'streamable-http',
    MCP_PORT: String(port),
    OAUTH_STATE_DIR: folder,
    AUDIT_FILE: join(folder, 'audit.jsonl'),
    ...more,
  };
  const loaded = loadConfig(env, readLocalFile);
  if (!loaded.ok) throw new Error(`bad test configuration: ${JSON.stringify(loaded.problems)}`);
  const app = await startApp({ config: loaded.config, logger: createLogger('silent'), clock });
  const auditFile = loaded.config.audit.file;
  return {
    baseUrl,
    mcp: `${baseUrl}/mcp`,
    provider,
    folder,
    env,
    records: () => auditRecords(auditFile),
    advance(ms) {
      ahead += ms;
    },
    async close() {
      await app.close();
      await provider.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
