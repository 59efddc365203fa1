/** The whole gateway in this process, on a free port, configured by an environment as an operator would. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningApp, startApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config/config.ts';
import { readLocalFile } from '../../src/config/files.ts';
import { createLogger, type Logger } from '../../src/lib/logger.ts';
import { auditRecords, type Recorded } from './audit-file.ts';
import type { Vcsim } from './vcsim.ts';

export interface TestGateway {
  readonly url: string;
  readonly app: RunningApp;
  readonly auditFile: string;
  records(): Recorded[];
  close(): Promise<void>;
}

type Server = Pick<Vcsim, 'url' | 'user' | 'password'>;

export const AUDIT_KEY = 'a test key that is long enough for an audit chain';

/** The variables that point a gateway at a simulator. */
export function vcenterEnv({ url, user, password }: Server): Record<string, string> {
  return { VCENTER_HOST: url, VCENTER_USER: user, VCENTER_PASSWORD: password, VCENTER_INSECURE: 'true' };
}

/** Without OAuth everybody has every level, unless `env` says otherwise. */
export async function startGateway(
  server: Server,
  env: Record<string, string> = {},
  logger: Logger = createLogger('silent'),
): Promise<TestGateway> {
  const folder = await mkdtemp(join(tmpdir(), 'mcvsphere-'));
  const loaded = loadConfig(
    {
      ...vcenterEnv(server),
      MCP_TRANSPORT: 'streamable-http',
      MCP_PORT: '0',
      MCP_UNAUTHENTICATED_GROUPS: 'vsphere-super-admins',
      AUDIT_FILE: join(folder, 'audit.jsonl'),
      AUDIT_KEY,
      ...env,
    },
    readLocalFile,
  );
  if (!loaded.ok) throw new Error(`bad test configuration: ${JSON.stringify(loaded.problems)}`);
  const app = await startApp({ config: loaded.config, logger });
  const auditFile = loaded.config.audit.file;
  return {
    url: app.url ?? '',
    app,
    auditFile,
    records: () => auditRecords(auditFile),
    async close() {
      await app.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The variables that make a gateway take the tokens of an issuer on loopback. */
export function oauthEnv(issuer: string): Record<string, string> {
  return {
    OAUTH_ENABLED: 'true',
    OAUTH_ISSUER_URL: issuer,
    OAUTH_AUDIENCE: AUDIENCE,
    OAUTH_BASE_URL: BASE_URL,
    OAUTH_ALLOW_INSECURE: 'true',
    MCP_UNAUTHENTICATED_GROUPS: '',
  };
}

export const AUDIENCE = 'https://mcp.example.com/mcp';
export const BASE_URL = 'https://mcp.example.com';
