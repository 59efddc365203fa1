/**
 * The authorization server that MCP clients see: its endpoints, put together, free of any HTTP framework. A handler
 * answers whatever a stranger sends; what it throws is a fault of ours or of something that we need, which the edge
 * answers with 503 or 500.
 */
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { createAuthorize } from './authorize.ts';
import { backChannelLogout } from './back-channel-logout.ts';
import { createCallback } from './callback.ts';
import { type ClientDocuments, createClients } from './clients.ts';
import { createConsent } from './consent.ts';
import type { Grants } from './grants.ts';
import type { PublicJwk } from './keys.ts';
import { createLoginTransactions } from './login-transaction.ts';
import { authorizationServerMetadata } from './metadata.ts';
import type { OAuthRequest, OAuthResponse } from './oauth-exchange.ts';
import type { Recorder } from './recorder.ts';
import type { Refusals } from './refusals.ts';
import { registrationEndpoint } from './registration-endpoint.ts';
import { revocationEndpoint } from './revocation-endpoint.ts';
import type { Sealing } from './sealing.ts';
import type { Store } from './store.ts';
import { tokenEndpoint } from './token-endpoint.ts';
import type { Tokens } from './tokens.ts';
import type { Upstream } from './upstream.ts';

export interface AuthorizationServerOptions {
  /** The gateway's own origin, without trailing slash. */
  readonly issuer: string;
  /** URL of the MCP endpoint: the only thing that there are tokens for. */
  readonly resource: string;
  readonly sealing: Sealing;
  readonly store: Store;
  readonly grants: Grants;
  readonly tokens: Tokens;
  readonly upstream: Upstream;
  readonly recorder: Recorder;
  readonly refusals: Pick<Refusals, 'note' | 'consent'>;
  readonly publicJwks: () => { readonly keys: readonly PublicJwk[] };
  readonly clientDocuments: ClientDocuments;
  readonly sessionMaxSeconds: number;
  /** Whether these groups give any right here. */
  readonly admits: (groups: readonly string[]) => boolean;
  readonly grantingGroups: readonly string[];
  readonly clock: Clock;
  readonly logger: Logger;
}

type Handler = (request: OAuthRequest) => Promise<OAuthResponse>;

export interface AuthorizationServer {
  readonly ask: Handler;
  readonly answer: Handler;
  readonly comeBack: Handler;
  readonly token: Handler;
  readonly register: Handler;
  readonly revoke: Handler;
  readonly backChannelLogout: Handler;
  metadata(): object;
  jwks(): object;
}

export function createAuthorizationServer(options: AuthorizationServerOptions): AuthorizationServer {
  const { issuer, sealing, store, clientDocuments } = options;
  const secure = issuer.startsWith('https:');
  const clients = createClients({ ...options, documents: clientDocuments });
  const transactions = createLoginTransactions({ store, sealing, secure });
  const metadata = authorizationServerMetadata({
    issuer,
    clientMetadataDocuments: clientDocuments.from !== 'nowhere',
  });
  return {
    ...createAuthorize({ ...options, clients, transactions, consent: createConsent(sealing, secure) }),
    comeBack: createCallback({ ...options, transactions }),
    token: tokenEndpoint(options),
    register: registrationEndpoint({ ...options, clients }),
    revoke: revocationEndpoint(options),
    backChannelLogout: backChannelLogout(options),
    metadata: () => metadata,
    jwks: options.publicJwks,
  };
}
