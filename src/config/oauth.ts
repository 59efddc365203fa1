import type { Environment } from './environment.ts';
import { type ReadFile, readNamedFile } from './files.ts';
import { type GroupMap, parseGroupMap } from './group-map.ts';
import { type LoginConfig, loginConfig } from './login.ts';
import type { OptionName } from './options.ts';
import type { Findings } from './problem.ts';

export interface OAuthConfig {
  /** Letter for letter as the provider names itself. */
  readonly issuer: string;
  /** Of tokens that the provider itself issues for this gateway; without it none of them are taken. */
  readonly audience?: string;
  /** An origin, without trailing slash. */
  readonly baseUrl: string;
  /** `http:` is accepted; for development. */
  readonly allowInsecure: boolean;
  /** Asymmetric ones only. */
  readonly algs: readonly string[];
  readonly claims: {
    /** Name or JSON Pointer. */
    readonly username?: string;
    /** Names or JSON Pointers, the first that exists counts. */
    readonly groups: readonly string[];
    readonly separator?: string;
    readonly stripPrefix?: string;
    readonly groupMap?: GroupMap;
  };
  /** The gateway's own login, in front of the provider's. Without it clients bring tokens of the provider. */
  readonly login?: LoginConfig;
}

const SEPARATORS = { comma: ',', ',': ',', semicolon: ';', ';': ';', space: ' ' } as const;

/**
 * `undefined` while OAuth is off, and after a problem.
 *
 * @param stateFolder where the login keeps its state unless told otherwise
 */
export function oauthConfig(
  environment: Environment,
  stateFolder: string,
  readFile: ReadFile,
  findings: Findings,
): OAuthConfig | undefined {
  const { values, given } = environment;
  const { problems, warnings } = findings;
  if (values.OAUTH_ENABLED !== true) {
    if (values.OAUTH_ENABLED === false && [...given].some((name) => /^OAUTH_(?!ENABLED$)/.test(name))) {
      warnings.push('Options of OAuth are set, and OAUTH_ENABLED is not true: nobody is asked for a token.');
    }
    return undefined;
  }
  if (values.MCP_TRANSPORT === 'stdio') {
    warnings.push('OAUTH_ENABLED does nothing on stdio: the local user has the groups of MCP_STDIO_GROUPS.');
  }

  const {
    OAUTH_ISSUER_URL: issuer,
    OAUTH_AUDIENCE: audience,
    OAUTH_BASE_URL: baseUrl,
    OAUTH_ALLOW_INSECURE: allowInsecure,
    OAUTH_GROUP_MAP_FILE: mapFile,
  } = values;
  const withLogin = given.has('OAUTH_CLIENT_ID');
  for (const name of ['OAUTH_ISSUER_URL', 'OAUTH_AUDIENCE', 'OAUTH_BASE_URL'] satisfies OptionName[]) {
    if (withLogin && name === 'OAUTH_AUDIENCE') continue;
    if (!given.has(name)) problems.push({ name, message: 'is missing, while OAUTH_ENABLED is true' });
  }
  for (const [name, url] of [
    ['OAUTH_ISSUER_URL', issuer],
    ['OAUTH_BASE_URL', baseUrl],
  ] as const) {
    if (url === undefined || new URL(url).protocol === 'https:') continue;
    if (allowInsecure === false)
      problems.push({ name, message: 'must be https: (OAUTH_ALLOW_INSECURE=true for development)' });
    else if (allowInsecure) warnings.push(`${name} is http: tokens can be read and keys replaced on the way.`);
  }
  const mapText = mapFile && readNamedFile('OAUTH_GROUP_MAP_FILE', mapFile, readFile, problems)?.text;
  const groupMap = mapText === undefined ? undefined : parseGroupMap(mapText, problems);
  const login = loginConfig(environment, stateFolder, readFile, findings);
  if (!issuer || !baseUrl || (!withLogin && !audience)) return undefined;

  const separator = values.OAUTH_GROUPS_SEPARATOR && SEPARATORS[values.OAUTH_GROUPS_SEPARATOR];
  return Object.freeze({
    issuer,
    ...(audience === undefined ? {} : { audience }),
    baseUrl,
    allowInsecure: allowInsecure ?? false,
    algs: values.OAUTH_ALLOWED_ALGS ?? [],
    claims: Object.freeze({
      groups: values.OAUTH_GROUPS_CLAIM ?? [],
      ...(values.OAUTH_USERNAME_CLAIM === undefined ? {} : { username: values.OAUTH_USERNAME_CLAIM }),
      ...(separator === undefined ? {} : { separator }),
      ...(values.OAUTH_GROUPS_STRIP_PREFIX === undefined ? {} : { stripPrefix: values.OAUTH_GROUPS_STRIP_PREFIX }),
      ...(groupMap === undefined ? {} : { groupMap }),
    }),
    ...(login === undefined ? {} : { login }),
  });
}
