/**
 * A verifier for a provider that may not be reachable yet. The gateway starts without its provider and lets
 * nobody in until the provider's keys are known; it asks again by itself, but not for every request.
 */
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { TokenError } from './errors.ts';
import type { TokenVerifier } from './jwt-verifier.ts';

const RETRY_AFTER_MS = 5_000;

interface LazyOptions {
  /** Finds the provider and its keys; rejects while it cannot be reached. */
  readonly load: () => Promise<TokenVerifier>;
  readonly clock: Clock;
  readonly logger: Logger;
}

export function createLazyVerifier({ load, clock, logger }: LazyOptions): TokenVerifier {
  let loaded: TokenVerifier | undefined;
  let loading: Promise<TokenVerifier> | undefined;
  let failedAt = Number.NEGATIVE_INFINITY;

  async function verifier(): Promise<TokenVerifier> {
    if (loaded !== undefined) return loaded;
    if (loading === undefined && clock.monotonic() - failedAt < RETRY_AFTER_MS) throw unavailable();
    loading ??= load().then(
      (fresh) => {
        loaded = fresh;
        loading = undefined;
        return fresh;
      },
      (err: unknown) => {
        failedAt = clock.monotonic();
        loading = undefined;
        logger.warn({ err }, 'the identity provider cannot be reached; nobody is let in until it can');
        throw unavailable(err);
      },
    );
    return loading;
  }

  return {
    async verify(token) {
      return (await verifier()).verify(token);
    },
    async ready() {
      try {
        return await (await verifier()).ready();
      } catch {
        return false;
      }
    },
  };
}

function unavailable(cause?: unknown): TokenError {
  return new TokenError('keys_unavailable', { cause });
}
