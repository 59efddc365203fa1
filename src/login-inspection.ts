/** What `doctor` looks at where people log in through the gateway. Nothing is made or changed, and nobody logged in. */
import { readFile } from 'node:fs/promises';
import type { Config } from './config/config.ts';
import { isLoopbackHost } from './config/values.ts';
import type { Clock } from './lib/clock.ts';
import { GatewayError } from './lib/errors.ts';
import type { Logger } from './lib/logger.ts';
import type { Secret } from './lib/secret.ts';
import { type ClientFinding, checkClientSecret, checkRedirectUri } from './oauth/client-check.ts';
import { findOAuthKeys, keyFile, type OAuthKeys } from './oauth/keys.ts';
import { PATHS } from './oauth/metadata.ts';
import { hasOtherKey, snapshotPath } from './oauth/open-store.ts';
import { inspectRedis } from './oauth/redis-inspection.ts';
import { openRedisStore } from './oauth/redis-store.ts';
import { checkSocketPath, sessionSocket } from './oauth/session-control.ts';
import { readSnapshot } from './oauth/snapshot.ts';
import { gatewayIn, inspectStateFolder } from './oauth/state-folder.ts';
import { createStoreCipher } from './oauth/store-cipher.ts';
import { createUpstream } from './oauth/upstream.ts';
import { createUpstreamClient } from './oauth/upstream-client.ts';

/** What is right, or what is not and does not keep the gateway from serving. What does is thrown. */
export type Finding = string | { readonly warning: string };

type OAuthConfig = NonNullable<Config['oauth']>;
type LoginConfig = NonNullable<OAuthConfig['login']>;

export interface LoginInspection {
  publicAddress(): Finding;
  /** Absent where nothing is kept in it. */
  readonly stateFolder?: () => Promise<Finding>;
  signingKey(): Promise<Finding>;
  sessionStore(): Promise<Finding>;
  clientSecret(): Promise<Finding>;
  redirectUri(): Promise<Finding>;
}

interface LoginInspectionParts {
  readonly oauth: OAuthConfig;
  readonly login: LoginConfig;
  readonly clock: Clock;
  readonly logger: Logger;
}

export function inspectLogin({ oauth, login, clock, logger }: LoginInspectionParts): LoginInspection {
  const redirectUri = `${oauth.baseUrl}${PATHS.callback}`;
  const upstreamOptions = { ...oauth, ...login, redirectUri, clock, logger };
  const { storeUrl, signingKey, stateDir } = login;

  return {
    publicAddress: () => describeAddress(oauth.baseUrl),
    ...(storeUrl === undefined || signingKey === undefined ? { stateFolder: () => describeFolder(login) } : {}),
    async signingKey() {
      const keys = await findOAuthKeys(signingKey, stateDir);
      const origin = signingKey === undefined ? keyFile(stateDir) : 'OAUTH_SIGNING_KEY';
      if (keys === undefined) return `${origin} will be made at the first start`;
      const { current, kids } = keys.signing;
      const others = kids.length === 1 ? '' : `; ${kids.length - 1} older still accepted`;
      // The kid is public (/jwks), and tells whether all replicas have the same key.
      return `${origin}, ES256, kid ${current.kid}${others}`;
    },
    async sessionStore() {
      const keys = await findOAuthKeys(signingKey, stateDir);
      return storeUrl === undefined ? describeEmbedded(stateDir, keys) : describeRedis(storeUrl, keys, clock, logger);
    },
    async clientSecret() {
      const finding = await checkClientSecret(await createUpstreamClient(upstreamOptions)(), redirectUri);
      if (login.tokenAuthMethod === 'none') return told(finding, `${login.clientId} is accepted as a public client`);
      return told(finding, `${login.clientId} is accepted with it (${login.tokenAuthMethod})`);
    },
    async redirectUri() {
      const { url } = await createUpstream(upstreamOptions).begin();
      return told(await checkRedirectUri(url, redirectUri), `${redirectUri} is registered at the provider`);
    },
  };

  function told(finding: ClientFinding, good: string): Finding {
    if (finding === 'accepted') return good;
    const look = `look there that ${redirectUri} is registered for ${login.clientId}, and that its secret is this one`;
    return { warning: `the provider does not tell without a login (${finding.unclear}): ${look}` };
  }
}

function describeAddress(baseUrl: string): Finding {
  const { protocol, hostname } = new URL(baseUrl);
  if (protocol === 'https:') return baseUrl;
  if (isLoopbackHost(hostname)) return `${baseUrl}, for people on this machine only`;
  return {
    warning:
      `${baseUrl} is http: passwords and tokens can be read on the way, and most providers register no such redirect ` +
      'URI. Put a proxy with TLS in front, and make OAUTH_BASE_URL its https: address',
  };
}

async function describeFolder({ storeUrl, stateDir }: LoginConfig): Promise<Finding> {
  if (storeUrl === undefined) checkSocketPath(sessionSocket(stateDir));
  if (!(await inspectStateFolder(stateDir))) return `${stateDir} will be made at the first start`;
  const running = storeUrl === undefined ? await gatewayIn(stateDir) : undefined;
  const use = running === undefined ? '' : `, in use by the gateway that runs as process ${running}`;
  return `${stateDir}, open to this user only${use}`;
}

async function describeEmbedded(stateDir: string, keys: OAuthKeys | undefined): Promise<Finding> {
  const path = snapshotPath(stateDir);
  const saved = await readSaved(path, keys);
  if (saved === undefined) return `in memory, to be saved in ${path}`;
  if (saved !== 'unreadable') return `in memory, saved in ${path} (${saved.size} entries)`;
  return {
    warning:
      `${path} was changed, or was made with another key: the next start sets it aside, and everybody logs in again. ` +
      'If the key was replaced, put the old one behind the new one in OAUTH_SIGNING_KEY',
  };
}

/** Without a key nothing that is there can be read. */
async function readSaved(path: string, keys: OAuthKeys | undefined) {
  try {
    if (keys !== undefined) return await readSnapshot(path, createStoreCipher(keys.store));
    await readFile(path);
    return 'unreadable';
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new GatewayError('CONFIGURATION', `${path} cannot be read (${code}): it must be a file of this user's.`, {
      cause,
    });
  }
}

async function describeRedis(url: Secret, keys: OAuthKeys | undefined, clock: Clock, logger: Logger): Promise<Finding> {
  const described = await inspectRedis(url);
  if (keys === undefined) return described;
  const store = await openRedisStore({ url, cipher: createStoreCipher(keys.store), clock, logger });
  try {
    if (!(await hasOtherKey(store))) return described;
  } finally {
    await store.close();
  }
  return {
    warning:
      `${described}: the gateway that last started with it has another OAUTH_SIGNING_KEY. All replicas must have the same; an old ` +
      'key stays behind a new one until its sessions are over',
  };
}
