/**
 * Where grants, codes and refresh tokens live. Everything that several requests may race for goes through `take`,
 * `compareAndSet` or `withLock`, which are atomic over all replicas. Whatever fails in the backend is a
 * `StoreUnavailableError`: nobody is let in on a guess.
 */
import { GatewayError } from '../lib/errors.ts';

export interface Store {
  get(key: string): Promise<string | undefined>;
  /** Whether something lies there, also what `get` cannot read because it was made with another key. */
  has(key: string): Promise<boolean>;
  set(key: string, value: string, ttlSeconds: number): Promise<void>;
  /** Reads and deletes in one step: of many takers one gets it. */
  take(key: string): Promise<string | undefined>;
  /** Sets only where the present value is `expected` (undefined: absent). */
  compareAndSet(key: string, expected: string | undefined, value: string, ttlSeconds: number): Promise<boolean>;
  /**
   * Gone for good when this resolves: no restart brings it back.
   *
   * @returns whether there was something; of many who delete at once one is told so
   */
  delete(key: string): Promise<boolean>;
  /**
   * Runs `work` while nobody else, on any replica, runs work under the same key. The wait is bounded; the lock of a
   * holder that died ends by itself. What `work` writes it writes by `compareAndSet`: a holder that was stalled for
   * longer than its lock lasted does not know.
   */
  withLock<T>(key: string, work: () => Promise<T>): Promise<T>;
  /** Keys that begin with `prefix`; those that come or go meanwhile may be among them or not. */
  keys(prefix: string): AsyncIterable<string>;
  healthy(): Promise<boolean>;
  close(): Promise<void>;
}

export class StoreUnavailableError extends GatewayError {
  constructor(options?: ErrorOptions) {
    super('UNAVAILABLE', 'The sessions cannot be read or written just now. Try again in a moment.', options);
  }
}

/** Somebody else has held the lock for as long as we may wait. The store itself works. */
export class LockHeldError extends StoreUnavailableError {}
