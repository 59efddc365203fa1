/** How oidc-provider is set up. Its own checks stay on: PKCE with S256, redirect URIs letter for letter. */
import { type AccountClaims, type ClientMetadata, type Configuration, errors, type FindAccount } from 'oidc-provider';
import type { Behaviour } from './behaviour.ts';
import type { ClockedStorage } from './clocked-storage.ts';
import type { SigningKeys } from './keys.ts';
import { errorPage, loggedOutPage, logoutPage, PAGE_HEADERS } from './pages.ts';
import type { People } from './people.ts';

export interface LabClient {
  readonly client_id: string;
  readonly client_secret: string;
  readonly redirect_uris: readonly string[];
  readonly post_logout_redirect_uris?: readonly string[];
  readonly backchannel_logout_uri?: string;
  /** `client_secret_post` where nothing is said. */
  readonly token_endpoint_auth_method?: 'client_secret_post' | 'client_secret_basic';
}

export interface ConfigurationOptions {
  readonly clients: readonly LabClient[];
  readonly people: People;
  readonly behaviour: Behaviour;
  readonly storage: ClockedStorage;
  readonly keys: SigningKeys;
  readonly cookieKeys: readonly string[];
  /** For back-channel logout, the one thing that oidc-provider itself sends. */
  readonly fetch: typeof fetch;
}

const SECONDS_OF_14_DAYS = 14 * 24 * 3600;

export function providerConfiguration(options: ConfigurationOptions): Configuration {
  const { people, behaviour, storage, keys } = options;
  return {
    clients: options.clients.map(clientMetadata),
    adapter: (model) => storage.adapter(model),
    jwks: { keys: structuredClone(keys.published()) as never },
    cookies: { keys: [...options.cookieKeys] },
    findAccount: findAccount(people),
    scopes: ['openid', 'offline_access', 'groups', 'vsphere'],
    claims: { openid: ['sub'], profile: ['name', 'preferred_username'], email: ['email', 'email_verified'] },
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    async loadExistingGrant(context) {
      const { client, session, params, provider } = context.oidc;
      if (client === undefined || session?.accountId === undefined) return undefined;
      const id = context.oidc.result?.consent?.grantId ?? session.grantIdFor(client.clientId);
      const known = id === undefined ? undefined : await provider.Grant.find(id);
      const grant = known ?? new provider.Grant({ accountId: session.accountId, clientId: client.clientId });
      grant.addOIDCScope(String(params?.scope ?? ''));
      for (const resource of [params?.resource ?? []].flat()) grant.addResourceScope(String(resource), 'vsphere');
      await grant.save();
      return grant;
    },
    issueRefreshToken: (_context, client, source) =>
      client.grantTypeAllowed('refresh_token') &&
      (behaviour.refreshTokens === 'always' ||
        (behaviour.refreshTokens === 'with_offline_access' && source.scopes.has('offline_access'))),
    rotateRefreshToken: () => behaviour.rotateRefreshTokens,
    expiresWithSession: () => false,
    ttl: {
      AccessToken: () => behaviour.accessTokenSeconds,
      IdToken: 3600,
      Interaction: 3600,
      RefreshToken: SECONDS_OF_14_DAYS,
      Session: SECONDS_OF_14_DAYS,
      Grant: SECONDS_OF_14_DAYS,
    },
    fetch: options.fetch,
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      introspection: { enabled: true },
      revocation: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (context, form) => show(context, logoutPage(form)),
        postLogoutSuccessSource: (context) => show(context, loggedOutPage()),
      },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo(_context, resource) {
          if (!URL.canParse(resource)) throw new errors.InvalidTarget();
          return {
            scope: 'vsphere',
            audience: resource,
            accessTokenTTL: behaviour.accessTokenSeconds,
            accessTokenFormat: 'jwt',
            jwt: { sign: { alg: 'RS256' } },
          };
        },
      },
    },
    renderError: (context, out) => show(context, errorPage(out.error, out.error_description)),
  };
}

function show(context: { set(headers: Record<string, string>): void; body: unknown }, html: string): void {
  context.set({ ...PAGE_HEADERS });
  context.body = html;
}

function clientMetadata(client: LabClient): ClientMetadata {
  return {
    token_endpoint_auth_method: 'client_secret_post',
    ...client,
    redirect_uris: [...client.redirect_uris],
    post_logout_redirect_uris: [...(client.post_logout_redirect_uris ?? [])],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    backchannel_logout_session_required: client.backchannel_logout_uri !== undefined,
  };
}

/** Nobody is found who may not get what is asked for: a disabled person may refresh where `state` says so. */
function findAccount(people: People): FindAccount {
  return (context, sub) => {
    const person = people.bySub(sub);
    const loggingIn = context.path.startsWith('/auth');
    if (person === undefined || person.state === 'deleted' || person.state === 'disabled') return undefined;
    if (person.state === 'disabled_but_refreshing' && loggingIn) return undefined;
    return {
      accountId: sub,
      claims: (): AccountClaims => ({
        sub,
        name: person.name,
        preferred_username: person.name,
        email: person.email,
        email_verified: true,
      }),
    };
  };
}
