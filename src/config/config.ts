/** The environment → one typed, frozen configuration, or every reason why there is none. */
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { LogLevel } from '../lib/logger.ts';
import { Secret } from '../lib/secret.ts';
import { type Environment, readEnvironment } from './environment.ts';
import { type ReadFile, readLocalFile } from './files.ts';
import { type ManagedServerConfig, managedServers } from './managed-servers.ts';
import { type OAuthConfig, oauthConfig } from './oauth.ts';
import type { OptionValues, TRANSPORTS } from './options.ts';
import type { ConfigProblem, Findings } from './problem.ts';
import { isLoopbackHost } from './values.ts';

export interface Config {
  readonly transport: (typeof TRANSPORTS)[number];
  readonly http: {
    readonly host: string;
    /** 0 takes a free port. */
    readonly port: number;
    readonly allowedOrigins: readonly string[];
    /** Host names without port. */
    readonly allowedHosts: readonly string[];
    readonly trustedProxies: readonly string[];
    readonly allowUnauthenticated: boolean;
    readonly unauthenticatedGroups: readonly string[];
    /** Requests a minute: of one address to each endpoint of the login, of one person to /mcp. 0 for no limit. */
    readonly rateLimits: { readonly perAddress: number; readonly perPerson: number };
  };
  readonly stdioGroups: readonly string[];
  /** What is offered of the tools, to everybody; absent `toolsets` are all. */
  readonly narrowing: { readonly toolsets?: readonly string[]; readonly readOnly: boolean };
  /** Absent while OAuth is off. */
  readonly oauth?: OAuthConfig;
  /** At least one; the first is the default. */
  readonly servers: readonly ManagedServerConfig[];
  readonly audit: { readonly file: string; readonly key?: Secret; readonly checkpointFile?: string };
  readonly policyFile?: string;
  /** The folder that tools may read and write files in; absent: no file of this machine. */
  readonly filesFolder?: string;
  /** From where packages may be fetched; absent: from nowhere. */
  readonly ovaUrls?: readonly string[];
  readonly logLevel: LogLevel;
  readonly shutdownTimeoutMs: number;
}

export type LoadedConfig =
  | { readonly ok: true; readonly config: Config; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[]; readonly warnings: readonly string[] };

/** Reads files that the environment names, and nothing else. No problem and no warning holds a secret. */
export function loadConfig(env: NodeJS.ProcessEnv, readFile: ReadFile): LoadedConfig {
  const findings: Findings = { problems: [], warnings: [] };
  const { problems, warnings } = findings;
  const environment = readEnvironment(env, readFile, findings);
  const ownFolder = join(stateFolder(env), 'mcvsphere');
  const servers = managedServers(environment, readFile, findings);
  const oauth = oauthConfig(environment, ownFolder, readFile, findings);
  checkExposure(environment, findings);
  if (problems.length > 0) return { ok: false, problems, warnings };

  // Without a problem every option has its value: refused ones are problems, and the others have defaults.
  const values = environment.values as OptionValues;
  const config: Config = {
    transport: values.MCP_TRANSPORT,
    http: Object.freeze({
      host: values.MCP_HOST,
      port: values.MCP_PORT,
      allowedOrigins: values.MCP_ALLOWED_ORIGINS ?? [],
      allowedHosts: values.MCP_ALLOWED_HOSTS ?? [],
      trustedProxies: values.MCP_TRUSTED_PROXIES ?? [],
      allowUnauthenticated: values.MCP_ALLOW_UNAUTHENTICATED,
      unauthenticatedGroups: values.MCP_UNAUTHENTICATED_GROUPS,
      rateLimits: Object.freeze({ perAddress: values.OAUTH_RATE_LIMIT, perPerson: values.MCP_RATE_LIMIT }),
    }),
    stdioGroups: values.MCP_STDIO_GROUPS,
    narrowing: Object.freeze({
      ...(values.MCP_TOOLSETS === undefined ? {} : { toolsets: values.MCP_TOOLSETS }),
      readOnly: values.MCP_READ_ONLY,
    }),
    ...(oauth === undefined ? {} : { oauth }),
    servers,
    audit: Object.freeze({
      file: values.AUDIT_FILE ?? join(ownFolder, 'audit.jsonl'),
      ...(values.AUDIT_KEY === undefined ? {} : { key: new Secret(values.AUDIT_KEY) }),
      ...(values.AUDIT_CHECKPOINT_FILE === undefined ? {} : { checkpointFile: values.AUDIT_CHECKPOINT_FILE }),
    }),
    ...(values.RBAC_POLICY_FILE === undefined ? {} : { policyFile: values.RBAC_POLICY_FILE }),
    ...(values.MCP_FILES_DIR === undefined ? {} : { filesFolder: values.MCP_FILES_DIR }),
    ...(values.OVA_URL_ALLOWLIST === undefined ? {} : { ovaUrls: values.OVA_URL_ALLOWLIST }),
    logLevel: values.LOG_LEVEL,
    shutdownTimeoutMs: values.MCP_SHUTDOWN_TIMEOUT_SECONDS * 1000,
  };
  return { ok: true, config: Object.freeze(config), warnings };
}

/** The configuration of this process. */
export function loadProcessConfig(): LoadedConfig {
  return loadConfig(process.env, readLocalFile);
}

/** Without OAuth the network is the only door, so the gateway stays on this machine unless it was told otherwise. */
function checkExposure({ values }: Environment, { problems, warnings }: Findings): void {
  const { MCP_TRANSPORT, MCP_HOST, MCP_ALLOW_UNAUTHENTICATED, OAUTH_ENABLED } = values;
  if (MCP_TRANSPORT !== 'streamable-http') return;
  if (OAUTH_ENABLED !== false) {
    if (OAUTH_ENABLED && MCP_ALLOW_UNAUTHENTICATED) {
      warnings.push('MCP_ALLOW_UNAUTHENTICATED does nothing while OAUTH_ENABLED is true: everybody needs a token.');
    }
    return;
  }
  if (MCP_HOST === undefined || isLoopbackHost(MCP_HOST)) return;
  if (MCP_ALLOW_UNAUTHENTICATED === true) {
    warnings.push('Everybody who reaches this gateway is let in: OAuth is off and it listens beyond this machine.');
  } else if (MCP_ALLOW_UNAUTHENTICATED === false) {
    problems.push({
      name: 'MCP_HOST',
      message: 'must be a loopback address while OAuth is off: set OAUTH_ENABLED, or MCP_ALLOW_UNAUTHENTICATED=true',
    });
  }
}

/** Relative paths are invalid there (XDG Base Directory Specification) and are ignored. */
function stateFolder({ XDG_STATE_HOME, HOME }: NodeJS.ProcessEnv): string {
  if (XDG_STATE_HOME && isAbsolute(XDG_STATE_HOME)) return XDG_STATE_HOME;
  return join(HOME && isAbsolute(HOME) ? HOME : homedir(), '.local', 'state');
}
