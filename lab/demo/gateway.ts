/** The gateway as an operator would run it, its login at the demo's provider, all its files in one folder. */
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { pino } from 'pino';
import { type RunningApp, startApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config/config.ts';
import { readLocalFile } from '../../src/config/files.ts';
import { type IdentityProvider, startIdentityProvider } from '../identity-provider/identity-provider.ts';
import { REDIRECT_URI, type TokenClient } from './login.ts';

export interface DemoGateway {
  /** `http://127.0.0.1:8080` */
  readonly origin: string;
  readonly provider: IdentityProvider;
  /** For tokens that the provider itself issues for the gateway. */
  readonly scripts: TokenClient;
  readonly auditFile: string;
  readonly logFile: string;
  stop(): Promise<void>;
}

/** What stops the demo, in words for the person who started it. */
export class DemoProblem extends Error {}

const CLIENT_ID = 'mcvsphere';
const SCRIPTS_ID = 'scripts';
const AUDIENCE = 'api://mcvsphere';
const SECONDS_OF_12_HOURS = 43_200;

export async function startGateway(options: {
  readonly port: number;
  readonly folder: string;
  /** The options that name the managed servers. */
  readonly servers: Readonly<Record<string, string>>;
}): Promise<DemoGateway> {
  // Its address is part of what the provider has to know, so it is settled before either is there.
  const port = await portToTake(options.port);
  const origin = `http://127.0.0.1:${port}`;
  const secret = randomBytes(24).toString('hex');
  const provider = await startIdentityProvider({
    clients: [
      {
        client_id: CLIENT_ID,
        client_secret: secret,
        redirect_uris: [`${origin}/auth/callback`],
        backchannel_logout_uri: `${origin}/auth/backchannel-logout`,
      },
      { client_id: SCRIPTS_ID, client_secret: secret, redirect_uris: [REDIRECT_URI] },
    ],
    behaviour: { accessTokenSeconds: SECONDS_OF_12_HOURS },
  });
  const auditFile = join(options.folder, 'audit.jsonl');
  const logFile = join(options.folder, 'gateway.log');
  const environment = {
    ...options.servers,
    MCP_TRANSPORT: 'streamable-http',
    MCP_PORT: String(port),
    MCP_SHUTDOWN_TIMEOUT_SECONDS: '5',
    OAUTH_ENABLED: 'true',
    OAUTH_ISSUER_URL: provider.issuer,
    OAUTH_BASE_URL: origin,
    OAUTH_ALLOW_INSECURE: 'true',
    OAUTH_CLIENT_ID: CLIENT_ID,
    OAUTH_CLIENT_SECRET: secret,
    OAUTH_AUDIENCE: AUDIENCE,
    OAUTH_TOKEN_TTL: String(SECONDS_OF_12_HOURS),
    OAUTH_STATE_DIR: join(options.folder, 'state'),
    AUDIT_FILE: auditFile,
    AUDIT_CHECKPOINT_FILE: join(options.folder, 'checkpoints.jsonl'),
  };
  const app = await startIt(environment, logFile).catch(async (error: unknown) => {
    await provider.stop();
    throw error;
  });
  return {
    origin,
    provider,
    scripts: {
      authorize: `${provider.issuer}/auth`,
      token: `${provider.issuer}/token`,
      resource: AUDIENCE,
      id: SCRIPTS_ID,
      secret,
    },
    auditFile,
    logFile,
    async stop() {
      await app.close();
      await provider.stop();
    },
  };
}

async function startIt(environment: Record<string, string>, logFile: string): Promise<RunningApp> {
  const loaded = loadConfig(environment, readLocalFile);
  if (!loaded.ok) {
    throw new DemoProblem(loaded.problems.map(({ name, message }) => `${name} ${message}`).join('\n'));
  }
  const logger = pino({ level: 'info', base: undefined }, pino.destination({ dest: logFile, sync: true }));
  return startApp({ config: loaded.config, logger });
}

async function portToTake(wanted: number): Promise<number> {
  const probe = createServer();
  return new Promise((resolve, reject) => {
    probe.once('error', (error: NodeJS.ErrnoException) => reject(notFree(wanted, error.code)));
    probe.listen(wanted, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address !== null ? address.port : wanted;
      probe.close(() => resolve(port));
    });
  });
}

function notFree(port: number, code: string | undefined): DemoProblem {
  const why = code === 'EADDRINUSE' ? 'is taken' : `cannot be used (${code})`;
  return new DemoProblem(`Port ${port} ${why}. Name another: npm run demo -- --port 8090, or --port 0 for a free one.`);
}
