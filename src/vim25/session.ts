/**
 * The one session of the service account on a server, of one of its two APIs.
 *
 * However many calls find that there is none, one login is made for all of them. A refused login is remembered for
 * 30 seconds: repeating it would lock the account out.
 */
import type { Clock } from '../lib/clock.ts';
import { abortError, GatewayError } from '../lib/errors.ts';
import type { Logger } from '../lib/logger.ts';
import { TransportError } from './errors.ts';

export interface SessionState<Credential> {
  /** Grows with each login: what lives in a session is to be made anew. */
  readonly generation: number;
  /** What requests of this session carry. */
  readonly credential: Credential;
}

export interface Session<Credential> {
  readonly generation: number;
  /** The session to use, logged in where there is none; errors: the login's, or the signal's. */
  current(signal?: AbortSignal): Promise<SessionState<Credential>>;
  /** The session if there is one. */
  peek(): SessionState<Credential> | undefined;
  /** Tells that the server no longer knows the session of that generation. */
  lost(generation: number): void;
  /** No more logins. Gives the session that is to be logged out. */
  end(): Promise<SessionState<Credential> | undefined>;
}

interface Options<Credential> {
  /** Logs in and gives what the session's requests carry. */
  readonly login: () => Promise<Credential>;
  /** Whether the login failed because the account or its password was refused. */
  readonly isRefusal: (error: unknown) => boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

const REFUSED_LOGIN_PAUSE_MS = 30_000;

export function createSession<Credential>({
  login,
  isRefusal,
  clock,
  logger,
}: Options<Credential>): Session<Credential> {
  let generation = 0;
  let state: SessionState<Credential> | undefined;
  let loggingIn: Promise<SessionState<Credential>> | undefined;
  let refused: { readonly error: unknown; readonly until: number } | undefined;
  let ended = false;

  async function logIn(): Promise<SessionState<Credential>> {
    let credential: Credential;
    try {
      credential = await login();
    } catch (error) {
      if (isRefusal(error)) refused = { error, until: clock.monotonic() + REFUSED_LOGIN_PAUSE_MS };
      throw withoutEffect(error);
    }
    generation++;
    state = { generation, credential };
    logger.debug({ generation }, 'logged in to vSphere');
    return state;
  }

  return {
    get generation() {
      return generation;
    },
    peek: () => state,
    async current(signal) {
      if (ended) throw new GatewayError('UNAVAILABLE', 'The connection to vSphere was closed.');
      if (state) return state;
      if (refused && clock.monotonic() < refused.until) throw refused.error;
      loggingIn ??= logIn().finally(() => {
        loggingIn = undefined;
      });
      return unlessAborted(loggingIn, signal);
    },
    lost(which) {
      if (state?.generation !== which) return;
      logger.info({ generation: which }, 'the session with vSphere was lost');
      state = undefined;
    },
    async end() {
      ended = true;
      await loggingIn?.catch(() => undefined);
      const last = state;
      state = undefined;
      return last;
    },
  };
}

/** A login that broke off leaves a session at most: the call that waits for it was never sent. */
function withoutEffect(error: unknown): unknown {
  if (!(error instanceof GatewayError && error.maybeExecuted)) return error;
  const failure = error instanceof TransportError ? error.failure : 'refused';
  return new TransportError(failure, error.message, { cause: error, maybeExecuted: false });
}

/** Waits no longer than the waiter wants; the login goes on for the others. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  if (signal.aborted) {
    work.catch(() => undefined);
    return Promise.reject(abortError(signal));
  }
  return new Promise((resolve, reject) => {
    const aborted = () => reject(abortError(signal));
    signal.addEventListener('abort', aborted, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', aborted));
  });
}
