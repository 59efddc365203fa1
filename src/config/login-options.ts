/** The options of the login: what the gateway is to the provider, and what it is to the MCP clients. */
import { option } from './option.ts';
import {
  absolutePath,
  authorizationParameters,
  boolean,
  CLAIMS_SOURCES,
  claimsSource,
  integer,
  list,
  oneOf,
  scope,
  secretText,
  separated,
  storeUrl,
  switchOrPath,
  text,
} from './values.ts';

const TOKEN_AUTH_METHODS = ['client_secret_post', 'client_secret_basic', 'none'] as const;

export const login = {
  OAUTH_CLIENT_ID: option(
    {
      category: 'login',
      description:
        'The client that is registered for this gateway at the provider, with the redirect URI OAUTH_BASE_URL/auth/callback. Setting it turns the login on: MCP clients need no registration at the provider.',
      example: 'mcvsphere',
    },
    text(512).optional(),
  ),
  OAUTH_CLIENT_SECRET: option(
    { category: 'login', description: 'The secret of that client.', secret: true },
    secretText(1).optional(),
  ),
  OAUTH_TOKEN_AUTH_METHOD: option(
    {
      category: 'login',
      description: `How the gateway shows its secret to the provider: ${TOKEN_AUTH_METHODS.join(', ')}. none is for a public client, without a secret.`,
    },
    oneOf(TOKEN_AUTH_METHODS).prefault('client_secret_post'),
  ),
  OAUTH_SCOPES: option(
    {
      category: 'login',
      description: 'Scopes to ask the provider for, with blanks between them; openid is among them in any case.',
      otherwise: 'openid profile email, and groups and offline_access where the provider says that it has them',
      example: 'openid profile email offline_access',
    },
    separated(scope).optional(),
  ),
  OAUTH_EXTRA_AUTH_PARAMS: option(
    {
      category: 'login',
      description: 'Further parameters for the login at the provider, written like the query of a URL.',
      example: 'access_type=offline&prompt=consent',
    },
    authorizationParameters().optional(),
  ),
  OAUTH_CLAIMS_SOURCES: option(
    {
      category: 'login',
      description: `Where user and groups are looked for after a login; the first that has the claim counts. Any of ${CLAIMS_SOURCES.join(', ')}.`,
    },
    list(claimsSource).prefault(CLAIMS_SOURCES.join(',')),
  ),
  OAUTH_INTROSPECTION: option(
    {
      category: 'login',
      description:
        'Ask the provider about each access token that it gives for a person (RFC 7662). The answer is a source of claims, and a token that is not active ends the session.',
    },
    boolean().prefault('false'),
  ),
  OAUTH_TOKEN_TTL: option(
    { category: 'login', description: 'Life of an access token of this gateway, in seconds.' },
    integer(60, 86_400).prefault('3600'),
  ),
  OAUTH_GROUPS_MAX_AGE: option(
    {
      category: 'login',
      description: 'How old the groups of a person may be before they are read again at the provider, in seconds.',
    },
    integer(1, 86_400).prefault('300'),
  ),
  OAUTH_GROUPS_MAX_STALE: option(
    {
      category: 'login',
      description:
        'How old they may be while the provider does not answer, in seconds. After that the person is let in again when it does.',
    },
    integer(1, 86_400).prefault('900'),
  ),
  OAUTH_SESSION_MAX: option(
    {
      category: 'login',
      description: 'When a person has to log in again at the latest, in seconds, whatever the client does meanwhile.',
    },
    integer(60, 30 * 86_400).prefault('43200'),
  ),
  OAUTH_SIGNING_KEY: option(
    {
      category: 'login',
      description:
        'Key of the tokens and sessions of this gateway: random text of at least 32 characters, such as from: openssl rand -hex 32, or an ES256 (P-256) private key as PEM (PKCS #8), JWK or JWK Set. Of several the first is used for what is new, and the others still count: so a key is replaced without ending the sessions.',
      secret: true,
      otherwise: 'a key made once and kept in OAUTH_STATE_DIR',
    },
    secretText(32).optional(),
  ),
  OAUTH_STORE_URL: option(
    {
      category: 'login',
      description: 'Redis or Valkey for the sessions, shared by all replicas: redis:// or rediss:// (TLS).',
      secret: true,
      otherwise: 'memory, with an encrypted copy in OAUTH_STATE_DIR; for one replica',
      example: 'rediss://:password@redis.example.com:6379/0',
    },
    storeUrl().optional(),
  ),
  OAUTH_STATE_DIR: option(
    {
      category: 'login',
      description:
        'Folder for the key and the sessions of the login, for one gateway; refused where other users may open it.',
      otherwise: '$XDG_STATE_HOME/mcvsphere, and ~/.local/state for an unset XDG_STATE_HOME',
      example: '/var/lib/mcvsphere',
    },
    absolutePath().optional(),
  ),
  OAUTH_CLIENT_METADATA_DOCUMENTS: option(
    {
      category: 'login',
      description:
        'Accept clients whose id is the URL of a document about them: on fetches it from port 443 of public addresses, asking the name servers of /etc/resolv.conf; a path names a JSON file with a list of the documents to accept, and nothing is fetched.',
      example: '/etc/mcvsphere/clients.json',
    },
    switchOrPath().prefault('off'),
  ),
  OAUTH_RATE_LIMIT: option(
    {
      category: 'login',
      description:
        'Requests a minute that each endpoint of the login takes from one address (IPv6: one /64 network), and 50 times as many at /auth/backchannel-logout, where the provider reports many at once; 0 for no limit. Behind a proxy set MCP_TRUSTED_PROXIES, or everybody has one address.',
    },
    integer(0, 1_000_000).prefault('120'),
  ),
  MCP_RATE_LIMIT: option(
    {
      category: 'mcp',
      description:
        'Messages a minute that one person may send to /mcp while OAuth is on, each of a batch (of 50 at most) among them; 0 for no limit. From one address (IPv6: one /64 network) as many requests a minute may come without a token that is accepted; after that only tokens that were accepted before are looked at.',
    },
    integer(0, 1_000_000).prefault('6000'),
  ),
  MCP_REPLICAS: option(
    {
      category: 'mcp',
      description:
        'How many gateways serve the same address. More than one with a login need OAUTH_STORE_URL and OAUTH_SIGNING_KEY.',
    },
    integer(1, 1000).prefault('1'),
  ),
};
