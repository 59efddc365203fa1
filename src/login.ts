/** The login's part of the composition root: what the authorization server and its tokens are put together from. */
import type { Config } from './config/config.ts';
import type { TokenVerifier } from './identity/jwt-verifier.ts';
import type { Clock } from './lib/clock.ts';
import type { Logger } from './lib/logger.ts';
import { createAccessTokens } from './oauth/access-token.ts';
import { type AuthorizationServer, createAuthorizationServer } from './oauth/authorization-server.ts';
import { createDocumentReader } from './oauth/client-document.ts';
import type { ClientDocuments } from './oauth/clients.ts';
import { createGatewayVerifier } from './oauth/gateway-verifier.ts';
import { createGrants, type Grants } from './oauth/grants.ts';
import { loadOAuthKeys } from './oauth/keys.ts';
import { PATHS } from './oauth/metadata.ts';
import { openStore } from './oauth/open-store.ts';
import type { Recorder } from './oauth/recorder.ts';
import type { Refusals } from './oauth/refusals.ts';
import { createRequestCounter, type RequestCounter } from './oauth/request-counter.ts';
import { createSealing } from './oauth/sealing.ts';
import { openSessionControl, sessionSocket } from './oauth/session-control.ts';
import { createSessions } from './oauth/sessions.ts';
import { createTokens } from './oauth/tokens.ts';
import { createUpstream } from './oauth/upstream.ts';
import type { Policy } from './policy/policy.ts';

type OAuthConfig = NonNullable<Config['oauth']>;
type LoginConfig = NonNullable<OAuthConfig['login']>;

interface LoginParts {
  readonly oauth: OAuthConfig;
  readonly login: LoginConfig;
  /** URL of the MCP endpoint, which the tokens are for. */
  readonly resource: string;
  readonly policy: Policy;
  readonly recorder: Recorder;
  readonly refusals: Refusals;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface Login {
  readonly server: AuthorizationServer;
  /** Of the gateway's own tokens. */
  readonly verifier: TokenVerifier;
  readonly grants: Grants;
  /** Whether sessions can be read and kept. Never rejects. */
  ready(): Promise<boolean>;
  /** Shared by all replicas; absent where there is one. */
  readonly counter?: RequestCounter;
  close(): Promise<void>;
}

export async function openLogin(parts: LoginParts): Promise<Login> {
  const { oauth, login, resource, policy, recorder, refusals, clock, logger } = parts;
  const issuer = oauth.baseUrl;
  const keys = await loadOAuthKeys(login.signingKey, login.stateDir);
  const { storeUrl: url, stateDir } = login;
  const store = await openStore({ ...(url === undefined ? {} : { url }), stateDir, keys, clock, logger });
  const sealing = createSealing({ keys: keys.sealing, clock });
  const upstream = createUpstream({ ...oauth, ...login, redirectUri: `${issuer}${PATHS.callback}`, clock, logger });
  const grants = createGrants({ ...login, store, sealing, upstream, recorder, clock, logger });
  // Where the store is shared, the operator's commands go to it themselves.
  const control =
    url === undefined
      ? await openSessionControl({ path: sessionSocket(stateDir), sessions: createSessions(grants), logger }).catch(
          async (error: unknown) => {
            await store.close();
            throw error;
          },
        )
      : undefined;
  const accessTokens = createAccessTokens({ issuer, keys, clock });
  const tokens = createTokens({ ...login, store, grants, accessTokens, recorder, clock });
  const counter = url === undefined ? undefined : createRequestCounter(url, logger);

  return {
    server: createAuthorizationServer({
      issuer,
      resource,
      sealing,
      store,
      grants,
      tokens,
      upstream,
      recorder,
      refusals,
      publicJwks: keys.publicJwks,
      clientDocuments: documentsOf(login),
      sessionMaxSeconds: login.sessionMaxSeconds,
      admits: (groups) => policy.highestLevel(groups) !== undefined,
      grantingGroups: policy.groups().map(({ group }) => group),
      clock,
      logger,
    }),
    verifier: createGatewayVerifier({ accessTokens, grants, audience: resource, clock }),
    grants,
    ready: () => store.healthy().catch(() => false),
    ...(counter === undefined ? {} : { counter }),
    async close() {
      counter?.close();
      await control?.close();
      await store.close();
    },
  };
}

function documentsOf({ clientMetadataDocuments: accepted }: LoginConfig): ClientDocuments {
  if (accepted === 'off') return { from: 'nowhere' };
  if (accepted === 'on') return { from: 'the_web', read: createDocumentReader() };
  return { from: 'a_list', documents: accepted.pinned };
}
