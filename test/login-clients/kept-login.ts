/** What a program keeps of a login, as the SDK's clients ask for it. */
import type {
  OAuthClientProvider,
  OAuthDiscoveryState,
  StoredOAuthClientInformation,
  StoredOAuthTokens,
} from '@modelcontextprotocol/client';

export interface KeptLogin {
  readonly provider: OAuthClientProvider;
  /** Of the redirect URI. */
  readonly path: string;
  /** What the browser brought back, once. */
  answer(): URLSearchParams | undefined;
  /** Has the gateway revoke the refresh token (RFC 7009), and keeps what it has: it is worth nothing now. */
  giveBack(): Promise<void>;
}

/** @param browse shows the address to a person and gives what comes back, or nothing where nobody answers */
export function createKeptLogin(browse: (url: URL) => Promise<URLSearchParams | undefined>): KeptLogin {
  const path = '/kept-login/callback';
  // Nothing listens there: the address that the browser is sent to is all that is needed.
  const redirectUrl = `http://127.0.0.1:41998${path}`;
  let client: StoredOAuthClientInformation | undefined;
  let tokens: StoredOAuthTokens | undefined;
  let verifier = '';
  let state = '';
  let discovered: OAuthDiscoveryState | undefined;
  let brought: URLSearchParams | undefined;
  return {
    path,
    provider: {
      redirectUrl,
      clientMetadata: {
        client_name: 'Client of the tests',
        redirect_uris: [redirectUrl],
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
      },
      state() {
        state = crypto.randomUUID();
        return state;
      },
      clientInformation: () => client,
      saveClientInformation(information) {
        client = information;
      },
      tokens: () => tokens,
      saveTokens(saved) {
        tokens = saved;
      },
      saveCodeVerifier(saved) {
        verifier = saved;
      },
      codeVerifier: () => verifier,
      async redirectToAuthorization(url) {
        brought = await browse(url);
      },
      discoveryState: () => discovered,
      saveDiscoveryState(found) {
        discovered = found;
      },
      invalidateCredentials(scope) {
        if (scope === 'all' || scope === 'client') client = undefined;
        if (scope === 'all' || scope === 'tokens') tokens = undefined;
      },
    },
    answer() {
      const found = brought;
      brought = undefined;
      if (found !== undefined && found.get('state') !== state) throw new Error('another state came back');
      return found;
    },
    async giveBack() {
      const found: { issuer: string; revocation_endpoint?: string } | undefined =
        discovered?.authorizationServerMetadata;
      const form = { token: tokens?.refresh_token ?? '', client_id: client?.client_id ?? '' };
      const { status } = await fetch(String(found?.revocation_endpoint), {
        method: 'POST',
        body: new URLSearchParams(form),
      });
      if (status !== 200) throw new Error(`the revocation was answered with ${status}`);
    },
  };
}
