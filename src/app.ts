/** The composition root: the only place that constructs and wires. */
import { readFile } from 'node:fs/promises';
import { type AuditLog, openAuditLog } from './audit/audit-log.ts';
import type { Config } from './config/config.ts';
import { createHttpApp, resourceUrl } from './http/app.ts';
import type { ReadinessChecks } from './http/health.ts';
import type { RateLimits } from './http/rate-limit.ts';
import { createJwtVerifier, type TokenVerifier } from './identity/jwt-verifier.ts';
import { createLazyVerifier } from './identity/lazy-verifier.ts';
import { stdioPrincipal, unauthenticatedPrincipal } from './identity/local-principal.ts';
import { bounded } from './lib/bounded.ts';
import { type Clock, systemClock } from './lib/clock.ts';
import { GatewayError } from './lib/errors.ts';
import type { Logger } from './lib/logger.ts';
import { VERSION } from './lib/version.ts';
import { openLogin } from './login.ts';
import { createCatalog } from './mcp/catalog.ts';
import { createHttpEndpoint, openStdioEndpoint } from './mcp/endpoint.ts';
import { createExchange } from './mcp/exchange.ts';
import { createFairShare } from './mcp/fair-share.ts';
import { createPipeline } from './mcp/pipeline.ts';
import { createResourceReader } from './mcp/resource-reader.ts';
import type { GatewayServerOptions } from './mcp/server.ts';
import type { AuthorizationServer } from './oauth/authorization-server.ts';
import { discoverProvider } from './oauth/discovery.ts';
import { chooseVerifier } from './oauth/gateway-verifier.ts';
import type { Recorder } from './oauth/recorder.ts';
import { createRefusals, type Refusals } from './oauth/refusals.ts';
import { DEFAULT_GROUPS } from './policy/groups.ts';
import { createPolicy, type Policy } from './policy/policy.ts';
import { resources, resourceTemplates } from './resources/index.ts';
import { tools } from './tools/index.ts';
import { createManagedServers, type ManagedServers } from './vsphere/managed-servers.ts';
import { reachability } from './vsphere/reachability.ts';
import { createTaskRecovery } from './vsphere/task-recovery.ts';

export interface AppOptions {
  readonly config: Config;
  readonly logger: Logger;
  readonly clock?: Clock;
}

export interface RunningApp {
  /** Where MCP clients connect; absent on stdio. */
  readonly url?: string;
  /** Resolves when the client of a stdio connection has gone; never on HTTP. */
  readonly closed: Promise<void>;
  /** Finishes the calls under way, writes their outcomes, logs out. */
  close(): Promise<void>;
}

type OAuthConfig = NonNullable<Config['oauth']>;

/** What both transports serve. */
interface Gateway extends GatewayServerOptions {
  readonly servers: ManagedServers;
}

/** A door of the gateway: HTTP or stdio. */
interface Door {
  readonly url?: string;
  readonly closed: Promise<void>;
  /** Takes no new calls. */
  shut(): Promise<void>;
}

export async function startApp({ config, logger, clock = systemClock }: AppOptions): Promise<RunningApp> {
  const policy = await createPolicyOf(config);
  const servers = createServersOf(config, clock, logger);
  const audit = await openAuditLog({
    ...config.audit,
    version: VERSION,
    clock,
    logger,
    ...(config.transport === 'stdio' ? {} : { checkpointStream: process.stdout }),
    resolveTask: createTaskRecovery(servers),
  });
  const gateway = createGateway({ policy, servers, audit, clock, logger });
  const opening =
    config.transport === 'stdio' ? openStdio(gateway, config) : openHttp(gateway, { config, clock, logger });
  const door = await Promise.resolve(opening).catch(async (error: unknown) => {
    // Leaves no lock behind, and a STOP in the record.
    await audit.close();
    await servers.close();
    throw error;
  });
  // Reached before the first caller asks; a server that is down stops neither the start nor the others.
  void servers.get().catch((err: unknown) => logger.warn({ err }, 'the default server cannot be reached yet'));
  logger.info(banner(config, gateway, door.url), 'mcvsphere is up');

  let closing: Promise<void> | undefined;
  return {
    ...(door.url === undefined ? {} : { url: door.url }),
    closed: door.closed,
    close() {
      closing ??= close(gateway, door, config.shutdownTimeoutMs, logger);
      return closing;
    },
  };
}

/** The policy of a configuration, also for the commands that print it. */
export async function createPolicyOf(config: Pick<Config, 'policyFile'>): Promise<Policy> {
  if (config.policyFile === undefined) return createPolicy({ groupLevels: DEFAULT_GROUPS });
  const text = await readFile(config.policyFile, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new GatewayError('CONFIGURATION', `RBAC_POLICY_FILE ${config.policyFile} cannot be read (${cause.code}).`, {
      cause,
    });
  });
  // Only who has such a file waits for its parser to load.
  const { parsePolicyFile } = await import('./policy/policy-file.ts');
  const known = tools.map(({ name, aliases = [], permission }) => ({ name, aliases, level: permission }));
  return createPolicy(parsePolicyFile(text, config.policyFile, known));
}

export function createServersOf({ servers }: Config, clock: Clock, logger: Logger): ManagedServers {
  return createManagedServers({ servers, clock, logger });
}

/** Finds the provider and its keys; used at start and by `doctor`. */
export async function createVerifier(oauth: OAuthConfig, clock: Clock, logger: Logger) {
  const { issuer, jwksUri } = await discoverProvider({ issuer: oauth.issuer, allowInsecure: oauth.allowInsecure });
  // With the login this is optional, and app and doctor ask only for the keys unless it is set.
  const audience = oauth.audience ?? `${oauth.baseUrl}/mcp`;
  return createJwtVerifier({ ...oauth, audience, issuer, jwksUri, clock, logger });
}

interface GatewayParts {
  readonly policy: Policy;
  readonly servers: ManagedServers;
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly logger: Logger;
}

function createGateway(parts: GatewayParts): Gateway {
  const catalog = createCatalog({ tools, resources, templates: resourceTemplates, policy: parts.policy });
  const share = createFairShare();
  const pipeline = createPipeline({ tools, share, ...parts });
  const readResource = createResourceReader({ resources, templates: resourceTemplates, share, ...parts });
  return { version: VERSION, catalog, pipeline, readResource, ...parts };
}

function openStdio(gateway: Gateway, config: Config): Door {
  const exchange = createExchange(stdioPrincipal(config.stdioGroups));
  const { closed, close } = openStdioEndpoint(gateway, exchange);
  return { closed, shut: close };
}

async function openHttp(
  gateway: Gateway,
  { config, clock, logger }: { config: Config; clock: Clock; logger: Logger },
): Promise<Door> {
  const { oauth, http } = config;
  const endpoint = createHttpEndpoint(gateway);
  const recorder = recorderOver(gateway.audit);
  const refusals = createRefusals({ recorder, clock, logger });
  const entrance = oauth && (await openEntrance({ ...gateway, recorder, refusals, clock, logger }, oauth));
  const app = await createHttpApp({
    ...http,
    authentication: entrance
      ? { ...entrance, limits: { ...http.rateLimits, ...entrance.limits } }
      : { everybodyIs: unauthenticatedPrincipal(http.unauthenticatedGroups) },
    endpoint,
    readiness: readinessOf(gateway, entrance, clock),
    refusals,
    logger,
  });
  return {
    url: await app.listen({ host: http.host, port: http.port }).catch((cause: NodeJS.ErrnoException) => {
      throw new GatewayError(
        'CONFIGURATION',
        `MCP_HOST ${http.host} and MCP_PORT ${http.port} cannot be listened on (${cause.code}).`,
        { cause },
      );
    }),
    closed: new Promise(() => {}),
    async shut() {
      await app.close(() => gateway.pipeline.idle());
      await entrance?.close();
      await refusals.close();
    },
  };
}

interface EntranceParts {
  readonly policy: Policy;
  readonly recorder: Recorder;
  readonly refusals: Refusals;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Entrance {
  readonly verifier: TokenVerifier;
  readonly baseUrl: URL;
  readonly authorizationServers: readonly string[];
  readonly login?: AuthorizationServer;
  /** Whether those of the login can be read and kept. */
  readonly sessions?: () => Promise<boolean>;
  readonly limits: Pick<RateLimits, 'counter'>;
  close(): Promise<void>;
}

function recorderOver(audit: AuditLog): Recorder {
  return {
    async record(entry) {
      await audit.append(entry);
    },
  };
}

/** Who may come in: by the gateway's own login, by tokens of the provider, or by both. */
async function openEntrance(parts: EntranceParts, oauth: OAuthConfig): Promise<Entrance> {
  const { clock, logger } = parts;
  const baseUrl = new URL(oauth.baseUrl);
  const { audience, login: config } = oauth;
  const direct =
    audience === undefined
      ? undefined
      : createLazyVerifier({ load: () => createVerifier({ ...oauth, audience }, clock, logger), clock, logger });
  if (config === undefined) {
    if (direct === undefined) throw new Error('OAuth is on, and there is neither a login nor an audience');
    return { verifier: direct, baseUrl, authorizationServers: [oauth.issuer], limits: {}, close: async () => {} };
  }
  const resource = resourceUrl(baseUrl);
  const login = await openLogin({ ...parts, oauth, login: config, resource });
  const verifier = chooseVerifier({ issuer: oauth.baseUrl, own: login.verifier, ...(direct ? { direct } : {}) });
  return {
    verifier,
    baseUrl,
    authorizationServers: [oauth.baseUrl],
    login: login.server,
    sessions: login.ready,
    limits: login.counter === undefined ? {} : { counter: login.counter },
    close: login.close,
  };
}

function readinessOf(gateway: Gateway, entrance: Entrance | undefined, clock: Clock): ReadinessChecks {
  return {
    audit: async () => gateway.audit.health().writable,
    vsphere: reachability(gateway.servers, clock),
    ...(entrance === undefined ? {} : { keys: () => entrance.verifier.ready() }),
    ...(entrance?.sessions === undefined ? {} : { sessions: entrance.sessions }),
  };
}

function banner(config: Config, { policy, servers, audit }: Gateway, url: string | undefined) {
  return {
    version: VERSION,
    transport: config.transport,
    address: url,
    oauth: entranceOf(config),
    rbac: config.policyFile ? `on, by ${config.policyFile}` : `on, by the ${policy.groups().length} default groups`,
    everybody_has: config.oauth ? undefined : everybody(config),
    managed_servers: servers.list().map(({ name, kind }) => `${name} (${kind})`),
    audit: audit.file,
  };
}

function entranceOf({ oauth }: Config): string {
  if (oauth === undefined) return 'off';
  if (oauth.login === undefined) return `on, tokens of ${oauth.issuer}`;
  return `on, login at ${oauth.issuer}${oauth.audience === undefined ? '' : ', and its tokens'}`;
}

function everybody(config: Config): readonly string[] {
  return config.transport === 'stdio' ? config.stdioGroups : config.http.unauthenticatedGroups;
}

async function close(gateway: Gateway, door: Door, timeoutMs: number, logger: Logger): Promise<void> {
  const finished = await bounded(Promise.all([door.shut(), gateway.pipeline.idle()]), timeoutMs);
  if (!finished) logger.warn('calls were still under way at the end of the shutdown time; their intents stay open');
  await gateway.audit.close();
  await gateway.servers.close();
}
