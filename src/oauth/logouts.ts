/**
 * Logouts at the provider, remembered for a few minutes. A logout ends the grants that are there (see
 * back-channel-logout.ts); one that arrives while a login of the same person is being finished finds none, and
 * without this the login would outlive it.
 *
 * The order makes it sure, on every replica: a logout is remembered first and the grants looked for after that; a
 * grant is written first and the logouts looked for after that. Whichever comes second sees the other. A login that
 * began after the logout counts: by the gateways' clocks, which are one or run together (NTP).
 */
import type { Clock } from '../lib/clock.ts';
import { hashOf } from './consent.ts';
import type { Store } from './store.ts';
import type { UpstreamLogin, UpstreamLogout } from './upstream.ts';

/** More than a provider may take to answer a login, and a code to be redeemed. */
const REMEMBERED_SECONDS = 300;

export interface Logouts {
  remember(logout: Pick<UpstreamLogout, 'iss' | 'sub' | 'sid'>): Promise<void>;
  /** @param begunAt when this login had come so far that a logout after it ends it; milliseconds since the epoch */
  haveEnded(login: Pick<UpstreamLogin, 'iss' | 'sub' | 'sid'>, begunAt: number): Promise<boolean>;
}

export function createLogouts(store: Pick<Store, 'get' | 'set'>, clock: Clock): Logouts {
  return {
    async remember({ iss, sub, sid }) {
      const at = String(clock.now());
      // As in the grants that it ends: a session where one is named, and then those of the person that have no name.
      const keys = [
        ...(sid === undefined ? [] : [keyOf('session', iss, sid)]),
        ...(sub === undefined ? [] : [keyOf(sid === undefined ? 'person' : 'nameless', iss, sub)]),
      ];
      for (const key of keys) await store.set(key, at, REMEMBERED_SECONDS);
    },
    async haveEnded({ iss, sub, sid }, begunAt) {
      const keys = [
        keyOf('person', iss, sub),
        sid === undefined ? keyOf('nameless', iss, sub) : keyOf('session', iss, sid),
      ];
      const logouts = await Promise.all(keys.map((key) => store.get(key)));
      return logouts.some((at) => at !== undefined && Number(at) >= begunAt);
    },
  };
}

function keyOf(kind: 'person' | 'session' | 'nameless', iss: string, name: string): string {
  return `logged-out:${hashOf(JSON.stringify([kind, iss, name]))}`;
}
