/**
 * The request of a client for a code (RFC 6749 §4.1.1, RFC 7636, RFC 8707), checked in the order that decides who
 * hears of a mistake: as long as client and redirect URI are not both good, only the person in front of the browser.
 */
import { type Client, type Clients, clientLabel, LONGEST_CLIENT_ID } from './clients.ts';
import { OAuthError } from './oauth-error.ts';
import { type OAuthRequest, refuseRepeated, required, single } from './oauth-exchange.ts';
import { matchesRedirectUri, type RedirectTarget, redirectTarget } from './redirect-uri.ts';

/** It travels in a cookie with the rest of the request. */
const LONGEST_STATE_BYTES = 1_024;

/** What a person is asked to allow, and what the code will be bound to. */
export interface AuthorizationRequest {
  /** `id` is its label: what it is bound to and recorded by from here on. */
  readonly client: Pick<Client, 'id' | 'name' | 'source'>;
  readonly redirectUri: string;
  readonly state?: string;
  readonly codeChallenge: string;
  readonly resource: string;
}

/** Where an answer may go: the part of a request that is checked first. */
export interface ReturnAddress {
  readonly client: Client;
  readonly redirectUri: string;
  readonly target: RedirectTarget;
  readonly state?: string;
}

/** @throws OAuthError, of which the client must not hear: it is not known, or the address is not its own */
export async function readReturnAddress(
  { query, sourceAddress }: Pick<OAuthRequest, 'query' | 'sourceAddress'>,
  clients: Clients,
): Promise<ReturnAddress> {
  const clientId = required(query, 'client_id', LONGEST_CLIENT_ID);
  const client = await clients.resolve(clientId, sourceAddress);
  if (client === undefined) {
    throw new OAuthError('invalid_client', 'This client is not registered here, or no longer.', {
      reason: 'unknown_client',
    });
  }
  const redirectUri = required(query, 'redirect_uri');
  const target = redirectTarget(redirectUri);
  if (target === undefined || !matchesRedirectUri(client.redirectUris, redirectUri)) {
    throw new OAuthError('invalid_request', 'The redirect_uri is none that this client registered.', {
      reason: 'redirect_uri',
    });
  }
  const [state, ...more] = query.getAll('state');
  // Sent back as it came; of two, neither.
  return { client, redirectUri, target, ...(state === undefined || more.length > 0 ? {} : { state }) };
}

/**
 * @param resource the only one that there are tokens for
 * @throws OAuthError, which goes back to the client
 */
export function readAuthorizationRequest(
  query: URLSearchParams,
  { client, redirectUri, state }: ReturnAddress,
  resource: string,
): AuthorizationRequest {
  refuseRepeated(query);
  refuseLongState(single(query, 'state'));
  if (required(query, 'response_type') !== 'code') {
    throw new OAuthError('unsupported_response_type', 'The only response_type is code.');
  }
  // Absent would mean query (RFC 6749); anything else is not served.
  if ((single(query, 'response_mode') ?? 'query') !== 'query') throw invalid('The only response_mode is query.');
  if (query.has('request') || query.has('request_uri')) throw invalid('Request objects are not supported.');
  const codeChallenge = required(query, 'code_challenge');
  if (single(query, 'code_challenge_method') !== 'S256') throw invalid('code_challenge_method must be S256.');
  if (!/^[\w-]{43}$/.test(codeChallenge)) throw invalid('code_challenge is no SHA-256 in base64url.');
  const { id, name, source } = client;
  return {
    client: { id: clientLabel(id), name, source },
    redirectUri,
    ...(state === undefined ? {} : { state }),
    codeChallenge,
    resource: readResource(query, resource),
  };
}

/** Older clients name none. Any other than ours is refused, so that nobody holds a token for a place it is not for. */
export function readResource(parameters: URLSearchParams, ours: string): string {
  const asked = single(parameters, 'resource');
  if (asked === undefined || asked === ours) return ours;
  throw new OAuthError('invalid_target', 'There are no tokens for that resource here.');
}

/** As it is kept, where a quotation mark counts twice and a control character six times. */
function refuseLongState(state = ''): void {
  if (Buffer.byteLength(JSON.stringify(state)) > LONGEST_STATE_BYTES) throw invalid('The parameter state is too long.');
}

function invalid(description: string): OAuthError {
  return new OAuthError('invalid_request', description);
}
