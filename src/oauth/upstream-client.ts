/**
 * This gateway as a client of the company's provider: its metadata, its keys, and the way every request to it goes.
 *
 * What the provider answers is hostile until checked: a bounded number of bytes, in a bounded time, from the
 * address that was asked, without following a redirect. The metadata is read when somebody first logs in, since
 * the gateway starts without its provider, and once an hour after that; while it cannot be read, the old one serves.
 */
import * as openid from 'openid-client';
import { boundedFetch, type Fetch } from '../identity/bounded-fetch.ts';
import { createKeySet, type KeySet } from '../identity/key-set.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { Secret } from '../lib/secret.ts';
import { discoverProvider, type Provider } from './discovery.ts';
import { NoAnswerError, upstreamError } from './upstream-failure.ts';

const LARGEST_BYTES = 256 * 1024;
const DEFAULT_TIMEOUT_MS = 10_000;
const RENEW_AFTER_MS = 60 * 60_000;
const REST_AFTER_FAILURE_MS = 5_000;
/** How far the provider's clock and ours may be apart. */
export const CLOCK_TOLERANCE_SECONDS = 60;

export interface UpstreamClientOptions {
  /** As the provider names itself. */
  readonly issuer: string;
  /** `http:` is accepted; for development. */
  readonly allowInsecure: boolean;
  readonly clientId: string;
  readonly clientSecret?: Secret;
  readonly tokenAuthMethod: 'client_secret_post' | 'client_secret_basic' | 'none';
  readonly clock: Clock;
  readonly logger: Logger;
  /** Of one request. */
  readonly timeoutMs?: number;
  readonly fetch?: Fetch;
}

/** The provider as it is known now. */
export interface UpstreamClient {
  readonly configuration: openid.Configuration;
  readonly metadata: openid.ServerMetadata;
  readonly keys: KeySet;
}

/**
 * @returns the client, by the metadata of the provider; throws UpstreamError (`unavailable`) while there is none. All
 * its requests together may take `deadlineMs`, where one is given
 */
export function createUpstreamClient(options: UpstreamClientOptions): (deadlineMs?: number) => Promise<UpstreamClient> {
  const { clock, logger, timeoutMs = DEFAULT_TIMEOUT_MS, fetch = globalThis.fetch } = options;
  const request = answering(boundedFetch(fetch, LARGEST_BYTES));
  let known: { provider: Provider; keys: KeySet; readAt: number } | undefined;
  let reading: Promise<void> | undefined;
  let restUntil = Number.NEGATIVE_INFINITY;
  let failure: unknown;

  async function read(): Promise<void> {
    try {
      const provider = await discoverProvider({ ...options, timeoutMs, fetch });
      const sameKeys = known?.provider.jwksUri === provider.jwksUri ? known.keys : undefined;
      const { jwksUri } = provider;
      known = {
        provider,
        keys: sameKeys ?? createKeySet({ jwksUri, clock, logger, fetch }),
        readAt: clock.monotonic(),
      };
    } catch (err) {
      failure = err;
      restUntil = clock.monotonic() + REST_AFTER_FAILURE_MS;
      logger.warn({ err }, 'the metadata of the identity provider cannot be read');
    }
  }

  function renew(): Promise<void> {
    if (reading === undefined && clock.monotonic() < restUntil) return Promise.resolve();
    reading ??= read().finally(() => {
      reading = undefined;
    });
    return reading;
  }

  return async (deadlineMs) => {
    const deadline = deadlineMs === undefined ? undefined : AbortSignal.timeout(deadlineMs);
    if (known === undefined) await renew();
    // Nobody waits for the provider while there is something to go by.
    else if (clock.monotonic() - known.readAt >= RENEW_AFTER_MS) void renew();
    if (known === undefined) throw upstreamError('unavailable', failure);
    const { keys, provider } = known;
    const configuration = new openid.Configuration(
      provider.metadata,
      options.clientId,
      {
        [openid.clockSkew]: Math.round((clock.now() - Date.now()) / 1000),
        [openid.clockTolerance]: CLOCK_TOLERANCE_SECONDS,
      },
      clientAuthentication(options),
    );
    if (options.allowInsecure) openid.allowInsecureRequests(configuration);
    configuration.timeout = timeoutMs / 1000;
    configuration[openid.customFetch] = (url, { signal, ...init }) => {
      const signals = [signal, deadline].filter((one) => one !== undefined);
      return request(url, { ...(init as RequestInit), signal: AbortSignal.any(signals) });
    };
    return { configuration, metadata: provider.metadata, keys };
  };
}

function clientAuthentication({ tokenAuthMethod, clientSecret }: UpstreamClientOptions): openid.ClientAuth {
  if (tokenAuthMethod === 'none') return openid.None();
  const secret = clientSecret?.reveal();
  if (secret === undefined) throw new TypeError('a client that is not public has a secret');
  return tokenAuthMethod === 'client_secret_basic' ? openid.ClientSecretBasic(secret) : openid.ClientSecretPost(secret);
}

/** Tells a provider that did not answer from all that can be wrong with an answer. */
function answering(fetch: Fetch): Fetch {
  return async (url, init) => {
    try {
      return await fetch(url, init);
    } catch (error) {
      throw new NoAnswerError(error);
    }
  };
}
