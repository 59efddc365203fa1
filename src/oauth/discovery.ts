/**
 * Finds the provider's endpoints and keys from its issuer (OpenID Connect Discovery §4). The keys found here
 * decide who is let in, so the document must come from the issuer itself and say that it does.
 */
import * as openid from 'openid-client';
import { boundedFetch, type Fetch } from '../identity/bounded-fetch.ts';
import { DiscoveryError } from './errors.ts';

const LARGEST_BYTES = 256 * 1024;
const DEFAULT_TIMEOUT_MS = 10_000;

export interface DiscoveryOptions {
  /** As the provider names itself. */
  readonly issuer: string;
  /** `http:` is accepted; for development. */
  readonly allowInsecure: boolean;
  readonly timeoutMs?: number;
  readonly fetch?: Fetch;
}

export interface Provider {
  /** Letter for letter what its tokens carry as `iss`. */
  readonly issuer: string;
  readonly jwksUri: string;
  /** All that it says of itself; what of it is used is checked there. */
  readonly metadata: openid.ServerMetadata;
}

/**
 * Asks once; the caller decides about another try.
 *
 * @throws DiscoveryError
 */
export async function discoverProvider(options: DiscoveryOptions): Promise<Provider> {
  const { issuer, allowInsecure, timeoutMs = DEFAULT_TIMEOUT_MS, fetch = globalThis.fetch } = options;
  const url = new URL(issuer);
  if (url.protocol !== 'https:' && !allowInsecure) {
    throw new DiscoveryError('http_refused', `The issuer ${issuer} is not https: (see OAUTH_ALLOW_INSECURE).`);
  }
  const bounded = boundedFetch(fetch, LARGEST_BYTES);
  const configuration = await openid
    // No client is needed to read public metadata; the library asks for one.
    .discovery(url, 'metadata', undefined, undefined, {
      timeout: timeoutMs / 1000,
      execute: allowInsecure ? [openid.allowInsecureRequests] : [],
      [openid.customFetch]: (address, { body: _, ...init }) => bounded(address, init),
    })
    .catch((error: unknown) => {
      throw failure(issuer, error);
    });

  const metadata = configuration.serverMetadata();
  // The library bends this rule for providers with many tenants; here it would let every tenant in.
  if (new URL(metadata.issuer).href !== url.href) throw mismatch(issuer);
  const { jwks_uri: jwksUri } = metadata;
  if (typeof jwksUri !== 'string' || !URL.canParse(jwksUri)) {
    throw new DiscoveryError('incomplete', `The metadata of ${issuer} names no jwks_uri.`);
  }
  if (new URL(jwksUri).protocol !== 'https:' && !allowInsecure) {
    throw new DiscoveryError('http_refused', `The jwks_uri of ${issuer} is not https: (see OAUTH_ALLOW_INSECURE).`);
  }
  return { issuer: metadata.issuer, jwksUri, metadata };
}

function mismatch(issuer: string, cause?: unknown): DiscoveryError {
  return new DiscoveryError(
    'issuer_mismatch',
    `The provider at ${issuer} names itself otherwise: OAUTH_ISSUER_URL must be exactly the issuer of its metadata.`,
    { cause },
  );
}

function failure(issuer: string, error: unknown): DiscoveryError {
  const from = { cause: error };
  switch (codeOf(error)) {
    case 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED':
      return mismatch(issuer, error);
    case 'OAUTH_RESPONSE_IS_NOT_CONFORM':
      return new DiscoveryError(
        'not_found',
        `There is no OpenID metadata below ${issuer}: is OAUTH_ISSUER_URL right?`,
        from,
      );
    case 'OAUTH_RESPONSE_IS_NOT_JSON':
    case 'OAUTH_PARSE_ERROR':
    case 'OAUTH_INVALID_RESPONSE':
      return new DiscoveryError('not_json', `What answers below ${issuer} is no OpenID metadata.`, from);
    case 'OAUTH_TIMEOUT':
      return new DiscoveryError('timeout', `The provider ${issuer} did not answer in time.`, from);
    default:
      return new DiscoveryError('unreachable', `The provider ${issuer} cannot be reached.`, from);
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
