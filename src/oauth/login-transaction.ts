/**
 * A login between the moment a person allowed it and their return from the provider. It lies sealed in a cookie of the
 * browser that allowed it, set by the answer to that very form and nowhere else; the `state` that the provider hands
 * back says which one (CVE-2026-27124: an attacker allows access in their own browser and has somebody else finish
 * the login). Nothing is kept here for a person who has not logged in, so strangers cannot fill the store.
 */
import type { AuthorizationRequest } from './authorization-request.ts';
import { hashOf, isSame } from './consent.ts';
import type { SetCookie } from './oauth-exchange.ts';
import type { Sealing } from './sealing.ts';
import { type Store, StoreUnavailableError } from './store.ts';
import type { UpstreamTransaction } from './upstream.ts';

const TRANSACTION_SECONDS = 600;
/** Of one browser at a time: all its cookies have to pass in the header of one request. */
const MOST_PENDING = 4;

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
  const prefix = `${secure ? '__Host-' : ''}mcvsphere-login-`;
  /** A cookie for each login, so that two tabs do not disturb each other. */
  const cookieName = (hash: string) => prefix + hash.slice(0, 16);

  return {
    /**
     * @returns the cookie that the browser must bring along, and the end of others where there are too many
     * @throws StoreUnavailableError
     */
    async begin(transaction: LoginTransaction, cookies: Cookies): Promise<readonly SetCookie[]> {
      // Now rather than after the person has logged in for nothing.
      if (!(await store.healthy())) throw new StoreUnavailableError();
      const name = cookieName(hashOf(transaction.upstream.state));
      const value = await sealing.seal('login', transaction, TRANSACTION_SECONDS);
      const pending = Object.keys(cookies).filter((other) => other.startsWith(prefix) && other !== name);
      const given = pending.length < MOST_PENDING ? [] : pending;
      return [
        ...given.map((other) => ({ name: other, value: '', maxAgeSeconds: 0, secure })),
        { name, value, maxAgeSeconds: TRANSACTION_SECONDS, secure },
      ];
    },

    /**
     * `elsewhere`: this browser did not allow it. `over`: it did, and the login was finished before.
     * The cookie stays until its end: it is what tells the two apart when a person goes back or reloads.
     */
    async open(state: string, cookies: Cookies): Promise<LoginTransaction | 'elsewhere' | 'over'> {
      const hash = hashOf(state);
      const cookie = cookies[cookieName(hash)];
      const transaction = cookie && ((await sealing.open('login', cookie)) as LoginTransaction | undefined);
      if (!transaction || !isSame(hashOf(transaction.upstream.state), hash)) return 'elsewhere';
      return (await store.get(keyOf(hash))) === undefined ? transaction : 'over';
    },

    /** For a login that the provider has confirmed. Of many who use it at once one may go on. */
    async use(state: string): Promise<boolean> {
      return store.compareAndSet(keyOf(hashOf(state)), undefined, 'used', TRANSACTION_SECONDS);
    },
  };
}

export type LoginTransactions = ReturnType<typeof createLoginTransactions>;

function keyOf(hash: string): string {
  return `login:${hash}`;
}
