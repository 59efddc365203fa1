/** A client of a provider, by openid-client, as a test drives it: begin, the callback that came back, refresh. */
import * as client from 'openid-client';
import type { IdentityProvider } from '../../lab/identity-provider/identity-provider.ts';
import { createUserAgent, type UserAgent } from './user-agent.ts';

export const CALLBACK = 'http://127.0.0.1:9/callback';
export const CLIENT = { client_id: 'gateway', client_secret: 'a secret: of+the gateway', redirect_uris: [CALLBACK] };

export interface RelyingParty {
  readonly configuration: client.Configuration;
  /** The address where a login begins, and the checks that its end must pass. */
  begin(parameters?: Record<string, string>): Promise<{ url: URL; checks: client.AuthorizationCodeGrantChecks }>;
  /** The whole login of a person, by a browser of their own where none is given. */
  login(name: string, options?: LoginOptions): Promise<Tokens>;
  refresh(refreshToken: string): Promise<Tokens>;
  userinfo(accessToken: string): Promise<Record<string, unknown>>;
}

export interface LoginOptions {
  readonly browser?: UserAgent;
  readonly parameters?: Record<string, string>;
}

export type Tokens = client.TokenEndpointResponse & client.TokenEndpointResponseHelpers;

export async function relyingParty(
  provider: IdentityProvider,
  authentication: client.ClientAuth = client.ClientSecretPost(CLIENT.client_secret),
  clientId = CLIENT.client_id,
): Promise<RelyingParty> {
  const configuration = await client.discovery(new URL(provider.issuer), clientId, {}, authentication, {
    execute: [client.allowInsecureRequests],
  });

  async function begin(parameters: Record<string, string> = {}) {
    const pkceCodeVerifier = client.randomPKCECodeVerifier();
    const checks = {
      pkceCodeVerifier,
      expectedState: client.randomState(),
      expectedNonce: client.randomNonce(),
      idTokenExpected: true,
    };
    const url = client.buildAuthorizationUrl(configuration, {
      redirect_uri: CALLBACK,
      scope: 'openid profile email offline_access',
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
      state: checks.expectedState,
      nonce: checks.expectedNonce,
      ...parameters,
    });
    return { url, checks };
  }

  return {
    configuration,
    begin,
    async login(name, { browser = createUserAgent(), parameters } = {}) {
      const { url, checks } = await begin(parameters);
      const page = await browser.login(url, name, 'lab', { until: ({ href }) => href.startsWith(CALLBACK) });
      if (page.next === undefined) throw new Error(`the login ended at ${page.url.href}: ${page.text}`);
      return client.authorizationCodeGrant(configuration, page.next, checks);
    },
    refresh: (refreshToken) => client.refreshTokenGrant(configuration, refreshToken),
    userinfo: (accessToken) => client.fetchUserInfo(configuration, accessToken, client.skipSubjectCheck),
  };
}
