/**
 * A login between the moment a person allowed it and their return from the provider. It can be taken up once, with
 * the `state` that the provider hands back, and only by the browser that allowed it: the cookie is set by the answer
 * to that very form, and nowhere else (CVE-2026-27124: an attacker allows access in their own browser and has
 * somebody else finish the login).
 */
import type { AuthorizationRequest } from './authorization-request.ts';
import { hashOf, isSame } from './consent.ts';
import type { SetCookie } from './oauth-exchange.ts';
import type { Sealing } from './sealing.ts';
import type { Store } from './store.ts';
import type { UpstreamTransaction } from './upstream.ts';

const TRANSACTION_SECONDS = 600;

export interface LoginTransaction {
  readonly request: AuthorizationRequest;
  readonly upstream: UpstreamTransaction;
}

interface Parts {
  readonly store: Store;
  readonly sealing: Sealing;
  /** Whether the gateway is reached by https: */
  readonly secure: boolean;
}

type Cookies = Readonly<Record<string, string | undefined>>;

export function createLoginTransactions({ store, sealing, secure }: Parts) {
  /** A cookie for each login, so that two tabs do not disturb each other. */
  const cookieName = (hash: string) => `${secure ? '__Host-' : ''}mcvsphere-login-${hash.slice(0, 16)}`;

  return {
    /** @returns the cookie that the browser must bring along */
    async begin(transaction: LoginTransaction): Promise<SetCookie> {
      const hash = hashOf(transaction.upstream.state);
      await store.set(keyOf(hash), JSON.stringify(transaction), TRANSACTION_SECONDS);
      const value = await sealing.seal('login', { state: hash }, TRANSACTION_SECONDS);
      return { name: cookieName(hash), value, maxAgeSeconds: TRANSACTION_SECONDS, secure };
    },

    /**
     * `elsewhere`: this browser did not allow it. `over`: it did, and the login was taken up before, or is too old.
     * The cookie stays until its end: it is what tells the two apart when a person goes back or reloads.
     */
    async take(state: string, cookies: Cookies): Promise<LoginTransaction | 'elsewhere' | 'over'> {
      const hash = hashOf(state);
      const cookie = cookies[cookieName(hash)];
      const opened = cookie && ((await sealing.open('login', cookie)) as { readonly state: string } | undefined);
      // Before the login is taken: whoever has only the link must not be able to use it up.
      if (!opened || !isSame(opened.state, hash)) return 'elsewhere';
      const kept = await store.take(keyOf(hash));
      return kept === undefined ? 'over' : (JSON.parse(kept) as LoginTransaction);
    },
  };
}

export type LoginTransactions = ReturnType<typeof createLoginTransactions>;

function keyOf(hash: string): string {
  return `login:${hash}`;
}
