import { Secret } from '../lib/secret.ts';
import type { Environment } from './environment.ts';
import { type ReadFile, readNamedFile } from './files.ts';
import type { OptionName, OptionValues } from './options.ts';
import { type PinnedClients, parsePinnedClients } from './pinned-clients.ts';
import type { Findings } from './problem.ts';

/** How people log in through this gateway. */
export interface LoginConfig {
  readonly clientId: string;
  /** Absent for a public client (`tokenAuthMethod` `none`). */
  readonly clientSecret?: Secret;
  readonly tokenAuthMethod: OptionValues['OAUTH_TOKEN_AUTH_METHOD'];
  /** With `openid`. Absent: what the provider's metadata suggests. */
  readonly scopes?: readonly string[];
  readonly extraAuthParams: readonly (readonly [name: string, value: string])[];
  /** First to last. */
  readonly claimsSources: OptionValues['OAUTH_CLAIMS_SOURCES'];
  readonly introspection: boolean;
  readonly tokenTtlSeconds: number;
  readonly groupsMaxAgeSeconds: number;
  readonly groupsMaxStaleSeconds: number;
  readonly sessionMaxSeconds: number;
  /** PEM, JWK, JWK Set or random text; one key or several. */
  readonly signingKey?: Secret;
  /** `redis:` or `rediss:`. */
  readonly storeUrl?: Secret;
  readonly stateDir: string;
  readonly replicas: number;
  readonly clientMetadataDocuments: 'off' | 'on' | { readonly pinned: PinnedClients };
}

const ONLY_WITH_LOGIN: readonly OptionName[] = [
  'OAUTH_CLIENT_SECRET',
  'OAUTH_SCOPES',
  'OAUTH_EXTRA_AUTH_PARAMS',
  'OAUTH_SIGNING_KEY',
  'OAUTH_STORE_URL',
  'OAUTH_CLIENT_METADATA_DOCUMENTS',
];

/** `undefined` without OAUTH_CLIENT_ID, and after a problem. */
export function loginConfig(
  { values, given }: Environment,
  stateFolder: string,
  readFile: ReadFile,
  findings: Findings,
): LoginConfig | undefined {
  const { problems, warnings } = findings;
  if (!given.has('OAUTH_CLIENT_ID')) {
    const idle = ONLY_WITH_LOGIN.filter((name) => given.has(name) || given.has(`${name}_FILE`));
    if (idle.length > 0) warnings.push(`${idle.join(', ')}: without OAUTH_CLIENT_ID there is no login to use it.`);
    return undefined;
  }
  checkSecret(values, given, findings);
  checkReplicas(values, given, findings);
  const { OAUTH_GROUPS_MAX_AGE: maxAge, OAUTH_GROUPS_MAX_STALE: maxStale } = values;
  if (maxAge !== undefined && maxStale !== undefined && maxStale < maxAge) {
    problems.push({ name: 'OAUTH_GROUPS_MAX_STALE', message: 'must not be less than OAUTH_GROUPS_MAX_AGE' });
  }
  const documents = metadataDocuments(values.OAUTH_CLIENT_METADATA_DOCUMENTS, readFile, findings);
  if (problems.length > 0) return undefined;

  // Without a problem every option has its value.
  const all = values as OptionValues & { OAUTH_CLIENT_ID: string };
  const secret = (name: 'clientSecret' | 'signingKey' | 'storeUrl', value: string | undefined) =>
    value === undefined ? {} : { [name]: new Secret(value) };
  return Object.freeze({
    clientId: all.OAUTH_CLIENT_ID,
    ...secret('clientSecret', all.OAUTH_CLIENT_SECRET),
    tokenAuthMethod: all.OAUTH_TOKEN_AUTH_METHOD,
    ...(all.OAUTH_SCOPES === undefined ? {} : { scopes: withOpenid(all.OAUTH_SCOPES) }),
    extraAuthParams: all.OAUTH_EXTRA_AUTH_PARAMS ?? [],
    claimsSources: all.OAUTH_CLAIMS_SOURCES,
    introspection: all.OAUTH_INTROSPECTION,
    tokenTtlSeconds: all.OAUTH_TOKEN_TTL,
    groupsMaxAgeSeconds: all.OAUTH_GROUPS_MAX_AGE,
    groupsMaxStaleSeconds: all.OAUTH_GROUPS_MAX_STALE,
    sessionMaxSeconds: all.OAUTH_SESSION_MAX,
    ...secret('signingKey', all.OAUTH_SIGNING_KEY),
    ...secret('storeUrl', all.OAUTH_STORE_URL),
    stateDir: all.OAUTH_STATE_DIR ?? stateFolder,
    replicas: all.MCP_REPLICAS,
    clientMetadataDocuments: documents,
  });
}

function checkSecret(values: Environment['values'], given: Environment['given'], { problems }: Findings): void {
  const { OAUTH_TOKEN_AUTH_METHOD: method } = values;
  const has = given.has('OAUTH_CLIENT_SECRET') || given.has('OAUTH_CLIENT_SECRET_FILE');
  if (method === undefined || has === (method !== 'none')) return;
  problems.push({
    name: 'OAUTH_CLIENT_SECRET',
    message: has
      ? 'is set, and OAUTH_TOKEN_AUTH_METHOD is none: unset one of them'
      : 'is missing, while OAUTH_CLIENT_ID is set (OAUTH_TOKEN_AUTH_METHOD=none for a public client)',
  });
}

/** Sessions of the embedded store are known to one process only, and so is a key that it made for itself. */
function checkReplicas(values: Environment['values'], given: Environment['given'], { problems }: Findings): void {
  const { MCP_REPLICAS: replicas = 1 } = values;
  if (replicas === 1) return;
  for (const name of ['OAUTH_STORE_URL', 'OAUTH_SIGNING_KEY']) {
    if (given.has(name) || given.has(`${name}_FILE`)) continue;
    problems.push({ name, message: 'is missing, while MCP_REPLICAS is more than 1: all replicas must share it' });
  }
}

function metadataDocuments(
  value: OptionValues['OAUTH_CLIENT_METADATA_DOCUMENTS'] | undefined,
  readFile: ReadFile,
  { problems }: Findings,
): LoginConfig['clientMetadataDocuments'] {
  if (value === undefined || typeof value === 'string') return value ?? 'off';
  const file = readNamedFile('OAUTH_CLIENT_METADATA_DOCUMENTS', value.path, readFile, problems);
  const pinned = file && parsePinnedClients(file.text, problems);
  return pinned === undefined ? 'off' : Object.freeze({ pinned });
}

function withOpenid(scopes: readonly string[]): readonly string[] {
  return scopes.includes('openid') ? scopes : Object.freeze(['openid', ...scopes]);
}
